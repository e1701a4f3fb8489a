//! Writes zip archives.
//!
//! Files are deflated by tasks and written in order. Deflate data that comes from a zip or gzip is taken over
//! as it is, after its checksum was checked. Written from PKWARE's APPNOTE 6.3.10 and WinZip's AES note.

mod aes;
mod job;
mod record;

use super::out::Out;
use crate::codec::deflate;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::{Member, Packing};
use crate::names;
use crate::pool::{Ordered, Pool};
use crate::scratch::Scratch;
use formwork_sdk::{Feature, Result};
use job::{Job, Made, Packed};
use record::{Method, Record};

/// Bytes under way.
const UNDER_WAY: u64 = 8 << 20;

/// Writes a zip archive.
pub(crate) struct ZipSink<'p, 'q, 'a> {
    context: &'a Context<'a>,
    out: Out<'a>,
    queue: Ordered<'p, 'q, 'a, Made<'a>>,
    directory: Vec<u8>,
    count: u64,
    level: i32,
    whole_most: usize,
    current: Option<Current>,
    /// The large file whose pieces are being written.
    open: Option<Open>,
    scratch: Scratch,
    hard_links: u64,
}

/// The file being gathered.
struct Current {
    entry: Entry,
    bytes: Vec<u8>,
    /// Once the file turned out to be large: the end of the piece before.
    before: Option<Vec<u8>>,
}

/// A large file being written.
struct Open {
    record: Record,
    crc: crc32fast::Hasher,
    cipher: Option<Box<aes::Cipher>>,
}

impl<'p, 'q, 'a> ZipSink<'p, 'q, 'a> {
    /// Opens the main output.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn open(context: &'a Context<'a>, pool: &'p Pool<'q, 'a>) -> Result<Self> {
        let level = deflate::level(context.effort);
        Ok(ZipSink {
            context,
            out: Out::open(context.step)?,
            queue: Ordered::new(pool, UNDER_WAY),
            directory: Vec::new(),
            count: 0,
            level,
            whole_most: deflate::whole_most(level),
            current: None,
            open: None,
            scratch: Scratch::default(),
            hard_links: 0,
        })
    }

    /// Writes the directory and ends the archive.
    ///
    /// # Errors
    ///
    /// Any of a task; `io`.
    pub(crate) fn finish(mut self) -> Result<()> {
        while self.emit_one()? {}
        if self.hard_links > 0 {
            let text = format!("{} hard links became symbolic links", self.hard_links);
            self.context.step.lose(Feature::Links, text);
        }
        let start = self.out.position();
        self.out.put(&self.directory)?;
        let end = record::end(self.count, start, self.directory.len() as u64);
        self.out.put(&end)?;
        self.out.close()
    }

    fn push(&mut self, weight: u64, job: Job<'a>) -> Result<()> {
        while self.queue.is_full(weight) {
            self.emit_one()?;
        }
        let context = self.context;
        self.queue.push(weight, move |scratch| job.run(context, scratch));
        Ok(())
    }

    /// Writes the oldest result; returns false when there is none.
    fn emit_one(&mut self) -> Result<bool> {
        let Some(made) = self.queue.pop() else { return Ok(false) };
        match made? {
            Made::Whole { mut record, data } => {
                record.offset = self.out.position();
                self.out.put(&record.local())?;
                match data {
                    Packed::Owned(bytes) => self.out.put(&bytes)?,
                    Packed::Borrowed(bytes) => self.out.put(bytes)?,
                }
                self.list(&record);
            }
            Made::Open { mut record, cipher } => {
                record.offset = self.out.position();
                self.out.put(&record.local())?;
                if let Some(cipher) = &cipher {
                    self.out.put(cipher.head())?;
                    record.packed += cipher.head().len() as u64;
                }
                self.open = Some(Open { record, crc: crc32fast::Hasher::new(), cipher });
            }
            Made::Piece { bytes, crc, plain } => self.piece(bytes, crc, plain)?,
            Made::Close => self.close_large()?,
        }
        Ok(true)
    }

    fn piece(&mut self, mut bytes: Vec<u8>, crc: u32, plain: u64) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        if let Some(cipher) = &mut open.cipher {
            cipher.encrypt(&mut bytes);
        }
        open.crc.combine(&crc32fast::Hasher::new_with_initial_len(crc, plain));
        open.record.bytes += plain;
        open.record.packed += bytes.len() as u64;
        self.out.put(&bytes)
    }

    fn close_large(&mut self) -> Result<()> {
        let Some(Open { mut record, crc, cipher }) = self.open.take() else { return Ok(()) };
        if let Some(cipher) = cipher {
            let tail = cipher.tail();
            self.out.put(&tail)?;
            record.packed += tail.len() as u64;
        } else {
            record.crc = crc.finalize();
        }
        self.out.patch(record.offset, &record.local())?;
        self.list(&record);
        Ok(())
    }

    fn list(&mut self, record: &Record) {
        self.directory.extend_from_slice(&record.central());
        self.count += 1;
    }

    /// Starts to write a file in pieces.
    fn begin_large(&mut self, entry: &Entry) -> Result<()> {
        let mut record = Record::new(entry, Method::Deflate);
        record.wide = entry.bytes.is_none_or(|bytes| bytes >= record::WIDE);
        record.encrypted = self.context.password.is_some();
        self.push(0, Job::Open { record })
    }

    /// Submits the pieces of a large file that are complete.
    fn submit_pieces(&mut self, last: bool) -> Result<()> {
        loop {
            let Some(Current { bytes, before: Some(before), .. }) = &mut self.current else { return Ok(()) };
            let size = deflate::PIECE.min(bytes.len());
            let ends = last && size == bytes.len();
            if size < deflate::PIECE && !ends {
                return Ok(());
            }
            let plain: Vec<u8> = bytes.drain(..size).collect();
            let window =
                plain.get(plain.len().saturating_sub(deflate::WINDOW)..).unwrap_or_default().to_vec();
            let before = std::mem::replace(before, window);
            let level = self.level;
            self.push(plain.len() as u64, Job::Piece { before, plain, level, last: ends })?;
            if ends {
                return self.push(0, Job::Close);
            }
        }
    }

    /// A file without bytes of its own.
    fn plain(&mut self, entry: &Entry, content: Vec<u8>) -> Result<()> {
        let password = if content.is_empty() { None } else { self.context.password };
        self.push(
            content.len() as u64,
            Job::Bytes { entry: entry.clone(), plain: content, level: 0, password },
        )
    }
}

impl<'a> Sink<'a> for ZipSink<'_, '_, 'a> {
    fn bare(&mut self, mut entry: Entry) -> Result<()> {
        if let Kind::HardLink(target) = &entry.kind {
            entry.kind = Kind::Symlink(names::relative(&entry.name, target));
            self.hard_links += 1;
        }
        let content = match &entry.kind {
            Kind::Symlink(target) => target.clone().into_bytes(),
            _ => Vec::new(),
        };
        self.plain(&entry, content)
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        let packed_before =
            member.crc.is_some() && matches!(member.packing, Packing::Deflate | Packing::Stored);
        let whole = member.bytes.max(member.packed) <= self.whole_most as u64;
        let password = self.context.password;
        if packed_before && password.is_none() && (whole || member.source.slice(0, 0).is_some()) {
            return self.push(member.packed, Job::Copy { entry, member });
        }
        if whole {
            let level = self.level;
            return self
                .push(member.bytes.max(member.packed), Job::Member { entry, member, level, password });
        }
        self.begin(entry)?;
        let mut scratch = std::mem::take(&mut self.scratch);
        let unpacked = member.unpack(self.context, &mut scratch, &mut |bytes| self.data(bytes));
        self.scratch = scratch;
        unpacked?;
        self.end()
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        let expected = entry.bytes.unwrap_or(0).min(self.whole_most as u64);
        let bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        self.current = Some(Current { entry, bytes, before: None });
        Ok(true)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let large = current.before.is_some();
        current.bytes.extend_from_slice(bytes);
        if !large && current.bytes.len() > self.whole_most {
            current.before = Some(Vec::new());
            let entry = current.entry.clone();
            self.begin_large(&entry)?;
        } else if !large {
            return Ok(());
        }
        self.submit_pieces(false)
    }

    fn end(&mut self) -> Result<()> {
        if self.current.as_ref().is_some_and(|current| current.before.is_some()) {
            self.submit_pieces(true)?;
            self.current = None;
            return Ok(());
        }
        let Some(Current { entry, bytes, .. }) = self.current.take() else { return Ok(()) };
        let password = self.context.password;
        let level = self.level;
        self.push(bytes.len() as u64, Job::Bytes { entry, plain: bytes, level, password })
    }
}
