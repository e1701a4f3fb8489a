//! gzip members (RFC 1952).

use super::{Decode, Label, Progress, another, pull};
use crate::context::Context;
use crate::scratch::Scratch;
use crate::time::Time;
use flate2::{Decompress, FlushDecompress, Status};
use formwork_sdk::{Error, Result};
use libdeflater::Crc;
use std::io::{self, BufRead, Read};

/// What every member starts with: the magic number and the one method there is.
pub(crate) const MAGIC: [u8; 3] = [0x1F, 0x8B, 8];

const FLAG_HEADER_CRC: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;

/// A header without name and time; operating system "unknown".
pub(crate) const PLAIN_HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// Returns a member's header with a file's name and time, as far as it can hold them.
pub(crate) fn header(label: &Label) -> Vec<u8> {
    let mut header = PLAIN_HEADER.to_vec();
    let seconds = label.modified.and_then(|time| u32::try_from(time.seconds).ok()).unwrap_or(0);
    for (byte, value) in header.iter_mut().skip(4).zip(seconds.to_le_bytes()) {
        *byte = value;
    }
    // The name is Latin-1 and ends with a zero; UTF-8 is what programs write there today.
    let name = label.name.as_deref().filter(|name| !name.is_empty() && !name.contains('\0'));
    if let (Some(name), Some(flags)) = (name, header.get_mut(3)) {
        *flags |= FLAG_NAME;
        header.extend_from_slice(name.as_bytes());
        header.push(0);
    }
    header
}

/// Appends what ends a member.
pub(crate) fn push_trailer(member: &mut Vec<u8>, crc: u32, bytes: u64) {
    member.extend_from_slice(&crc.to_le_bytes());
    // The size is kept modulo 2^32, as the format says.
    member.extend_from_slice(&(bytes as u32).to_le_bytes());
}

/// Makes one member of some bytes.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn member(header: &[u8], plain: &[u8], level: i32, scratch: &mut Scratch) -> Result<Vec<u8>> {
    let deflated = scratch.deflate(plain, level)?;
    let mut member = Vec::with_capacity(header.len() + deflated.len() + 8);
    member.extend_from_slice(header);
    member.extend_from_slice(deflated);
    push_trailer(&mut member, libdeflater::crc32(plain), plain.len() as u64);
    Ok(member)
}

/// Reads a member's header.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`name`).
pub(crate) fn read_header(context: &Context<'_>, packed: &mut impl BufRead) -> io::Result<Label> {
    let mut fixed = [0; 10];
    packed.read_exact(&mut fixed)?;
    let [0x1F, 0x8B, 8, flags, t0, t1, t2, t3, ..] = fixed else {
        return Err(Error::corrupt("there is no gzip header").into());
    };
    if flags & FLAG_EXTRA != 0 {
        let mut length = [0; 2];
        packed.read_exact(&mut length)?;
        let length = u64::from(u16::from_le_bytes(length));
        io::copy(&mut packed.by_ref().take(length), &mut io::sink())?;
    }
    let name = if flags & FLAG_NAME != 0 { Some(read_text(context, packed)?) } else { None };
    if flags & FLAG_COMMENT != 0 {
        read_text(context, packed)?;
    }
    if flags & FLAG_HEADER_CRC != 0 {
        packed.read_exact(&mut [0; 2])?;
    }
    let seconds = u32::from_le_bytes([t0, t1, t2, t3]);
    let modified = (seconds != 0).then(|| Time::at(i64::from(seconds)));
    Ok(Label { name: name.filter(|name| !name.is_empty()).map(|name| crate::text::decode(&name)), modified })
}

/// Reads text up to its zero byte.
fn read_text(context: &Context<'_>, packed: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    packed.by_ref().take(context.limits.name.saturating_add(1)).read_until(0, &mut text)?;
    if text.pop() != Some(0) {
        context.may_name(text.len() as u64 + 1)?;
        return Err(Error::corrupt("a gzip header ends too early").into());
    }
    Ok(text)
}

/// zlib-rs as a step by step decoder of raw deflate data.
pub(crate) struct Inflate(pub(crate) Decompress);

impl Inflate {
    pub(crate) fn new() -> Self {
        Inflate(Decompress::new(false))
    }
}

impl Decode for Inflate {
    fn step(&mut self, input: &[u8], out: &mut [u8], _last: bool) -> Result<Progress> {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, out, FlushDecompress::None);
        let status = status.map_err(|_| Error::corrupt("the deflate data is broken"))?;
        Ok(Progress {
            consumed: (self.0.total_in() - before.0) as usize,
            produced: (self.0.total_out() - before.1) as usize,
            ended: status == Status::StreamEnd,
        })
    }
}

/// Reads all members of a gzip stream as one.
pub(crate) struct Reader<'a, R> {
    context: &'a Context<'a>,
    packed: R,
    inflate: Inflate,
    crc: Crc,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Header,
    Data,
    Ended,
}

impl<'a, R: BufRead> Reader<'a, R> {
    pub(crate) fn new(context: &'a Context<'a>, packed: R) -> Self {
        Reader { context, packed, inflate: Inflate::new(), crc: Crc::new(), state: State::Header }
    }

    fn end_member(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.packed.read_exact(&mut trailer)?;
        let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
        if u32::from_le_bytes([c0, c1, c2, c3]) != self.crc.sum() {
            return Err(Error::corrupt("the gzip checksum is wrong: the data is broken").into());
        }
        if u32::from_le_bytes([l0, l1, l2, l3]) != self.inflate.0.total_out() as u32 {
            return Err(Error::corrupt("the gzip length is wrong: the data is broken").into());
        }
        self.inflate.0.reset(false);
        self.crc = Crc::new();
        let more = another(self.context, &mut self.packed, &MAGIC, "gzip")?;
        self.state = if more { State::Header } else { State::Ended };
        Ok(())
    }
}

impl<R: BufRead> Read for Reader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() && self.state != State::Ended {
            if self.state == State::Header {
                read_header(self.context, &mut self.packed)?;
                self.state = State::Data;
            }
            let (count, ended) = pull(&mut self.packed, &mut self.inflate, out)?;
            self.crc.update(out.get(..count).unwrap_or_default());
            if ended {
                self.end_member()?;
            }
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}
