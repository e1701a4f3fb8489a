//! Characters by the names of glyphs, as fonts in PDF have them (ISO 32000-2, 9.10.2; Adobe Glyph List Specification).

use lopdf::{Document, Encoding, Object, dictionary};

/// What the name of a glyph says it is, as `f_i` of its parts. `None` for names that are in no list, as numbers of glyphs
/// and a maker's own.
pub fn meaning(name: &[u8]) -> Option<String> {
    let stem = stem(name);
    listed(stem).or_else(|| stem.split(|byte| *byte == b'_').map(component).collect())
}

/// What one part of a glyph's name says.
fn component(part: &[u8]) -> Option<String> {
    listed(part).or_else(|| {
        let digits = part.strip_prefix(b"uni").filter(|digits| digits.len() == 4)?;
        let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        char::from_u32(number).map(String::from)
    })
}

/// A name without what is behind a point, which says how the letter looks, as in `a.sc`.
pub fn stem(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b'.').next().unwrap_or(name)
}

/// The library's list of names is only to be asked by way of a font, which gives up on all of them for one it does not
/// know.
fn listed(name: &[u8]) -> Option<String> {
    let differences = vec![Object::Integer(0), Object::Name(name.to_vec())];
    let font = dictionary! { "Type" => "Font", "Encoding" => dictionary! { "Differences" => differences } };
    match font.get_font_encoding(&Document::new()).ok()? {
        named @ Encoding::Differences(_) => named.bytes_to_string(&[0]).ok().filter(|text| !text.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_characters() {
        let of = |name: &str| meaning(name.as_bytes());
        assert_eq!(
            ["A", "fi", "a.sc", "uni00E4", "comma"].map(of),
            ["A", "\u{fb01}", "a", "ä", ","].map(|text| Some(text.to_owned()))
        );
        assert_eq!(["f_i", "T_uni0068.alt"].map(of), ["\u{fb01}", "Th"].map(|text| Some(text.to_owned())));
        assert_eq!([".notdef", "g12", "C0041", "uniZZZZ", "f_g12", "_"].map(of), [const { None }; 6]);
    }
}
