//! Sparse files: pieces of data between holes.

use super::header::{Header, number};
use super::pax::{PIECES, decimal};
use crate::context::TICK;
use crate::read::tape::Tape;
use formwork_sdk::{Error, Result};

/// Where a sparse file's data belongs.
pub(super) struct Map {
    /// Size of the file with its holes.
    pub(super) size: u64,
    /// Offset and length of each piece of data.
    pub(super) pieces: Vec<(u64, u64)>,
}

impl Map {
    /// Checks that pieces follow each other, fit the file, and are all there.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(super) fn check(&self, packed: u64) -> Result<()> {
        let mut end = 0_u64;
        let mut sum = 0_u64;
        for (offset, length) in &self.pieces {
            let stop = offset.checked_add(*length).filter(|stop| *stop <= self.size && *offset >= end);
            end = stop.ok_or_else(|| Error::corrupt("the map of a sparse file is broken"))?;
            sum = sum.saturating_add(*length);
        }
        if sum != packed {
            return Err(Error::corrupt("the map of a sparse file does not fit its data"));
        }
        Ok(())
    }

    /// Hands on the whole file, holes as zeros.
    pub(super) fn expand(
        &self,
        tape: &mut Tape<'_>,
        take: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut at = 0;
        for (offset, length) in &self.pieces {
            zeros(offset - at, take)?;
            tape.pass(*length, take)?;
            at = offset + length;
        }
        zeros(self.size - at, take)
    }
}

fn zeros(mut count: u64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    static ZEROS: [u8; TICK] = [0; TICK];
    while count > 0 {
        let room = usize::try_from(count).unwrap_or(usize::MAX).min(TICK);
        take(ZEROS.get(..room).unwrap_or_default())?;
        count -= room as u64;
    }
    Ok(())
}

/// Reads the map of GNU's old kind, in the header and in blocks behind it.
pub(super) fn read_old(tape: &mut Tape<'_>, header: &Header, blocks: &mut Vec<u8>) -> Result<Map> {
    let size = header.number(483, 12).ok_or_else(|| Error::corrupt("a sparse file says no size"))?;
    let mut pieces = Vec::new();
    let fixed = header.block();
    read_pieces(fixed.get(386..482).unwrap_or_default(), &mut pieces)?;
    let mut more = fixed.get(482).is_some_and(|flag| *flag != 0);
    while more {
        let mut block = [0; 512];
        tape.exact(&mut block)?;
        blocks.extend_from_slice(&block);
        read_pieces(block.get(..504).unwrap_or_default(), &mut pieces)?;
        more = block.get(504).is_some_and(|flag| *flag != 0);
    }
    Ok(Map { size, pieces })
}

fn read_pieces(bytes: &[u8], pieces: &mut Vec<(u64, u64)>) -> Result<()> {
    for piece in bytes.chunks_exact(24) {
        let (offset, length) = piece.split_at(12);
        if offset.first() == Some(&0) {
            break;
        }
        let both = number(offset).zip(number(length));
        pieces.push(both.ok_or_else(|| Error::corrupt("the map of a sparse file is broken"))?);
        within(pieces.len())?;
    }
    Ok(())
}

fn within(pieces: usize) -> Result<()> {
    if pieces > PIECES {
        return Err(Error::limit("memory", "more than a million pieces of a sparse file", PIECES));
    }
    Ok(())
}

/// Reads the map of GNU's newest kind, which stands before the data as lines of digits. Returns it and how
/// many bytes it took.
pub(super) fn read_from_data(tape: &mut Tape<'_>, size: u64, real: u64) -> Result<(Map, u64)> {
    let broken = || Error::corrupt("the map of a sparse file is broken");
    let mut lines = Lines { block: [0; 512], used: 512, blocks: 0, left: size };
    let count = usize::try_from(lines.number(tape)?).map_err(|_| broken())?;
    within(count)?;
    let mut pieces = Vec::new();
    for _ in 0..count {
        pieces.push((lines.number(tape)?, lines.number(tape)?));
    }
    Ok((Map { size: real, pieces }, lines.blocks * 512))
}

/// Lines of digits in blocks.
struct Lines {
    block: [u8; 512],
    used: usize,
    blocks: u64,
    left: u64,
}

impl Lines {
    fn number(&mut self, tape: &mut Tape<'_>) -> Result<u64> {
        let mut digits = Vec::new();
        loop {
            if self.used >= self.block.len() {
                self.left = self
                    .left
                    .checked_sub(512)
                    .ok_or_else(|| Error::corrupt("the map of a sparse file is cut short"))?;
                tape.exact(&mut self.block)?;
                (self.used, self.blocks) = (0, self.blocks + 1);
            }
            let byte = self.block.get(self.used).copied().unwrap_or(b'\n');
            self.used += 1;
            match byte {
                b'0'..=b'9' if digits.len() < 20 => digits.push(byte),
                b'\n' => {
                    return decimal(&digits)
                        .ok_or_else(|| Error::corrupt("the map of a sparse file is broken"));
                }
                _ => return Err(Error::corrupt("the map of a sparse file is broken")),
            }
        }
    }
}
