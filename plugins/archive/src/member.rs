//! A file whose packed bytes lie in an input, to be unpacked when and where it suits.

use crate::codec;
use crate::context::{Context, TICK};
use crate::read::zip::foreign::Record;
use crate::scratch::Scratch;
use crate::source::Source;
use formwork_sdk::{Error, Result};
use libdeflater::Crc;
use std::io::Read;
use std::sync::Arc;

/// Files up to this size are unpacked in one go; larger ones piece by piece.
const WHOLE: u64 = 1 << 20;

/// One file's place in an input. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Member<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) place: Place,
    /// Number of packed bytes.
    pub(crate) packed: u64,
    /// Number of unpacked bytes; a member that unpacks to another number is broken.
    pub(crate) bytes: u64,
    /// CRC-32 of the unpacked bytes, when known.
    pub(crate) crc: Option<u32>,
    pub(crate) packing: Packing,
}

/// Where the packed bytes stand.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// From here on.
    Data(u64),
    /// After the zip local header that starts at `header`; they must end at `bound` or before.
    Local { header: u64, bound: u64 },
}

/// How the bytes are packed.
#[derive(Clone)]
pub(crate) enum Packing {
    Stored,
    Deflate,
    Bzip2,
    Lzma,
    Zstd,
    Xz,
    /// Encrypted, or in a method of old: read by the `zip` crate.
    Foreign(Arc<Record>),
}

/// What takes unpacked bytes.
pub(crate) type Take<'t> = dyn FnMut(&[u8]) -> Result<()> + 't;

impl<'a> Member<'a> {
    /// Bytes of an input as they are.
    pub(crate) fn stored(source: Source<'a>) -> Member<'a> {
        let (packed, bytes) = (source.length(), source.length());
        Member { source, place: Place::Data(0), packed, bytes, crc: None, packing: Packing::Stored }
    }

    /// Tells whether the packed bytes are raw deflate data that can be handed on as they are.
    pub(crate) fn is_deflate(&self) -> bool {
        matches!(self.packing, Packing::Deflate)
    }

    /// Returns where the packed bytes start.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when they do not lie where the directory says; `io`.
    pub(crate) fn start(&self) -> Result<u64> {
        let (header, bound) = match self.place {
            Place::Data(start) => return Ok(start),
            Place::Local { header, bound } => (header, bound),
        };
        let local: [u8; 30] = self.source.array(header)?;
        let [b'P', b'K', 3, 4, .., name_low, name_high, extra_low, extra_high] = local else {
            return Err(Error::corrupt("there is no local header where the directory says"));
        };
        let name = u64::from(u16::from_le_bytes([name_low, name_high]));
        let extra = u64::from(u16::from_le_bytes([extra_low, extra_high]));
        let start = header.saturating_add(30 + name + extra);
        if start.saturating_add(self.packed) > bound {
            return Err(Error::corrupt("its data overlaps another entry, as in a decompression bomb"));
        }
        Ok(start)
    }

    /// Returns the packed bytes.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`memory`); `io`.
    pub(crate) fn raw<'b>(&self, buffer: &'b mut Vec<u8>) -> Result<&'b [u8]>
    where
        'a: 'b,
    {
        self.source.bytes(self.start()?, self.packed, buffer)
    }

    /// Hands the packed bytes on in pieces.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `io`; whatever `take` says.
    pub(crate) fn raw_pieces(&self, scratch: &mut Scratch, take: &mut Take<'_>) -> Result<()> {
        let start = self.start()?;
        let mut done = 0;
        while done < self.packed {
            let count = (self.packed - done).min(1 << 20);
            take(self.source.bytes(start + done, count, &mut scratch.packed)?)?;
            done += count;
        }
        Ok(())
    }

    /// Unpacks, checks length and CRC, and hands the bytes on in one or more pieces. Counts them as
    /// unpacked, and the packed ones as progress. Returns the CRC-32.
    ///
    /// # Errors
    ///
    /// `corrupt_input`, `password_required`, `limit_exceeded`, `io`, and whatever `take` says.
    pub(crate) fn unpack(
        &self,
        context: &'a Context<'a>,
        scratch: &mut Scratch,
        take: &mut Take<'_>,
    ) -> Result<u32> {
        context.unpack(self.bytes)?;
        match &self.packing {
            Packing::Deflate if self.bytes <= WHOLE => self.inflate(context, scratch, take),
            Packing::Stored => self.copy(context, scratch, take),
            _ => self.stream(context, scratch, take),
        }
    }

    /// Inflates in one go.
    fn inflate(&self, context: &Context<'_>, scratch: &mut Scratch, take: &mut Take<'_>) -> Result<u32> {
        let start = self.start()?;
        let (packed, plain, mut inflater) = scratch.parts();
        let packed = self.source.bytes(start, self.packed, packed)?;
        let length = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let plain = inflater.inflate(packed, plain, length)?;
        let crc = libdeflater::crc32(plain);
        self.check(self.bytes, crc)?;
        take(plain)?;
        context.advance(self.packed)?;
        Ok(crc)
    }

    /// Hands stored bytes on, straight from memory where they are there.
    fn copy(&self, context: &Context<'_>, scratch: &mut Scratch, take: &mut Take<'_>) -> Result<u32> {
        let start = self.start()?;
        let mut crc = Crc::new();
        let mut done = 0;
        // A claim that does not fit the packed bytes is caught by the check at the end.
        while done < self.packed {
            let count = (self.packed - done).min(4 * TICK as u64);
            let piece = self.source.bytes(start + done, count, &mut scratch.packed)?;
            crc.update(piece);
            take(piece)?;
            done += count;
            context.advance(count)?;
        }
        self.check(done, crc.sum())?;
        Ok(crc.sum())
    }

    /// Unpacks piece by piece.
    fn stream(&self, context: &'a Context<'a>, scratch: &mut Scratch, take: &mut Take<'_>) -> Result<u32> {
        if let Packing::Foreign(record) = &self.packing {
            return record.open(context, self, &mut |reader| self.drain(reader, scratch, take));
        }
        let packed = self.source.reader(context, self.start()?, self.packed, true);
        let mut reader: Box<dyn Read + 'a> = match self.packing {
            Packing::Stored | Packing::Foreign(_) => Box::new(packed),
            Packing::Deflate => Box::new(codec::Piped::new(packed, codec::gzip::Inflate::new())),
            Packing::Bzip2 => Box::new(codec::bzip2::Reader::new(context, packed)),
            Packing::Lzma => codec::lzma::in_zip(context, packed, self.bytes)?,
            Packing::Zstd => codec::zstd::reader(context, packed)?,
            Packing::Xz => codec::xz::reader(context, packed)?,
        };
        self.drain(&mut *reader, scratch, take)
    }

    /// Reads a decoder to its end.
    fn drain(&self, reader: &mut dyn Read, scratch: &mut Scratch, take: &mut Take<'_>) -> Result<u32> {
        let mut crc = Crc::new();
        let mut done = 0;
        scratch.plain.resize(scratch.plain.len().max(4 * TICK), 0);
        let piece = scratch.plain.get_mut(..4 * TICK).unwrap_or_default();
        loop {
            let count = reader.read(piece).map_err(|error| self.explain(error))?;
            let bytes = piece.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            done += count as u64;
            if done > self.bytes {
                return Err(Error::corrupt(format!(
                    "it unpacks to more than the {} bytes claimed",
                    self.bytes
                )));
            }
            crc.update(bytes);
            take(bytes)?;
        }
        self.check(done, crc.sum())?;
        Ok(crc.sum())
    }

    /// A decoder's error in the words of this one; a wrong password looks like broken data.
    fn explain(&self, error: std::io::Error) -> Error {
        let error = codec::blame("compressed", error);
        match (&self.packing, error.kind) {
            (Packing::Foreign(record), formwork_sdk::ErrorKind::CorruptInput) if record.encrypted() => {
                Error::password("wrong password, or the encrypted data is broken")
            }
            _ => error,
        }
    }

    fn check(&self, bytes: u64, crc: u32) -> Result<()> {
        if bytes != self.bytes {
            return Err(Error::corrupt(format!("it unpacks to {bytes} bytes instead of {}", self.bytes)));
        }
        match self.crc {
            Some(expected) if expected != crc => {
                let encrypted = matches!(&self.packing, Packing::Foreign(record) if record.encrypted());
                Err(if encrypted {
                    Error::password("wrong password, or the encrypted data is broken")
                } else {
                    Error::corrupt("its checksum is wrong: the data is broken")
                })
            }
            _ => Ok(()),
        }
    }
}

/// Names an entry in an error that happened in it.
pub(crate) fn in_entry(name: &str, mut error: Error) -> Error {
    use formwork_sdk::ErrorKind::{CorruptInput, LimitExceeded, PasswordRequired, UnsupportedConversion};
    match error.kind {
        CorruptInput | PasswordRequired | UnsupportedConversion | LimitExceeded => {
            error.message = format!("entry {}: {}", crate::names::shown(name), error.message);
        }
        _ => {}
    }
    error
}
