//! Writes 7z archives: solid, LZMA2 in blocks that threads share, programs through the x86 filter.
//!
//! Files are sorted by extension and name, so that what is alike stands together. Files that can be had at
//! any time are sorted all together; bytes that come from a stream are gathered and sorted in batches. Written
//! from the 7z format description of the LZMA SDK (DOC/7zFormat.txt).

mod cipher;
mod folder;
mod header;

use super::out::Out;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::{Member, in_entry};
use crate::names;
use crate::pool::Pool;
use crate::scratch::Scratch;
use crate::source::reserve;
use folder::{Folder, Folders};
use formwork_sdk::{Error, Feature, Result};
use libdeflater::Crc;

/// Writes a 7z archive.
pub(crate) struct SevenSink<'p, 'q, 'a> {
    context: &'a Context<'a>,
    folders: Folders<'p, 'q, 'a>,
    /// Entries that are done, in the order of their bytes.
    listed: Vec<Listed>,
    batch: Vec<Waiting<'a>>,
    batch_bytes: u64,
    current: Option<Current>,
    scratch: Scratch,
    hard_links: u64,
    owners: bool,
}

/// An entry of the directory.
pub(super) struct Listed {
    entry: Entry,
    bytes: u64,
    crc: u32,
}

/// A file waiting to be sorted.
struct Waiting<'a> {
    entry: Entry,
    content: Content<'a>,
    program: bool,
}

enum Content<'a> {
    Member(Member<'a>),
    Bytes(Vec<u8>),
}

/// The file whose bytes come now.
struct Current {
    entry: Entry,
    bytes: Vec<u8>,
    /// Set once the file was too large to wait: it goes straight into a folder of its own.
    straight: Option<(Crc, u64)>,
}

impl Content<'_> {
    fn length(&self) -> u64 {
        match self {
            Content::Member(member) => member.bytes,
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl<'p, 'q, 'a> SevenSink<'p, 'q, 'a> {
    /// Opens the main output.
    ///
    /// # Errors
    ///
    /// `io`.
    pub(crate) fn open(context: &'a Context<'a>, pool: &'p Pool<'q, 'a>) -> Result<Self> {
        let mut out = Out::open(context.step)?;
        out.put(&[0; header::START as usize])?;
        Ok(SevenSink {
            context,
            folders: Folders::new(context, pool, out)?,
            listed: Vec::new(),
            batch: Vec::new(),
            batch_bytes: 0,
            current: None,
            scratch: Scratch::default(),
            hard_links: 0,
            owners: false,
        })
    }

    /// Writes what waits, the directory, and the start header.
    ///
    /// # Errors
    ///
    /// Any of a task; `io`.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush()?;
        let step = self.context.step;
        if self.hard_links > 0 {
            step.lose(Feature::Links, format!("{} hard links became symbolic links", self.hard_links));
        }
        if self.owners {
            step.lose(Feature::Permissions, "7z keeps no owners");
        }
        let (mut out, folders) = self.folders.finish()?;
        header::write(self.context, &mut out, &folders, &self.listed)?;
        out.close()
    }

    /// Bytes that may wait to be sorted.
    fn batch_most(&self) -> u64 {
        self.context.limits.memory / 8
    }

    fn wait(&mut self, entry: Entry, content: Content<'a>, program: bool) -> Result<()> {
        if content.length() == 0 {
            self.list(entry, 0, 0);
            return Ok(());
        }
        if let Content::Bytes(bytes) = &content {
            self.batch_bytes += bytes.len() as u64;
        }
        self.batch.push(Waiting { entry, content, program });
        if self.batch_bytes > self.batch_most() { self.flush() } else { Ok(()) }
    }

    fn list(&mut self, entry: Entry, bytes: u64, crc: u32) {
        self.owners |= entry.owner.is_some_and(|owner| owner != (0, 0));
        self.listed.push(Listed { entry, bytes, crc });
    }

    /// Sorts and writes what waits: files first, then programs.
    fn flush(&mut self) -> Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        batch.sort_by_cached_key(|file| {
            let last = names::last_part(&file.entry.name);
            let extension = last.rsplit_once('.').map_or("", |(_, extension)| extension).to_lowercase();
            (file.program, extension, last.to_lowercase(), file.entry.name.clone())
        });
        let programs = batch.iter().position(|file| file.program).unwrap_or(batch.len());
        let programs = batch.split_off(programs);
        for (group, program) in [(batch, false), (programs, true)] {
            let total = group.iter().map(|file| file.content.length()).fold(0, u64::saturating_add);
            if total == 0 {
                continue;
            }
            let mut folder = self.folders.begin(Some(total), program)?;
            for file in group {
                self.write(&mut folder, file)?;
            }
            self.folders.end(folder)?;
        }
        Ok(())
    }

    fn write(&mut self, folder: &mut Folder, file: Waiting<'a>) -> Result<()> {
        let Waiting { entry, content, .. } = file;
        let bytes = content.length();
        let crc = match content {
            Content::Bytes(bytes) => {
                self.folders.put(folder, &bytes)?;
                libdeflater::crc32(&bytes)
            }
            Content::Member(member) => {
                let SevenSink { folders, scratch, context, .. } = self;
                let unpacked = member.unpack(context, scratch, &mut |bytes| folders.put(folder, bytes));
                unpacked.map_err(|error| in_entry(&entry.name, error))?
            }
        };
        folder.files += 1;
        self.list(entry, bytes, crc);
        Ok(())
    }
}

/// Tells whether a file is a program for x86, from its first bytes.
fn is_program(head: &[u8]) -> bool {
    match head {
        // ELF for 386 or x86-64, in little-endian order.
        [0x7F, b'E', b'L', b'F', _, 1, ..] => matches!(head.get(18..20), Some([3 | 62, 0])),
        [b'M', b'Z', ..] => true,
        _ => false,
    }
}

impl<'a> Sink<'a> for SevenSink<'_, '_, 'a> {
    fn bare(&mut self, mut entry: Entry) -> Result<()> {
        if let Kind::HardLink(target) = &entry.kind {
            entry.kind = Kind::Symlink(names::relative(&entry.name, target));
            self.hard_links += 1;
        }
        match &entry.kind {
            Kind::Symlink(target) => {
                let content = Content::Bytes(target.clone().into_bytes());
                self.wait(entry, content, false)
            }
            _ => {
                self.list(entry, 0, 0);
                Ok(())
            }
        }
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        let mut program = false;
        if matches!(member.packing, crate::member::Packing::Stored) && member.bytes >= 64 {
            let head: [u8; 64] = member.source.array(member.start()?)?;
            program = is_program(&head);
        } else if member.bytes >= 64 {
            program = looks_like_program(&entry.name);
        }
        self.wait(entry, Content::Member(member), program)
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.current = Some(Current { entry, bytes: Vec::new(), straight: None });
        Ok(true)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        let most = self.batch_most();
        let Some(mut current) = self.current.take() else { return Ok(()) };
        if current.straight.is_none() && (current.bytes.len() + bytes.len()) as u64 > most {
            self.flush()?;
            let folder = self.folders.begin(None, is_program(&current.bytes))?;
            self.folders.keep(folder);
            let first = std::mem::take(&mut current.bytes);
            current.straight = Some((Crc::new(), 0));
            self.straight(&mut current, &first)?;
        }
        if current.straight.is_some() {
            self.straight(&mut current, bytes)?;
        } else {
            reserve(&mut current.bytes, bytes.len())?;
            current.bytes.extend_from_slice(bytes);
        }
        self.current = Some(current);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let Some(Current { entry, bytes, straight }) = self.current.take() else { return Ok(()) };
        let Some((crc, length)) = straight else {
            let program = is_program(&bytes);
            return self.wait(entry, Content::Bytes(bytes), program);
        };
        let mut folder =
            self.folders.kept().ok_or_else(|| Error::corrupt("a file ended that never began"))?;
        folder.files = 1;
        self.folders.end(folder)?;
        self.list(entry, length, crc.sum());
        Ok(())
    }
}

impl SevenSink<'_, '_, '_> {
    /// Writes bytes of a file that did not wait.
    fn straight(&mut self, current: &mut Current, bytes: &[u8]) -> Result<()> {
        if let (Some((crc, length)), Some(mut folder)) = (&mut current.straight, self.folders.kept()) {
            crc.update(bytes);
            *length += bytes.len() as u64;
            self.folders.put(&mut folder, bytes)?;
            self.folders.keep(folder);
        }
        Ok(())
    }
}

/// Guesses from the name, where the first bytes are packed.
fn looks_like_program(name: &str) -> bool {
    let last = names::last_part(name).to_lowercase();
    let extension = last.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "exe" | "dll" | "sys" | "so" | "ocx" | "efi") || last.contains(".so.")
}
