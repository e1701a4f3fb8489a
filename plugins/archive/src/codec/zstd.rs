//! Zstandard frames.

use super::{Blaming, blame};
use crate::context::Context;
use formwork_sdk::{Error, Result};
use std::io::{BufRead, Read, Write};
use zstd::stream::raw::{CParameter, DParameter};
use zstd::stream::{Decoder, Encoder};

/// Reads all frames as one stream.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn reader<'a>(context: &'a Context<'a>, packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>> {
    let mut decoder = Decoder::with_buffer(packed).map_err(|error| blame("zstd", error))?;
    // Windows from 2^27 on must be allowed by name; 2^31 is the greatest there is.
    let window = context.limits.memory.max(1 << 10).ilog2().min(31);
    let parameter = DParameter::WindowLogMax(window);
    decoder.set_parameter(parameter).map_err(|error| blame("zstd", error))?;
    Ok(Box::new(Bounded { inner: Blaming::new("zstd", decoder), memory: context.limits.memory }))
}

/// Calls a refused window by the limit's name.
struct Bounded<R> {
    inner: R,
    memory: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(out).map_err(|error| {
            let refused = error.to_string().contains("too much memory");
            if refused { Error::limit("memory", "more for its window", self.memory).into() } else { error }
        })
    }
}

/// zstd's level for an effort of 0 to 9; 3 is its own default.
pub(crate) fn level(effort: Option<u8>) -> i32 {
    match effort {
        None => 3,
        Some(0) => 1,
        Some(effort @ 1..=6) => i32::from(effort) + 1,
        Some(7) => 10,
        Some(8) => 14,
        Some(_) => 19,
    }
}

/// Makes an encoder. Its bytes do not depend on the number of threads.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn writer<W: Write>(context: &Context<'_>, out: W) -> Result<Encoder<'static, W>> {
    let refuse = |error| blame("zstd", error);
    let mut encoder = Encoder::new(out, level(context.effort)).map_err(refuse)?;
    encoder.include_checksum(true).map_err(refuse)?;
    // Zero workers would give other bytes than one or more.
    let threads = u32::try_from(context.threads()).unwrap_or(1);
    encoder.set_parameter(CParameter::NbWorkers(threads)).map_err(refuse)?;
    Ok(encoder)
}
