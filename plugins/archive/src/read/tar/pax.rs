//! Extended headers: lines of `length key=value`.

use super::sparse::Map;
use crate::time::Time;
use formwork_sdk::{Error, Result};

/// What extended headers say, as far as it is of use.
#[derive(Default)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) modified: Option<Time>,
    sparse: Sparse,
}

/// GNU's ways to write sparse files: 0.0, 0.1 and 1.0.
#[derive(Default)]
struct Sparse {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    major: u64,
    pieces: Vec<(u64, u64)>,
    offset: u64,
    listed: bool,
}

/// Pieces a sparse file's map may have.
pub(super) const PIECES: usize = 1 << 20;

impl Pax {
    /// Reads records; later ones win.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when a record is no record.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        let broken = || Error::corrupt("a pax header of the tar archive is broken");
        while !bytes.is_empty() {
            if bytes.iter().all(|byte| *byte == 0) {
                break;
            }
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let length =
                bytes.get(..digits).and_then(decimal).and_then(|length| usize::try_from(length).ok());
            let (record, rest) = bytes.split_at_checked(length.ok_or_else(broken)?).ok_or_else(broken)?;
            let record = record.get(digits + 1..record.len().saturating_sub(1)).ok_or_else(broken)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(broken)?;
            let (key, value) = record.split_at(equals);
            self.set(key, value.get(1..).unwrap_or_default())?;
            bytes = rest;
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let number = || decimal(value).ok_or_else(|| Error::corrupt("a number in a pax header is broken"));
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(number()?).filter(|size| *size < 1 << 60),
            b"uid" => self.uid = decimal(value),
            b"gid" => self.gid = decimal(value),
            b"mtime" => self.modified = time(value),
            b"GNU.sparse.name" => self.sparse.name = Some(value.to_vec()),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.sparse.size = Some(number()?),
            b"GNU.sparse.major" => self.sparse.major = number()?,
            b"GNU.sparse.offset" => self.sparse.offset = number()?,
            b"GNU.sparse.numbytes" => self.sparse.push(number()?)?,
            b"GNU.sparse.map" => self.sparse.list(value)?,
            _ => {}
        }
        Ok(())
    }

    /// Takes what is not said here from the headers that hold for all entries; never names or sizes.
    pub(super) fn complete_from(&mut self, globals: &Pax) {
        self.uid = self.uid.or(globals.uid);
        self.gid = self.gid.or(globals.gid);
        self.modified = self.modified.or(globals.modified);
    }

    /// Tells whether nothing of use was said.
    pub(super) fn is_empty(&self) -> bool {
        self.uid.is_none() && self.gid.is_none() && self.modified.is_none()
    }

    /// The real name of a sparse file.
    pub(super) fn sparse_name(&self) -> Option<&[u8]> {
        self.sparse.name.as_deref()
    }

    /// The map of a sparse file that stands in the header.
    pub(super) fn sparse_map(&mut self) -> Option<Map> {
        let listed = self.sparse.listed && self.sparse.major == 0;
        listed.then(|| Map { size: self.sparse_size(), pieces: std::mem::take(&mut self.sparse.pieces) })
    }

    /// Tells whether a sparse file's map stands before its data.
    pub(super) fn sparse_in_data(&self) -> bool {
        self.sparse.major == 1
    }

    pub(super) fn sparse_size(&self) -> u64 {
        self.sparse.size.unwrap_or(0)
    }
}

impl Sparse {
    fn push(&mut self, length: u64) -> Result<()> {
        if self.pieces.len() >= PIECES {
            return Err(Error::limit("memory", "more than a million pieces of a sparse file", PIECES));
        }
        self.listed = true;
        self.pieces.push((self.offset, length));
        Ok(())
    }

    fn list(&mut self, value: &[u8]) -> Result<()> {
        self.listed = true;
        for (index, part) in value.split(|byte| *byte == b',').filter(|part| !part.is_empty()).enumerate() {
            let number = decimal(part).ok_or_else(|| Error::corrupt("the map of a sparse file is broken"))?;
            if index % 2 == 0 {
                self.offset = number;
            } else {
                self.push(number)?;
            }
        }
        Ok(())
    }
}

/// A number in decimal digits.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Seconds with a fraction, perhaps negative.
fn time(value: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let digits: String =
        fraction.chars().take_while(char::is_ascii_digit).chain("000000000".chars()).take(9).collect();
    let nanoseconds: u32 = digits.parse().ok()?;
    match (whole.starts_with('-'), nanoseconds) {
        (true, 1..) => {
            Some(Time { seconds: seconds.checked_sub(1)?, nanoseconds: 1_000_000_000 - nanoseconds })
        }
        _ => Some(Time { seconds, nanoseconds }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_and_broken_ones_refused() {
        let mut pax = Pax::default();
        pax.read(b"19 path=some/where\n30 mtime=1700000000.123456789\n").unwrap();
        assert_eq!(pax.path.as_deref(), Some(b"some/where".as_slice()));
        assert_eq!(pax.modified, Some(Time { seconds: 1_700_000_000, nanoseconds: 123_456_789 }));
        for broken in ["5 a=", "99 a=b\n", "x", "0 a=b\n", "3 a\n", "2 \n"] {
            assert!(Pax::default().read(broken.as_bytes()).is_err(), "{broken:?}");
        }
        assert_eq!(time(b"-1.5"), Some(Time { seconds: -2, nanoseconds: 500_000_000 }));
    }
}
