//! Bytes of a text file to text.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use formwork_sdk::{Error, Result};

/// How much is looked at when nothing says what the encoding is.
const SAMPLE: usize = 256 << 10;
/// How many in a thousand characters may be controls that text does not use.
const CONTROLS: usize = 5;

/// Text, and what it was written in when that had to be guessed.
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// The name of the encoding that was guessed.
    pub guessed: Option<&'static str>,
    /// Whether bytes did not decode.
    pub damaged: bool,
}

/// Decodes a file that is text: by its byte order mark, by `declared`, as UTF-8 where that fits, else by what its bytes
/// look like.
///
/// # Errors
///
/// `corrupt_input` for what is no text.
pub fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Result<Decoded> {
    let decoded = by_mark(bytes).unwrap_or_else(|| unmarked(bytes, declared));
    let (mut controls, mut all) = (0, 0);
    for c in decoded.text.chars() {
        all += 1;
        controls += usize::from(is_binary(c));
    }
    if controls * 1000 > all * CONTROLS && controls > 1 {
        return Err(Error::corrupt(format!(
            "this is no text: {controls} of its {all} characters are control characters; name the true format with \
             input_format"
        )));
    }
    Ok(decoded)
}

fn by_mark(bytes: &[u8]) -> Option<Decoded> {
    let wide = |rest: &[u8], join: fn([u8; 4]) -> u32| {
        let units =
            rest.as_chunks::<4>().0.iter().map(|unit| char::from_u32(join(*unit)).unwrap_or('\u{FFFD}'));
        Decoded { text: units.collect(), guessed: None, damaged: false }
    };
    match bytes {
        [0xFF, 0xFE, 0, 0, rest @ ..] if rest.len() % 4 == 0 => Some(wide(rest, u32::from_le_bytes)),
        [0, 0, 0xFE, 0xFF, rest @ ..] => Some(wide(rest, u32::from_be_bytes)),
        _ => {
            Encoding::for_bom(bytes).map(|(encoding, mark)| with(encoding, bytes.get(mark..).unwrap_or(&[])))
        }
    }
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> Decoded {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    Decoded { text: text.into_owned(), guessed: None, damaged }
}

fn unmarked(bytes: &[u8], declared: Option<&'static Encoding>) -> Decoded {
    if let Some(encoding) = utf16_by_zeros(bytes) {
        return Decoded { guessed: Some(encoding.name()), ..with(encoding, bytes) };
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Decoded { text: text.to_owned(), guessed: None, damaged: false };
    }
    if let Some(encoding) = declared.filter(|encoding| *encoding != UTF_8) {
        return with(encoding, bytes);
    }
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    // A few bad bytes in much text that is UTF-8 else are damage, no other encoding.
    let lossy = String::from_utf8_lossy(sample);
    let bad = lossy.matches('\u{FFFD}').count();
    let beyond = lossy.chars().filter(|c| !c.is_ascii()).count() - bad;
    if beyond > bad * 4 {
        return Decoded { damaged: true, ..with(UTF_8, bytes) };
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, sample.len() == bytes.len());
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    let decoded = with(encoding, bytes);
    if decoded.damaged {
        // Every byte means something there.
        return Decoded { guessed: Some(WINDOWS_1252.name()), ..with(WINDOWS_1252, bytes) };
    }
    Decoded { guessed: Some(encoding.name()), ..decoded }
}

/// UTF-16 without a mark: in western text every second byte is zero, and hardly any of the others.
fn utf16_by_zeros(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    match (even * 4 > half * 3, odd * 4 > half * 3) {
        (false, true) if even * 50 <= half => Some(UTF_16LE),
        (true, false) if odd * 50 <= half => Some(UTF_16BE),
        _ => None,
    }
}

/// Control characters that do not occur in text, but for escape and backspace, which terminals and printers know.
fn is_binary(c: char) -> bool {
    matches!(c, '\0'..='\x06' | '\x0E'..='\x19' | '\x1C'..='\x1F' | '\x7F')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, None).unwrap().text
    }

    #[test]
    fn every_encoding_of_the_same_words_is_read() {
        let words = "Grüße aus Köln, 5 €";
        let utf16 = |order: fn(u16) -> [u8; 2]| words.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        assert_eq!(text(words.as_bytes()), words);
        assert_eq!(text(&[b"\xEF\xBB\xBF", words.as_bytes()].concat()), words);
        assert_eq!(text(&[&b"\xFF\xFE"[..], &utf16(u16::to_le_bytes)].concat()), words);
        assert_eq!(text(&[&b"\xFE\xFF"[..], &utf16(u16::to_be_bytes)].concat()), words);
        assert_eq!(text(&utf16(u16::to_le_bytes)), words);
        let wide: Vec<u8> = words.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        assert_eq!(text(&[&b"\0\0\xFE\xFF"[..], &wide].concat()), words);
        let (old, ..) = WINDOWS_1252.encode(words);
        let decoded = decode(&old, None).unwrap();
        assert_eq!((decoded.text.as_str(), decoded.guessed), (words, Some("windows-1252")));
        let (cyrillic, ..) =
            encoding_rs::WINDOWS_1251.encode("Съешь же ещё этих мягких французских булок, да выпей чаю");
        assert!(text(&cyrillic).starts_with("Съешь же ещё"));
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\x03\0"[..], &[0; 64], b"GIF89a\x01\0\x01\0\0\0\0;"] {
            assert!(decode(bytes, None).is_err());
        }
        assert!(decode(b"", None).is_ok());
        assert_eq!(text(b"one \x00 slip in some text"), "one \0 slip in some text");
    }

    #[test]
    fn damage_is_told() {
        let bytes = ["Zażółć gęślą jaźń ".repeat(9).as_bytes(), b"\xC5 and so on"].concat();
        let decoded = decode(&bytes, None).unwrap();
        assert!(decoded.damaged && decoded.text.starts_with("Zażółć") && decoded.text.contains('\u{FFFD}'));
    }
}
