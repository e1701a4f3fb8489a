//! The directory at the start of an icon.

use formwork_sdk::{Error, Result};

/// Bytes of the head: reserved, type, count.
pub(super) const HEAD: usize = 6;
/// Bytes of one entry.
pub(super) const ENTRY: usize = 16;

/// One picture of an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'b> {
    /// Pixels in a row as the directory says.
    pub(super) width: u32,
    /// Rows as the directory says.
    pub(super) height: u32,
    /// Bits of a pixel as the directory says; 0 when it does not.
    pub(super) bits: u16,
    /// The entry as it stands in the directory.
    pub(super) raw: &'b [u8],
    /// PNG or bitmap.
    pub(super) data: &'b [u8],
}

/// Reads all entries whose data lies within the file.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Entry<'_>>> {
    let number = |at: usize| Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let count = match (number(0), number(2), number(4)) {
        (Some(0), Some(1 | 2), Some(count)) if count > 0 => usize::from(count),
        _ => return Err(Error::corrupt("the icon has no directory")),
    };
    let entries: Vec<_> = (0..count).filter_map(|index| entry(bytes, HEAD + index * ENTRY)).collect();
    if entries.is_empty() {
        Err(Error::corrupt("no picture of the icon lies within the file"))
    } else {
        Ok(entries)
    }
}

fn entry(bytes: &[u8], at: usize) -> Option<Entry<'_>> {
    let raw = bytes.get(at..at + ENTRY)?;
    let side = |value: u8| if value == 0 { 256 } else { u32::from(value) };
    let word = |at: usize| Some(u32::from_le_bytes(raw.get(at..at + 4)?.try_into().ok()?) as usize);
    let (length, offset) = (word(8)?, word(12)?);
    let data = bytes.get(offset..offset.checked_add(length)?)?;
    let bits = u16::from_le_bytes([raw[6], raw[7]]);
    Some(Entry { width: side(raw[0]), height: side(raw[1]), bits, raw, data })
}

/// The entry with the most pixels, and among those the most colours.
pub(super) fn best<'e, 'b>(entries: &'e [Entry<'b>]) -> Option<&'e Entry<'b>> {
    entries.iter().max_by_key(|entry| (entry.width * entry.height, entry.bits))
}
