//! LZMA data of all kinds through liblzma.

use super::{Decode, Piped, Progress};
use crate::context::Context;
use formwork_sdk::{Error, ErrorKind, Result};
use liblzma::stream::{self, Action, Filters, Status, Stream};
use std::io::{BufRead, Read};

/// liblzma as a step by step decoder.
pub(crate) struct Unpack {
    stream: Stream,
    memory: u64,
}

impl Unpack {
    pub(crate) fn new(context: &Context<'_>, stream: Stream) -> Self {
        Unpack { stream, memory: context.limits.memory }
    }
}

impl Decode for Unpack {
    fn step(&mut self, input: &[u8], out: &mut [u8], last: bool) -> Result<Progress> {
        let before = (self.stream.total_in(), self.stream.total_out());
        let action = if last { Action::Finish } else { Action::Run };
        let status = self.stream.process(input, out, action);
        let progress = |ended| Progress {
            consumed: (self.stream.total_in() - before.0) as usize,
            produced: (self.stream.total_out() - before.1) as usize,
            ended,
        };
        match status {
            Ok(Status::StreamEnd) => Ok(progress(true)),
            Ok(Status::MemNeeded) => Ok(progress(false)),
            Ok(_) => Ok(progress(false)),
            Err(error) => Err(self.explain(error)),
        }
    }
}

impl Unpack {
    fn explain(&self, error: stream::Error) -> Error {
        match error {
            stream::Error::MemLimit | stream::Error::Mem => {
                Error::limit("memory", "more for its dictionary", self.memory)
            }
            stream::Error::Options | stream::Error::UnsupportedCheck => {
                Error::unsupported("the LZMA data uses something its reader does not know")
            }
            stream::Error::Program => Error::new(ErrorKind::Internal, "the LZMA decoder was misused"),
            stream::Error::NoCheck | stream::Error::Data | stream::Error::Format => {
                Error::corrupt("the LZMA data is broken")
            }
        }
    }
}

/// An encoder's or decoder's set-up error.
pub(crate) fn setup(error: stream::Error) -> Error {
    match error {
        stream::Error::Mem | stream::Error::MemLimit => {
            Error::limit("memory", "more for the LZMA coder", "what this machine has")
        }
        _ => Error::corrupt("the LZMA properties are broken"),
    }
}

/// Reads the old `.lzma` format.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn reader<'a>(context: &'a Context<'a>, packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>> {
    let stream = Stream::new_lzma_decoder(context.limits.memory).map_err(setup)?;
    Ok(Box::new(Piped::new(packed, Unpack::new(context, stream))))
}

/// Reads LZMA as zip holds it: two version bytes, the size of the properties, the properties, the data.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`).
pub(crate) fn in_zip<'a>(
    context: &'a Context<'a>,
    mut packed: impl BufRead + 'a,
    bytes: u64,
) -> Result<Box<dyn Read + 'a>> {
    let mut head = [0; 9];
    packed.read_exact(&mut head)?;
    let [_, _, 5, 0, properties @ ..] = head else {
        return Err(Error::corrupt("the LZMA properties are broken"));
    };
    let stream = raw_lzma(context, &properties)?;
    // With or without an end mark, the entry's size says how much there is.
    Ok(Box::new(Piped::new(packed, Sized { inner: Unpack::new(context, stream), left: bytes })))
}

/// Makes a raw LZMA decoder from its five bytes of properties.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`).
pub(crate) fn raw_lzma(context: &Context<'_>, properties: &[u8]) -> Result<Stream> {
    let mut filters = Filters::new();
    filters.lzma1_properties(properties).map_err(setup)?;
    raw(context, &filters, lzma_dictionary(properties)?)
}

/// Makes a raw decoder, after checking that its dictionary may be had.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`).
pub(crate) fn raw(context: &Context<'_>, filters: &Filters, dictionary: u64) -> Result<Stream> {
    context.may_use(dictionary)?;
    Stream::new_raw_decoder(filters).map_err(setup)
}

/// The dictionary size in LZMA's five bytes of properties.
///
/// # Errors
///
/// `corrupt_input` when they are too few.
pub(crate) fn lzma_dictionary(properties: &[u8]) -> Result<u64> {
    match properties {
        [_, a, b, c, d, ..] => Ok(u64::from(u32::from_le_bytes([*a, *b, *c, *d]))),
        _ => Err(Error::corrupt("the LZMA properties are too short")),
    }
}

/// The dictionary size in LZMA2's one byte of properties.
///
/// # Errors
///
/// `corrupt_input` when there is none or it is out of range.
pub(crate) fn lzma2_dictionary(properties: &[u8]) -> Result<u64> {
    match properties.first() {
        Some(40) => Ok(u64::from(u32::MAX)),
        Some(bits @ 0..40) => Ok((2 | u64::from(bits & 1)) << (bits / 2 + 11)),
        _ => Err(Error::corrupt("the LZMA2 properties are broken")),
    }
}

/// Ends a raw stream after so many bytes, whether or not it has an end mark of its own.
pub(crate) struct Sized {
    pub(crate) inner: Unpack,
    pub(crate) left: u64,
}

impl Decode for Sized {
    fn step(&mut self, input: &[u8], out: &mut [u8], _last: bool) -> Result<Progress> {
        if self.left == 0 {
            return Ok(Progress { consumed: 0, produced: 0, ended: true });
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let progress = self.inner.step(input, out.get_mut(..room).unwrap_or_default(), false)?;
        self.left -= progress.produced as u64;
        let ended = self.left == 0;
        if progress.ended && !ended {
            return Err(Error::corrupt("the LZMA data ends too early"));
        }
        Ok(Progress { ended, ..progress })
    }
}
