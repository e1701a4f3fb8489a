//! Archives that are read from front to back: tar and cpio, as they are or out of a compressed stream.

use crate::context::{Context, TICK};
use crate::entry::{Entry, Sink};
use crate::member::{Member, Packing, Place};
use crate::source::{Source, SourceReader, reserve};
use formwork_sdk::{Error, Result};
use std::io::{self, Read};

/// The bytes of an archive that has no directory.
pub(crate) struct Tape<'a> {
    context: &'a Context<'a>,
    from: From<'a>,
    position: u64,
    buffer: Vec<u8>,
}

enum From<'a> {
    /// Bytes that can be had at any place, so that files become members.
    Plain(Source<'a>, SourceReader<'a>),
    /// Bytes that come out of a decoder.
    Stream(Box<dyn Read + 'a>),
}

impl<'a> Tape<'a> {
    /// An archive that is not compressed.
    pub(crate) fn plain(context: &'a Context<'a>, source: Source<'a>) -> Self {
        // Progress is counted where the members are read, so not twice here.
        let reader = source.reader(context, 0, source.length(), false);
        Tape { context, from: From::Plain(source, reader), position: 0, buffer: Vec::new() }
    }

    /// An archive out of a decoder.
    pub(crate) fn stream(context: &'a Context<'a>, stream: Box<dyn Read + 'a>) -> Self {
        Tape { context, from: From::Stream(stream), position: 0, buffer: Vec::new() }
    }

    /// Bytes passed so far.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Fills a buffer as far as there are bytes; returns how many.
    ///
    /// # Errors
    ///
    /// Whatever the decoder says.
    pub(crate) fn fill(&mut self, out: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let count = match &mut self.from {
                From::Plain(_, reader) => reader.read(rest),
                From::Stream(stream) => stream.read(rest),
            };
            match count {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.position += done as u64;
        Ok(done)
    }

    /// Fills a buffer.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the archive ends before.
    pub(crate) fn exact(&mut self, out: &mut [u8]) -> Result<()> {
        if self.fill(out)? < out.len() { Err(self.cut_short()) } else { Ok(()) }
    }

    /// Reads a part that must be kept in memory. The caller has checked its length.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the archive ends before; `limit_exceeded` (`memory`).
    pub(crate) fn take(&mut self, length: u64) -> Result<Vec<u8>> {
        self.context.may_use(length)?;
        let length = usize::try_from(length).map_err(|_| self.cut_short())?;
        let mut bytes = Vec::new();
        // Grown as the bytes arrive, so that a lie costs nothing.
        while bytes.len() < length {
            let start = bytes.len();
            let more = (length - start).min(TICK);
            reserve(&mut bytes, more)?;
            bytes.resize(start + more, 0);
            self.exact(bytes.get_mut(start..).unwrap_or_default())?;
        }
        Ok(bytes)
    }

    /// Passes over bytes without looking at them.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the archive ends before.
    pub(crate) fn skip(&mut self, length: u64) -> Result<()> {
        if let From::Plain(source, reader) = &mut self.from {
            let end = self.position.checked_add(length).filter(|end| *end <= source.length());
            let Some(end) = end else { return Err(self.cut_short()) };
            io::Seek::seek(reader, io::SeekFrom::Start(end))?;
            self.position = end;
            return Ok(());
        }
        self.pass(length, &mut |_| Ok(()))
    }

    /// Hands bytes on piece by piece.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the archive ends before; whatever `take` says.
    pub(crate) fn pass(&mut self, length: u64, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(4 * TICK, 0);
        let mut left = length;
        let mut result = Ok(());
        while left > 0 && result.is_ok() {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let piece = buffer.get_mut(..room).unwrap_or_default();
            result = self.exact(piece).and_then(|()| take(piece));
            left -= room as u64;
        }
        self.buffer = buffer;
        result
    }

    /// Hands the next file's bytes to a sink and passes over them, and `padding` bytes more.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the archive ends before; whatever the sink says.
    pub(crate) fn file(
        &mut self,
        entry: Entry,
        bytes: u64,
        padding: u64,
        sink: &mut dyn Sink<'a>,
    ) -> Result<()> {
        if let From::Plain(source, _) = &self.from {
            let place = Place::Data(self.position);
            let member =
                Member { source: *source, place, packed: bytes, bytes, crc: None, packing: Packing::Stored };
            let end = self.position.checked_add(bytes).filter(|end| *end <= source.length());
            if end.is_none() {
                return Err(self.cut_short());
            }
            sink.member(entry, member)?;
            self.skip(bytes)?;
        } else if sink.begin(entry)? {
            self.pass(bytes, &mut |piece| sink.data(piece))?;
            sink.end()?;
        } else {
            self.count_skipped(bytes)?;
        }
        let mut rest = [0; 512];
        let room = usize::try_from(padding).unwrap_or(0).min(rest.len());
        match self.fill(rest.get_mut(..room).unwrap_or_default())? {
            // The last padding is missing in some archives. One that breaks off is none of them.
            0 => Ok(()),
            count if count == room => Ok(()),
            _ => Err(self.cut_short()),
        }
    }

    /// Passes over bytes nobody wants; they were unpacked all the same.
    fn count_skipped(&mut self, bytes: u64) -> Result<()> {
        let context = self.context;
        self.pass(bytes, &mut |piece| context.unpack(piece.len() as u64))
    }

    /// Reads to the very end, so that the decoder checks its checksums.
    ///
    /// # Errors
    ///
    /// Whatever the decoder says; `limit_exceeded` when there is no end to it.
    pub(crate) fn drain(&mut self) -> Result<()> {
        let context = self.context;
        if let From::Plain(source, _) = &self.from {
            return context.advance(source.length().saturating_sub(self.position).min(1 << 20));
        }
        let mut buffer = vec![0; TICK];
        loop {
            let count = self.fill(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            context.unpack(count as u64)?;
        }
    }

    /// The error of an archive that ends in the middle.
    pub(crate) fn cut_short(&self) -> Error {
        Error::corrupt(format!("the archive is cut short after {} bytes", self.position))
    }
}
