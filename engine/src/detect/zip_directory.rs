//! The entries of a ZIP file, from its central directory or, when that is missing, from the local
//! headers (PKWARE APPNOTE 6.3.10, 4.3).

use super::bytes::{find, find_last, has, le16, le32, le64, slice};
use super::reader::Reader;

/// The most entries that are looked at: the telling ones stand first.
const ENTRIES: usize = 4000;
/// The most bytes of the central directory that are read.
const DIRECTORY: usize = 192 << 10;
/// The end record with the longest comment it can have.
const END: usize = 22 + 65535;
/// How far the next local header is searched for when a size is not stated.
const GAP: usize = 64 << 10;
/// The most local headers that are followed.
const LOCAL: usize = 64;

/// One file in the archive.
pub(super) struct Entry {
    /// The name, lower case, with forward slashes.
    pub(super) name: String,
    /// Whether bit 0 of the flags says that a password is needed.
    pub(super) encrypted: bool,
    method: u16,
    packed: u64,
    header: u64,
}

/// Lists the entries, as far as they can be read.
pub(super) fn entries(reader: &Reader<'_>) -> Vec<Entry> {
    let central = from_directory(reader).unwrap_or_default();
    if central.is_empty() { from_local_headers(reader) } else { central }
}

/// Tells whether the file ends like a ZIP, with a directory that is really there.
pub(super) fn has_directory(reader: &Reader<'_>) -> bool {
    from_directory(reader).is_some_and(|entries| !entries.is_empty())
}

/// Unpacks the start of an entry, up to `limit` bytes.
pub(super) fn content(reader: &Reader<'_>, entry: &Entry, limit: usize) -> Option<Vec<u8>> {
    let local = reader.read(entry.header, 30);
    if !local.starts_with(b"PK\x03\x04") || entry.encrypted {
        return None;
    }
    let start = 30 + u64::from(le16(&local, 26)?) + u64::from(le16(&local, 28)?);
    let stated = usize::try_from(entry.packed).unwrap_or(limit);
    let packed =
        reader.read(entry.header.checked_add(start)?, if stated == 0 { limit } else { stated.min(limit) });
    match entry.method {
        0 => Some(packed),
        8 => Some(super::compressed::inflate(&packed, limit)),
        _ => None,
    }
}

/// Finds the end record and reads the directory it points to; with bytes before the archive the stated
/// offset is too low, and the directory ends where the end record starts.
fn from_directory(reader: &Reader<'_>) -> Option<Vec<Entry>> {
    let (start, end) = end_record(reader, 1024).or_else(|| end_record(reader, END))?;
    let (mut size, mut offset) = (u64::from(le32(&end, 12)?), u64::from(le32(&end, 16)?));
    if offset == u64::from(u32::MAX) || size == u64::from(u32::MAX) {
        (size, offset) = zip64(reader, start)?;
    }
    let stated = parse_directory(reader, offset, size, 0);
    if !stated.is_empty() {
        return Some(stated);
    }
    let moved = start.checked_sub(size)?;
    Some(parse_directory(reader, moved, size, moved.checked_sub(offset)?))
}

/// The end record and where it stands.
fn end_record(reader: &Reader<'_>, within: usize) -> Option<(u64, Vec<u8>)> {
    let (start, tail) = reader.tail(within)?;
    let at = find_last(&tail, b"PK\x05\x06")?;
    Some((start + at as u64, slice(&tail, at, 22)?.to_vec()))
}

/// Size and offset out of the ZIP64 end record, which its locator (20 bytes before the end record) finds.
fn zip64(reader: &Reader<'_>, end: u64) -> Option<(u64, u64)> {
    let locator = reader.read(end.checked_sub(20)?, 20);
    let record = reader.read(le64(&locator, 8).filter(|_| has(&locator, 0, b"PK\x06\x07"))?, 56);
    has(&record, 0, b"PK\x06\x06").then_some((le64(&record, 40)?, le64(&record, 48)?))
}

fn parse_directory(reader: &Reader<'_>, offset: u64, size: u64, shift: u64) -> Vec<Entry> {
    let data = reader.read(offset, usize::try_from(size).unwrap_or(DIRECTORY).min(DIRECTORY));
    let mut entries = Vec::new();
    let mut at = 0;
    while entries.len() < ENTRIES {
        let Some((entry, next)) = central_header(&data, at, shift) else { break };
        entries.push(entry);
        at = next;
    }
    entries
}

fn central_header(data: &[u8], at: usize, shift: u64) -> Option<(Entry, usize)> {
    let fixed = slice(data, at, 46).filter(|fixed| fixed.starts_with(b"PK\x01\x02"))?;
    let [name, extra, comment] = [le16(fixed, 28)?, le16(fixed, 30)?, le16(fixed, 32)?].map(usize::from);
    let entry = Entry {
        name: plain_name(slice(data, at + 46, name)?),
        encrypted: le16(fixed, 8)? & 1 != 0,
        method: le16(fixed, 10)?,
        packed: u64::from(le32(fixed, 20)?),
        header: u64::from(le32(fixed, 42)?) + shift,
    };
    Some((entry, at + 46 + name + extra + comment))
}

/// Follows the local headers from the start; where a size stands only behind the data (flag 3), the next
/// header is searched for.
fn from_local_headers(reader: &Reader<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = 0;
    while entries.len() < LOCAL {
        let Some((entry, next)) = local_header(reader, at) else { break };
        entries.push(entry);
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    entries
}

/// One local header, and where the next one stands if that can be told.
fn local_header(reader: &Reader<'_>, at: u64) -> Option<(Entry, Option<u64>)> {
    let fixed = reader.read(at, 30);
    if !fixed.starts_with(b"PK\x03\x04") {
        return None;
    }
    let (flags, packed) = (le16(&fixed, 6)?, u64::from(le32(&fixed, 18)?));
    let (name, extra) = (le16(&fixed, 26)?, le16(&fixed, 28)?);
    let entry = Entry {
        name: plain_name(&reader.read(at + 30, usize::from(name))),
        encrypted: flags & 1 != 0,
        method: le16(&fixed, 8)?,
        packed,
        header: at,
    };
    let body = at + 30 + u64::from(name) + u64::from(extra);
    let next = match packed {
        0 if flags & 8 != 0 => {
            find(&reader.read(body, GAP), b"PK\x03\x04").map(|distance| body + distance as u64)
        }
        _ => body.checked_add(packed),
    };
    Some((entry, next))
}

/// Some writers put backslashes between folders, or differ in case: names are compared without both.
fn plain_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/").to_ascii_lowercase()
}
