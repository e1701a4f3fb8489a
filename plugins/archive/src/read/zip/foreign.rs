//! Entries the `zip` crate reads: encrypted ones, and methods that are rare today.
//!
//! Each is shown to it as an archive of its own: the entry's bytes from the input, followed by a directory of
//! one record. So it needs no directory of thousands for each thread, and equal names do not hide each other.

use crate::codec::blame;
use crate::context::Context;
use crate::member::{Member, Place};
use crate::source::Source;
use formwork_sdk::{Error, ErrorKind, Result};
use std::io::{self, Read, Seek, SeekFrom};
use zip::ZipArchive;
use zip::result::ZipError;

/// A directory record, rewritten to describe the only entry of an archive.
pub(crate) struct Record {
    bytes: Vec<u8>,
    encrypted: bool,
}

impl Record {
    pub(super) fn new(fixed: &[u8; 46], extra: &[u8], bytes: u64, packed: u64, encrypted: bool) -> Record {
        // Only AES needs its extra field; zip64's is written anew.
        let mut extras = kept(extra, 0x9901).to_vec();
        extras.extend_from_slice(&[1, 0, 16, 0]);
        extras.extend_from_slice(&bytes.to_le_bytes());
        extras.extend_from_slice(&packed.to_le_bytes());
        let mut record = fixed.to_vec();
        // Both sizes from zip64, a name of one letter, no comment, first disk, header at the start.
        put(&mut record, 20, &[0xFF; 8]);
        put(&mut record, 28, &1_u16.to_le_bytes());
        put(&mut record, 30, &(extras.len() as u16).to_le_bytes());
        put(&mut record, 32, &[0; 4]);
        put(&mut record, 42, &[0; 4]);
        record.push(b'x');
        record.extend_from_slice(&extras);
        Record { bytes: record, encrypted }
    }

    /// Tells whether the entry is encrypted.
    pub(crate) fn encrypted(&self) -> bool {
        self.encrypted
    }

    /// Opens the entry and lends its unpacked bytes.
    ///
    /// # Errors
    ///
    /// `password_required`, `corrupt_input`, and whatever `work` says.
    pub(crate) fn open<R>(
        &self,
        context: &Context<'_>,
        member: &Member<'_>,
        work: &mut dyn FnMut(&mut dyn Read) -> Result<R>,
    ) -> Result<R> {
        let data = member.start()?;
        let (Place::Local { header: start, .. } | Place::Data(start)) = member.place;
        let window = Window::new(member.source, start, data + member.packed - start, &self.bytes);
        let mut archive = ZipArchive::new(window).map_err(|error| self.explain(error))?;
        let password = if self.encrypted { Some(context.need_password("the zip archive")?) } else { None };
        let mut file = match password {
            Some(password) => archive.by_index_decrypt(0, password.as_bytes()),
            None => archive.by_index(0),
        }
        .map_err(|error| self.explain(error))?;
        let result = work(&mut Counting { inner: &mut file, context });
        context.advance(member.packed)?;
        result
    }

    fn explain(&self, error: ZipError) -> Error {
        match error {
            ZipError::InvalidPassword => Error::password("wrong password"),
            ZipError::Io(error) if self.encrypted => match blame("encrypted", error) {
                error if error.kind == ErrorKind::CorruptInput => {
                    Error::password("wrong password, or the encrypted data is broken")
                }
                error => error,
            },
            ZipError::Io(error) => blame("compressed", error),
            ZipError::UnsupportedArchive(what) => Error::unsupported(what),
            ZipError::CompressionMethodNotSupported(method) => {
                Error::unsupported(format!("the zip method {method} is not supported"))
            }
            other => Error::corrupt(other.to_string()),
        }
    }
}

/// Asks whether to go on while a foreign decoder works.
struct Counting<'r, 'c, R> {
    inner: R,
    context: &'r Context<'c>,
}

impl<R: Read> Read for Counting<'_, '_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.context.tick()?;
        self.inner.read(out)
    }
}

/// The extra field of that id with its head, or nothing.
fn kept(mut extra: &[u8], id: u16) -> &[u8] {
    while let [id0, id1, length0, length1, ..] = extra {
        let length = 4 + usize::from(u16::from_le_bytes([*length0, *length1]));
        let Some((field, rest)) = extra.split_at_checked(length) else { break };
        if u16::from_le_bytes([*id0, *id1]) == id {
            return field;
        }
        extra = rest;
    }
    &[]
}

fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    for (place, byte) in record.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

/// A range of an input followed by a directory of its own.
struct Window<'a> {
    source: Source<'a>,
    start: u64,
    length: u64,
    tail: Vec<u8>,
    position: u64,
}

impl<'a> Window<'a> {
    fn new(source: Source<'a>, start: u64, length: u64, record: &[u8]) -> Self {
        let mut tail = record.to_vec();
        // A zip64 end record and its locator, so that a range of any length can be described.
        let end64 = length + record.len() as u64;
        tail.extend_from_slice(b"PK\x06\x06");
        tail.extend_from_slice(&44_u64.to_le_bytes());
        tail.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [1, 1, record.len() as u64, length] {
            tail.extend_from_slice(&number.to_le_bytes());
        }
        tail.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        tail.extend_from_slice(&end64.to_le_bytes());
        tail.extend_from_slice(&1_u32.to_le_bytes());
        tail.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        tail.extend_from_slice(&(record.len() as u32).to_le_bytes());
        tail.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        tail.extend_from_slice(&[0, 0]);
        Window { source, start, length, tail, position: 0 }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = match self.position.checked_sub(self.length) {
            None => {
                let left = usize::try_from(self.length - self.position).unwrap_or(usize::MAX);
                let room = left.min(out.len());
                let out = out.get_mut(..room).unwrap_or_default();
                self.source.read_at(self.start + self.position, out)?
            }
            Some(past) => {
                let start = usize::try_from(past).unwrap_or(usize::MAX);
                let mut rest = self.tail.get(start..).unwrap_or_default();
                rest.read(out)?
            }
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let end = self.length + self.tail.len() as u64;
        let place = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
