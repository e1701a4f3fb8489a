//! The table of the places of objects, read in both of its forms (ISO 32000-2, 7.5.4 and 7.5.8).

use super::words::{Entries, Word, Words};
use lopdf::{Dictionary, Object, Stream, dictionary};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Bytes at the end of a file in which readers look for the place of its table.
const END_OF_FILE: usize = 1_024;
/// Entries of a trailer that hold for the document, not for the table.
pub(super) const OF_DOCUMENT: [&[u8]; 3] = [b"Root", b"Info", b"ID"];

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere.
    Free,
    /// At this byte.
    At(usize),
    /// The so-manieth in this object stream.
    In { stream: u32, index: usize },
}

/// The places of all objects.
pub(super) struct Table<'b> {
    places: BTreeMap<u32, Place>,
    /// Where an object or a part of the table begins, and another one ends.
    starts: BTreeSet<usize>,
    /// The newest trailer.
    pub(super) trailer: Entries<'b>,
}

impl<'b> Table<'b> {
    /// Reads the table of a file. Nothing when it is unusual in any way: broken, in both forms at once, encrypted.
    pub(super) fn read(file: &'b [u8], most: usize) -> Option<Table<'b>> {
        let tail = file.get(file.len().saturating_sub(END_OF_FILE)..)?;
        let word = memchr::memmem::rfind(tail, b"startxref")?;
        let mut next = Some(Words::new(tail.get(word + 9..)?).number()?);
        let mut table: Option<Table<'b>> = None;
        let mut seen = HashSet::new();
        while let Some(start) = next {
            if !seen.insert(start) {
                return None;
            }
            let start = usize::try_from(start).ok()?;
            let part = Part::read(file.get(start..)?, most)?;
            if part.trailer.get(b"Encrypt").or(part.trailer.get(b"XRefStm")).is_some() {
                return None;
            }
            next = match part.trailer.get(b"Prev") {
                Some(_) => Some(part.trailer.number(b"Prev")?),
                None => None,
            };
            let Part { places, trailer } = part;
            let table = table.get_or_insert_with(|| Table {
                places: BTreeMap::new(),
                starts: BTreeSet::new(),
                trailer,
            });
            table.starts.extend([start, file.len()]);
            for (number, place) in places {
                table.places.entry(number).or_insert(place);
                if let Place::At(place) = place {
                    table.starts.insert(place);
                }
            }
        }
        table
    }

    pub(super) fn place(&self, number: u32) -> Option<Place> {
        self.places.get(&number).copied()
    }

    /// The first byte after what begins at a place.
    pub(super) fn end(&self, start: usize) -> Option<usize> {
        self.starts.range(start + 1..).next().copied()
    }
}

/// One part of the table, and its trailer.
struct Part<'b> {
    places: Vec<(u32, Place)>,
    trailer: Entries<'b>,
}

impl<'b> Part<'b> {
    fn read(bytes: &'b [u8], most: usize) -> Option<Part<'b>> {
        let mut words = Words::new(bytes);
        if words.is_next(b"xref") { Part::of_lines(words) } else { Part::of_stream(bytes, most) }
    }

    fn of_lines(mut words: Words<'b>) -> Option<Part<'b>> {
        let mut places = Vec::new();
        loop {
            let first = match words.next()? {
                Word::Number(first) => first,
                Word::Plain(b"trailer") => break,
                _ => return None,
            };
            for number in first..first.checked_add(words.number()?)? {
                let (offset, _) = (words.number()?, words.number()?);
                let place = match words.next()? {
                    Word::Plain(b"n") => Place::At(usize::try_from(offset).ok()?),
                    Word::Plain(b"f") => Place::Free,
                    _ => return None,
                };
                places.push((u32::try_from(number).ok()?, place));
            }
        }
        Some(Part { places, trailer: Entries::read(words.rest())? })
    }

    fn of_stream(bytes: &'b [u8], most: usize) -> Option<Part<'b>> {
        let mut words = Words::new(bytes);
        let is_object = words.number().is_some() && words.number().is_some() && words.is_next(b"obj");
        let trailer = is_object.then(|| Entries::read(words.rest()))??;
        if trailer.get(b"Type") != Some(b"/XRef") {
            return None;
        }
        let size = trailer.number(b"Size")?;
        let widths: Vec<usize> =
            trailer.numbers(b"W")?.iter().map(|width| usize::try_from(*width).ok()).collect::<Option<_>>()?;
        let [kind, second, third] = *widths.as_slice() else { return None };
        let row = kind.checked_add(second)?.checked_add(third)?;
        if row == 0 || widths.iter().any(|width| *width > 8) {
            return None;
        }
        let rows = unpacked(&trailer, most)?;
        let mut rows = rows.chunks_exact(row);
        let index = trailer.numbers(b"Index").unwrap_or_else(|| vec![0, size]);
        let mut places = Vec::new();
        for pair in index.chunks(2) {
            let [first, count] = *pair else { return None };
            for number in first..first.checked_add(count)? {
                let row = rows.next()?;
                let (head, rest) = row.split_at_checked(kind)?;
                let (middle, last) = rest.split_at_checked(second)?;
                let place = match if kind == 0 { 1 } else { big_endian(head) } {
                    0 => Place::Free,
                    1 => Place::At(usize::try_from(big_endian(middle)).ok()?),
                    2 => Place::In {
                        stream: u32::try_from(big_endian(middle)).ok()?,
                        index: usize::try_from(big_endian(last)).ok()?,
                    },
                    _ => return None,
                };
                places.push((u32::try_from(number).ok()?, place));
            }
        }
        Some(Part { places, trailer })
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The content of a stream that is packed in the one usual way, or not at all.
pub(super) fn unpacked(entries: &Entries<'_>, most: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(entries.number(b"Length")?).ok()?;
    let content = entries.stream()?.get(..length)?.to_vec();
    let mut dict = Dictionary::new();
    match entries.get(b"Filter") {
        None => return Some(content).filter(|content| content.len() <= most),
        Some(b"/FlateDecode" | b"[/FlateDecode]") => dict.set("Filter", "FlateDecode"),
        Some(_) => return None,
    }
    if let Some(given) = entries.get(b"DecodeParms") {
        let given = Entries::read(given)?;
        let number = |key: &str, usual| match given.get(key.as_bytes()) {
            None => Some(usual),
            Some(_) => i64::try_from(given.number(key.as_bytes())?).ok(),
        };
        let parameters = dictionary! {
            "Predictor" => number("Predictor", 1)?,
            "Columns" => number("Columns", 1)?,
            "Colors" => number("Colors", 1)?,
            "BitsPerComponent" => number("BitsPerComponent", 8)?,
        };
        dict.set("DecodeParms", Object::Dictionary(parameters));
    }
    Stream::new(dict, content).decompressed_content_with_limit(most).ok()
}
