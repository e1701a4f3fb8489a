//! One header block.

use crate::time::Time;
use formwork_sdk::{Error, Result};

/// A header whose checksum is right.
pub(super) struct Header {
    block: [u8; 512],
}

impl Header {
    /// Takes a block; `None` when its checksum is wrong.
    pub(super) fn new(block: [u8; 512]) -> Option<Header> {
        let header = Header { block };
        let said = header.number(148, 8)?;
        let counts = |index: usize| !(148..156).contains(&index);
        let bytes =
            || block.iter().enumerate().map(move |(index, byte)| if counts(index) { *byte } else { b' ' });
        let unsigned: u64 = bytes().map(u64::from).sum();
        // Some old programs added the bytes up as signed numbers.
        let signed: i64 = bytes().map(|byte| i64::from(byte as i8)).sum();
        (said == unsigned || i64::try_from(said) == Ok(signed)).then_some(header)
    }

    /// The block of zeros that ends an archive.
    pub(super) fn end() -> Header {
        Header { block: [0; 512] }
    }

    pub(super) fn is_end(&self) -> bool {
        self.block == [0; 512]
    }

    pub(super) fn block(&self) -> &[u8] {
        &self.block
    }

    fn field(&self, at: usize, length: usize) -> &[u8] {
        self.block.get(at..at + length).unwrap_or_default()
    }

    /// A field up to its first zero.
    fn text(&self, at: usize, length: usize) -> &[u8] {
        let field = self.field(at, length);
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// A number in octal digits, or in base 256 when its first bit is set.
    pub(super) fn number(&self, at: usize, length: usize) -> Option<u64> {
        number(self.field(at, length))
    }

    pub(super) fn kind(&self) -> u8 {
        self.block.get(156).copied().unwrap_or(0)
    }

    fn is_posix(&self) -> bool {
        self.field(257, 6) == b"ustar\0"
    }

    /// The name, together with what ustar and star put in front of it.
    pub(super) fn name(&self) -> Vec<u8> {
        let name = self.text(0, 100);
        let star = self.field(508, 4) == b"tar\0";
        let prefix = if self.is_posix() { self.text(345, if star { 131 } else { 155 }) } else { &[] };
        match prefix {
            [] => name.to_vec(),
            prefix => [prefix, b"/", name].concat(),
        }
    }

    pub(super) fn link(&self) -> &[u8] {
        self.text(157, 100)
    }

    pub(super) fn mode(&self) -> Option<u32> {
        u32::try_from(self.number(100, 8)? & 0o7777).ok()
    }

    pub(super) fn uid(&self) -> Option<u64> {
        self.number(108, 8)
    }

    pub(super) fn gid(&self) -> Option<u64> {
        self.number(116, 8)
    }

    /// Bytes of data behind the header.
    pub(super) fn size(&self) -> Result<u64> {
        let size = self.number(124, 12).filter(|size| *size < 1 << 60);
        size.ok_or_else(|| Error::corrupt("a tar header says no size"))
    }

    pub(super) fn modified(&self) -> Option<Time> {
        let field = self.field(136, 12);
        // Times before 1970 are negative in base 256.
        if field.first() == Some(&0xFF) {
            let low = field.last_chunk::<8>().map(|bytes| i64::from_be_bytes(*bytes));
            return low.map(Time::at);
        }
        i64::try_from(number(field)?).ok().map(Time::at)
    }
}

/// Reads a number field; an empty one is zero.
pub(super) fn number(field: &[u8]) -> Option<u64> {
    if let [first @ 0x80..=0xBF, rest @ ..] = field {
        let mut value = u64::from(first & 0x3F);
        for byte in rest {
            value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
        }
        return Some(value);
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ');
    let mut value: u64 = 0;
    for byte in digits {
        match byte {
            b'0'..=b'7' => value = value.checked_mul(8)?.checked_add(u64::from(byte - b'0'))?,
            0 | b' ' => break,
            _ => return None,
        }
    }
    Some(value)
}
