//! Page descriptions: PDF, PostScript, Encapsulated PostScript.

use super::bytes::{find, find_last, le32, slice};
use super::finding::Finding;
use super::reader::Reader;

/// Where a PDF header may start (ISO 32000-1, annex H, note 13).
const HEADER_WITHIN: usize = 1024;
/// How much is searched at both ends, and at the cross-reference table, for signs of encryption.
const WINDOW: usize = 4096;

/// PDF from its first byte on.
pub(super) fn pdf(reader: &Reader<'_>) -> Option<Finding> {
    let version = slice(reader.head(), 5, 3).map(String::from_utf8_lossy).unwrap_or_default();
    let found = Finding::certain("pdf", format!("header %PDF-{}", version.trim()));
    Some(found.or_named(&["ai"]).encrypted(is_encrypted(reader)))
}

/// PDF with other bytes before its header, and documents by other markers than a row's signature.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let window = head.get(..head.len().min(HEADER_WITHIN))?;
    if let Some(at) = find(window, b"%PDF-").filter(|at| *at > 0 && is_header(head, *at)) {
        let evidence = format!("header %PDF- behind {at} other bytes");
        return Some(Finding::likely("pdf", evidence).encrypted(is_encrypted(reader)));
    }
    // Of a program without a version the first line has nothing more.
    if head.starts_with(b"%!") && head.get(2).is_some_and(|next| matches!(next, b'\n' | b'\r')) {
        return Some(Finding::likely("ps", "PostScript without a version").or_named(&["eps"]));
    }
    // Printer job language in front of PostScript.
    let job = head.starts_with(b"\x1B%-12345X") && find(window, b"%!PS").is_some();
    job.then(|| Finding::likely("ps", "PostScript in a printer job"))
}

/// A header inside other text only counts at the start of a line, with objects or a binary mark behind.
fn is_header(head: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| head.get(at));
    let line_start = before.is_some_and(|byte| !(byte.is_ascii_graphic() || *byte == b' '));
    let behind = head.get(at + 5..).unwrap_or_default();
    let version = behind.first().is_some_and(u8::is_ascii_digit) && behind.get(1) == Some(&b'.');
    version && (line_start || find(behind, b" obj").is_some())
}

/// Looks for `/Encrypt` in the trailers: in a file for the web the first one stands at the start, the last
/// one (or the cross-reference stream that replaces it) where `startxref` says.
fn is_encrypted(reader: &Reader<'_>) -> bool {
    if names_encryption(reader.head()) {
        return true;
    }
    let Some((start, tail)) = reader.tail(WINDOW) else { return false };
    names_encryption(&tail)
        || table_offset(&tail).is_some_and(|at| at < start && names_encryption(&reader.read(at, WINDOW)))
}

fn table_offset(tail: &[u8]) -> Option<u64> {
    let digits = tail.get(find_last(tail, b"startxref")? + 9..)?.trim_ascii_start();
    let digits = digits.split(|byte| !byte.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Tells whether a key `/Encrypt` stands there, as opposed to `/EncryptMetadata`.
fn names_encryption(data: &[u8]) -> bool {
    let key = b"/Encrypt";
    data.windows(key.len() + 1).any(|window| {
        window.starts_with(key) && window.last().is_some_and(|byte| !byte.is_ascii_alphanumeric())
    })
}

/// PostScript: with `EPSF` in its first line (or a bounding box and no pages) it is encapsulated.
pub(super) fn postscript(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    if find(line, b"EPSF").is_some() {
        return Some(Finding::certain("eps", "PostScript header with EPSF"));
    }
    if find(head, b"%%Creator: Adobe Illustrator").is_some() {
        // Only since version 9 are its files PDFs, which is what `ai` stands for here.
        return Some(Finding::likely("eps", "PostScript by Adobe Illustrator").or_named(&["ps"]));
    }
    let has_box = find(head, b"%%BoundingBox:").is_some();
    let has_pages = find(head, b"%%Page:").is_some() || find(head, b"%%Pages:").is_some();
    if has_box && !has_pages {
        return Some(Finding::likely("eps", "PostScript with a bounding box and no pages").or_named(&["ps"]));
    }
    Some(Finding::certain("ps", "PostScript header").or_named(&["eps"]))
}

/// The binary header of EPS on DOS: where PostScript, WMF and TIFF parts stand (Technical Note 5002, 5.2).
pub(super) fn dos_eps(reader: &Reader<'_>) -> Option<Finding> {
    let (start, length) = (le32(reader.head(), 4)?, le32(reader.head(), 8)?);
    (start >= 30 && length > 0).then(|| Finding::certain("eps", "DOS EPS header"))
}
