//! The directories of a TIFF file, for reading and for writing.

use super::tags::{self, size_of_type};
use formwork_sdk::{Error, Result};
use std::collections::HashSet;

/// Entries of one directory at the most; real ones have dozens.
const ENTRIES: u64 = 4_096;

/// A TIFF file as bytes, with what its first bytes say.
#[derive(Clone, Copy)]
pub(super) struct File<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) big_endian: bool,
    /// BigTIFF: offsets of 64 bits.
    big: bool,
}

/// One entry: what it is, and its value's bytes as they stand in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'b> {
    pub(super) tag: u16,
    pub(super) kind: u16,
    pub(super) value: &'b [u8],
}

/// The entries of one directory. Entries whose value lies outside the file are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory<'b> {
    pub(super) entries: Vec<Entry<'b>>,
}

impl<'b> Directory<'b> {
    pub(super) fn find(&self, tag: u16) -> Option<&Entry<'b>> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

impl<'b> File<'b> {
    pub(super) fn open(bytes: &'b [u8]) -> Result<File<'b>> {
        let (big_endian, big) = match bytes.get(..4) {
            Some(b"II*\0") => (false, false),
            Some(b"MM\0*") => (true, false),
            Some(b"II+\0") => (false, true),
            Some(b"MM\0+") => (true, true),
            _ => return Err(Error::corrupt("not a TIFF")),
        };
        Ok(File { bytes, big_endian, big })
    }

    /// A whole number of 1, 2, 4 or 8 bytes.
    fn integer(&self, bytes: &[u8]) -> u64 {
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    fn at(&self, place: u64, length: u64) -> Option<&'b [u8]> {
        let start = usize::try_from(place).ok()?;
        let end = usize::try_from(place.checked_add(length)?).ok()?;
        self.bytes.get(start..end)
    }

    fn integer_at(&self, place: u64, length: u64) -> Option<u64> {
        self.at(place, length).map(|bytes| self.integer(bytes))
    }

    /// The chain of directories. Stops at a loop or at something that is no directory, and then returns
    /// why.
    pub(super) fn chain(&self, most: u64) -> (Vec<Directory<'b>>, Option<&'static str>) {
        let (place, size) = if self.big { (8, 8) } else { (4, 4) };
        let mut next = self.integer_at(place, size).unwrap_or(0);
        let (mut seen, mut all) = (HashSet::new(), Vec::new());
        while next != 0 {
            if !seen.insert(next) {
                return (all, Some("its directories form a loop"));
            }
            if all.len() as u64 > most {
                break;
            }
            match self.directory(next) {
                Some((directory, after)) => {
                    all.push(directory);
                    next = after;
                }
                None => return (all, Some("a directory lies outside the file")),
            }
        }
        (all, None)
    }

    /// Reads one directory and the place of the next.
    pub(super) fn directory(&self, place: u64) -> Option<(Directory<'b>, u64)> {
        let (count_size, entry_size, link_size) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let count = self.integer_at(place, count_size)?;
        let first = place.checked_add(count_size)?;
        let mut entries = Vec::new();
        for index in 0..count.min(ENTRIES) {
            let Some(entry) = self.at(first + index * entry_size, entry_size) else { break };
            entries.extend(self.entry(entry));
        }
        let link = first.checked_add(count.checked_mul(entry_size)?)?;
        Some((Directory { entries }, self.integer_at(link, link_size).unwrap_or(0)))
    }

    fn entry(&self, bytes: &'b [u8]) -> Option<Entry<'b>> {
        let (tag, rest) = bytes.split_at_checked(2)?;
        let (kind, rest) = rest.split_at_checked(2)?;
        let (count, slot) = rest.split_at_checked(if self.big { 8 } else { 4 })?;
        let (tag, kind) = (self.integer(tag) as u16, self.integer(kind) as u16);
        let length = self.integer(count).checked_mul(size_of_type(kind) as u64)?;
        let value = match slot.get(..usize::try_from(length).ok()?) {
            Some(inline) => inline,
            None => self.at(self.integer(slot), length)?,
        };
        (length > 0).then_some(Entry { tag, kind, value })
    }

    /// All values of an entry of whole numbers.
    pub(super) fn numbers(&self, directory: &Directory<'_>, tag: u16) -> Vec<u64> {
        match directory.find(tag) {
            Some(entry) if matches!(entry.kind, tags::RATIONAL | 10..=12) => Vec::new(),
            Some(entry) => entry
                .value
                .chunks_exact(size_of_type(entry.kind).max(1))
                .map(|bytes| self.integer(bytes))
                .collect(),
            None => Vec::new(),
        }
    }

    /// The first value of an entry of whole numbers.
    pub(super) fn number(&self, directory: &Directory<'_>, tag: u16) -> Option<u64> {
        self.numbers(directory, tag).first().copied()
    }

    /// The value of an entry of one positive fraction.
    pub(super) fn fraction(&self, directory: &Directory<'_>, tag: u16) -> Option<f64> {
        let (above, below) = directory.find(tag)?.value.split_at_checked(4)?;
        let (above, below) = (self.integer(above) as f64, self.integer(below.get(..4)?) as f64);
        (below > 0.0 && above > 0.0).then_some(above / below)
    }

    /// The bytes of an entry.
    pub(super) fn block(&self, directory: &Directory<'b>, tag: u16) -> Option<&'b [u8]> {
        directory.find(tag).map(|entry| entry.value)
    }

    /// An entry's value in little endian order.
    pub(super) fn little_endian(&self, entry: &Entry<'_>) -> Vec<u8> {
        // Fractions are pairs of numbers of four bytes.
        let unit =
            if matches!(entry.kind, tags::RATIONAL | 10) { 4 } else { size_of_type(entry.kind).max(1) };
        let mut value = entry.value.to_vec();
        if self.big_endian {
            value.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        value
    }
}

/// A directory to be written, in little endian order.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    entries: Vec<(u16, u16, Vec<u8>)>,
}

impl Draft {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn put(&mut self, tag: u16, kind: u16, value: Vec<u8>) {
        self.entries.retain(|(known, ..)| *known != tag);
        self.entries.push((tag, kind, value));
    }

    /// Takes what another draft has and this one has not.
    pub(super) fn fill_in(&mut self, other: Draft) {
        for (tag, kind, value) in other.entries {
            if self.entries.iter().all(|(known, ..)| *known != tag) {
                self.put(tag, kind, value);
            }
        }
    }

    /// Where the link to a next directory lies, from the directory's beginning.
    pub(super) fn link_offset(&self) -> u64 {
        2 + 12 * self.entries.len() as u64
    }

    pub(super) fn shorts(&mut self, tag: u16, values: &[u16]) {
        self.put(tag, tags::SHORT, values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    pub(super) fn longs(&mut self, tag: u16, values: &[u32]) {
        self.put(tag, tags::LONG, values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    /// A positive fraction, to a ten-thousandth.
    pub(super) fn fraction(&mut self, tag: u16, value: f64) {
        let above = (value * 10_000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32;
        let value = [above.to_le_bytes(), 10_000u32.to_le_bytes()].concat();
        self.put(tag, tags::RATIONAL, value);
    }

    /// Number of bytes [`Draft::bytes`] will make.
    pub(super) fn length(&self) -> usize {
        let outside = |value: &Vec<u8>| if value.len() > 4 { value.len().next_multiple_of(2) } else { 0 };
        6 + self.entries.iter().map(|(_, _, value)| 12 + outside(value)).sum::<usize>()
    }

    /// The directory as it stands at `place` in a file, its larger values behind it, without a next one.
    pub(super) fn bytes(&self, place: u32) -> Vec<u8> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(tag, ..)| *tag);
        let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
        let mut outside = Vec::new();
        let behind = place + 6 + 12 * entries.len() as u32;
        for (tag, kind, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(((value.len() / size_of_type(*kind).max(1)) as u32).to_le_bytes());
            if value.len() > 4 {
                bytes.extend((behind + outside.len() as u32).to_le_bytes());
                outside.extend(value);
                outside.resize(outside.len().next_multiple_of(2), 0);
            } else {
                bytes.extend(value);
                bytes.extend(std::iter::repeat_n(0, 4 - value.len()));
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(outside);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_reads_back() {
        let mut draft = Draft::default();
        draft.longs(tags::HEIGHT, &[7]);
        draft.shorts(tags::BITS, &[8, 8, 8]);
        draft.fraction(tags::X_RESOLUTION, 72.0);
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        file.extend(draft.bytes(8));
        assert_eq!(file.len(), 8 + draft.length());
        let tiff = File::open(&file).unwrap();
        let (all, trouble) = tiff.chain(10);
        assert!(trouble.is_none() && all.len() == 1);
        assert_eq!(tiff.number(&all[0], tags::HEIGHT), Some(7));
        assert_eq!(tiff.numbers(&all[0], tags::BITS), [8, 8, 8]);
        assert_eq!(tiff.fraction(&all[0], tags::X_RESOLUTION), Some(72.0));
        for length in 0..file.len() {
            let _ = File::open(&file[..length]).map(|tiff| tiff.chain(10));
        }
    }

    #[test]
    fn loops_end() {
        let file = b"II*\0\x08\0\0\0\0\0\x08\0\0\0";
        let (all, trouble) = File::open(file).unwrap().chain(10);
        assert!(trouble.is_some() && all.len() == 1);
    }
}
