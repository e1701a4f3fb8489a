//! Whether bytes are text, and the text they are.

use std::borrow::Cow;

/// How many in a thousand bytes may be control characters that text does not use.
const CONTROLS: usize = 5;

/// Decodes `data` when it is text: UTF-8, UTF-16 with or without a byte order mark, UTF-32 with one, or
/// one of the older encodings (read as Latin-1, which keeps everything that matters here).
pub(super) fn text(data: &[u8]) -> Option<Cow<'_, str>> {
    let decoded = match data {
        [0xFF, 0xFE, 0, 0, rest @ ..] => wide::<4>(rest, u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, rest @ ..] => wide::<4>(rest, u32::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest),
        _ => return unmarked(data),
    };
    // Behind a mark, controls are what speaks against text, and so are bytes that do not decode.
    let bad = decoded.chars().filter(|c| is_binary(*c) || *c == '\u{FFFD}').count();
    (!decoded.is_empty() && bad * 20 <= decoded.chars().count()).then_some(decoded)
}

fn unmarked(data: &[u8]) -> Option<Cow<'_, str>> {
    if let Some(text) = utf16_by_zeros(data) {
        return Some(text);
    }
    let bad = data.iter().filter(|byte| is_binary(char::from(**byte))).count();
    let ascii = data.iter().filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).count();
    let one_slip = bad == 1 && data.len() >= 12 && ascii * 10 >= data.len() * 6;
    if bad * 1000 > data.len() * CONTROLS && !one_slip {
        return None;
    }
    match std::str::from_utf8(data) {
        Ok(text) => Some(Cow::Borrowed(text)),
        // The sample may end inside a character.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            Some(String::from_utf8_lossy(data.get(..error.valid_up_to())?))
        }
        Err(_) => older(data, ascii),
    }
}

/// Text of the time before Unicode: short pieces must be mostly ASCII, longer ones have spaces or lines.
fn older(data: &[u8], ascii: usize) -> Option<Cow<'_, str>> {
    let believable = match data.len() {
        0..64 => ascii * 2 >= data.len(),
        _ => data.iter().any(|byte| matches!(byte, b' ' | b'\n' | b'\r')),
    };
    believable.then(|| data.iter().map(|byte| char::from(*byte)).collect())
}

/// Control characters that do not occur in text (but for escape, which terminals' logs have).
fn is_binary(c: char) -> bool {
    matches!(c, '\0'..='\x07' | '\x0E'..='\x19' | '\x1C'..='\x1F' | '\x7F')
}

/// UTF-16 without a mark: in western text every second byte is zero, and none of the others.
fn utf16_by_zeros(data: &[u8]) -> Option<Cow<'_, str>> {
    let zeros = |first: usize| data.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), data.len() / 2);
    if data.len() < 4 || data.len() % 2 == 1 && data.len() < 64 {
        return None;
    }
    let decoded = match (even * 4 > half * 3, odd * 4 > half * 3) {
        (false, true) if even * 50 <= half => utf16(data, u16::from_le_bytes),
        (true, false) if odd * 50 <= half => utf16(data, u16::from_be_bytes),
        _ => return None,
    };
    let bad = decoded.chars().filter(|c| is_binary(*c) || *c == '\u{FFFD}').count();
    (bad * 50 <= decoded.chars().count()).then_some(decoded)
}

fn utf16(data: &[u8], join: fn([u8; 2]) -> u16) -> Cow<'_, str> {
    let units: Vec<u16> = data.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(join).collect();
    Cow::Owned(String::from_utf16_lossy(&units))
}

fn wide<const N: usize>(data: &[u8], join: fn([u8; N]) -> u32) -> Cow<'_, str> {
    let values = data.chunks_exact(N).filter_map(|unit| unit.try_into().ok()).map(join);
    Cow::Owned(values.map(|value| char::from_u32(value).unwrap_or('\u{FFFD}')).collect())
}
