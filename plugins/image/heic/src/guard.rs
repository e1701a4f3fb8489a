//! A look at the container before it is parsed for good.
//!
//! The parser finds the parts of an item by going through lists, so its time grows with the product of
//! their lengths. Real files have one item for each tile of the picture; the lengths are limited here.

use crate::broken;
use formwork_sdk::{Error, Input, Limits, Result};
use heifer::heifer_isobmff::{BoxIter, RawBox};
use std::borrow::Cow;

/// Most items, locations, references or property lists of one file: enough for 16,384 pixels squared
/// in tiles of 128.
const ENTRIES: u64 = 20_000;

/// Files up to this size are read whole even when only the header is wanted.
const SMALL: u64 = 16 << 20;

/// Boxes before the file's directory that are skipped over when only the header is read.
const LEADING_BOXES: usize = 64;

/// Fails when a file's directory is of a size no real file has.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`entries`).
pub(crate) fn check(bytes: &[u8]) -> Result<()> {
    for meta in boxes(bytes, b"meta") {
        let content = meta?.content.get(4..).unwrap_or(&[]);
        for part in BoxIter::new(content) {
            let part = part.map_err(broken)?;
            match &part.header.box_type.0 {
                b"iinf" | b"iloc" | b"iref" => check_length(&part)?,
                b"iprp" => {
                    for list in boxes(part.content, b"ipma") {
                        check_length(&list?)?;
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Leaves away what follows the last whole box: some cameras append data of their own.
pub(crate) fn without_trailer(bytes: &[u8]) -> &[u8] {
    let ends = BoxIter::new(bytes).map_while(|part| part.ok()).map(|part| {
        let start = part.content.as_ptr() as usize - bytes.as_ptr() as usize;
        start + part.content.len()
    });
    ends.last().and_then(|end| bytes.get(..end)).unwrap_or(bytes)
}

/// Counts the entries of one list by its own header, and by its size where it has none.
fn check_length(list: &RawBox<'_>) -> Result<()> {
    let content = list.content;
    let version = content.first().copied().unwrap_or(0);
    let short =
        |at: usize| content.get(at..)?.first_chunk::<2>().map(|two| u64::from(u16::from_be_bytes(*two)));
    let long =
        |at: usize| content.get(at..)?.first_chunk::<4>().map(|four| u64::from(u32::from_be_bytes(*four)));
    let count = match (&list.header.box_type.0, version) {
        (b"iloc", 2..) => long(6),
        (b"iloc", _) => short(6),
        (b"ipma", _) => long(4),
        // Each entry is a box of its own; what counts is how many there are.
        _ => Some(
            BoxIter::new(content.get(entries_start(list)..).unwrap_or(&[])).take(ENTRIES as usize + 1).count()
                as u64,
        ),
    };
    match count.unwrap_or(0) {
        count if count > ENTRIES => Err(Error::limit("entries", count, ENTRIES)),
        _ => Ok(()),
    }
}

/// Where the entries of `iinf` and `iref` start.
fn entries_start(list: &RawBox<'_>) -> usize {
    match (&list.header.box_type.0, list.content.first()) {
        (b"iref", _) => 4,
        (_, Some(0)) => 6,
        _ => 8,
    }
}

fn boxes<'b>(bytes: &'b [u8], wanted: &'static [u8; 4]) -> impl Iterator<Item = Result<RawBox<'b>>> {
    BoxIter::new(bytes)
        .map(|part| part.map_err(broken))
        .filter(move |part| part.as_ref().map_or(true, |part| part.header.box_type.0 == *wanted))
}

/// Returns enough of the input to parse its directory: everything when it is small or in memory, else
/// the boxes `ftyp` and `meta` alone.
///
/// # Errors
///
/// `limit_exceeded` (`metadata`); `io`.
pub(crate) fn header<'a>(input: &Input<'a>, limits: &Limits) -> Result<Cow<'a, [u8]>> {
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
