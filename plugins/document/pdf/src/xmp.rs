//! Descriptive data in its two forms: the information dictionary (ISO 32000-2, 14.3.3) and the XMP packet
//! (ISO 16684-1), made from the dictionary so that both say the same.

use crate::graph::{catalog, catalog_mut, dict_at, value};
use crate::open::Pdf;
use formwork_sdk::xml::escaped;
use lopdf::{Dictionary, Object, Stream, decode_text_string, dictionary};

/// Entries of the information dictionary that have a place in XMP.
const ENTRIES: [(&str, Shape); 8] = [
    ("Title", Shape::Language("dc:title")),
    ("Author", Shape::List("dc:creator")),
    ("Subject", Shape::Language("dc:description")),
    ("Keywords", Shape::Plain("pdf:Keywords")),
    ("Creator", Shape::Plain("xmp:CreatorTool")),
    ("Producer", Shape::Plain("pdf:Producer")),
    ("CreationDate", Shape::Date("xmp:CreateDate")),
    ("ModDate", Shape::Date("xmp:ModifyDate")),
];

/// How a property of XMP holds its text.
enum Shape {
    Plain(&'static str),
    /// In one language of several.
    Language(&'static str),
    /// The only one of a list.
    List(&'static str),
    Date(&'static str),
}

/// A text of the information dictionary.
pub(crate) fn text(pdf: &Pdf, key: &str) -> Option<String> {
    let info = dict_at(&pdf.doc, &pdf.doc.trailer, b"Info")?;
    decode_text_string(value(&pdf.doc, info, key.as_bytes())).ok().filter(|text| !text.is_empty())
}

/// Writes an XMP packet that says what the information dictionary says. `conforms` is a part and level of PDF/A.
pub(crate) fn write(pdf: &mut Pdf, rights: Option<&str>, conforms: Option<(&str, &str)>) {
    let mut properties = String::new();
    for (key, shape) in ENTRIES {
        if let Some(text) = text(pdf, key) {
            properties.push_str(&property(&shape, &text));
        }
    }
    if let Some(rights) = rights {
        properties.push_str(&property(&Shape::Language("dc:rights"), rights));
    }
    if let Some((part, level)) = conforms {
        properties.push_str(&element("pdfaid:part", part));
        properties.push_str(&element("pdfaid:conformance", level));
    }
    let packet = format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n<rdf:Description rdf:about=\"\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" \
         xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n\
         {properties}</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>"
    );
    let dict = dictionary! { "Type" => "Metadata", "Subtype" => "XML" };
    let id = pdf.doc.add_object(Stream::new(dict, packet.into_bytes()).with_compression(false));
    if let Some(catalog) = catalog_mut(&mut pdf.doc) {
        catalog.set("Metadata", id);
    }
}

/// Whether the document has an XMP packet.
pub(crate) fn is_there(pdf: &Pdf) -> bool {
    catalog(&pdf.doc).is_some_and(|catalog| dict_at(&pdf.doc, catalog, b"Metadata").is_some())
}

/// Drops what describes the document and its parts, and what programs left in it for themselves.
pub(crate) fn strip(pdf: &mut Pdf) {
    pdf.doc.trailer.remove(b"Info");
    for object in pdf.doc.objects.values_mut() {
        let dict: Option<&mut Dictionary> = crate::graph::as_dict_mut(object);
        if let Some(dict) = dict {
            for key in [b"Metadata".as_slice(), b"PieceInfo", b"LastModified"] {
                dict.remove(key);
            }
        }
    }
}

fn property(shape: &Shape, text: &str) -> String {
    let inner = |list: &str, attribute: &str| {
        format!("<rdf:{list}><rdf:li{attribute}>{}</rdf:li></rdf:{list}>", escaped(text))
    };
    match shape {
        Shape::Plain(name) => element(name, text),
        Shape::Language(name) => format!("<{name}>{}</{name}>\n", inner("Alt", " xml:lang=\"x-default\"")),
        Shape::List(name) => format!("<{name}>{}</{name}>\n", inner("Seq", "")),
        Shape::Date(name) => date(text).map_or_else(String::new, |date| element(name, &date)),
    }
}

fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>\n", escaped(text))
}

/// A date of PDF (7.9.4) as XMP has it: `D:20240131120000+01'00'` is `2024-01-31T12:00:00+01:00`.
fn date(text: &str) -> Option<String> {
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let zone = text.get(digits.len()..)?;
    let part = |from: usize, length: usize| digits.get(from..from + length);
    let year = part(0, 4)?;
    let (month, day) = (part(4, 2).unwrap_or("01"), part(6, 2).unwrap_or("01"));
    let (hour, minute, second) =
        (part(8, 2).unwrap_or("00"), part(10, 2).unwrap_or("00"), part(12, 2).unwrap_or("00"));
    let offset: String = zone.chars().filter(char::is_ascii_digit).take(4).collect();
    let zone = match (zone.chars().next(), offset.len()) {
        (Some(sign @ ('+' | '-')), 4) => format!("{sign}{}:{}", offset.get(..2)?, offset.get(2..)?),
        (Some(sign @ ('+' | '-')), 2) => format!("{sign}{offset}:00"),
        _ => "Z".into(),
    };
    Some(format!("{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"))
}

/// A date as options give it, `2024` or `2024-01-31`, as a date of PDF.
pub(crate) fn pdf_date(text: &str) -> Option<Object> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let fits = matches!(digits.len(), 4 | 6 | 8) && digits.chars().all(|digit| digit.is_ascii_digit());
    fits.then(|| lopdf::text_string(&format!("D:{digits}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_both_kinds() {
        assert_eq!(date("D:20240131120000+01'30'").as_deref(), Some("2024-01-31T12:00:00+01:30"));
        assert_eq!(date("D:2024").as_deref(), Some("2024-01-01T00:00:00Z"));
        assert_eq!(date("yesterday"), None);
        assert!(pdf_date("2024-01-31").is_some() && pdf_date("soon").is_none());
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(element("a", "<b>&\u{1}"), "<a>&lt;b&gt;&amp;</a>\n");
    }
}
