//! A look at the container before it is parsed for good.
//!
//! The parser finds the parts of an item by going through lists, so its time grows with the product of
//! their lengths. Real files have one item for each tile of the picture; the lengths are limited here.

use crate::broken;
use crate::isobmff::{BoxIter, RawBox};
use formwork_sdk::{Error, Result};

/// Most items, locations, references or property lists of one file: enough for 16,384 pixels squared
/// in tiles of 128.
const ENTRIES: u64 = 20_000;

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
