//! From bytes to text: gzip, byte order marks and declared encodings (XML 1.0 appendix F).

use crate::svgz;
use formwork_sdk::{Error, Limits, Result};

/// A document's text takes at most this part of the limit `memory`; the rest is for what is made of it.
const SHARE: u64 = 8;

/// Greatest number of bytes a document's text may have.
pub(super) fn most(limits: &Limits) -> u64 {
    limits.memory / SHARE
}

/// Returns the text of an SVG or SVGZ file.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`, `ratio`).
pub(super) fn text(bytes: &[u8], limits: &Limits) -> Result<String> {
    let unpacked;
    let bytes = if svgz::is_gzip(bytes) {
        unpacked = svgz::gunzip(bytes, most(limits), limits)?;
        &unpacked
    } else {
        bytes
    };
    if bytes.len() as u64 > most(limits) {
        return Err(Error::limit("memory", bytes.len(), most(limits)));
    }
    decode(bytes)
}

fn decode(bytes: &[u8]) -> Result<String> {
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return utf16(rest, u16::from_be_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return utf16(rest, u16::from_le_bytes);
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) if declares_latin(bytes) => Ok(bytes.iter().copied().map(char::from).collect()),
        Err(_) => Err(Error::corrupt("the drawing's text is not in the encoding it declares")),
    }
}

fn utf16(bytes: &[u8], join: fn([u8; 2]) -> u16) -> Result<String> {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| join(*pair));
    char::decode_utf16(units)
        .collect::<std::result::Result<String, _>>()
        .map_err(|_| Error::corrupt("the drawing's text is not valid UTF-16"))
}

/// Whether the XML declaration names an encoding whose bytes are (nearly) code points.
fn declares_latin(bytes: &[u8]) -> bool {
    let head = bytes.get(..200).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let Some((_, rest)) = head.split_once("encoding=") else { return false };
    let name: String = rest.chars().skip(1).take_while(|c| !matches!(c, '"' | '\'' | '?')).collect();
    matches!(name.as_str(), "iso-8859-1" | "latin1" | "windows-1252" | "iso-8859-15" | "us-ascii")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(decode(b"\xef\xbb\xbf<svg/>").unwrap(), "<svg/>");
        assert_eq!(decode(b"\xff\xfe<\0a\0/\0>\0").unwrap(), "<a/>");
        assert_eq!(decode(b"\xfe\xff\0<\0a\0/\0>").unwrap(), "<a/>");
        assert_eq!(
            decode(b"<?xml encoding=\"ISO-8859-1\"?>\xe9").unwrap(),
            "<?xml encoding=\"ISO-8859-1\"?>é"
        );
        assert!(decode(b"<svg>\xe9</svg>").is_err());
    }
}
