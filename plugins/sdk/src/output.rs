use crate::{Error, ErrorKind, Result, Step, input::nanoseconds_from_time};
use formwork_abi as abi;
use std::io::{self, Seek, SeekFrom, Write};
use std::time::SystemTime;

/// What an output becomes on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputKind {
    /// An ordinary file.
    #[default]
    File,
    /// A directory; nothing is written to it.
    Directory,
    /// A symbolic link; what is written is its target.
    Symlink,
    /// A hard link; what is written is the name of an earlier output.
    HardLink,
}

/// What is known of an output when it is opened.
#[derive(Clone, Debug, Default)]
pub struct OutputInfo<'s> {
    /// Relative path with `/`; empty for the main output, which the engine names.
    pub name: &'s str,
    /// What it becomes on disk.
    pub kind: OutputKind,
    /// Id of the format; empty means the step's target.
    pub format: &'s str,
    /// Number of bytes when known, so that the engine can reserve.
    pub length: Option<u64>,
    /// Last change.
    pub modified: Option<SystemTime>,
    /// Unix permission bits.
    pub mode: Option<u32>,
}

/// Writes one output. Unbuffered: each write is a call to the engine, so write in large blocks or wrap
/// it in a `BufWriter`. Dropped without [`Writer::close`], the output vanishes.
pub struct Writer<'a> {
    step: &'a Step<'a>,
    id: i64,
    position: u64,
    end: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn open(step: &'a Step<'a>, info: &OutputInfo<'_>) -> Result<Self> {
        let raw = abi::Output {
            size: size_of::<abi::Output>() as u32,
            kind: match info.kind {
                OutputKind::File => abi::KIND_FILE,
                OutputKind::Directory => abi::KIND_DIRECTORY,
                OutputKind::Symlink => abi::KIND_SYMLINK,
                OutputKind::HardLink => abi::KIND_HARD_LINK,
            },
            name: abi::Text::new(info.name),
            format: abi::Text::new(info.format),
            length: info.length.unwrap_or(abi::LENGTH_UNKNOWN),
            modified: nanoseconds_from_time(info.modified),
            mode: info.mode.unwrap_or(0),
            reserved: 0,
        };
        let id = (step.host.open_output)(step.host.context, &raw);
        if id < 0 {
            return Err(Error::recorded(ErrorKind::Io));
        }
        Ok(Writer { step, id, position: 0, end: 0 })
    }

    /// Number of bytes the output has.
    pub fn length(&self) -> u64 {
        self.end
    }

    /// Appends bytes, whatever the position.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let text = abi::Text { pointer: bytes.as_ptr(), length: bytes.len() };
        if (self.step.host.write)(self.step.host.context, self.id, text) != 0 {
            return Err(Error::recorded(ErrorKind::Io));
        }
        self.end += bytes.len() as u64;
        self.position = self.end;
        Ok(())
    }

    /// Writes bytes at an offset within what was written, or right at its end.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let text = abi::Text { pointer: bytes.as_ptr(), length: bytes.len() };
        if (self.step.host.write_at)(self.step.host.context, self.id, offset, text) != 0 {
            return Err(Error::recorded(ErrorKind::Io));
        }
        self.end = self.end.max(offset.saturating_add(bytes.len() as u64));
        Ok(())
    }

    /// Ends the output.
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn close(self) -> Result<()> {
        if (self.step.host.close_output)(self.step.host.context, self.id) != 0 {
            return Err(Error::recorded(ErrorKind::Io));
        }
        Ok(())
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.position == self.end {
            self.append(bytes)?;
        } else {
            self.write_at(self.position, bytes)?;
            self.position += bytes.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Writer<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
        };
        match position {
            Some(position) if position <= self.end => {
                self.position = position;
                Ok(position)
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}
