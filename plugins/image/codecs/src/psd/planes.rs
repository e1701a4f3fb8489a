//! The rows of the flattened picture in the order of the file: all rows of the first channel, then all of
//! the second.

use super::bytes::Bytes;
use super::header::Document;
use super::runs;
use flate2::read::ZlibDecoder;
use formwork_sdk::{Error, Result};
use std::io::Read;

/// Rows, one after the other.
pub(super) struct Rows<'b> {
    source: Source<'b>,
    width: usize,
    depth: u16,
}

enum Source<'b> {
    Raw(Bytes<'b>),
    Runs { lengths: Bytes<'b>, long: bool, data: Bytes<'b> },
    Zip { stream: Box<ZlibDecoder<&'b [u8]>>, differences: bool },
}

impl<'b> Rows<'b> {
    /// Reads the compression and what stands before the rows.
    pub(super) fn open(document: &Document<'b>) -> Result<Rows<'b>> {
        let mut bytes = document.picture;
        let source = match bytes.u16()? {
            0 => Source::Raw(bytes),
            1 => {
                let each = if document.large { 4 } else { 2 };
                let rows = document.channels as u64 * u64::from(document.height);
                let lengths = Bytes(bytes.take(rows * each)?);
                Source::Runs { lengths, long: document.large, data: bytes }
            }
            which @ (2 | 3) => {
                Source::Zip { stream: Box::new(ZlibDecoder::new(bytes.0)), differences: which == 3 }
            }
            other => return Err(Error::corrupt(format!("compression {other} is not known"))),
        };
        Ok(Rows { source, width: document.width as usize, depth: document.depth })
    }

    /// Bytes of a row.
    pub(super) fn length(&self) -> usize {
        (self.width * usize::from(self.depth)).div_ceil(8)
    }

    /// Fills the next row.
    pub(super) fn fill(&mut self, row: &mut [u8]) -> Result<()> {
        match &mut self.source {
            Source::Raw(bytes) => row.copy_from_slice(bytes.take(row.len() as u64)?),
            Source::Runs { lengths, long, data } => {
                let length = if *long { lengths.u32()? } else { lengths.u16()?.into() };
                let packed = data.take_up_to(length as usize);
                runs::decode(packed, row).ok_or_else(|| Error::corrupt("a packed row is too short"))?;
            }
            Source::Zip { stream, differences } => {
                stream.read_exact(row)?;
                if *differences {
                    sum_up(row, self.depth);
                }
            }
        }
        Ok(())
    }
}

/// Turns differences between neighbours into samples. Floats are differences of bytes: first the highest
/// byte of all samples, then the second, and so on.
fn sum_up(row: &mut [u8], depth: u16) {
    match depth {
        16 => {
            let mut before = 0u16;
            for sample in row.as_chunks_mut::<2>().0 {
                before = before.wrapping_add(u16::from_be_bytes(*sample));
                *sample = before.to_be_bytes();
            }
        }
        32 => {
            sum_up_bytes(row);
            let shuffled = row.to_vec();
            let count = row.len() / 4;
            for (index, sample) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let byte = |part: usize| shuffled.get(part * count + index).copied().unwrap_or(0);
                *sample = [byte(0), byte(1), byte(2), byte(3)];
            }
        }
        _ => sum_up_bytes(row),
    }
}

fn sum_up_bytes(row: &mut [u8]) {
    let mut before = 0u8;
    for byte in row {
        before = before.wrapping_add(*byte);
        *byte = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let mut bytes = [250, 10, 1];
        sum_up(&mut bytes, 8);
        assert_eq!(bytes, [250, 4, 5]);
        let mut shorts = [0, 255, 0, 1];
        sum_up(&mut shorts, 16);
        assert_eq!(shorts, [0, 255, 1, 0]);
        let mut floats = [0x3F, 0, 0x41, 0x40, 0x40, 0, 0, 0];
        sum_up(&mut floats, 32);
        assert_eq!(floats, [0x3F, 0x80, 0x00, 0x00, 0x3F, 0xC0, 0x00, 0x00]);
    }
}
