//! Headers and directory records.

use crate::entry::{Entry, Kind};

/// Sizes and offsets from here on need zip64.
pub(super) const WIDE: u64 = 0xFFFF_0000;

/// How data is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflate,
}

/// What header and directory say of an entry.
pub(super) struct Record {
    name: String,
    pub(super) method: Method,
    pub(super) crc: u32,
    pub(super) bytes: u64,
    pub(super) packed: u64,
    pub(super) offset: u64,
    pub(super) encrypted: bool,
    /// Leaves room for large sizes that are not known yet.
    pub(super) wide: bool,
    clock: (u16, u16),
    /// Extra fields that header and directory share.
    extra: Vec<u8>,
    attributes: u32,
}

impl Record {
    pub(super) fn new(entry: &Entry, method: Method) -> Record {
        let mut name = entry.name.clone();
        let (file_type, dos) = match entry.kind {
            Kind::Directory => (0o040_000, 0x10),
            Kind::Symlink(_) => (0o120_000, 0),
            _ => (0o100_000, 0),
        };
        if entry.kind == Kind::Directory {
            name.push('/');
        }
        let mut extra = Vec::new();
        if let Some(seconds) = entry.modified.and_then(|time| i32::try_from(time.seconds).ok()) {
            extra.extend_from_slice(&[0x55, 0x54, 5, 0, 1]);
            extra.extend_from_slice(&seconds.to_le_bytes());
        }
        if let Some((uid, gid)) = entry.owner.filter(|owner| *owner != (0, 0)) {
            extra.extend_from_slice(&[0x75, 0x78, 11, 0, 1, 4]);
            extra.extend_from_slice(&uid.to_le_bytes());
            extra.push(4);
            extra.extend_from_slice(&gid.to_le_bytes());
        }
        Record {
            name,
            method,
            crc: 0,
            bytes: 0,
            packed: 0,
            offset: 0,
            encrypted: false,
            wide: false,
            clock: entry.modified.map_or((33, 0), |time| time.to_dos()),
            extra,
            attributes: (file_type | entry.mode_or_default()) << 16 | dos,
        }
    }

    fn is_wide(&self) -> bool {
        self.wide || self.bytes >= WIDE || self.packed >= WIDE
    }

    /// The fields header and record share: version needed to name length.
    fn shared(&self, wide: bool, extra: usize) -> Vec<u8> {
        let version: u16 = if self.encrypted {
            51
        } else if wide {
            45
        } else {
            20
        };
        let flags = u16::from(self.encrypted) | if self.name.is_ascii() { 0 } else { 1 << 11 };
        let method: u16 = match self.method {
            _ if self.encrypted => 99,
            Method::Stored => 0,
            Method::Deflate => 8,
        };
        let size = |size: u64| if wide { u32::MAX } else { u32::try_from(size).unwrap_or(u32::MAX) };
        let mut out = Vec::with_capacity(26);
        for short in [version, flags, method, self.clock.1, self.clock.0] {
            out.extend_from_slice(&short.to_le_bytes());
        }
        for long in [self.crc, size(self.packed), size(self.bytes)] {
            out.extend_from_slice(&long.to_le_bytes());
        }
        for short in [self.name.len(), extra] {
            out.extend_from_slice(&u16::try_from(short).unwrap_or(u16::MAX).to_le_bytes());
        }
        out
    }

    fn aes_extra(&self) -> Vec<u8> {
        if !self.encrypted {
            return Vec::new();
        }
        let method = if self.method == Method::Stored { 0 } else { 8 };
        // The second kind of AES entry (no CRC), with a key of 256 bits.
        vec![0x01, 0x99, 7, 0, 2, 0, b'A', b'E', 3, method, 0]
    }

    /// The local header.
    pub(super) fn local(&self) -> Vec<u8> {
        let wide = self.is_wide();
        let mut extra = Vec::new();
        if wide {
            extra.extend_from_slice(&[1, 0, 16, 0]);
            extra.extend_from_slice(&self.bytes.to_le_bytes());
            extra.extend_from_slice(&self.packed.to_le_bytes());
        }
        extra.extend_from_slice(&self.extra);
        extra.extend_from_slice(&self.aes_extra());
        let mut out = b"PK\x03\x04".to_vec();
        out.extend_from_slice(&self.shared(wide, extra.len()));
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(&extra);
        out
    }

    /// The directory record.
    pub(super) fn central(&self) -> Vec<u8> {
        let wide = self.is_wide();
        let far = self.offset >= WIDE;
        let mut extra = Vec::new();
        if wide || far {
            let length = if wide { 16 } else { 0 } + if far { 8 } else { 0 };
            extra.extend_from_slice(&[1, 0, length, 0]);
            if wide {
                extra.extend_from_slice(&self.bytes.to_le_bytes());
                extra.extend_from_slice(&self.packed.to_le_bytes());
            }
            if far {
                extra.extend_from_slice(&self.offset.to_le_bytes());
            }
        }
        extra.extend_from_slice(&self.extra);
        extra.extend_from_slice(&self.aes_extra());
        // Made by a Unix program after version 6.3 of the specification.
        let mut out = b"PK\x01\x02\x3F\x03".to_vec();
        out.extend_from_slice(&self.shared(wide, extra.len()));
        // No comment, first disk, no internal attributes.
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&self.attributes.to_le_bytes());
        let offset = if far { u32::MAX } else { self.offset as u32 };
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(&extra);
        out
    }
}

/// The records that end the archive.
pub(super) fn end(count: u64, start: u64, length: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if count >= 0xFFFF || start >= WIDE || length >= WIDE {
        out.extend_from_slice(b"PK\x06\x06");
        out.extend_from_slice(&44_u64.to_le_bytes());
        out.extend_from_slice(&[0x3F, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [count, count, length, start] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        out.extend_from_slice(&(start + length).to_le_bytes());
        out.extend_from_slice(&1_u32.to_le_bytes());
    }
    let short = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    let long = |number: u64| (if number >= WIDE { u32::MAX } else { number as u32 }).to_le_bytes();
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&short);
    out.extend_from_slice(&short);
    out.extend_from_slice(&long(length));
    out.extend_from_slice(&long(start));
    out.extend_from_slice(&[0, 0]);
    out
}
