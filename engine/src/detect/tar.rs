//! Tar archives, by the checksum of their first header.
//!
//! Layout: IEEE Std 1003.1, pax, ustar interchange format; the checksum is the same in the older v7 and
//! GNU variants, so it proves all of them.

use super::bytes::{has, slice};
use super::finding::Finding;
use super::reader::Reader;

/// The size of a tar record.
const RECORD: usize = 512;
/// Where the checksum field stands, and how long it is.
const CHECKSUM: (usize, usize) = (148, 8);

/// Finds a header with its checksum.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    is_tar(reader.head()).then(|| Finding::certain("tar", "tar header with a right checksum"))
}

/// Finds a tar archive at the start of a file, also a damaged or an empty one.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let damaged =
        || has(reader.head(), 257, b"ustar").then(|| Finding::likely("tar", "ustar header, wrong checksum"));
    let empty = || {
        let empty = reader.is_called("tar") && is_end_record(reader.head());
        empty.then(|| Finding::guess("tar", "end-of-archive records, as an empty tar has them"))
    };
    refine(reader).or_else(damaged).or_else(empty)
}

/// Tells whether `head` starts with a tar header whose checksum is right.
pub(super) fn is_tar(head: &[u8]) -> bool {
    let Some(header) = slice(head, 0, RECORD) else { return false };
    stated_checksum(header).is_some_and(|stated| {
        let sum = |value: fn(u8) -> i64| -> i64 {
            header.iter().enumerate().map(|(at, byte)| if in_checksum(at) { 32 } else { value(*byte) }).sum()
        };
        // Some old writers summed signed bytes.
        header.first() != Some(&0)
            && (stated == sum(i64::from) || stated == sum(|byte| i64::from(byte as i8)))
    })
}

/// Tells whether `head` is the zero record that ends every archive and is all an empty one has.
pub(super) fn is_end_record(head: &[u8]) -> bool {
    slice(head, 0, RECORD).is_some_and(|record| record.iter().all(|byte| *byte == 0))
}

fn in_checksum(at: usize) -> bool {
    (CHECKSUM.0..CHECKSUM.0 + CHECKSUM.1).contains(&at)
}

/// Reads the checksum: octal digits, with spaces or zero bytes around them.
fn stated_checksum(header: &[u8]) -> Option<i64> {
    let field = slice(header, CHECKSUM.0, CHECKSUM.1)?;
    let digits: Vec<u8> = field
        .iter()
        .copied()
        .skip_while(|byte| *byte == b' ' || *byte == 0)
        .take_while(|byte| (b'0'..=b'7').contains(byte))
        .collect();
    i64::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}
