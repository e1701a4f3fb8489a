//! The files around the text.

use super::Chapter;
use crate::flow::Media;
use crate::model::Model;
use formwork_sdk::xml::escaped;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What the package is, and the names of its files.
pub(super) const MIME: &str = "application/epub+zip";
pub(super) const BOOK: &str = "book.opf";
pub(super) const NAVIGATION: &str = "contents.xhtml";
pub(super) const LOOK: &str = "look.css";
pub(super) const COVER_PAGE: &str = "cover.xhtml";

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The date of a book whose PDF tells none: the same PDF gives the same book.
const NO_DATE: &str = "2000-01-01T00:00:00Z";
/// The language of a text that does not tell: undetermined (BCP 47).
const NO_LANGUAGE: &str = "und";

pub(super) const CONTAINER: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="EPUB/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#;

pub(super) const STYLE: &str = "table { border-collapse: collapse }\ntd { border: 1px solid; padding: 0.2em; vertical-align: top }\nimg { max-width: 100%; height: auto }\n";

pub(super) const CHAPTER_END: &str = "</body>\n</html>\n";

pub(super) fn cover_name(is_jpeg: bool) -> &'static str {
    if is_jpeg { "cover.jpg" } else { "cover.png" }
}

/// The document's title, or what stands for it.
pub(super) fn title(model: &Model) -> String {
    model.title.clone().unwrap_or_else(|| "Untitled".into())
}

/// The language in the form of BCP 47.
fn language(model: &Model) -> &str {
    let is_tag = |tag: &&str| {
        tag.split('-').enumerate().all(|(place, part)| {
            let long = if place == 0 { 2..=3 } else { 1..=8 };
            let letters =
                part.bytes().all(|byte| byte.is_ascii_alphabetic() || place > 0 && byte.is_ascii_digit());
            long.contains(&part.len()) && letters
        })
    };
    model.language.as_deref().filter(is_tag).unwrap_or(NO_LANGUAGE)
}

fn page_start(title: &str, language: &str) -> String {
    format!(
        "{HEAD}<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" \
         xmlns:epub=\"http://www.idpf.org/2007/ops\" lang=\"{language}\" xml:lang=\"{language}\">\n<head>\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"{LOOK}\"/>\n</head>\n"
    )
}

/// How a chapter begins whose title is escaped.
pub(super) fn chapter_start(title: &str, model: &Model) -> String {
    page_start(title, language(model)) + "<body>\n"
}

/// The page that shows the cover.
pub(super) fn cover_page(is_jpeg: bool) -> String {
    format!(
        "{}<body epub:type=\"cover\">\n<p><img src=\"{}\" alt=\"Cover\"/></p>\n{CHAPTER_END}",
        page_start("Cover", NO_LANGUAGE),
        cover_name(is_jpeg)
    )
}

/// The table of contents: depths, titles and addresses.
pub(super) fn navigation(model: &Model, entries: &[(usize, &str, String)]) -> String {
    let mut xml = page_start(&escaped(&title(model)), language(model));
    xml.push_str("<body>\n<nav epub:type=\"toc\" id=\"toc\">\n<h1>Contents</h1>\n");
    let mut open = 0;
    for (depth, title, address) in entries {
        // Depths grow by one at the most; an item stays open until what follows is known.
        if open == depth + 1 {
            xml.push_str("</li>\n");
        }
        while open > depth + 1 {
            xml.push_str("</li></ol>\n");
            open -= 1;
            if open == depth + 1 {
                xml.push_str("</li>\n");
            }
        }
        if open < depth + 1 {
            xml.push_str("<ol>\n");
            open += 1;
        }
        let _ = write!(xml, "<li><a href=\"{address}\">{}</a>", escaped(title));
    }
    xml.push_str(&"</li></ol>\n".repeat(open));
    xml + "</nav>\n" + CHAPTER_END
}

/// The package document.
pub(super) fn book(model: &Model, chapters: &[Chapter], media: &Media<'_>, cover: Option<bool>) -> String {
    let language = language(model);
    let mut xml = format!(
        "{HEAD}<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" unique-identifier=\"id\">\n\
         <metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<dc:identifier id=\"id\">{}</dc:identifier>\n\
         <dc:title>{}</dc:title>\n<dc:language>{language}</dc:language>\n",
        identifier(chapters),
        escaped(&title(model)),
    );
    if let Some(author) = &model.author {
        let _ = writeln!(xml, "<dc:creator>{}</dc:creator>", escaped(author));
    }
    let date = model.modified.as_deref().and_then(date).unwrap_or_else(|| NO_DATE.into());
    let _ = write!(xml, "<meta property=\"dcterms:modified\">{date}</meta>\n</metadata>\n<manifest>\n");
    let mut item = |id: &str, name: &str, kind: &str, more: &str| {
        let _ = writeln!(xml, "<item id=\"{id}\" href=\"{name}\" media-type=\"{kind}\"{more}/>");
    };
    const TEXT: &str = "application/xhtml+xml";
    item("contents", NAVIGATION, TEXT, " properties=\"nav\"");
    item("look", LOOK, "text/css", "");
    if let Some(is_jpeg) = cover {
        let kind = if is_jpeg { "image/jpeg" } else { "image/png" };
        item("cover", COVER_PAGE, TEXT, "");
        item("cover-image", cover_name(is_jpeg), kind, " properties=\"cover-image\"");
    }
    for (number, chapter) in chapters.iter().enumerate() {
        item(&format!("chapter{number}"), &chapter.name, TEXT, "");
    }
    for (number, (name, picture)) in media.files.iter().enumerate() {
        item(&format!("image{number}"), name, picture.mime(), "");
    }
    xml.push_str("</manifest>\n<spine>\n");
    if cover.is_some() {
        xml.push_str("<itemref idref=\"cover\" linear=\"no\"/>\n");
    }
    for number in 0..chapters.len() {
        let _ = writeln!(xml, "<itemref idref=\"chapter{number}\"/>");
    }
    xml + "</spine>\n</package>\n"
}

/// A name of its own, made of the text, so that the same text gets the same (RFC 9562, section 5.8).
fn identifier(chapters: &[Chapter]) -> String {
    let mut hash = DefaultHasher::new();
    chapters.iter().for_each(|chapter| chapter.text.hash(&mut hash));
    let high = hash.finish();
    high.hash(&mut hash);
    let bits = (u128::from(high) << 64 | u128::from(hash.finish())) & !(0xF << 76 | 0x3 << 62)
        | 0x8 << 76
        | 0x2 << 62;
    let digits = format!("{bits:032x}");
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}

/// A date of PDF (ISO 32000-2, 7.9.4) as EPUB has it; the zone is left out.
fn date(text: &str) -> Option<String> {
    let digits: Vec<u32> =
        text.strip_prefix("D:").unwrap_or(text).chars().map_while(|c| c.to_digit(10)).collect();
    let number = |range: std::ops::Range<usize>| {
        digits.get(range).map(|part| part.iter().fold(0, |sum, digit| sum * 10 + digit))
    };
    let year = number(0..4)?;
    let part = |range: std::ops::Range<usize>, least: u32, most: u32| {
        number(range).map_or(Some(least), |value| (least..=most).contains(&value).then_some(value))
    };
    let (month, day) =
        (part(4..6, 1, 12)?, part(6..8, 1, 28).or(number(6..8).filter(|day| *day == 29 || *day == 30))?);
    let (hour, minute, second) = (part(8..10, 0, 23)?, part(10..12, 0, 59)?, part(12..14, 0, 59)?);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_pdf() {
        assert_eq!(date("D:20240229123456+02'00'").as_deref(), Some("2024-02-29T12:34:56Z"));
        assert_eq!(date("D:2024").as_deref(), Some("2024-01-01T00:00:00Z"));
        assert_eq!(date("D:20241399"), None);
        assert_eq!(date("yesterday"), None);
    }

    #[test]
    fn contents_are_nested() {
        let entries = [
            (0, "a", "1".to_owned()),
            (1, "b", "2".to_owned()),
            (2, "c", "3".to_owned()),
            (0, "d", "4".to_owned()),
        ];
        let xml = navigation(&Model::default(), &entries);
        let bare: String = xml.split_once("</h1>").unwrap().1.chars().filter(|c| *c != '\n').collect();
        assert_eq!(
            bare,
            "<ol><li><a href=\"1\">a</a><ol><li><a href=\"2\">b</a><ol><li><a href=\"3\">c</a></li></ol></li></ol></li>\
             <li><a href=\"4\">d</a></li></ol></nav></body></html>"
        );
    }
}
