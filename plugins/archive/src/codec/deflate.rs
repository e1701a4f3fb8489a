//! Deflate data in pieces that threads make side by side and that join to one stream.

use crate::context::TICK;
use flate2::{Compress, Compression, FlushCompress, Status};
use formwork_sdk::{Error, ErrorKind, Result};

/// How far back a piece may refer.
pub(crate) const WINDOW: usize = 32 << 10;
/// Bytes of one piece.
pub(crate) const PIECE: usize = 256 << 10;

/// libdeflate's level for an effort of 0 to 9; 6 is the default.
pub(crate) fn level(effort: Option<u8>) -> i32 {
    match effort {
        None => 6,
        Some(0) => 1,
        Some(effort @ 1..=6) => i32::from(effort),
        Some(7) => 8,
        Some(8) => 10,
        Some(_) => 12,
    }
}

/// Files from this size on are deflated in pieces. Whole ones come out smaller, but cannot be stopped on the
/// way, so this is less where the level is slow.
pub(crate) fn whole_most(level: i32) -> usize {
    if level >= 10 { 2 << 20 } else { 4 << 20 }
}

/// Deflates a piece. `before` are the bytes before it, up to [`WINDOW`]; only the last piece ends the stream.
///
/// # Errors
///
/// `internal` when the encoder does not do what it promises.
pub(crate) fn piece(before: &[u8], plain: &[u8], level: i32, last: bool) -> Result<Vec<u8>> {
    let internal = || Error::new(ErrorKind::Internal, "the deflate encoder failed");
    let level = u32::try_from(level.clamp(1, 9)).unwrap_or(6);
    let mut encoder = Compress::new(Compression::new(level), false);
    if !before.is_empty() {
        encoder.set_dictionary(before).map_err(|_| internal())?;
    }
    let flush = if last { FlushCompress::Finish } else { FlushCompress::Sync };
    let mut out = Vec::with_capacity(plain.len() / 2 + 1_024);
    loop {
        let done = usize::try_from(encoder.total_in()).unwrap_or(usize::MAX);
        let status = encoder.compress_vec(plain.get(done..).unwrap_or_default(), &mut out, flush);
        let ended = match status.map_err(|_| internal())? {
            Status::StreamEnd => true,
            // A flush is complete when there was room left after it.
            _ => !last && encoder.total_in() == plain.len() as u64 && out.len() < out.capacity(),
        };
        if ended {
            return Ok(out);
        }
        out.reserve(TICK.max(plain.len() / 4));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn pieces_join_to_one_stream() {
        let plain: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(i) >> 11) as u8 & 15).collect();
        let mut stream = Vec::new();
        for start in (0..plain.len()).step_by(70_000) {
            let end = (start + 70_000).min(plain.len());
            let before = &plain[start.saturating_sub(WINDOW)..start];
            stream.extend(piece(before, &plain[start..end], 6, end == plain.len()).unwrap());
        }
        let mut back = Vec::new();
        flate2::read::DeflateDecoder::new(stream.as_slice()).read_to_end(&mut back).unwrap();
        assert!(back == plain);
    }
}
