//! What the codes of a font say, and how wide they are (ISO 32000-2, 9.6 and 9.7).

use super::names;
use crate::graph::{array_at, as_dict, dict_at, name_at, number, number_at, resolve, value};
use formwork_sdk::Step;
use lopdf::{Dictionary, Document, Encoding, Object, dictionary};
use std::collections::HashMap;

/// Width of a letter whose font does not say: that of most digits.
const USUAL: f64 = 0.556;
const TYPEWRITER: f64 = 0.6;
/// Entries of a table of widths.
const MOST_WIDTHS: usize = 70_000;

/// How long codes are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    One,
    Two,
    /// Differs, or is not known: a text is then one piece.
    Whole,
}

/// A font of a document.
pub(super) struct Font<'d> {
    encoding: Option<Encoding<'d>>,
    /// By the names of its glyphs, in place of the encoding.
    named: Option<HashMap<u32, String>>,
    /// What its map for those who copy text says, where that is not the encoding itself.
    copied: HashMap<u32, String>,
    length: Length,
    widths: HashMap<u32, f64>,
    other: f64,
    pub(super) is_vertical: bool,
}

/// A code, what it says, and how far it leads.
pub(super) struct Code {
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
    /// What it says to those who copy it, when that is something else: readers differ in what they go by.
    pub(super) copied: Option<String>,
    pub(super) width: f64,
}

impl<'d> Font<'d> {
    pub(super) fn of(step: &Step<'_>, doc: &'d Document, dict: &'d Dictionary) -> Font<'d> {
        let limit = usize::try_from(step.limits().memory / 4).unwrap_or(usize::MAX);
        let encoding = dict.get_font_encoding_with_limit(doc, limit).ok();
        // With one name it does not know the library takes the usual encoding for all.
        let named = match &encoding {
            Some(Encoding::Differences(_)) => None,
            _ => names::of_glyphs(doc, dict),
        };
        let is_composite = name_at(doc, dict, b"Subtype") == b"Type0";
        let name = name_at(doc, dict, b"BaseFont").to_ascii_lowercase();
        let usual = if name.windows(7).any(|part| part == b"courier") { TYPEWRITER } else { USUAL };
        let mut font = Font {
            encoding,
            named,
            copied: HashMap::new(),
            length: Length::One,
            widths: HashMap::new(),
            other: usual,
            is_vertical: false,
        };
        if is_composite {
            font.composite(step, doc, dict);
        } else {
            font.simple(doc, dict);
        }
        font.read_map(doc, dict, limit);
        font
    }

    /// Reads the map `ToUnicode` where the encoding is another.
    fn read_map(&mut self, doc: &Document, dict: &Dictionary, limit: usize) {
        let codes = match self.length {
            Length::One => 0..=0xff_u32,
            Length::Two => 0..=0xffff,
            Length::Whole => return,
        };
        if matches!(self.encoding, Some(Encoding::UnicodeMapEncoding(_))) {
            return;
        }
        let Ok(map) = dict.get(b"ToUnicode") else { return };
        let alone = dictionary! { "Type" => "Font", "ToUnicode" => map.clone() };
        let Ok(map @ Encoding::UnicodeMapEncoding(_)) = alone.get_font_encoding_with_limit(doc, limit) else {
            return;
        };
        let says = |code: u32| {
            let bytes = code.to_be_bytes();
            let bytes = bytes.get(if self.length == Length::One { 3.. } else { 2.. })?;
            let text = map.bytes_to_string(bytes).ok()?;
            (!text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER)).then_some((code, text))
        };
        self.copied = codes.filter_map(says).collect();
    }

    fn simple(&mut self, doc: &Document, dict: &Dictionary) {
        let first = number_at(doc, dict, b"FirstChar").unwrap_or(0.0).clamp(0.0, 255.0) as u32;
        let unit =
            match array_at(doc, dict, b"FontMatrix").first().and_then(|unit| number(resolve(doc, unit))) {
                Some(unit) if name_at(doc, dict, b"Subtype") == b"Type3" => unit,
                _ => 0.001,
            };
        let widths = array_at(doc, dict, b"Widths").iter().take(256).zip(first..);
        self.widths =
            widths.filter_map(|(width, code)| Some((code, number(resolve(doc, width))? * unit))).collect();
        let missing =
            dict_at(doc, dict, b"FontDescriptor").and_then(|it| number_at(doc, it, b"MissingWidth"));
        if let Some(missing) = missing.filter(|width| *width > 0.0) {
            self.other = missing * unit;
        }
    }

    fn composite(&mut self, step: &Step<'_>, doc: &Document, dict: &Dictionary) {
        self.length = match value(doc, dict, b"Encoding") {
            Object::Name(name) => {
                self.is_vertical = name.ends_with(b"-V");
                let is_wide = [b"Identity".as_slice(), b"Uni"].iter().any(|start| name.starts_with(start));
                if is_wide && !name.windows(4).any(|part| part == b"UTF8" || part == b"TF32") {
                    Length::Two
                } else {
                    Length::Whole
                }
            }
            Object::Stream(stream) => {
                let text = crate::draw::unpacked(step, stream).unwrap_or_default();
                code_length(&text)
            }
            _ => Length::Whole,
        };
        let below =
            array_at(doc, dict, b"DescendantFonts").first().and_then(|font| as_dict(resolve(doc, font)));
        let Some(below) = below else { return };
        self.other = number_at(doc, below, b"DW").unwrap_or(1_000.0) / 1_000.0;
        let mut items = array_at(doc, below, b"W").iter().map(|item| resolve(doc, item));
        while let (Some(first), true) = (items.next().and_then(number), self.widths.len() < MOST_WIDTHS) {
            let first = first.clamp(0.0, 65_535.0) as u32;
            match items.next() {
                Some(Object::Array(widths)) => {
                    let widths = widths.iter().zip(first..).take(65_536);
                    self.widths
                        .extend(widths.filter_map(|(width, code)| {
                            Some((code, number(resolve(doc, width))? / 1_000.0))
                        }));
                }
                Some(last) => {
                    let last = number(last).unwrap_or(0.0).clamp(0.0, 65_535.0) as u32;
                    let width = items.next().and_then(number).unwrap_or(0.0) / 1_000.0;
                    self.widths.extend((first..=last).map(|code| (code, width)));
                }
                None => return,
            }
        }
    }

    /// The codes of a text.
    pub(super) fn codes(&self, text: &[u8]) -> Vec<Code> {
        let length = match self.length {
            Length::One => 1,
            Length::Two => 2,
            Length::Whole => text.len().max(1),
        };
        text.chunks(length).map(|bytes| self.code(bytes)).collect()
    }

    fn code(&self, bytes: &[u8]) -> Code {
        let number = bytes.iter().take(4).fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let each = || self.widths.get(&number).copied().unwrap_or(self.other);
        let width = match self.length {
            Length::Whole => bytes.len() as f64 * self.other / 2.0,
            _ if self.is_vertical => -1.0,
            _ => each(),
        };
        let text = match &self.named {
            Some(named) => named.get(&number).cloned(),
            None => self.encoding.as_ref().and_then(|encoding| encoding.bytes_to_string(bytes).ok()),
        };
        let copied = self.copied.get(&number).cloned();
        let text = text.or_else(|| copied.clone()).unwrap_or_default();
        let copied = copied.filter(|copied| *copied != text);
        Code { bytes: bytes.to_vec(), text, copied, width }
    }
}

/// How long the codes of a map are, by the spaces it opens for them (9.7.6.2).
fn code_length(map: &[u8]) -> Length {
    let text = String::from_utf8_lossy(map);
    let mut lengths = text.split("begincodespacerange").skip(1).flat_map(|part| {
        let part = part.split("endcodespacerange").next().unwrap_or_default();
        part.split('<').skip(1).map(|code| code.split('>').next().unwrap_or_default().trim().len() / 2)
    });
    let first = lengths.next();
    match first {
        Some(1) if lengths.all(|length| length == 1) => Length::One,
        Some(2) if lengths.all(|length| length == 2) => Length::Two,
        _ => Length::Whole,
    }
}
