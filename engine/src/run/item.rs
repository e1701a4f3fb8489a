use crate::detect::Source;
use crate::lock::lock;
use crate::{Error, Result};
use formwork_abi as abi;
use formwork_formats::{Feature, Format};
use serde_json::{Map, Value};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Where [`Item::packing`] looks: so many blocks, of so many bytes.
const SAMPLES: u64 = 4;
const SAMPLE: usize = 32 << 10;

/// A file, folder or link on its way through a job. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name, or its path relative to what was handed over, with `/`.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// What it is, once detected.
    pub format: Option<&'static Format>,
    /// Last change.
    pub modified: Option<SystemTime>,
    /// Unix permission bits; 0 when unknown.
    pub mode: u32,
    /// What it will be, for a result that is planned with and not there yet.
    pub(crate) expected: Option<Arc<Expected>>,
}

/// What a result is expected to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) bytes: u64,
    /// The features it will hold, as far as they are known.
    pub(crate) features: Option<Vec<Feature>>,
    /// Facts that a probe would tell.
    pub(crate) facts: Map<String, Value>,
}

/// What an item holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Bytes in memory.
    Memory(Arc<Vec<u8>>),
    /// A file that is opened when it is first read.
    File(Arc<LazyFile>),
    /// A folder.
    Directory,
    /// A symbolic link and its target.
    Symlink(String),
    /// A hard link and the name of the item it is the same as.
    HardLink(String),
}

/// A file on disk, opened at the first read and closed on request.
#[derive(Debug)]
pub struct LazyFile {
    path: PathBuf,
    length: u64,
    open: Mutex<Option<Arc<File>>>,
    /// The staging folder it lies in, when it is the engine's own and may be moved into place.
    pub(crate) staging: Option<Arc<crate::deliver::Staging>>,
}

impl LazyFile {
    pub(crate) fn new(path: PathBuf, length: u64) -> LazyFile {
        LazyFile { path, length, open: Mutex::default(), staging: None }
    }

    /// A finished output in a staging area: closed and at `path`, or open and without a name.
    pub(crate) fn staged(
        open: Option<File>,
        path: PathBuf,
        length: u64,
        staging: Arc<crate::deliver::Staging>,
    ) -> LazyFile {
        LazyFile { path, length, open: Mutex::new(open.map(Arc::new)), staging: Some(staging) }
    }

    /// An open file without a name.
    pub(crate) fn spooled(file: File, length: u64) -> LazyFile {
        LazyFile { path: PathBuf::new(), length, open: Mutex::new(Some(Arc::new(file))), staging: None }
    }

    /// Where it lies; empty when it has no name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> io::Result<Arc<File>> {
        let mut open = lock(&self.open);
        if let Some(file) = &*open {
            return Ok(file.clone());
        }
        let file = Arc::new(File::open(&self.path)?);
        *open = Some(file.clone());
        Ok(file)
    }

    fn close(&self) {
        if !self.path.as_os_str().is_empty() {
            *lock(&self.open) = None;
        }
    }
}

impl Item {
    /// An item of bytes in memory.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Item {
        Item::new(name.into(), Content::Memory(Arc::new(bytes)))
    }

    pub(crate) fn new(name: String, content: Content) -> Item {
        Item { name, content, format: None, modified: None, mode: 0, expected: None }
    }

    /// An item for a result that is not there yet; nobody may read it.
    pub(crate) fn to_come(name: String, format: Option<&'static Format>, expected: Expected) -> Item {
        let empty = Content::Memory(Arc::default());
        Item { format, expected: Some(Arc::new(expected)), ..Item::new(name, empty) }
    }

    /// An item of an open file, which is read by position: its offset does not matter and does not move. What the
    /// host changes in it meanwhile may or may not be seen.
    ///
    /// # Errors
    ///
    /// `io` when it has no size, as a pipe.
    pub fn from_file(name: impl Into<String>, file: &File) -> Result<Item> {
        let about = file.metadata().map_err(|error| Error::io("cannot read the file", &error))?;
        if !about.is_file() {
            return Err(Error::io("cannot read", &io::Error::other("it is not a file with a size")));
        }
        // Its reader must not be able to write to it.
        let again =
            crate::deliver::read_only(file).map_err(|error| Error::io("cannot read the file", &error))?;
        let modified = about.modified().ok();
        let content = Content::File(Arc::new(LazyFile::spooled(again, about.len())));
        Ok(Item { modified, mode: mode_of(&about), ..Item::new(name.into(), content) })
    }

    /// As [`Item::from_file`], of a file that is given away.
    pub(crate) fn from_owned_file(name: &str, file: File) -> Result<Item> {
        let about = file.metadata().map_err(|error| Error::io("cannot read the file", &error))?;
        // One that can only be read is as good as one that is opened again, which not every host allows.
        if !about.is_file() || !crate::deliver::is_read_only(&file) {
            return Item::from_file(name, &file);
        }
        let content = Content::File(Arc::new(LazyFile::spooled(file, about.len())));
        Ok(Item { modified: about.modified().ok(), mode: mode_of(&about), ..Item::new(name.into(), content) })
    }

    /// An item for a file, folder or link on disk; links are not followed unless `follow` is set.
    ///
    /// # Errors
    ///
    /// `io` when it is not there or not a file, folder or link.
    pub fn from_path(path: &Path, name: String, follow: bool) -> Result<Item> {
        let failed = |error: io::Error| {
            Error::io("cannot read", &error).with_context("input", path.display().to_string())
        };
        let about = if follow { path.metadata() } else { path.symlink_metadata() }.map_err(failed)?;
        let content = if about.is_dir() {
            Content::Directory
        } else if about.is_symlink() {
            let target = std::fs::read_link(path).map_err(failed)?;
            Content::Symlink(target.to_string_lossy().into_owned())
        } else if about.is_file() {
            Content::File(Arc::new(LazyFile::new(path.to_owned(), about.len())))
        } else {
            return Err(failed(io::Error::other("it is neither a file nor a folder")));
        };
        let modified = about.modified().ok();
        Ok(Item { name, content, format: None, modified, mode: mode_of(&about), expected: None })
    }

    /// Whether it is a file with bytes.
    pub fn is_file(&self) -> bool {
        matches!(self.content, Content::Memory(_) | Content::File(_))
    }

    /// Number of bytes of a file.
    pub fn length(&self) -> u64 {
        if let Some(expected) = &self.expected {
            return expected.bytes;
        }
        match &self.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::File(file) => file.length,
            Content::Symlink(target) | Content::HardLink(target) => target.len() as u64,
            Content::Directory => 0,
        }
    }

    /// All bytes when they are in memory.
    pub fn memory(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes),
            Content::Symlink(target) | Content::HardLink(target) => Some(target.as_bytes()),
            _ => None,
        }
    }

    /// Reads all bytes.
    ///
    /// # Errors
    ///
    /// `io`; `limit_exceeded` (`memory`) beyond `most` bytes.
    pub fn bytes(&self, most: u64) -> Result<Vec<u8>> {
        let length = self.length();
        if length > most {
            let mut error =
                Error::new(crate::ErrorKind::LimitExceeded, format!("{length} bytes are more than {most}"));
            error.limit = Some("memory".into());
            return Err(error);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut at = 0;
        while at < bytes.len() {
            match self
                .read_at(at as u64, &mut bytes[at..])
                .map_err(|error| Error::io("cannot read", &error))?
            {
                0 => bytes.truncate(at),
                count => at += count,
            }
        }
        Ok(bytes)
    }

    /// What packing leaves of its bytes, as a share, judged by samples of 128 KiB in all; 0 when there is nothing to read.
    /// Takes about 3 ms.
    pub fn packing(&self) -> f64 {
        let last = self.length().saturating_sub(SAMPLE as u64);
        let mut samples = Vec::with_capacity(SAMPLES as usize * SAMPLE);
        // Short files are read as a whole, not more than once.
        let apart = (last / (SAMPLES - 1)).max(SAMPLE as u64);
        for number in 0..SAMPLES {
            let mut block = vec![0; SAMPLE];
            let count = self.read_at(number * apart, &mut block).unwrap_or(0).min(SAMPLE);
            samples.extend_from_slice(block.get(..count).unwrap_or_default());
        }
        if samples.is_empty() {
            return 0.0;
        }
        miniz_oxide::deflate::compress_to_vec(&samples, 1).len() as f64 / samples.len() as f64
    }

    /// Writes all bytes somewhere, a block at a time when they are not in memory.
    ///
    /// # Errors
    ///
    /// What reading or writing says.
    pub fn copy_to(&self, to: &mut impl io::Write) -> io::Result<()> {
        if let Some(memory) = self.memory() {
            to.write_all(memory)?;
            return to.flush();
        }
        let mut buffer = vec![0; 256 << 10];
        let mut at = 0;
        loop {
            let count = self.read_at(at, &mut buffer)?.min(buffer.len());
            if count == 0 {
                return to.flush();
            }
            to.write_all(&buffer[..count])?;
            at += count as u64;
        }
    }

    /// Closes the file until it is read again.
    pub fn release(&self) {
        if let Content::File(file) = &self.content {
            file.close();
        }
    }

    pub(crate) fn kind(&self) -> u32 {
        match self.content {
            Content::Memory(_) | Content::File(_) => abi::KIND_FILE,
            Content::Directory => abi::KIND_DIRECTORY,
            Content::Symlink(_) => abi::KIND_SYMLINK,
            Content::HardLink(_) => abi::KIND_HARD_LINK,
        }
    }
}

impl Source for Item {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(memory) = self.memory() {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(memory.len());
            let count = (memory.len() - start).min(buffer.len());
            buffer[..count].copy_from_slice(&memory[start..start + count]);
            return Ok(count);
        }
        match &self.content {
            Content::File(file) => FileExt::read_at(&*file.file()?, buffer, offset),
            _ => Ok(0),
        }
    }

    fn length(&self) -> Option<u64> {
        Some(Item::length(self))
    }
}

fn mode_of(about: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    about.permissions().mode() & 0o7777
}
