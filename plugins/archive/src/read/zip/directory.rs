//! The central directory: found, read, and checked before anything is unpacked.

use super::extra::{Extra, next_zip64};
use super::foreign::Record;
use crate::context::Context;
use crate::entry::{Entry, Kind};
use crate::member::{Member, Packing, Place};
use crate::source::Source;
use crate::text;
use crate::time::Time;
use encoding_rs::Encoding;
use formwork_sdk::{Error, Result};
use std::sync::Arc;

const END: [u8; 4] = *b"PK\x05\x06";
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const RECORD: [u8; 4] = *b"PK\x01\x02";

/// How far from the end of the file the end record is looked for: the longest comment, and junk behind it.
const SEARCH: u64 = 1 << 20;
/// Sizes of the fixed parts.
const END_LENGTH: usize = 22;
const RECORD_LENGTH: usize = 46;

const FLAG_ENCRYPTED: u16 = 1;
const FLAG_STRONG: u16 = 1 << 6;
const FLAG_UTF8: u16 = 1 << 11;
const FLAG_MASKED: u16 = 1 << 13;

/// A zip's directory.
pub(crate) struct Directory<'a> {
    /// One row for each entry, in the directory's order.
    pub(crate) rows: Vec<Row<'a>>,
}

/// One entry of the directory.
pub(crate) struct Row<'a> {
    pub(crate) entry: Entry,
    pub(crate) member: Member<'a>,
    /// The bytes are a link's target.
    pub(crate) is_symlink: bool,
    /// Why it cannot be read.
    pub(crate) unsupported: Option<String>,
}

/// Where the directory lies.
struct Span {
    start: u64,
    length: u64,
    entries: u64,
    /// What all offsets are short of, when something stands before the archive.
    shift: u64,
}

impl<'a> Directory<'a> {
    /// Finds and reads the directory.
    ///
    /// # Errors
    ///
    /// `corrupt_input`: no directory, a broken one, or entries that share bytes; `limit_exceeded`
    /// (`entries`, `name`, `memory`); `io`.
    pub(crate) fn read(context: &'a Context<'a>, source: Source<'a>) -> Result<Self> {
        let span = Span::find(source)?;
        context.may_list(span.entries.min(span.length / RECORD_LENGTH as u64))?;
        context.may_use(span.length)?;
        let mut buffer = Vec::new();
        let bytes = source.bytes(span.start, span.length, &mut buffer)?;
        let records = split(context, bytes)?;
        if records.len() as u64 != span.entries && span.entries != u64::from(u16::MAX) {
            let text = format!("the zip directory has {} entries and claims {}", records.len(), span.entries);
            context.step.warn(text);
        }
        let plain = records.iter().filter(|record| record.flags() & FLAG_UTF8 == 0).map(|record| record.name);
        let encoding = text::guess(plain);
        if let Some(encoding) = encoding.filter(|encoding| *encoding != encoding_rs::UTF_8) {
            let text = format!("names in the zip are not marked; they were read as {}", encoding.name());
            context.step.warn(text);
        }
        let mut rows = Vec::with_capacity(records.len());
        for record in &records {
            context.may_name(record.name.len() as u64)?;
            rows.push(record.row(source, span.shift, encoding)?);
        }
        bound(&mut rows, span.start)?;
        Ok(Directory { rows })
    }

    /// Bytes all entries claim to unpack to.
    pub(crate) fn unpacked(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.member.bytes))
    }
}

impl Span {
    fn find(source: Source<'_>) -> Result<Span> {
        let length = source.length();
        for reach in [SEARCH.min(66 << 10), SEARCH] {
            let start = length.saturating_sub(reach);
            let mut buffer = Vec::new();
            let tail = source.bytes(start, length - start, &mut buffer)?;
            if let Some(span) = find_end(source, tail, start)? {
                return Ok(span);
            }
        }
        Err(Error::corrupt("the zip has no directory: it is cut short, or no zip"))
    }
}

/// Looks for an end record with a directory before it, from the end backwards.
fn find_end(source: Source<'_>, tail: &[u8], start: u64) -> Result<Option<Span>> {
    let places = tail.windows(END_LENGTH).enumerate().rev().filter(|(_, window)| window.starts_with(&END));
    // A comment can hold signatures to no end; an honest file is found at once.
    for (at, window) in places.take(64) {
        if let Some(span) = read_end(source, window, start + at as u64)? {
            return Ok(Some(span));
        }
    }
    Ok(None)
}

/// Reads an end record; `None` when there is no directory where it says.
fn read_end(source: Source<'_>, end: &[u8], at: u64) -> Result<Option<Span>> {
    let [_, _, _, _, disk0, disk1, start0, start1, _, _, n0, n1, rest @ ..] = end else { return Ok(None) };
    let [l0, l1, l2, l3, o0, o1, o2, o3, ..] = rest else { return Ok(None) };
    let entries = u64::from(u16::from_le_bytes([*n0, *n1]));
    let length = u64::from(u32::from_le_bytes([*l0, *l1, *l2, *l3]));
    let offset = u64::from(u32::from_le_bytes([*o0, *o1, *o2, *o3]));
    let disks = (u16::from_le_bytes([*disk0, *disk1]), u16::from_le_bytes([*start0, *start1]));
    if let Some(span) = read_end64(source, at)? {
        return Ok(Some(span));
    }
    if disks != (0, 0) && disks != (u16::MAX, u16::MAX) {
        return Err(Error::corrupt("this is one part of a zip in several parts; all of them are needed"));
    }
    place(source, at, offset, length, entries)
}

/// Reads the zip64 end record a locator before the end record points to.
fn read_end64(source: Source<'_>, end: u64) -> Result<Option<Span>> {
    let Some(at) = end.checked_sub(20) else { return Ok(None) };
    let locator: [u8; 20] = source.array(at)?;
    let [b'P', b'K', 6, 7, _, _, _, _, a, b, c, d, e, f, g, h, ..] = locator else { return Ok(None) };
    debug_assert_eq!(LOCATOR64, *b"PK\x06\x07");
    let said = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    // With something before the archive the record stands right before its locator all the same.
    for record_at in [said, at.saturating_sub(56)] {
        if record_at.saturating_add(56) > at {
            continue;
        }
        let record: [u8; 56] = source.array(record_at)?;
        if record.starts_with(&END64) {
            let number = |from: usize| -> u64 {
                let bytes = record.get(from..).and_then(|rest| rest.first_chunk::<8>());
                bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
            };
            return place(source, record_at, number(48), number(40), number(32));
        }
    }
    Ok(None)
}

/// Checks that a directory stands where it is said to, or right before its end record.
fn place(source: Source<'_>, end: u64, offset: u64, length: u64, entries: u64) -> Result<Option<Span>> {
    let Some(before) = end.checked_sub(length) else { return Ok(None) };
    if entries == 0 && length == 0 {
        return Ok(Some(Span { start: before, length, entries, shift: 0 }));
    }
    for start in [offset, before] {
        let fits = start.checked_add(length).is_some_and(|stop| stop <= end);
        if fits && length >= 4 && source.array::<4>(start)? == RECORD {
            let shift = start.saturating_sub(offset);
            return Ok(Some(Span { start, length, entries, shift }));
        }
    }
    Ok(None)
}

/// One record, cut into its parts.
struct Raw<'d> {
    fixed: &'d [u8; RECORD_LENGTH],
    name: &'d [u8],
    extra: &'d [u8],
}

/// Cuts the directory into records.
fn split<'d>(context: &Context<'_>, mut bytes: &'d [u8]) -> Result<Vec<Raw<'d>>> {
    let mut records = Vec::new();
    while let Some((fixed, rest)) = bytes.split_first_chunk::<RECORD_LENGTH>() {
        if !fixed.starts_with(&RECORD) {
            break;
        }
        let record = Raw { fixed, name: &[], extra: &[] };
        let lengths = [28, 30, 32].map(|at| usize::from(record.short(at)));
        let [name, extra, comment] = lengths;
        let broken = || Error::corrupt("the zip directory is cut short");
        let (name, rest) = rest.split_at_checked(name).ok_or_else(broken)?;
        let (extra, rest) = rest.split_at_checked(extra).ok_or_else(broken)?;
        bytes = rest.get(comment..).ok_or_else(broken)?;
        records.push(Raw { fixed, name, extra });
        context.may_list(records.len() as u64)?;
        if records.len() % 1_024 == 0 {
            context.tick()?;
        }
    }
    Ok(records)
}

impl Raw<'_> {
    fn short(&self, at: usize) -> u16 {
        let bytes = self.fixed.get(at..).and_then(|rest| rest.first_chunk::<2>());
        bytes.map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    fn long(&self, at: usize) -> u32 {
        let bytes = self.fixed.get(at..).and_then(|rest| rest.first_chunk::<4>());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    fn flags(&self) -> u16 {
        self.short(8)
    }

    fn row<'a>(
        &self,
        source: Source<'a>,
        shift: u64,
        encoding: Option<&'static Encoding>,
    ) -> Result<Row<'a>> {
        let extra = Extra::read(self.extra, self.name);
        let mut zip64 = extra.zip64.unwrap_or_default();
        let mut wide = |value: u32| {
            if value == u32::MAX {
                next_zip64(&mut zip64).unwrap_or(u64::from(value))
            } else {
                u64::from(value)
            }
        };
        let (bytes, packed, header) = (wide(self.long(24)), wide(self.long(20)), wide(self.long(42)));
        let header = header.saturating_add(shift);
        if header.saturating_add(packed).saturating_add(30) > source.length() {
            return Err(Error::corrupt("the zip is cut short: an entry lies past its end"));
        }
        let (entry, is_symlink) = self.entry(&extra, bytes, packed, encoding);
        let (packing, unsupported) = self.packing(&extra, bytes, packed);
        // The second kind of AES entry leaves the CRC out, for it would tell about the content.
        let crc = (!matches!(extra.aes, Some((2, _)))).then_some(self.long(16));
        let place = Place::Local { header, bound: 0 };
        Ok(Row {
            entry,
            member: Member { source, place, packed, bytes, crc, packing },
            is_symlink,
            unsupported,
        })
    }

    fn entry(
        &self,
        extra: &Extra<'_>,
        bytes: u64,
        packed: u64,
        encoding: Option<&'static Encoding>,
    ) -> (Entry, bool) {
        let name = match extra.unicode_name.map(std::str::from_utf8) {
            Some(Ok(name)) => name.to_owned(),
            _ if self.flags() & FLAG_UTF8 != 0 => text::decode(self.name),
            _ => text::decode_legacy(self.name, encoding),
        };
        // Windows programs that forget what the format says write backslashes.
        let windows = matches!(self.short(4) >> 8, 0 | 10 | 11 | 14);
        let name = if windows { name.replace('\\', "/") } else { name };
        let attributes = self.long(38);
        // Unix, and Darwin which is one.
        let unix = matches!(self.short(4) >> 8, 3 | 19).then_some(attributes >> 16).filter(|mode| *mode != 0);
        let file_type = unix.map_or(0, |mode| mode & 0o170_000);
        let is_symlink = file_type == 0o120_000;
        let folder = name.ends_with('/') || (name.ends_with('\\') && bytes == 0) || file_type == 0o040_000;
        let kind = match file_type {
            _ if folder => Kind::Directory,
            0o020_000 | 0o060_000 => Kind::Special("it is a device"),
            0o010_000 => Kind::Special("it is a named pipe"),
            0o140_000 => Kind::Special("it is a socket"),
            _ => Kind::File,
        };
        let mut entry = Entry::new(name, kind);
        entry.bytes = Some(bytes);
        entry.packed = Some(packed);
        entry.modified = extra.modified.or_else(|| Time::from_dos(self.short(14), self.short(12)));
        entry.mode = unix.map(|mode| mode & 0o7777);
        entry.owner = extra.owner;
        entry.encrypted = self.flags() & FLAG_ENCRYPTED != 0;
        (entry, is_symlink)
    }

    fn packing(&self, extra: &Extra<'_>, bytes: u64, packed: u64) -> (Packing, Option<String>) {
        let method = self.short(10);
        let encrypted = self.flags() & FLAG_ENCRYPTED != 0;
        if self.flags() & (FLAG_STRONG | FLAG_MASKED) != 0 {
            return (Packing::Stored, Some("PKWARE's strong encryption is not supported".to_owned()));
        }
        let real = extra.aes.map_or(method, |(_, real)| real);
        let packing = match real {
            0 => Packing::Stored,
            8 => Packing::Deflate,
            12 => Packing::Bzip2,
            14 => Packing::Lzma,
            93 => Packing::Zstd,
            95 => Packing::Xz,
            1..=6 | 9 | 98 => self.foreign(bytes, packed, encrypted),
            _ => return (Packing::Stored, Some(format!("the zip method {real} is not supported"))),
        };
        let packing = if encrypted { self.foreign(bytes, packed, true) } else { packing };
        (packing, None)
    }

    fn foreign(&self, bytes: u64, packed: u64, encrypted: bool) -> Packing {
        Packing::Foreign(Arc::new(Record::new(self.fixed, self.extra, bytes, packed, encrypted)))
    }
}

/// Tells every entry where its data must end: where the next entry's header starts, or the directory. Data
/// that would reach further is shared with another entry, which only decompression bombs do.
fn bound(rows: &mut [Row<'_>], directory: u64) -> Result<()> {
    let header = |row: &Row<'_>| match row.member.place {
        Place::Local { header, .. } => header,
        Place::Data(start) => start,
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| rows.get(*index).map(header));
    let mut next = directory;
    for index in order.into_iter().rev() {
        let Some(row) = rows.get_mut(index) else { continue };
        let start = header(row);
        if start.saturating_add(30).saturating_add(row.member.packed) > next {
            let name = crate::names::shown(&row.entry.name);
            let what = "overlaps another entry or the directory, as in a decompression bomb";
            return Err(Error::corrupt(format!("entry {name}: {what}")));
        }
        row.member.place = Place::Local { header: start, bound: next };
        next = start;
    }
    Ok(())
}
