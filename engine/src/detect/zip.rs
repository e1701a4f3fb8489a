//! ZIP files, and the office files and books that are ZIP files.

use super::bytes::{find, le16, le32, slice};
use super::finding::Finding;
use super::reader::Reader;
use super::zip_directory::{Entry, content, entries, has_directory};

/// How much of a manifest is unpacked.
const MANIFEST: usize = 64 << 10;

/// What the entry `mimetype` may say (OpenDocument 1.3 part 2, 3.3; EPUB OCF 3.3, 4.2.3), longest first
/// where one is the start of another.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("application/epub+zip", "epub"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.graphics", "odg"),
];

/// The folder or part that only one kind of Office Open XML file has (ISO/IEC 29500-1, 11.3, as every
/// known writer names it).
const PARTS: &[(&str, &str)] =
    &[("word/", "docx"), ("xl/workbook.bin", "xlsb"), ("xl/", "xlsx"), ("ppt/", "pptx")];

/// The content type of the main part, for packages that name their parts otherwise.
const MAIN_PARTS: &[(&[u8], &str)] = &[
    (b"wordprocessingml.document.main+xml", "docx"),
    (b"wordprocessingml.template.main+xml", "docx"),
    (b"spreadsheetml.sheet.main+xml", "xlsx"),
    (b"presentationml.presentation.main+xml", "pptx"),
    (b"presentationml.slideshow.main+xml", "pptx"),
];

/// Tells what the ZIP file is that starts here.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    if let Some(finding) = first_entry(reader) {
        return Some(finding);
    }
    let entries = entries(reader);
    let finding = open_document(reader, &entries)
        .or_else(|| office(reader, &entries))
        .unwrap_or_else(|| plain(&entries));
    Some(finding)
}

/// A directory at the end of something unknown: a self-extracting archive, or junk before the ZIP.
pub(super) fn probe_behind_junk(reader: &Reader<'_>) -> Option<Finding> {
    has_directory(reader).then(|| Finding::likely("zip", "ZIP directory at the end, behind other bytes"))
}

fn plain(entries: &[Entry]) -> Finding {
    let encrypted = entries.iter().any(|entry| entry.encrypted);
    let evidence = match entries.len() {
        0 => "signature of ZIP".to_string(),
        1 => "ZIP with 1 entry".to_string(),
        count => format!("ZIP with {count} entries or more"),
    };
    Finding::certain("zip", evidence).encrypted(encrypted)
}

/// OpenDocument and EPUB put an uncompressed entry `mimetype` first, so the answer stands in the head.
fn first_entry(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let (method, packed) = (le16(head, 8)?, le32(head, 18)?);
    let (name, extra) = (usize::from(le16(head, 26)?), usize::from(le16(head, 28)?));
    if method != 0 || slice(head, 30, name)? != b"mimetype" {
        return None;
    }
    let body = head.get(30 + name + extra..)?;
    let stated = usize::try_from(packed).ok().filter(|size| *size > 0).unwrap_or(80);
    let media_type = body.get(..stated.min(body.len()))?;
    media_type_finding(reader, media_type, &[])
}

fn media_type_finding(reader: &Reader<'_>, media_type: &[u8], known: &[Entry]) -> Option<Finding> {
    let text = media_type.trim_ascii();
    let (word, id) = MEDIA_TYPES.iter().find(|(word, _)| text.starts_with(word.as_bytes()))?;
    let listed;
    let all = if known.is_empty() {
        listed = entries(reader);
        listed.as_slice()
    } else {
        known
    };
    let locked = if *id == "epub" { is_locked_book(all) } else { is_locked_document(reader, all) };
    Some(Finding::certain(id, format!("ZIP whose mimetype is {word}")).encrypted(locked))
}

/// Files of these kinds whose `mimetype` is not first, or missing.
fn open_document(reader: &Reader<'_>, entries: &[Entry]) -> Option<Finding> {
    let named = |name: &str| entries.iter().find(|entry| entry.name == name);
    if let Some(entry) = named("mimetype")
        && let Some(text) = content(reader, entry, 256)
        && let Some(finding) = media_type_finding(reader, &text, entries)
    {
        return Some(finding);
    }
    if named("meta-inf/container.xml").is_some() && entries.iter().any(|entry| entry.name.ends_with(".opf")) {
        let locked = is_locked_book(entries);
        return Some(
            Finding::likely("epub", "ZIP with META-INF/container.xml and a package").encrypted(locked),
        );
    }
    let manifest = content(reader, named("meta-inf/manifest.xml")?, MANIFEST)?;
    named("content.xml")?;
    let (word, id) = MEDIA_TYPES.iter().rev().find(|(word, _)| find(&manifest, word.as_bytes()).is_some())?;
    Some(Finding::likely(id, format!("ZIP whose manifest says {word}")))
}

/// Office Open XML, by its parts.
fn office(reader: &Reader<'_>, entries: &[Entry]) -> Option<Finding> {
    let types = entries.iter().find(|entry| entry.name == "[content_types].xml");
    let has = |part: &str| entries.iter().any(|entry| entry.name.starts_with(part));
    let relations = types.is_some() || has("_rels/");
    if let Some((part, id)) = PARTS.iter().find(|(part, _)| relations && has(part)) {
        let encrypted = entries.iter().any(|entry| entry.encrypted);
        return Some(Finding::certain(id, format!("Office Open XML with {part}")).encrypted(encrypted));
    }
    let listed = content(reader, types?, MANIFEST)?;
    let (word, id) = MAIN_PARTS.iter().find(|(word, _)| find(&listed, word).is_some())?;
    let word = String::from_utf8_lossy(word);
    Some(Finding::certain(id, format!("Office Open XML whose main part is {word}")))
}

/// A book under digital rights management carries the rights with it; `encryption.xml` alone may only
/// hide fonts.
fn is_locked_book(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| matches!(entry.name.as_str(), "meta-inf/rights.xml" | "meta-inf/sinf.xml"))
}

/// A document with a password says so in its manifest, or is one encrypted package inside.
fn is_locked_document(reader: &Reader<'_>, entries: &[Entry]) -> bool {
    let manifest = entries.iter().find(|entry| entry.name == "meta-inf/manifest.xml");
    let listed = manifest.and_then(|entry| content(reader, entry, MANIFEST)).unwrap_or_default();
    entries.iter().any(|entry| entry.name == "encrypted-package")
        || find(&listed, b"encryption-data").is_some()
}
