//! bzip2 streams.

use super::{Decode, Progress, another, pull};
use crate::context::Context;
use bzip2::{Action, Compress, Compression, Decompress, Status};
use formwork_sdk::{Error, ErrorKind, Result};
use std::io::{self, BufRead, Read};

/// What every stream starts with.
const MAGIC: [u8; 3] = *b"BZh";
/// The block size in steps of 100,000 bytes; smaller ones are hardly faster.
const LEVEL: u32 = 9;
/// Bytes of a block after the first run-length coding: 900,000 less what the coder keeps free.
const BLOCK: usize = 900_000 - 19;
/// The 48 bits that end a stream.
const END: u64 = 0x1772_4538_5090;

/// bzip2 as a step by step decoder.
struct Unpack(Decompress);

impl Decode for Unpack {
    fn step(&mut self, input: &[u8], out: &mut [u8], _last: bool) -> Result<Progress> {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, out);
        let status = status.map_err(|error| Error::corrupt(format!("the bzip2 data is broken: {error}")))?;
        if status == Status::MemNeeded {
            return Err(Error::limit("memory", "8 MiB for bzip2", "less on this machine"));
        }
        Ok(Progress {
            consumed: (self.0.total_in() - before.0) as usize,
            produced: (self.0.total_out() - before.1) as usize,
            ended: status == Status::StreamEnd,
        })
    }
}

/// Reads all streams of a bzip2 file as one.
pub(crate) struct Reader<'a, R> {
    context: &'a Context<'a>,
    packed: R,
    decoder: Unpack,
    ended: bool,
}

impl<'a, R: BufRead> Reader<'a, R> {
    pub(crate) fn new(context: &'a Context<'a>, packed: R) -> Self {
        Reader { context, packed, decoder: Unpack(Decompress::new(false)), ended: false }
    }
}

impl<R: BufRead> Read for Reader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !out.is_empty() {
            let (count, ended) = pull(&mut self.packed, &mut self.decoder, out)?;
            if ended {
                self.decoder = Unpack(Decompress::new(false));
                self.ended = !another(self.context, &mut self.packed, &MAGIC, "bzip2")?;
            }
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}

/// Returns how many of the first bytes fill one block of level 9 and no more.
///
/// bzip2 run-length codes its input before it counts: four equal bytes and up to 251 more become five.
pub(crate) fn block_length(bytes: &[u8]) -> usize {
    let (mut coded, mut run, mut last) = (0, 0_u32, None);
    for (index, byte) in bytes.iter().enumerate() {
        run = if last == Some(*byte) && run < 255 { run + 1 } else { 1 };
        last = Some(*byte);
        coded += match run {
            1..=3 => 1,
            // The fourth byte brings its run's length with it.
            4 => 2,
            _ => 0,
        };
        if coded > BLOCK {
            return index;
        }
    }
    bytes.len()
}

/// One block's bits, without the stream's header and end.
pub(crate) struct Block {
    bytes: Vec<u8>,
    bits: usize,
    crc: u32,
}

/// Compresses bytes that fill at most one block.
///
/// # Errors
///
/// `internal` when the encoder does not do what it promises.
pub(crate) fn block(plain: &[u8]) -> Result<Block> {
    let internal = || Error::new(ErrorKind::Internal, "the bzip2 encoder gave no whole block");
    let mut encoder = Compress::new(Compression::new(LEVEL), 0);
    let mut stream = Vec::with_capacity(plain.len() + plain.len() / 64 + 1_024);
    let mut input = plain;
    loop {
        let before = encoder.total_in();
        let status = encoder.compress_vec(input, &mut stream, Action::Finish).map_err(|_| internal())?;
        input = input.get((encoder.total_in() - before) as usize..).unwrap_or_default();
        match status {
            Status::StreamEnd => break,
            _ => stream.reserve(64 << 10),
        }
    }
    cut(&stream).ok_or_else(internal)
}

/// Cuts the block out of a stream that has one.
fn cut(stream: &[u8]) -> Option<Block> {
    let total = stream.len() * 8;
    // The end mark and the CRC take 80 bits, and up to 7 bits fill the last byte.
    let end = (0..8).map(|padding| total - 80 - padding).find(|at| bits_at(stream, *at, 48) == Some(END))?;
    let crc = u32::try_from(bits_at(stream, end + 48, 32)?).ok()?;
    let bytes = stream.get(4..end.div_ceil(8))?.to_vec();
    Some(Block { bytes, bits: end - 32, crc })
}

/// Reads up to 56 bits from a place counted in bits.
fn bits_at(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let window = bytes.get(at / 8..(at + count).div_ceil(8))?;
    let value = window.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let unused = window.len() * 8 - at % 8 - count;
    Some(value >> unused & ((1 << count) - 1))
}

/// Joins blocks to one stream, bit by bit where they meet.
pub(crate) struct Joiner {
    /// Bits that do not fill a byte yet, at the top.
    rest: u8,
    /// How many they are.
    held: usize,
    crc: u32,
}

impl Joiner {
    /// A joiner, and what the stream starts with.
    pub(crate) fn new() -> (Joiner, [u8; 4]) {
        (Joiner { rest: 0, held: 0, crc: 0 }, *b"BZh9")
    }

    /// Returns the next bytes of the stream.
    pub(crate) fn push(&mut self, block: &Block) -> Vec<u8> {
        self.crc = self.crc.rotate_left(1) ^ block.crc;
        self.append(&block.bytes, block.bits)
    }

    /// Returns the last bytes of the stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let mut end = END.to_be_bytes().to_vec();
        end.drain(..2);
        end.extend_from_slice(&self.crc.to_be_bytes());
        let mut out = self.append(&end, 80);
        if self.held > 0 {
            out.push(self.rest);
        }
        out
    }

    fn append(&mut self, bytes: &[u8], bits: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 1);
        let (whole, left) = (bits / 8, bits % 8);
        for byte in bytes.iter().take(whole) {
            out.push(self.rest | self.shifted(*byte));
            self.rest = if self.held == 0 { 0 } else { *byte << (8 - self.held) };
        }
        if let Some(byte) = bytes.get(whole).filter(|_| left > 0) {
            let byte = byte & (0xFF_u8 << (8 - left));
            self.rest |= self.shifted(byte);
            self.held += left;
            if self.held >= 8 {
                out.push(self.rest);
                self.held -= 8;
                self.rest = if self.held == 0 { 0 } else { byte << (left - self.held) };
            }
        }
        out
    }

    fn shifted(&self, byte: u8) -> u8 {
        byte >> self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_blocks_are_one_stream() {
        for pieces in [1_usize, 2, 3, 7] {
            let plain: Vec<u8> =
                (0..40_000_u32 * pieces as u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
            let (mut joiner, start) = Joiner::new();
            let mut stream = start.to_vec();
            for piece in plain.chunks(plain.len().div_ceil(pieces)) {
                stream.extend(joiner.push(&block(piece).unwrap()));
            }
            stream.extend(joiner.finish());
            let mut back = Vec::new();
            bzip2::read::BzDecoder::new(stream.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == plain, "{pieces} pieces");
        }
    }

    #[test]
    fn runs_fill_a_block_exactly() {
        let zeros = vec![0; 50_000_000];
        let length = block_length(&zeros);
        assert!((45_000_000..46_000_000).contains(&length), "{length}");
        assert!(block(&zeros[..length]).is_ok());
        let mixed: Vec<u8> = (0..2_000_000_u32).map(|i| (i % 9 / 4) as u8).collect();
        let length = block_length(&mixed);
        let block = block(&mixed[..length]).unwrap();
        // Were there two blocks, the stream's CRC would not be the block's.
        let (mut joiner, start) = Joiner::new();
        let mut stream = start.to_vec();
        stream.extend(joiner.push(&block));
        stream.extend(joiner.finish());
        let mut back = Vec::new();
        bzip2::read::BzDecoder::new(stream.as_slice()).read_to_end(&mut back).unwrap();
        assert!(back == mixed[..length]);
    }
}
