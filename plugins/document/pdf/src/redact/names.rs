//! What simple fonts mean by the names of their glyphs, where some of the names are their maker's own.

use crate::graph::{array_at, dict_at, resolve, value};
use formwork_pdf_plain::glyphs;
use lopdf::{Dictionary, Document, Object, dictionary};
use std::collections::HashMap;

/// What stands for a letter that is known to be no letter, as the sign of a formula.
const SIGN: &str = "\u{FFFD}";
/// Shorter names, and those with digits, may be numbers of glyphs.
const SHORTEST_NAME: usize = 4;

/// What the codes of a font mean that names its glyphs; those with names nobody knows mean nothing.
pub(super) fn of_glyphs(doc: &Document, font: &Dictionary) -> Option<HashMap<u32, String>> {
    let encoding = dict_at(doc, font, b"Encoding").filter(|encoding| encoding.has(b"Differences"))?;
    let base = value(doc, encoding, b"BaseEncoding").as_name().unwrap_or(b"StandardEncoding");
    let base = dictionary! { "Type" => "Font", "Encoding" => Object::Name(base.to_vec()) };
    let base = base.get_font_encoding(doc).ok()?;
    let usual =
        |code: u32| Some((code, base.bytes_to_string(&[code as u8]).ok().filter(|text| !text.is_empty())?));
    let mut meanings: HashMap<u32, String> = (0..256_u32).filter_map(usual).collect();
    let mut code = 0_u32;
    for item in array_at(doc, encoding, b"Differences").iter().take(1_024) {
        match resolve(doc, item) {
            Object::Integer(next) => code = u32::try_from(*next).unwrap_or(0),
            Object::Name(name) => {
                meanings.remove(&code);
                meanings.extend(meaning(name).map(|meaning| (code, meaning)));
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    Some(meanings)
}

/// What the name of a glyph means.
fn meaning(name: &[u8]) -> Option<String> {
    let stem = glyphs::stem(name);
    let is_word = stem.len() >= SHORTEST_NAME && stem.iter().all(u8::is_ascii_alphabetic);
    glyphs::meaning(name).or_else(|| (stem.is_empty() || is_word).then(|| SIGN.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_letters_signs_or_nothing() {
        let names = ["A", "fi", ".notdef", "a.sc", "uni00E4", "ownsign", "g12", "C0041"];
        let mut differences = vec![Object::Integer(65)];
        differences.extend(names.map(Object::from));
        let font = dictionary! { "Encoding" => dictionary! { "Differences" => differences } };
        let meanings = of_glyphs(&Document::new(), &font).unwrap();
        let of = |code: u32| meanings.get(&code).map(String::as_str);
        let expected =
            [Some("A"), Some("\u{FB01}"), Some(SIGN), Some("a"), Some("ä"), Some(SIGN), None, None];
        assert_eq!([65, 66, 67, 68, 69, 70, 71, 72].map(of), expected);
        assert_eq!(of(u32::from(b'z')), Some("z"));
    }
}
