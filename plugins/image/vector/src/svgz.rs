//! SVGZ: an SVG document in one gzip member (RFC 1952).

use crate::svg;
use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use formwork_sdk::{Error, Limits, Result, Step};
use std::io::{Read, Write};

/// Bytes handled between two looks at the clock.
const BLOCK: usize = 64 * 1024;

/// Whether bytes start like gzip.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks gzip to at most `most` bytes, and to no more than the limit `ratio` allows.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`, `ratio`).
pub(crate) fn gunzip(bytes: &[u8], most: u64, limits: &Limits) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    unpack_blocks(bytes, limits, |block| {
        let met = (unpacked.len() + block.len()) as u64;
        if met > most {
            return Err(Error::limit("memory", met, most));
        }
        unpacked.extend_from_slice(block);
        Ok(())
    })?;
    Ok(unpacked)
}

/// Compresses a whole document. Without name and time, so that the same text gives the same bytes.
///
/// # Errors
///
/// `io`.
pub(crate) fn gzip(text: &[u8], step: &Step<'_>) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut done = 0;
    for block in text.chunks(BLOCK) {
        encoder.write_all(block)?;
        done += block.len() as u64;
        step.tick(done, text.len() as u64)?;
    }
    Ok(encoder.finish()?)
}

/// `svg` to `svgz`. What could not be drawn is not packed either: whoever opens it would find out.
pub(crate) fn pack(step: &Step<'_>) -> Result<()> {
    let text = step.input()?.bytes()?;
    svg::check(step, &text)?;
    if is_gzip(&text) {
        return step.write_output(&text);
    }
    step.write_output(&gzip(&text, step)?)
}

/// `svgz` to `svg`.
pub(crate) fn unpack(step: &Step<'_>) -> Result<()> {
    let bytes = step.input()?.bytes()?;
    svg::check(step, &bytes)?;
    if !is_gzip(&bytes) {
        return step.write_output(&bytes);
    }
    let mut output = step.create_output()?;
    unpack_blocks(&bytes, step.limits(), |block| {
        output.append(block)?;
        step.tick(output.length(), 0)
    })?;
    output.close()
}

fn unpack_blocks(bytes: &[u8], limits: &Limits, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut decoder = MultiGzDecoder::new(bytes);
    let mut block = vec![0; BLOCK];
    let mut total = 0u64;
    loop {
        let count = decoder.read(&mut block).map_err(|error| Error::corrupt(format!("gzip: {error}")))?;
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else { return Ok(()) };
        total += count as u64;
        let ratio = total / (bytes.len() as u64).max(1);
        if total > limits.ratio_floor && ratio > limits.ratio {
            return Err(Error::limit("ratio", ratio, limits.ratio));
        }
        take(read)?;
    }
}
