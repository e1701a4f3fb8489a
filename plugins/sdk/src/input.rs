use crate::{Error, ErrorKind, Result, Step};
use formwork_abi as abi;
use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, SystemTime};

/// What an input is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// An ordinary file.
    File,
    /// A directory; has no content.
    Directory,
    /// A symbolic link; its content is the target.
    Symlink,
}

/// One input of a step. Cheap to copy; may be used from several threads.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub(crate) step: &'a Step<'a>,
    pub(crate) index: usize,
    pub(crate) raw: &'a abi::Input,
}

// SAFETY: the contract lets inputs be read from any thread until the call returns, and nothing of the struct
// changes meanwhile; the raw pointers in it are only read.
unsafe impl Sync for Input<'_> {}
// SAFETY: as above.
unsafe impl Send for Input<'_> {}

impl<'a> Input<'a> {
    /// The file's name, or its relative path with `/` when a folder is handed over.
    pub fn name(&self) -> Cow<'a, str> {
        // SAFETY: the engine keeps the step's texts alive until the call returns, which `'a` covers.
        String::from_utf8_lossy(unsafe { self.raw.name.bytes() })
    }

    /// The id of the detected format; empty when unknown.
    pub fn format(&self) -> &'a str {
        // SAFETY: as in `name`.
        unsafe { self.raw.format.as_str() }.unwrap_or("")
    }

    /// What it is on disk.
    pub fn kind(&self) -> InputKind {
        match self.raw.kind {
            abi::KIND_DIRECTORY => InputKind::Directory,
            abi::KIND_SYMLINK => InputKind::Symlink,
            _ => InputKind::File,
        }
    }

    /// Number of bytes, when known.
    pub fn length(&self) -> Option<u64> {
        (self.raw.length != abi::LENGTH_UNKNOWN).then_some(self.raw.length)
    }

    /// Last change, when known.
    pub fn modified(&self) -> Option<SystemTime> {
        time_from_nanoseconds(self.raw.modified)
    }

    /// Unix permission bits, when known.
    pub fn mode(&self) -> Option<u32> {
        (self.raw.mode != 0).then_some(self.raw.mode)
    }

    /// All bytes when the engine holds them in memory already.
    pub fn memory(&self) -> Option<&'a [u8]> {
        if self.raw.memory.is_null() || self.raw.length == abi::LENGTH_UNKNOWN {
            return None;
        }
        let length = usize::try_from(self.raw.length).ok()?;
        // SAFETY: the contract says that `memory`, when not null, holds `length` bytes for the call.
        Some(unsafe { std::slice::from_raw_parts(self.raw.memory, length) })
    }

    /// Returns all bytes, borrowed when the engine holds them, else read in one go.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`) when the input is larger than the limit; `io`.
    pub fn bytes(&self) -> Result<Cow<'a, [u8]>> {
        if let Some(memory) = self.memory() {
            return Ok(Cow::Borrowed(memory));
        }
        let allowed = self.step.limits().memory;
        let mut bytes = Vec::new();
        if let Some(length) = self.length() {
            if length > allowed {
                return Err(Error::limit("memory", length, allowed));
            }
            let length = usize::try_from(length).map_err(|_| Error::limit("memory", length, allowed))?;
            bytes.try_reserve_exact(length + 1).map_err(|_| Error::limit("memory", length, allowed))?;
        }
        self.reader().take(allowed.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > allowed {
            return Err(Error::limit("memory", bytes.len(), allowed));
        }
        Ok(Cow::Owned(bytes))
    }

    /// Returns up to `length` bytes from the start.
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn head(&self, length: usize) -> Result<Cow<'a, [u8]>> {
        if let Some(memory) = self.memory() {
            return Ok(Cow::Borrowed(memory.get(..length).unwrap_or(memory)));
        }
        let mut bytes = Vec::new();
        self.reader().take(length as u64).read_to_end(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// Reads bytes from an offset; returns how many, 0 at the end. Does not move any reader.
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        if let Some(memory) = self.memory() {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(memory.len());
            let rest = memory.get(start..).unwrap_or(&[]);
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        }
        let host = self.step.host;
        let count = (host.read_at)(host.context, self.index, offset, buffer.as_mut_ptr(), buffer.len());
        match usize::try_from(count) {
            Ok(count) if count <= buffer.len() => Ok(count),
            _ => Err(Error::recorded(ErrorKind::Io)),
        }
    }

    /// Fills a buffer from an offset.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the input ends before; `io`.
    pub fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let count = self.read_at(offset, buffer)?;
            if count == 0 {
                return Err(Error::corrupt("the input ends too early"));
            }
            offset += count as u64;
            buffer = buffer.get_mut(count..).unwrap_or(&mut []);
        }
        Ok(())
    }

    /// Returns a reader from the start. It does not buffer: wrap it when reading little by little.
    pub fn reader(&self) -> Reader<'a> {
        Reader { input: *self, position: 0 }
    }

    /// Lets the engine close the file; reading again opens it again.
    pub fn release(&self) {
        let host = self.step.host;
        (host.release)(host.context, self.index);
    }
}

/// Reads an input from front to back, or from where it is told to.
#[derive(Clone)]
pub struct Reader<'a> {
    input: Input<'a>,
    position: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let end = || self.input.length().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported));
        let position = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => end()?.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

pub(crate) fn time_from_nanoseconds(nanoseconds: i64) -> Option<SystemTime> {
    if nanoseconds == abi::TIME_UNKNOWN {
        return None;
    }
    let span = Duration::from_nanos(nanoseconds.unsigned_abs());
    if nanoseconds >= 0 {
        SystemTime::UNIX_EPOCH.checked_add(span)
    } else {
        SystemTime::UNIX_EPOCH.checked_sub(span)
    }
}

pub(crate) fn nanoseconds_from_time(time: Option<SystemTime>) -> i64 {
    let Some(time) = time else { return abi::TIME_UNKNOWN };
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(abi::TIME_UNKNOWN),
        Err(before) => {
            i64::try_from(before.duration().as_nanos()).map_or(abi::TIME_UNKNOWN, |nanoseconds| -nanoseconds)
        }
    }
}
