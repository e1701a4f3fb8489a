//! Names that are not UTF-8.

use encoding_rs::Encoding;

/// Turns bytes that should be UTF-8 into text; what is not UTF-8 is read as Latin-1.
pub(crate) fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Guesses how the names of a zip without UTF-8 flags are written, from all of them together.
///
/// The format says code page 437, but programs wrote whatever their machine used. Returns `None` for 437.
pub(crate) fn guess<'n>(names: impl Iterator<Item = &'n [u8]>) -> Option<&'static Encoding> {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let mut any = false;
    let mut every_utf8 = true;
    for name in names.filter(|name| !name.is_ascii()) {
        any = true;
        every_utf8 &= std::str::from_utf8(name).is_ok();
        detector.feed(name, false);
        detector.feed(b"\n", false);
    }
    if !any {
        return None;
    }
    if every_utf8 {
        return Some(encoding_rs::UTF_8);
    }
    detector.feed(b"", true);
    let found = detector.guess(None, chardetng::Utf8Detection::Deny);
    // Single-byte guesses from a few letters are no better than the format's own rule, except Cyrillic DOS.
    let trusted = [
        encoding_rs::GBK,
        encoding_rs::GB18030,
        encoding_rs::BIG5,
        encoding_rs::SHIFT_JIS,
        encoding_rs::EUC_JP,
        encoding_rs::EUC_KR,
        encoding_rs::IBM866,
    ];
    trusted.into_iter().find(|encoding| *encoding == found)
}

/// Turns a zip name into text by a guessed encoding, or by code page 437.
pub(crate) fn decode_legacy(bytes: &[u8], encoding: Option<&'static Encoding>) -> String {
    if bytes.is_ascii() {
        return bytes.iter().map(|byte| char::from(*byte)).collect();
    }
    match encoding {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        None => bytes.iter().map(|byte| from_cp437(*byte)).collect(),
    }
}

/// A character of IBM code page 437.
fn from_cp437(byte: u8) -> char {
    const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
    match byte.checked_sub(128) {
        None => char::from(byte),
        Some(index) => UPPER.chars().nth(usize::from(index)).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_what_it_can_and_follows_the_rule_else() {
        let chinese = encoding_rs::GBK.encode("测试文件夹/中文名称.txt").0.into_owned();
        let found = guess([chinese.as_slice()].into_iter());
        assert_eq!(decode_legacy(&chinese, found), "测试文件夹/中文名称.txt");
        assert_eq!(guess([b"plain".as_slice()].into_iter()), None);
        assert_eq!(guess(["grün".as_bytes()].into_iter()), Some(encoding_rs::UTF_8));
        assert_eq!(decode_legacy(b"gr\x81n", None), "grün");
        assert_eq!(from_cp437(255), '\u{A0}');
    }
}
