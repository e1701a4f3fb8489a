//! The bytes of an input as the library reads them, and what the library says of them.

use formwork_sdk::{Error, Result, Step};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// A file in memory. Reading it asks whether to go on, because the library does not.
pub(crate) struct Source<'s> {
    step: &'s Step<'s>,
    bytes: Cursor<Cow<'s, [u8]>>,
    stopped: Stopped,
}

/// Why reading was stopped from outside, if it was: the library hands on only that it failed.
#[derive(Clone, Default)]
pub(crate) struct Stopped(Rc<RefCell<Option<Error>>>);

impl<'s> Source<'s> {
    pub(crate) fn new(step: &'s Step<'s>, bytes: Cow<'s, [u8]>) -> Source<'s> {
        Source { step, bytes: Cursor::new(bytes), stopped: Stopped::default() }
    }

    pub(crate) fn stopped(&self) -> Stopped {
        self.stopped.clone()
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = self.step.tick(0, 0) {
            self.stopped.0.replace(Some(error.clone()));
            return Err(error.into());
        }
        self.bytes.read(buffer)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(target)
    }
}

impl Stopped {
    /// Does something with the library. What it fails at, or panics at, is damage of the file, unless it was stopped.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `cancelled`; `timeout`.
    pub(crate) fn guard<T, E: Display>(&self, work: impl FnOnce() -> std::result::Result<T, E>) -> Result<T> {
        let why = match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "its parts contradict each other".into(),
        };
        Err(self.0.take().unwrap_or_else(|| damaged(why)))
    }
}

/// The error for a file that cannot be read as the workbook it looks like.
pub(crate) fn damaged(why: impl Display) -> Error {
    Error::corrupt(format!(
        "the workbook is damaged: {why}; the program that made it may be able to repair it"
    ))
}

/// The error for a file that nobody here can open.
pub(crate) fn protected() -> Error {
    Error::password(
        "the workbook is encrypted, and encrypted workbooks cannot be opened here, with a password neither: save it \
         without one first",
    )
}
