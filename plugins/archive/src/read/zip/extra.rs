//! Extra fields of zip entries (APPNOTE 4.5 and 4.6).

use crate::time::Time;

/// What extra fields say, as far as it is of use.
#[derive(Default)]
pub(super) struct Extra<'e> {
    pub(super) zip64: Option<&'e [u8]>,
    pub(super) modified: Option<Time>,
    pub(super) unicode_name: Option<&'e [u8]>,
    pub(super) owner: Option<(u32, u32)>,
    /// Version and real method of an AES-encrypted entry.
    pub(super) aes: Option<(u16, u16)>,
}

const ZIP64: u16 = 0x0001;
const NTFS: u16 = 0x000A;
const TIMES: u16 = 0x5455;
const UNICODE_NAME: u16 = 0x7075;
const OWNER: u16 = 0x7875;
const AES: u16 = 0x9901;

impl<'e> Extra<'e> {
    /// Reads the fields; what is cut off or unknown is passed over.
    pub(super) fn read(mut bytes: &'e [u8], raw_name: &[u8]) -> Extra<'e> {
        let mut extra = Extra::default();
        let mut ntfs = None;
        while let [id0, id1, length0, length1, rest @ ..] = bytes {
            let length = usize::from(u16::from_le_bytes([*length0, *length1]));
            let Some((field, after)) = rest.split_at_checked(length) else { break };
            match u16::from_le_bytes([*id0, *id1]) {
                ZIP64 => extra.zip64 = Some(field),
                NTFS => ntfs = ntfs_time(field),
                TIMES => extra.modified = unix_time(field),
                UNICODE_NAME => extra.unicode_name = unicode_name(field, raw_name),
                OWNER => extra.owner = owner(field),
                AES => extra.aes = aes(field),
                _ => {}
            }
            bytes = after;
        }
        // The finer of the two is the better one.
        extra.modified = ntfs.or(extra.modified);
        extra
    }
}

/// The next number of a zip64 field.
pub(super) fn next_zip64(field: &mut &[u8]) -> Option<u64> {
    let (number, rest) = field.split_first_chunk::<8>()?;
    *field = rest;
    Some(u64::from_le_bytes(*number))
}

fn unix_time(field: &[u8]) -> Option<Time> {
    match field {
        [flags, a, b, c, d, ..] if flags & 1 != 0 => {
            Some(Time::at(i64::from(i32::from_le_bytes([*a, *b, *c, *d]))))
        }
        _ => None,
    }
}

fn ntfs_time(field: &[u8]) -> Option<Time> {
    match field {
        // Four bytes reserved, then attribute 1 of 24 bytes, which begins with the last change.
        [_, _, _, _, 1, 0, 24, 0, a, b, c, d, e, f, g, h, ..] => {
            Time::from_nt(u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))
        }
        _ => None,
    }
}

/// The name in UTF-8, unless the entry was renamed since by a program that does not know this field.
fn unicode_name<'e>(field: &'e [u8], raw_name: &[u8]) -> Option<&'e [u8]> {
    match field {
        [1, a, b, c, d, name @ ..] => {
            (u32::from_le_bytes([*a, *b, *c, *d]) == libdeflater::crc32(raw_name)).then_some(name)
        }
        _ => None,
    }
}

fn owner(field: &[u8]) -> Option<(u32, u32)> {
    match field {
        [1, 4, a, b, c, d, 4, e, f, g, h, ..] => {
            Some((u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h])))
        }
        _ => None,
    }
}

fn aes(field: &[u8]) -> Option<(u16, u16)> {
    match field {
        [v0, v1, b'A', b'E', 1..=3, m0, m1, ..] => {
            Some((u16::from_le_bytes([*v0, *v1]), u16::from_le_bytes([*m0, *m1])))
        }
        _ => None,
    }
}
