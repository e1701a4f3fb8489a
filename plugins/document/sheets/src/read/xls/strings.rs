//! How long the strings of the shared table are, without keeping them ([MS-XLS] 2.4.265, 2.5.293).

use super::compound::{long, word};

/// Flags of a string: two bytes a letter, phonetics, runs of looks.
const WIDE: u8 = 1;
const PHONETIC: u8 = 4;
const RUNS: u8 = 8;
/// The most letters a string can have, and so what is assumed of those that cannot be told.
const LONGEST: u32 = 32_767;
/// Bytes of UTF-8 that a letter takes at most.
const LETTER: u32 = 3;

/// Bytes that each string of a table takes at most; the table is cut into its record and those that continue it.
pub(super) struct Lengths(Vec<u32>);

impl Lengths {
    pub(super) fn of(pieces: &[&[u8]]) -> Lengths {
        let mut reader = Reader { pieces, at: 8 };
        let mut lengths = Vec::new();
        while let Some(length) = reader.string() {
            lengths.push(length.saturating_mul(LETTER));
        }
        Lengths(lengths)
    }

    /// Bytes that a string takes at most.
    pub(super) fn get(&self, index: u32) -> u64 {
        self.0.get(index as usize).copied().unwrap_or(LONGEST * LETTER).into()
    }
}

struct Reader<'p> {
    pieces: &'p [&'p [u8]],
    at: usize,
}

impl Reader<'_> {
    fn left(&self) -> usize {
        self.pieces.first().map_or(0, |piece| piece.len().saturating_sub(self.at))
    }

    /// Goes on to the next piece when this one is used up.
    fn turn(&mut self) {
        while self.left() == 0 && !self.pieces.is_empty() {
            self.pieces = self.pieces.get(1..).unwrap_or_default();
            self.at = 0;
        }
    }

    /// What stands at the place and whatever its kind is as long as `size`.
    fn take<T>(&mut self, size: usize, read: fn(&[u8], usize) -> Option<T>) -> Option<T> {
        self.turn();
        let value = read(self.pieces.first()?, self.at)?;
        self.at += size;
        Some(value)
    }

    fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            self.turn();
            let some = count.min(self.left());
            if some == 0 {
                return None;
            }
            (self.at, count) = (self.at + some, count - some);
        }
        Some(())
    }

    /// Passes a string, and tells its letters.
    fn string(&mut self) -> Option<u32> {
        let letters = u32::from(self.take(2, word)?);
        let mut flags = self.take(1, |piece, at| piece.get(at).copied())?;
        let runs = if flags & RUNS != 0 { usize::from(self.take(2, word)?) } else { 0 };
        let phonetic = if flags & PHONETIC != 0 { self.take(4, long)? as usize } else { 0 };
        let mut left = letters as usize;
        while left > 0 {
            if self.left() == 0 {
                self.turn();
                // The rest may be coded in the other way.
                flags = self.take(1, |piece, at| piece.get(at).copied())?;
            }
            let width = if flags & WIDE != 0 { 2 } else { 1 };
            let some = left.min(self.left().div_ceil(width));
            if some == 0 {
                return None;
            }
            self.at += some * width;
            left -= some;
        }
        self.skip(runs * 4)?;
        self.skip(phonetic)?;
        Some(letters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_passed_over_pieces() {
        let head = [0; 8];
        let first = [&head[..], b"\x03\0\0abc", b"\x04\0\x01a\0b\0"].concat();
        let second = b"\x00cd\x02\0\x08\x01\0xy....\x01\0\x04\x02\0\0\0z..";
        let lengths = Lengths::of(&[&first, second]);
        assert_eq!(lengths.0, [9, 12, 6, 3]);
        assert_eq!(lengths.get(9), 98_301);
    }
}
