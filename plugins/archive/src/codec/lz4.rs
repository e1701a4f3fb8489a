//! LZ4 frames: the frame format read here, the blocks by lz4_flex.
//!
//! Written from the "LZ4 Frame Format Description", version 1.6.4. lz4_flex's own frame reader takes a file
//! that is cut off between two blocks for a whole one.

use super::another;
use crate::context::Context;
use formwork_sdk::Error;
use std::hash::Hasher;
use std::io::{self, BufRead, Read};
use twox_hash::XxHash32;

const FRAME: u32 = 0x184D_2204;
const LEGACY: u32 = 0x184C_2102;
/// Frames to be skipped start with one of these.
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;
/// How far back a block may refer.
const WINDOW: usize = 64 << 10;
/// A legacy block's size.
const LEGACY_BLOCK: usize = 8 << 20;

/// What a frame's header says.
struct Frame {
    legacy: bool,
    linked: bool,
    block_checks: bool,
    content_check: bool,
    block: usize,
    length: Option<u64>,
    hash: XxHash32,
    done: u64,
}

/// Reads all frames as one stream.
pub(crate) struct Reader<'a, R> {
    context: &'a Context<'a>,
    packed: R,
    frame: Option<Frame>,
    block: Vec<u8>,
    /// Up to a window of bytes before the current block's, then these.
    plain: Vec<u8>,
    used: usize,
    started: bool,
    ended: bool,
}

impl<'a, R: BufRead> Reader<'a, R> {
    pub(crate) fn new(context: &'a Context<'a>, packed: R) -> Self {
        let (block, plain) = (Vec::new(), Vec::new());
        Reader { context, packed, frame: None, block, plain, used: 0, started: false, ended: false }
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.packed.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads up to and including the next frame's header.
    fn open(&mut self) -> io::Result<()> {
        if self.started && !self.follows()? {
            self.ended = true;
            return Ok(());
        }
        self.started = true;
        self.plain.clear();
        self.used = 0;
        match self.number()? {
            FRAME => self.frame = Some(self.header()?),
            LEGACY => self.frame = Some(Frame { legacy: true, ..Frame::independent(LEGACY_BLOCK) }),
            magic if SKIPPABLE.contains(&magic) => self.skip()?,
            _ => return Err(Error::corrupt("there is no LZ4 frame").into()),
        }
        Ok(())
    }

    fn follows(&mut self) -> io::Result<bool> {
        let rest = self.packed.fill_buf()?;
        let skippable = matches!(rest, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..]);
        let legacy = rest.starts_with(&LEGACY.to_le_bytes());
        Ok(skippable || legacy || another(self.context, &mut self.packed, &FRAME.to_le_bytes(), "LZ4")?)
    }

    fn skip(&mut self) -> io::Result<()> {
        let length = u64::from(self.number()?);
        let skipped = io::copy(&mut self.packed.by_ref().take(length), &mut io::sink())?;
        if skipped < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn header(&mut self) -> io::Result<Frame> {
        let mut flags = [0; 2];
        self.packed.read_exact(&mut flags)?;
        let [general, block] = flags;
        let mut header = flags.to_vec();
        let mut length = None;
        if general & 8 != 0 {
            let mut bytes = [0; 8];
            self.packed.read_exact(&mut bytes)?;
            header.extend_from_slice(&bytes);
            length = Some(u64::from_le_bytes(bytes));
        }
        let mut check = [0];
        if general & 1 != 0 {
            return Err(Error::unsupported("LZ4 with an external dictionary is not supported").into());
        }
        self.packed.read_exact(&mut check)?;
        let sizes = [64 << 10, 256 << 10, 1 << 20, 4 << 20];
        let size = usize::from(block >> 4 & 7).checked_sub(4).and_then(|index| sizes.get(index));
        let (Some(size), 1, [check]) = (size, general >> 6, check) else {
            return Err(Error::corrupt("the LZ4 frame's header is broken").into());
        };
        if xxh32(&header).to_le_bytes().get(1) != Some(&check) {
            return Err(Error::corrupt("the LZ4 frame's header checksum is wrong").into());
        }
        Ok(Frame {
            linked: general & 0x20 == 0,
            block_checks: general & 0x10 != 0,
            content_check: general & 4 != 0,
            length,
            ..Frame::independent(*size)
        })
    }

    /// Reads the next block, or the frame's end.
    fn advance(&mut self, mut frame: Frame) -> io::Result<()> {
        if frame.legacy && self.packed.fill_buf()?.is_empty() {
            return Ok(());
        }
        let word = self.number()?;
        // A legacy frame has no end mark: another magic number starts the next frame.
        if frame.legacy && (word == FRAME || word == LEGACY) {
            return Err(Error::unsupported("several LZ4 frames of the legacy kind are not supported").into());
        }
        if word == 0 && !frame.legacy {
            return self.close(&frame);
        }
        let stored = word & 0x8000_0000 != 0 && !frame.legacy;
        let length = (word & 0x7FFF_FFFF) as usize;
        if length > if frame.legacy { LEGACY_BLOCK + LEGACY_BLOCK / 255 + 16 } else { frame.block } {
            return Err(Error::corrupt("an LZ4 block is larger than its frame allows").into());
        }
        self.block.resize(length, 0);
        self.packed.read_exact(&mut self.block)?;
        if frame.block_checks && self.number()? != xxh32(&self.block) {
            return Err(Error::corrupt("an LZ4 block's checksum is wrong").into());
        }
        self.unpack(&frame, stored)?;
        let fresh = self.plain.get(self.used..).unwrap_or_default();
        frame.done += fresh.len() as u64;
        if frame.content_check {
            frame.hash.write(fresh);
        }
        self.frame = Some(frame);
        Ok(())
    }

    /// Unpacks the block behind the window.
    fn unpack(&mut self, frame: &Frame, stored: bool) -> io::Result<()> {
        let keep = if frame.linked { self.plain.len().min(WINDOW) } else { 0 };
        self.plain.drain(..self.plain.len() - keep);
        self.used = keep;
        if stored {
            self.plain.extend_from_slice(&self.block);
            return Ok(());
        }
        self.plain.resize(keep + frame.block, 0);
        let (window, out) = self.plain.split_at_mut_checked(keep).unwrap_or_default();
        let count = lz4_flex::block::decompress_into_with_dict(&self.block, out, window)
            .map_err(|error| Error::corrupt(format!("an LZ4 block is broken: {error}")))?;
        self.plain.truncate(keep + count);
        Ok(())
    }

    fn close(&mut self, frame: &Frame) -> io::Result<()> {
        if frame.content_check && self.number()? != frame.hash.finish() as u32 {
            return Err(Error::corrupt("the LZ4 frame's checksum is wrong").into());
        }
        if frame.length.is_some_and(|length| length != frame.done) {
            return Err(Error::corrupt("the LZ4 frame's length is wrong").into());
        }
        Ok(())
    }
}

impl Frame {
    fn independent(block: usize) -> Frame {
        let (legacy, linked, block_checks, content_check) = (false, false, false, false);
        let hash = XxHash32::with_seed(0);
        Frame { legacy, linked, block_checks, content_check, block, length: None, hash, done: 0 }
    }
}

impl<R: BufRead> Read for Reader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() {
            let mut fresh = self.plain.get(self.used..).unwrap_or_default();
            if !fresh.is_empty() {
                let count = fresh.read(out)?;
                self.used += count;
                return Ok(count);
            }
            match self.frame.take() {
                _ if self.ended => return Ok(0),
                Some(frame) => self.advance(frame)?,
                None if self.started && self.packed.fill_buf()?.is_empty() => self.ended = true,
                None => self.open()?,
            }
        }
        Ok(0)
    }
}

fn xxh32(bytes: &[u8]) -> u32 {
    XxHash32::oneshot(0, bytes)
}
