//! The one output of a step, buffered.

use formwork_sdk::{Result, Step, Writer};
use std::io::{self, Write};

/// Bytes gathered before the host is called.
const BUFFER: usize = 256 << 10;
/// Pieces from this size on go to the host as they are.
const DIRECT: usize = 64 << 10;

/// Writes the main output in large blocks.
pub(crate) struct Out<'a> {
    writer: Writer<'a>,
    buffer: Vec<u8>,
}

impl<'a> Out<'a> {
    /// Opens the main output.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn open(step: &'a Step<'a>) -> Result<Self> {
        Ok(Out { writer: step.create_output()?, buffer: Vec::new() })
    }

    /// Bytes written so far.
    pub(crate) fn position(&self) -> u64 {
        self.writer.length() + self.buffer.len() as u64
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= DIRECT {
            self.send()?;
            return self.writer.append(bytes);
        }
        if self.buffer.len() + bytes.len() > BUFFER {
            self.send()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes over bytes written before.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.send()?;
        self.writer.write_at(offset, bytes)
    }

    fn send(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.writer.append(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Ends the output.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`); `io`.
    pub(crate) fn close(mut self) -> Result<()> {
        self.send()?;
        self.writer.close()
    }
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
