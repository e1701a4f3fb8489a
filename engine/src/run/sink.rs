//! Where the outputs of a step go: memory between steps, a staging folder at the end of a route.

use super::item::{Content, Item, LazyFile};
use crate::deliver::{self, Staging, names};
use crate::lock::lock;
use crate::{Error, ErrorKind, Result};
use formwork_abi as abi;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// What a plugin says of an output it opens.
#[derive(Clone, Debug)]
pub struct OutputSpec {
    /// Relative path; empty for the main output.
    pub name: String,
    /// Id of the format; empty means the target.
    pub format: String,
    /// One of the `KIND_` constants of the contract.
    pub kind: u32,
    /// Bytes that will be written, when known.
    pub length: Option<u64>,
    /// Last change.
    pub modified: Option<SystemTime>,
    /// Unix permission bits, or 0.
    pub mode: u32,
}

/// Collects the outputs of one step. Shared between the plugin's threads.
#[derive(Debug)]
pub struct Sink {
    place: Place,
    most_bytes: u64,
    most_outputs: u64,
    written: AtomicU64,
    outputs: Mutex<Vec<Slot>>,
    taken: Mutex<HashSet<String>>,
}

#[derive(Debug)]
enum Place {
    /// Memory up to so many bytes an output, then a file without a name in this folder.
    Memory { spill_over: u64, folder: PathBuf },
    /// Files in a staging folder.
    Staging(Arc<Staging>),
}

/// One output; its own lock, so that outputs do not wait for each other.
type Slot = Option<Arc<Mutex<Output>>>;

#[derive(Debug)]
struct Output {
    spec: OutputSpec,
    bytes: Bytes,
    closed: bool,
}

#[derive(Debug)]
enum Bytes {
    Memory(Vec<u8>),
    File { file: Option<File>, path: PathBuf, end: u64 },
}

/// Capacity reserved beforehand is capped: a plugin's word about a length is a hint, not a promise.
const MOST_RESERVED: u64 = 256 << 20;

/// Bytes of a link's target, as long as a path may be (PATH_MAX).
const LONGEST_LINK: u64 = 4_096;

impl Sink {
    /// Keeps outputs in memory; one that grows over `spill_over` bytes moves to a file without a name in
    /// `folder`.
    pub fn memory(limits: &abi::Limits, spill_over: u64, folder: PathBuf) -> Sink {
        Sink::new(limits, Place::Memory { spill_over, folder })
    }

    /// Writes outputs to a staging folder.
    pub fn staging(limits: &abi::Limits, staging: Arc<Staging>) -> Sink {
        Sink::new(limits, Place::Staging(staging))
    }

    fn new(limits: &abi::Limits, place: Place) -> Sink {
        Sink {
            place,
            most_bytes: limits.output,
            most_outputs: limits.entries,
            written: AtomicU64::new(0),
            outputs: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    pub(super) fn open(&self, mut spec: OutputSpec) -> Result<usize> {
        self.claim_name(&mut spec)?;
        let bytes = match (&self.place, spec.kind) {
            (Place::Staging(staging), abi::KIND_FILE) => {
                let (file, path) = staging.create(&spec.name)?;
                Bytes::File { file: Some(file), path, end: 0 }
            }
            _ => Bytes::Memory(self.reserve(spec.length)?),
        };
        self.push(spec, bytes)
    }

    fn claim_name(&self, spec: &mut OutputSpec) -> Result<()> {
        if !spec.name.is_empty() {
            spec.name = names::checked(&spec.name)?;
        }
        if !lock(&self.taken).insert(spec.name.clone()) && spec.kind != abi::KIND_DIRECTORY {
            let error = format!("two outputs have the name `{}`", spec.name);
            return Err(Error::new(ErrorKind::PluginFault, error));
        }
        Ok(())
    }

    fn push(&self, spec: OutputSpec, bytes: Bytes) -> Result<usize> {
        let mut outputs = lock(&self.outputs);
        if outputs.len() as u64 >= self.most_outputs {
            return Err(limit("entries", self.most_outputs));
        }
        outputs.push(Some(Arc::new(Mutex::new(Output { spec, bytes, closed: false }))));
        Ok(outputs.len() - 1)
    }

    fn reserve(&self, length: Option<u64>) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let wanted = length.unwrap_or(0).min(MOST_RESERVED).min(self.most_bytes);
        bytes.try_reserve(wanted as usize).map_err(|_| limit("memory", wanted))?;
        Ok(bytes)
    }

    fn output(&self, id: i64) -> Result<Arc<Mutex<Output>>> {
        let outputs = lock(&self.outputs);
        let slot = usize::try_from(id).ok().and_then(|id| outputs.get(id)).cloned().flatten();
        slot.ok_or_else(|| {
            Error::new(ErrorKind::PluginFault, format!("the plugin wrote to output {id}, which is not open"))
        })
    }

    /// Appends bytes, or writes them at an offset within what is there or right at its end.
    pub(super) fn write(&self, id: i64, offset: Option<u64>, bytes: &[u8]) -> Result<()> {
        let output = self.output(id)?;
        let mut output = lock(&output);
        if output.closed {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin wrote to an output after closing it"));
        }
        let end = output.bytes.end();
        let offset = offset.unwrap_or(end);
        if offset > end {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin left a hole in an output"));
        }
        let grown = (offset + bytes.len() as u64).saturating_sub(end);
        if self.written.fetch_add(grown, Ordering::Relaxed) + grown > self.most_bytes {
            return Err(limit("output", self.most_bytes));
        }
        if let (Place::Memory { spill_over, folder }, Bytes::Memory(memory)) = (&self.place, &output.bytes)
            && end + grown > *spill_over
        {
            output.bytes = spill(memory, folder)?;
        }
        output.bytes.write(offset, bytes)
    }

    /// A file for the main output, before that is opened, and the longest it is for; `None` when it cannot be had
    /// cheaply.
    pub(super) fn file_ahead(&self) -> Option<(File, u64)> {
        match &self.place {
            Place::Staging(staging) => staging.take_main().map(|file| (file, u64::MAX)),
            Place::Memory { spill_over, .. } => {
                crate::worker::memory_file(c"formwork-output").ok().map(|file| (file, *spill_over))
            }
        }
    }

    /// Opens the main output, which must be the first, in such a file.
    pub(super) fn open_ahead(&self, mut spec: OutputSpec, file: File) -> Result<()> {
        self.claim_name(&mut spec)?;
        match self.push(spec, Bytes::File { file: Some(file), path: PathBuf::new(), end: 0 })? {
            0 => Ok(()),
            _ => Err(Error::new(ErrorKind::PluginFault, "the plugin opened its main output too late")),
        }
    }

    /// Opens an output whose bytes another process writes through the file that is returned.
    pub(super) fn open_shared(&self, spec: OutputSpec) -> Result<(usize, File)> {
        let large = spec.length;
        let id = self.open(spec)?;
        let output = self.output(id as i64)?;
        let mut output = lock(&output);
        if let (Place::Memory { spill_over, folder }, Bytes::Memory(_)) = (&self.place, &output.bytes) {
            let failed = |error: std::io::Error| Error::io("cannot make room for an output", &error);
            let file = if large.is_some_and(|length| length > *spill_over) {
                crate::deliver::spool_file(folder).map_err(failed)?
            } else {
                crate::worker::memory_file(c"formwork-output").map_err(failed)?
            };
            output.bytes = Bytes::File { file: Some(file), path: PathBuf::new(), end: 0 };
        } else if let Bytes::Memory(_) = &output.bytes {
            let file = crate::worker::memory_file(c"formwork-link");
            let file = file.map_err(|error| Error::io("cannot make room for a link", &error))?;
            output.bytes = Bytes::File { file: Some(file), path: PathBuf::new(), end: 0 };
        }
        match &output.bytes {
            Bytes::File { file: Some(file), .. } => {
                let ours = file.try_clone().map_err(|error| Error::io("cannot share an output", &error))?;
                Ok((id, ours))
            }
            _ => Err(Error::new(ErrorKind::Internal, "an output without a file was shared")),
        }
    }

    /// Closes such an output: looks at what was written, and takes the writer's right to change it.
    pub(super) fn close_shared(&self, id: i64) -> Result<()> {
        let slot = self.output(id)?;
        let mut output = lock(&slot);
        let kind = output.spec.kind;
        if output.closed {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin closed an output twice"));
        }
        let Bytes::File { file: Some(file), end, .. } = &mut output.bytes else {
            return Err(Error::new(ErrorKind::Internal, "an output lost its file"));
        };
        let failed = |error: std::io::Error| Error::io("cannot look at an output", &error);
        *end = file.metadata().map_err(failed)?.len();
        // A sparse file may say any length, so it is looked at before it is added.
        if *end > self.most_bytes || self.written.fetch_add(*end, Ordering::Relaxed) + *end > self.most_bytes
        {
            return Err(limit("output", self.most_bytes));
        }
        if matches!(self.place, Place::Memory { .. }) || kind != abi::KIND_FILE {
            if crate::worker::seal(file).is_err() && *end <= MOST_RESERVED {
                // On disk, or still mapped by the writer: a copy cannot change any more.
                let copy = copy_of(file, *end).map_err(failed)?;
                *file = copy;
            }
            if kind != abi::KIND_FILE {
                let mut text = vec![0; LONGEST_LINK.min(*end) as usize];
                file.read_exact_at(&mut text, 0).map_err(failed)?;
                output.bytes = Bytes::Memory(text);
            }
        }
        drop(output);
        self.close(id)
    }

    pub(super) fn close(&self, id: i64) -> Result<()> {
        let output = self.output(id)?;
        let mut output = lock(&output);
        output.closed = true;
        let (modified, mode) = (output.spec.modified, output.spec.mode);
        if let (Place::Staging(_), Bytes::File { file, path, .. }) = (&self.place, &mut output.bytes)
            && let Some(open) = file
        {
            deliver::finish(open, modified, mode)?;
            // Ten thousand outputs are not kept open; one without a name has to be.
            if !path.as_os_str().is_empty() {
                *file = None;
            }
        }
        Ok(())
    }

    /// Ends the step: returns the closed outputs in the order they were opened.
    ///
    /// # Errors
    ///
    /// `plugin_fault` when an output was left open; `io`.
    pub fn into_items(self) -> Result<Vec<Item>> {
        let outputs = self.outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outputs: Vec<Output> = outputs
            .into_iter()
            .flatten()
            .filter_map(Arc::into_inner)
            .map(|output| output.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect();
        if outputs.iter().any(|output| !output.closed) {
            return Err(Error::new(ErrorKind::PluginFault, "the plugin left an output open"));
        }
        let staging = match &self.place {
            Place::Staging(staging) => Some(staging),
            Place::Memory { .. } => None,
        };
        outputs.into_iter().map(|output| output.into_item(staging)).collect()
    }
}

impl Output {
    fn into_item(self, staging: Option<&Arc<Staging>>) -> Result<Item> {
        let text = |bytes: &Bytes| match bytes {
            Bytes::Memory(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Bytes::File { .. } => String::new(),
        };
        let content = match self.spec.kind {
            abi::KIND_DIRECTORY => Content::Directory,
            abi::KIND_SYMLINK => Content::Symlink(text(&self.bytes)),
            abi::KIND_HARD_LINK => Content::HardLink(names::checked(&text(&self.bytes))?),
            _ => match (self.bytes, staging) {
                (Bytes::Memory(bytes), _) => Content::Memory(Arc::new(bytes)),
                (Bytes::File { file, path, end }, Some(staging)) => {
                    Content::File(Arc::new(LazyFile::staged(file, path, end, staging.clone())))
                }
                (Bytes::File { file: Some(file), end, .. }, None) => {
                    Content::File(Arc::new(LazyFile::spooled(file, end)))
                }
                (Bytes::File { file: None, .. }, None) => {
                    return Err(Error::new(ErrorKind::Internal, "a spooled output lost its file"));
                }
            },
        };
        let format = formwork_formats::by_id(&self.spec.format);
        Ok(Item { name: self.spec.name, content, format, modified: self.spec.modified, mode: self.spec.mode })
    }
}

impl Bytes {
    fn end(&self) -> u64 {
        match self {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File { end, .. } => *end,
        }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Bytes::Memory(memory) => {
                let inside = memory.len().saturating_sub(offset as usize).min(bytes.len());
                let (over, beyond) = bytes.split_at(inside);
                memory[offset as usize..offset as usize + inside].copy_from_slice(over);
                memory.try_reserve(beyond.len()).map_err(|_| limit("memory", memory.len() as u64))?;
                memory.extend_from_slice(beyond);
            }
            Bytes::File { file, end, .. } => {
                let file = file
                    .as_ref()
                    .ok_or_else(|| Error::new(ErrorKind::PluginFault, "the output is closed"))?;
                file.write_all_at(bytes, offset)
                    .map_err(|error| Error::io("cannot write an output", &error))?;
                *end = (*end).max(offset + bytes.len() as u64);
            }
        }
        Ok(())
    }
}

fn copy_of(file: &File, length: u64) -> std::io::Result<File> {
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, 0)?;
    let copy = crate::worker::memory_file(c"formwork-output")?;
    copy.write_all_at(&bytes, 0)?;
    crate::worker::seal(&copy)?;
    Ok(copy)
}

/// Moves an output from memory to a file without a name.
fn spill(memory: &[u8], folder: &std::path::Path) -> Result<Bytes> {
    let failed = |error: std::io::Error| Error::io(format!("cannot spool to {}", folder.display()), &error);
    let file = crate::deliver::spool_file(folder).map_err(failed)?;
    file.write_all_at(memory, 0).map_err(failed)?;
    Ok(Bytes::File { file: Some(file), path: PathBuf::new(), end: memory.len() as u64 })
}

/// The error that names a limit, its value, and what raises it.
pub(crate) fn limit(name: &str, allowed: u64) -> Error {
    let mut error =
        Error::new(ErrorKind::LimitExceeded, format!("the limit `{name}` of {allowed} is reached"));
    error.limit = Some(name.to_owned());
    error.with_hint(format!("raise the limit `{name}` if the input is trusted"))
}
