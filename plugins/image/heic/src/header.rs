//! Reading a file's directory without its pictures.

use formwork_sdk::{Error, Input, Limits, Result};
use std::borrow::Cow;

/// Files up to this size are read whole even when only the header is wanted.
const SMALL: u64 = 16 << 20;

/// Boxes before the file's directory that are skipped over when only the header is read.
const LEADING_BOXES: usize = 64;

/// Returns enough of the input to parse its directory: everything when it is small or in memory, else
/// the boxes `ftyp` and `meta` alone.
///
/// # Errors
///
/// `limit_exceeded` (`metadata`); `io`.
pub(crate) fn read<'a>(input: &Input<'a>, limits: &Limits) -> Result<Cow<'a, [u8]>> {
    let length = match input.length() {
        Some(length) if input.memory().is_none() && length > SMALL => length,
        _ => return input.bytes(),
    };
    let (mut kept, mut offset) = (Vec::new(), 0u64);
    for _ in 0..LEADING_BOXES {
        let mut head = [0; 16];
        if offset >= length || input.read_exact_at(offset, &mut head).is_err() {
            break;
        }
        let size = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            0 => length - offset,
            1 => u64::from_be_bytes([
                head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
            ]),
            size => size.into(),
        };
        if matches!(&head[4..8], b"ftyp" | b"meta") {
            let total = size.saturating_add(kept.len() as u64);
            if total > limits.metadata {
                return Err(Error::limit("metadata", total, limits.metadata));
            }
            let start = kept.len();
            kept.resize(start + size as usize, 0);
            input.read_exact_at(offset, kept.get_mut(start..).unwrap_or(&mut []))?;
        }
        offset = offset.saturating_add(size.max(8));
    }
    Ok(Cow::Owned(kept))
}
