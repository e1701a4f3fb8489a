//! Where the outputs of a step go: memory between steps, a staging folder at the end of a route.

mod shared;

use super::item::{Content, Item, LazyFile};
use crate::deliver::{self, Staging, names};
use crate::files::Files;
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
    /// Bytes of outputs that are kept in memory, without those that another process still writes.
    held: AtomicU64,
    outputs: Mutex<Vec<Slot>>,
    taken: Mutex<HashSet<String>>,
    series: Option<Series>,
}

/// One of several runs of a step, whose outputs must not have the same names.
#[derive(Debug)]
struct Series {
    /// Name of the main output.
    main: String,
    /// Names of the outputs of all runs.
    names: Arc<Mutex<HashSet<String>>>,
}

#[derive(Debug)]
enum Place {
    /// Memory up to so many bytes in all, then files without a name.
    Memory { spill_over: u64, files: Files },
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
    /// The memory files of this output that another process writes, or wrote before it moved to disk.
    shared_memory: Vec<File>,
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
    /// Keeps outputs in memory; once they are more than `spill_over` bytes together, what grows moves to files
    /// without a name in `folder`.
    pub fn memory(limits: &abi::Limits, spill_over: u64, folder: PathBuf) -> Sink {
        Sink::spooling(limits, spill_over, Files::in_folder(folder))
    }

    /// As [`Sink::memory`], with files from the host where it has some.
    pub(crate) fn spooling(limits: &abi::Limits, spill_over: u64, files: Files) -> Sink {
        Sink::new(limits, Place::Memory { spill_over, files })
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
            held: AtomicU64::new(0),
            outputs: Mutex::default(),
            taken: Mutex::default(),
            series: None,
        }
    }

    /// Makes this the sink of one of several runs: its main output gets this name, and no output one that is in
    /// `names` already.
    pub fn in_series(mut self, main: String, names: Arc<Mutex<HashSet<String>>>) -> Sink {
        self.series = Some(Series { main, names });
        self
    }

    /// Whether no output was opened yet.
    pub(in crate::run) fn is_untouched(&self) -> bool {
        lock(&self.outputs).is_empty()
    }

    pub(in crate::run) fn open(&self, mut spec: OutputSpec) -> Result<usize> {
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
        if let Some(series) = &self.series {
            let name = if spec.name.is_empty() { &series.main } else { &spec.name };
            spec.name = names::free(name, |name| lock(&series.names).insert(name.to_owned()));
        }
        Ok(())
    }

    fn push(&self, spec: OutputSpec, bytes: Bytes) -> Result<usize> {
        let mut outputs = lock(&self.outputs);
        if outputs.len() as u64 >= self.most_outputs {
            return Err(limit("entries", self.most_outputs));
        }
        outputs.push(Some(Arc::new(Mutex::new(Output {
            spec,
            bytes,
            closed: false,
            shared_memory: Vec::new(),
        }))));
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
    pub(in crate::run) fn write(&self, id: i64, offset: Option<u64>, bytes: &[u8]) -> Result<()> {
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
        if let (Place::Memory { spill_over, files }, Bytes::Memory(memory), abi::KIND_FILE) =
            (&self.place, &output.bytes, output.spec.kind)
            && grown > 0
            && self.held.fetch_add(grown, Ordering::Relaxed) + grown > *spill_over
        {
            self.held.fetch_sub(end + grown, Ordering::Relaxed);
            output.bytes = spill(memory, files)?;
        }
        output.bytes.write(offset, bytes)
    }

    pub(in crate::run) fn close(&self, id: i64) -> Result<()> {
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
                    // The next step's worker must not be able to write to it.
                    let file = crate::deliver::read_only(&file)
                        .map_err(|error| Error::io("cannot read what was spooled", &error))?;
                    Content::File(Arc::new(LazyFile::spooled(file, end)))
                }
                (Bytes::File { file: None, .. }, None) => {
                    return Err(Error::new(ErrorKind::Internal, "a spooled output lost its file"));
                }
            },
        };
        let format = formwork_formats::by_id(&self.spec.format);
        let OutputSpec { name, modified, mode, .. } = self.spec;
        Ok(Item { name, content, format, modified, mode, expected: None })
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

/// Moves an output from memory to a file without a name.
fn spill(memory: &[u8], files: &Files) -> Result<Bytes> {
    let file = files.spool()?;
    file.write_all_at(memory, 0).map_err(|error| Error::io("cannot spool an output", &error))?;
    Ok(Bytes::File { file: Some(file), path: PathBuf::new(), end: memory.len() as u64 })
}

/// The error that names a limit, its value, and what raises it.
pub(crate) fn limit(name: &str, allowed: u64) -> Error {
    let mut error =
        Error::new(ErrorKind::LimitExceeded, format!("the limit `{name}` of {allowed} is reached"));
    error.limit = Some(name.to_owned());
    error.with_hint(format!("raise the limit `{name}` if the input is trusted"))
}
