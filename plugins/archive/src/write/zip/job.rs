//! What tasks do for a zip: everything about one file but writing it.

use super::aes::Cipher;
use super::record::{Method, Record};
use crate::codec::deflate;
use crate::context::Context;
use crate::entry::{Entry, Kind};
use crate::member::{Member, Packing, in_entry};
use crate::scratch::Scratch;
use formwork_sdk::Result;

/// A task.
pub(super) enum Job<'a> {
    /// Takes packed data over as it is, after checking it.
    Copy { entry: Entry, member: Member<'a> },
    /// Reads and deflates a file.
    Member { entry: Entry, member: Member<'a>, level: i32, password: Option<&'a str> },
    /// Deflates bytes.
    Bytes { entry: Entry, plain: Vec<u8>, level: i32, password: Option<&'a str> },
    /// Starts a large file.
    Open { record: Record },
    /// Deflates a piece of a large file.
    Piece { before: Vec<u8>, plain: Vec<u8>, level: i32, last: bool },
    /// Ends a large file.
    Close,
}

/// What a task made.
pub(super) enum Made<'a> {
    Whole { record: Record, data: Packed<'a> },
    Open { record: Record, cipher: Option<Box<Cipher>> },
    Piece { bytes: Vec<u8>, crc: u32, plain: u64 },
    Close,
}

/// Packed bytes of a whole file.
pub(super) enum Packed<'a> {
    Owned(Vec<u8>),
    /// Bytes of an input that is in memory.
    Borrowed(&'a [u8]),
}

impl<'a> Job<'a> {
    pub(super) fn run(self, context: &'a Context<'a>, scratch: &mut Scratch) -> Result<Made<'a>> {
        match self {
            Job::Copy { entry, member } => {
                copy(context, &entry, &member, scratch).map_err(|error| in_entry(&entry.name, error))
            }
            Job::Member { entry, member, level, password } => {
                let made = pack_member(context, &entry, &member, level, password, scratch);
                made.map_err(|error| in_entry(&entry.name, error))
            }
            Job::Bytes { entry, plain, level, password } => {
                let crc = libdeflater::crc32(&plain);
                pack(&entry, &plain, crc, level, password, scratch)
            }
            Job::Open { record } => {
                let cipher = match context.password.filter(|_| record.encrypted) {
                    Some(password) => Some(Box::new(Cipher::new(password)?)),
                    None => None,
                };
                Ok(Made::Open { record, cipher })
            }
            Job::Piece { before, plain, level, last } => {
                let bytes = deflate::piece(&before, &plain, level, last)?;
                Ok(Made::Piece { bytes, crc: libdeflater::crc32(&plain), plain: plain.len() as u64 })
            }
            Job::Close => Ok(Made::Close),
        }
    }
}

/// Checks packed data by unpacking it, and hands it on.
fn copy<'a>(
    context: &'a Context<'a>,
    entry: &Entry,
    member: &Member<'a>,
    scratch: &mut Scratch,
) -> Result<Made<'a>> {
    let method = if matches!(member.packing, Packing::Deflate) { Method::Deflate } else { Method::Stored };
    let mut record = Record::new(entry, method);
    record.crc = member.unpack(context, scratch, &mut |_| Ok(()))?;
    (record.bytes, record.packed) = (member.bytes, member.packed);
    let data = match member.source.slice(member.start()?, member.packed) {
        Some(bytes) => Packed::Borrowed(bytes),
        None => Packed::Owned(member.raw(&mut scratch.packed)?.to_vec()),
    };
    scratch.trim();
    Ok(Made::Whole { record, data })
}

/// Reads a file and deflates it.
fn pack_member<'a>(
    context: &'a Context<'a>,
    entry: &Entry,
    member: &Member<'a>,
    level: i32,
    password: Option<&str>,
    scratch: &mut Scratch,
) -> Result<Made<'a>> {
    // Bytes in memory need no copy.
    let direct = matches!(member.packing, Packing::Stored).then(|| member.start()).transpose()?;
    if let Some(plain) = direct.and_then(|start| member.source.slice(start, member.bytes)) {
        context.unpack(member.bytes)?;
        let crc = libdeflater::crc32(plain);
        let made = pack(entry, plain, crc, level, password, scratch);
        context.advance(member.packed)?;
        return made;
    }
    let mut plain = std::mem::take(&mut scratch.gathered);
    plain.clear();
    plain.reserve(usize::try_from(member.bytes).unwrap_or(0));
    let crc = member.unpack(context, scratch, &mut |bytes| {
        plain.extend_from_slice(bytes);
        Ok(())
    })?;
    let made = pack(entry, &plain, crc, level, password, scratch);
    scratch.gathered = plain;
    scratch.trim();
    made
}

/// Deflates bytes, or stores them when that is shorter, and encrypts them when asked to.
fn pack<'a>(
    entry: &Entry,
    plain: &[u8],
    crc: u32,
    level: i32,
    password: Option<&str>,
    scratch: &mut Scratch,
) -> Result<Made<'a>> {
    let mut record = Record::new(entry, Method::Stored);
    let mut data = Vec::new();
    if level > 0 && !plain.is_empty() && !matches!(entry.kind, Kind::Symlink(_)) {
        let deflated = scratch.deflate(plain, level)?;
        if deflated.len() < plain.len() {
            record.method = Method::Deflate;
            data = deflated.to_vec();
        }
    }
    if record.method == Method::Stored {
        data = plain.to_vec();
    }
    (record.crc, record.bytes) = (crc, plain.len() as u64);
    if let Some(password) = password.filter(|_| !plain.is_empty()) {
        let mut cipher = Cipher::new(password)?;
        cipher.encrypt(&mut data);
        let mut sealed = cipher.head().to_vec();
        sealed.extend_from_slice(&data);
        sealed.extend_from_slice(&cipher.tail());
        data = sealed;
        (record.encrypted, record.crc) = (true, 0);
    }
    record.packed = data.len() as u64;
    Ok(Made::Whole { record, data: Packed::Owned(data) })
}
