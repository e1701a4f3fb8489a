//! Reading an input: at any place, or from front to back.

use crate::context::{Context, TICK};
use formwork_sdk::{Error, Input, Result};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// The bytes of one input. Cheap to copy; may be read from several threads.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    from: From<'a>,
    length: u64,
}

#[derive(Clone, Copy)]
enum From<'a> {
    Memory(&'a [u8]),
    Input(Input<'a>),
}

impl<'a> Source<'a> {
    /// Reads from bytes that are held already.
    pub(crate) fn of_bytes(bytes: &'a [u8]) -> Self {
        Source { from: From::Memory(bytes), length: bytes.len() as u64 }
    }

    /// Reads from an input; `None` when its length is not known.
    pub(crate) fn of_input(input: Input<'a>) -> Option<Self> {
        match input.memory() {
            Some(memory) => Some(Source::of_bytes(memory)),
            None => Some(Source { from: From::Input(input), length: input.length()? }),
        }
    }

    /// Number of bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Returns a range without copying, when the bytes are in memory and reach that far.
    pub(crate) fn slice(&self, offset: u64, length: u64) -> Option<&'a [u8]> {
        let From::Memory(memory) = self.from else { return None };
        let start = usize::try_from(offset).ok()?;
        let end = usize::try_from(offset.checked_add(length)?).ok()?;
        memory.get(start..end)
    }

    /// Returns a range, borrowed when it is in memory, else read into `buffer`.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the input ends before; `io`.
    pub(crate) fn bytes<'b>(&self, offset: u64, length: u64, buffer: &'b mut Vec<u8>) -> Result<&'b [u8]>
    where
        'a: 'b,
    {
        if offset.checked_add(length).is_none_or(|end| end > self.length) {
            return Err(Error::corrupt("the input ends too early"));
        }
        if let Some(slice) = self.slice(offset, length) {
            return Ok(slice);
        }
        let length = usize::try_from(length).map_err(|_| Error::corrupt("a part is larger than memory"))?;
        buffer.clear();
        reserve(buffer, length)?;
        buffer.resize(length, 0);
        self.read_exact_at(offset, buffer)?;
        Ok(buffer)
    }

    /// Reads up to a buffer's length; returns how many bytes, 0 at the end.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        match self.from {
            From::Input(input) => input.read_at(offset, buffer),
            From::Memory(memory) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(memory.len());
                let mut rest = memory.get(start..).unwrap_or_default();
                Ok(rest.read(buffer)?)
            }
        }
    }

    /// Fills a buffer.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the input ends before; `io`.
    pub(crate) fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_at(offset.saturating_add(done as u64), rest)? {
                0 => return Err(Error::corrupt("the input ends too early")),
                count => done += count,
            }
        }
        Ok(())
    }

    /// Reads a small structure of fixed size.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the input ends before; `io`.
    pub(crate) fn array<const N: usize>(&self, offset: u64) -> Result<[u8; N]> {
        let mut array = [0; N];
        self.read_exact_at(offset, &mut array)?;
        Ok(array)
    }

    /// Returns a buffered reader over a range, which ticks as it goes; `counts` adds to the progress.
    pub(crate) fn reader(
        &self,
        context: &'a Context<'a>,
        offset: u64,
        length: u64,
        counts: bool,
    ) -> SourceReader<'a> {
        let end = offset.saturating_add(length).min(self.length);
        let start = offset.min(end);
        SourceReader {
            source: *self,
            context,
            counts,
            start,
            position: start,
            end,
            buffer: Vec::new(),
            used: 0,
        }
    }

    /// Returns a buffered reader over everything, which adds to the progress.
    pub(crate) fn whole(&self, context: &'a Context<'a>) -> SourceReader<'a> {
        self.reader(context, 0, self.length, true)
    }
}

/// Makes room for more bytes without ending the process when there is none.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn reserve(buffer: &mut Vec<u8>, more: usize) -> Result<()> {
    buffer.try_reserve(more).map_err(|_| Error::limit("memory", more, "what this machine has"))
}

/// Reads a range of a source from front to back.
pub(crate) struct SourceReader<'a> {
    source: Source<'a>,
    context: &'a Context<'a>,
    counts: bool,
    start: u64,
    /// Where the next bytes after `buffer` stand.
    position: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

/// How much is read at once.
const BLOCK: usize = 2 * TICK;

impl SourceReader<'_> {
    /// Bytes handed out so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.position - self.start - (self.buffer.len() - self.used) as u64
    }

    fn refill(&mut self) -> Result<()> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        self.buffer.resize(left.min(BLOCK), 0);
        let count = self.source.read_at(self.position, &mut self.buffer)?;
        self.buffer.truncate(count);
        self.used = 0;
        self.position += count as u64;
        if self.counts { self.context.advance(count as u64) } else { self.context.tick() }
    }
}

impl BufRead for SourceReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.buffer.len() && self.position < self.end {
            self.refill()?;
        }
        Ok(self.buffer.get(self.used..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.used = self.used.saturating_add(count).min(self.buffer.len());
    }
}

impl Read for SourceReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let place = match target {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => {
                self.start.checked_add(self.consumed()).and_then(|at| at.checked_add_signed(offset))
            }
        };
        let place = place.filter(|place| *place >= self.start).ok_or(io::ErrorKind::InvalidInput)?;
        let buffered = self.position - self.buffer.len() as u64;
        if (buffered..self.position).contains(&place) {
            self.used = (place - buffered) as usize;
        } else {
            (self.position, self.used) = (place, 0);
            self.buffer.clear();
        }
        Ok(place - self.start)
    }
}
