//! Lends borrowed things to code that insists on owning what it uses.
//!
//! The RAR reader wants sources and writers that live as long as the program. Here they are lent for one
//! call: when the lender is dropped, every use of the loan becomes an error.

use crate::source::Source;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

fn over() -> io::Error {
    io::Error::other("the archive was used after it was closed")
}

/// What takes the bytes a reader writes.
pub(super) trait Feed {
    fn feed(&self, bytes: &[u8]) -> io::Result<()>;
}

/// A writer that feeds what was lent.
#[derive(Clone)]
pub(super) struct LentWriter(Rc<RefCell<Option<NonNull<dyn Feed>>>>);

/// Takes the loan back when dropped.
pub(super) struct Lender<'f> {
    writer: LentWriter,
    _feed: std::marker::PhantomData<&'f dyn Feed>,
}

impl<'f> Lender<'f> {
    /// Lends a feed for as long as the lender lives.
    pub(super) fn new(feed: &'f (dyn Feed + 'f)) -> Self {
        let pointer: NonNull<dyn Feed + 'f> = NonNull::from(feed);
        // SAFETY: only the lifetime in the pointer's type changes. It is followed while the lender lives,
        // which 'f outlives; its drop takes the pointer away from every copy of the writer.
        let pointer =
            unsafe { std::mem::transmute::<NonNull<dyn Feed + 'f>, NonNull<dyn Feed + 'static>>(pointer) };
        Lender { writer: LentWriter(Rc::new(RefCell::new(Some(pointer)))), _feed: std::marker::PhantomData }
    }

    /// A writer to hand out.
    pub(super) fn writer(&self) -> LentWriter {
        self.writer.clone()
    }
}

impl Drop for Lender<'_> {
    fn drop(&mut self) {
        // A writer borrows the cell only while it feeds, and feeding does not drop the lender.
        *self.writer.0.borrow_mut() = None;
    }
}

impl Write for LentWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let lent = self.0.borrow();
        let pointer = lent.ok_or_else(over)?;
        // SAFETY: the lender still lives, because it clears the cell when dropped and cannot do so while it
        // is borrowed here; so the feed it was made from lives too. Feeds are only ever used by shared
        // reference, on one thread (`Rc`).
        unsafe { pointer.as_ref() }.feed(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A source that reads what was lent.
#[derive(Clone)]
pub(super) struct LentSource {
    source: Arc<Mutex<Option<Source<'static>>>>,
    length: u64,
    position: u64,
}

/// Takes the source back when dropped.
pub(super) struct SourceLender<'a> {
    lent: LentSource,
    _source: std::marker::PhantomData<Source<'a>>,
}

impl<'a> SourceLender<'a> {
    /// Lends a source for as long as the lender lives.
    pub(super) fn new(source: Source<'a>) -> Self {
        // SAFETY: only the lifetime changes. The source is used under the lock alone, to copy bytes out of
        // it, and the lender, which 'a outlives, takes it away under the same lock when dropped.
        let lent = unsafe { std::mem::transmute::<Source<'a>, Source<'static>>(source) };
        let lent =
            LentSource { source: Arc::new(Mutex::new(Some(lent))), length: source.length(), position: 0 };
        SourceLender { lent, _source: std::marker::PhantomData }
    }

    /// A source to hand out.
    pub(super) fn source(&self) -> LentSource {
        self.lent.clone()
    }
}

impl Drop for SourceLender<'_> {
    fn drop(&mut self) {
        *self.lent.source.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Read for LentSource {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let lent = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let count = lent.as_ref().ok_or_else(over)?.read_at(self.position, out)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for LentSource {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let place = match target {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
