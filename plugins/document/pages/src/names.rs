//! Fonts that name their letters, but do not say which characters those are: PDFium takes codes for characters where a
//! font draws by procedures (Type 3), and where a letter is several characters, as `f_i`. The names say it as well (ISO
//! 32000-2, 9.10.2), so they are written into the document as the table that PDFium reads.

use crate::document::Document;
use crate::text;
use formwork_pdf_plain::glyphs;
use formwork_sdk::Step;
use lopdf::{Dictionary, LoadOptions, Object, Stream};
use std::fmt::Write;

/// Pages that are looked at for codes that are no characters.
const LOOKED_AT: usize = 4;
/// Larger documents are not taken apart for it, in bytes.
const LARGEST: usize = 64 << 20;

/// The document with what its fonts mean; nothing when there is no such font, or no sign of one.
pub(crate) fn mended(step: &Step<'_>, document: &Document<'_>) -> Option<Vec<u8>> {
    let bytes = document.bytes();
    if bytes.len() > LARGEST || step.options().text("password").is_some() {
        return None;
    }
    let is_strange = |index| document.page(index).is_ok_and(|page| text::has_codes(&page));
    if !(0..document.page_count().min(LOOKED_AT)).any(is_strange) {
        return None;
    }
    let most = usize::try_from(step.limits().memory).unwrap_or(usize::MAX);
    let options = LoadOptions { max_decompressed_size: Some(most), ..LoadOptions::default() };
    let mut pdf = lopdf::Document::load_mem_with_options(bytes, options).ok()?;
    if pdf.is_encrypted() {
        return None;
    }
    let fonts: Vec<_> = pdf
        .objects
        .iter()
        .filter_map(|(id, object)| Some((*id, meanings(&pdf, object.as_dict().ok()?)?)))
        .collect();
    if fonts.is_empty() {
        return None;
    }
    for (id, meanings) in fonts {
        let table = pdf.add_object(Stream::new(Dictionary::new(), to_unicode(&meanings).into_bytes()));
        let font = pdf.objects.get_mut(&id).and_then(|object| object.as_dict_mut().ok())?;
        font.set("ToUnicode", table);
    }
    let mut written = Vec::with_capacity(bytes.len());
    pdf.save_to(&mut written).ok()?;
    Some(written)
}

/// What the codes of a font of single bytes mean by its names, as far as PDFium does not know; nothing for fonts that
/// say it themselves.
fn meanings(pdf: &lopdf::Document, font: &Dictionary) -> Option<Vec<(u8, String)>> {
    let is_procedures = match font.get(b"Subtype").and_then(Object::as_name).ok()? {
        b"Type3" => true,
        b"Type1" | b"MMType1" | b"TrueType" => false,
        _ => return None,
    };
    if font.has(b"ToUnicode") {
        return None;
    }
    let encoding = follow(pdf, font.get(b"Encoding").ok()?).as_dict().ok()?;
    let differences = follow(pdf, encoding.get(b"Differences").ok()?).as_array().ok()?;
    let mut code = 0_i64;
    let mut meanings = Vec::new();
    for part in differences {
        match part {
            Object::Integer(number) => code = *number,
            Object::Name(name) => {
                if let (Ok(code), Some(meaning)) = (u8::try_from(code), glyphs::meaning(name))
                    && (is_procedures || name.contains(&b'_'))
                {
                    meanings.push((code, meaning));
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    (!meanings.is_empty()).then_some(meanings)
}

fn follow<'p>(pdf: &'p lopdf::Document, object: &'p Object) -> &'p Object {
    pdf.dereference(object).map_or(object, |(_, object)| object)
}

/// A table of characters (Adobe Technical Note 5411).
fn to_unicode(meanings: &[(u8, String)]) -> String {
    let mut table = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Names def\n\
        /CMapType 2 def\n1 begincodespacerange\n<00> <ff>\nendcodespacerange\n"
        .to_owned();
    // A block holds 100 lines at most.
    for block in meanings.chunks(100) {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{} beginbfchar", block.len());
        for (code, meaning) in block {
            let units: String = meaning.encode_utf16().map(|unit| format!("{unit:04x}")).collect();
            let _ = writeln!(table, "<{code:02x}> <{units}>");
        }
        table += "endbfchar\n";
    }
    table + "endcmap\nend\nend\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use lopdf::dictionary;

    fn font(kind: &str, more: Option<&str>) -> Dictionary {
        let name = |name: &str| Object::Name(name.into());
        let differences = vec![Object::Integer(2), name("A"), name("fi"), name("in-no-list"), name("f_f_i")];
        let mut font = dictionary! {
            "Type" => "Font", "Subtype" => kind, "Encoding" => dictionary! { "Differences" => differences },
        };
        if let Some(more) = more {
            font.set(more, Object::Null);
        }
        font
    }

    #[test]
    fn names_are_characters() {
        let pdf = lopdf::Document::new();
        let ligature = || (5, "\u{fb03}".to_owned());
        assert_eq!(
            meanings(&pdf, &font("Type3", None)),
            Some(vec![(2, "A".into()), (3, "\u{fb01}".into()), ligature()])
        );
        assert_eq!(meanings(&pdf, &font("Type1", None)), Some(vec![ligature()]), "PDFium knows the others");
        assert_eq!(meanings(&pdf, &font("Type0", None)), None, "its codes are no single bytes");
        assert_eq!(meanings(&pdf, &font("Type3", Some("ToUnicode"))), None, "it says so itself");
        let table = to_unicode(&[(2, "A".into())]);
        assert!(table.contains("1 beginbfchar\n<02> <0041>\nendbfchar"), "{table}");
    }
}
