//! The host's side of a test: functions that keep what they are told.

use super::{Content, Failure, Job, Outcome, Produced, Sink};
use crate::{ErrorKind, OutputKind, input::time_from_nanoseconds};
use formwork_abi as abi;
use std::collections::HashSet;
use std::ffi::c_void;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What `context` points to during a call.
pub(super) struct State<'a> {
    pub(super) job: &'a Job,
    ticks: AtomicU64,
    written: AtomicU64,
    kept: Mutex<Outcome>,
    files: Mutex<Vec<Option<Arc<File>>>>,
    names: Mutex<HashSet<String>>,
}

impl<'a> State<'a> {
    pub(super) fn new(job: &'a Job) -> Self {
        State {
            job,
            ticks: AtomicU64::new(0),
            written: AtomicU64::new(0),
            kept: Mutex::default(),
            files: Mutex::default(),
            names: Mutex::default(),
        }
    }

    pub(super) fn host(context: *mut c_void) -> abi::Host {
        abi::Host {
            size: size_of::<abi::Host>() as u32,
            minor: abi::ABI_MINOR,
            context,
            tick,
            warn,
            lose,
            fail,
            report,
            read_at,
            release,
            open_output,
            write,
            write_at,
            close_output,
            extension: Some(super::pieces::extension),
        }
    }

    pub(super) fn into_outcome(self) -> Outcome {
        let mut outcome = self.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.ticks = self.ticks.into_inner();
        outcome
    }

    fn kept(&self) -> MutexGuard<'_, Outcome> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> MutexGuard<'_, Vec<Option<Arc<File>>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self) -> MutexGuard<'_, HashSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a failure unless one is there, and returns what the host function answers.
    fn refuse(&self, kind: ErrorKind, limit: &str, message: impl Into<String>) -> i64 {
        let failure = Failure { kind, limit: limit.to_owned(), message: message.into() };
        self.kept().error.get_or_insert(failure);
        -1
    }

    fn open(&self, raw: &abi::Output) -> i64 {
        // SAFETY: the contract says texts live for the call.
        let (name, format) = unsafe { (raw.name.to_string_lossy(), raw.format.to_string_lossy()) };
        let climbs = name.starts_with('/') || name.split('/').any(|part| matches!(part, "." | ".."));
        if climbs || name.contains(['\0', '\\']) {
            return self.refuse(ErrorKind::InvalidRequest, "", format!("the name {name:?} climbs out"));
        }
        if !self.names().insert(name.clone()) {
            return self.refuse(ErrorKind::InvalidRequest, "", format!("the name {name:?} is taken"));
        }
        let kind = match raw.kind {
            abi::KIND_DIRECTORY => OutputKind::Directory,
            abi::KIND_SYMLINK => OutputKind::Symlink,
            abi::KIND_HARD_LINK => OutputKind::HardLink,
            _ => OutputKind::File,
        };
        let file = match self.create(&name, kind) {
            Ok(file) => file,
            Err(error) => return self.refuse(ErrorKind::Io, "", format!("{name}: {error}")),
        };
        let format = if format.is_empty() { self.job.target.clone() } else { format };
        let modified = time_from_nanoseconds(raw.modified);
        let (bytes, length, mode) = (Vec::new(), 0, raw.mode);
        // Both locks are held together, so that the two lists stay in step.
        let (mut kept, mut files) = (self.kept(), self.files());
        kept.outputs.push(Produced { name, kind, format, bytes, length, modified, mode, closed: false });
        files.push(file.map(Arc::new));
        files.len() as i64 - 1
    }

    fn create(&self, name: &str, kind: OutputKind) -> std::io::Result<Option<File>> {
        let Sink::Folder(folder) = &self.job.sink else { return Ok(None) };
        let path = folder.join(if name.is_empty() { "output" } else { name });
        match kind {
            OutputKind::Directory => std::fs::create_dir_all(path).map(|()| None),
            OutputKind::File => {
                let made = File::create(&path).or_else(|_| {
                    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
                    File::create(&path)
                });
                made.map(Some)
            }
            OutputKind::Symlink | OutputKind::HardLink => Ok(None),
        }
    }

    /// Writes at an offset, or at the end.
    fn put(&self, number: i64, offset: Option<u64>, bytes: &[u8]) -> i64 {
        let Ok(number) = usize::try_from(number) else { return -1 };
        let allowed = self.job.limits.output;
        let before = self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if offset.is_none() && before.saturating_add(bytes.len() as u64) > allowed {
            return self.refuse(
                ErrorKind::LimitExceeded,
                "output",
                format!("the limit `output` is {allowed}"),
            );
        }
        let (fits, start) = match self.kept().outputs.get_mut(number) {
            Some(output) if !output.closed => {
                let start = offset.unwrap_or(output.length);
                let fits = start <= output.length;
                output.length = output.length.max(start.saturating_add(bytes.len() as u64));
                if fits && matches!(self.job.sink, Sink::Memory) {
                    store(&mut output.bytes, start, bytes);
                }
                (fits, start)
            }
            _ => (false, 0),
        };
        if !fits {
            return self.refuse(
                ErrorKind::PluginFault,
                "",
                "wrote past the end of an output, or to a closed one",
            );
        }
        match self.put_file(number, start, bytes) {
            Ok(()) => 0,
            Err(error) => self.refuse(ErrorKind::Io, "", error.to_string()),
        }
    }

    fn put_file(&self, number: usize, start: u64, bytes: &[u8]) -> std::io::Result<()> {
        let file = self.files().get(number).and_then(Option::clone);
        let Some(file) = file else { return Ok(()) };
        write_file_at(&file, start, bytes)
    }

    fn close(&self, number: i64) -> i64 {
        let Ok(number) = usize::try_from(number) else { return -1 };
        if let Some(file) = self.files().get_mut(number) {
            *file = None;
        }
        match self.kept().outputs.get_mut(number) {
            Some(output) if !output.closed => output.closed = true,
            _ => return -1,
        }
        0
    }

    fn told(&self, count: std::io::Result<usize>) -> i64 {
        match count {
            Ok(count) => count as i64,
            Err(error) => self.refuse(ErrorKind::Io, "", error.to_string()),
        }
    }

    fn read(&self, index: usize, offset: u64, buffer: &mut [u8]) -> i64 {
        let Some(input) = self.job.inputs.get(index) else {
            return self.refuse(ErrorKind::PluginFault, "", "read an input that is not there");
        };
        match &input.content {
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let count = (bytes.len() - start).min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[start..start + count]);
                count as i64
            }
            Content::File(file, _) => self.told(read_file_at(file, offset, buffer)),
            Content::Path(path, _) => {
                self.told(File::open(path).and_then(|file| read_file_at(&file, offset, buffer)))
            }
        }
    }
}

fn store(kept: &mut Vec<u8>, start: u64, bytes: &[u8]) {
    let start = start as usize;
    let over = (kept.len() - start).min(bytes.len());
    kept[start..start + over].copy_from_slice(&bytes[..over]);
    kept.extend_from_slice(&bytes[over..]);
}

#[cfg(unix)]
fn write_file_at(file: &File, start: u64, bytes: &[u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, start)
}

#[cfg(unix)]
fn read_file_at(file: &File, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn write_file_at(file: &File, start: u64, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = file;
    file.seek(SeekFrom::Start(start))?;
    file.write_all(bytes)
}

#[cfg(not(unix))]
fn read_file_at(file: &File, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = file;
    file.seek(SeekFrom::Start(offset))?;
    file.read(buffer)
}

/// Returns the state behind a context.
pub(super) fn state<'a>(context: *mut c_void) -> &'a State<'a> {
    // SAFETY: `call` hands out a pointer to a `State` that lives until the plugin returns, and every
    // function of the host is only called until then.
    unsafe { &*context.cast::<State<'a>>() }
}

extern "C" fn tick(context: *mut c_void, _done: u64, _total: u64) -> u32 {
    let state = state(context);
    let ticks = state.ticks.fetch_add(1, Ordering::Relaxed) + 1;
    match state.job.cancel_after {
        Some(last) if ticks >= last => abi::TICK_CANCELLED,
        _ => abi::TICK_CONTINUE,
    }
}

extern "C" fn warn(context: *mut c_void, message: abi::Text) {
    // SAFETY: the contract says texts live for the call.
    state(context).kept().warnings.push(unsafe { message.to_string_lossy() });
}

extern "C" fn lose(context: *mut c_void, feature: abi::Text, detail: abi::Text) {
    // SAFETY: as in `warn`.
    let loss = unsafe { (feature.to_string_lossy(), detail.to_string_lossy()) };
    state(context).kept().losses.push(loss);
}

extern "C" fn fail(context: *mut c_void, kind: abi::Text, limit: abi::Text, message: abi::Text) {
    // SAFETY: as in `warn`.
    let (kind, limit, message) =
        unsafe { (kind.to_string_lossy(), limit.to_string_lossy(), message.to_string_lossy()) };
    let kind = ErrorKind::from_word(&kind).unwrap_or(ErrorKind::Internal);
    state(context).refuse(kind, &limit, message);
}

extern "C" fn report(context: *mut c_void, json: abi::Text) {
    // SAFETY: as in `warn`.
    let text = unsafe { json.to_string_lossy() };
    match serde_json::from_str::<serde_json::Map<_, _>>(&text) {
        Ok(facts) => state(context).kept().facts.extend(facts),
        Err(error) => {
            state(context).refuse(ErrorKind::PluginFault, "", format!("facts are no JSON object: {error}"));
        }
    }
}

extern "C" fn read_at(
    context: *mut c_void,
    index: usize,
    offset: u64,
    buffer: *mut u8,
    length: usize,
) -> i64 {
    if length == 0 {
        return 0;
    }
    // SAFETY: the contract says `buffer` holds `length` bytes for the call.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, length) };
    state(context).read(index, offset, buffer)
}

extern "C" fn release(_context: *mut c_void, _index: usize) {}

extern "C" fn open_output(context: *mut c_void, output: *const abi::Output) -> i64 {
    // SAFETY: the contract says the pointer is valid for the call.
    match unsafe { output.as_ref() } {
        Some(output) => state(context).open(output),
        None => -1,
    }
}

extern "C" fn write(context: *mut c_void, output: i64, bytes: abi::Text) -> i32 {
    // SAFETY: as in `warn`.
    state(context).put(output, None, unsafe { bytes.bytes() }) as i32
}

extern "C" fn write_at(context: *mut c_void, output: i64, offset: u64, bytes: abi::Text) -> i32 {
    // SAFETY: as in `warn`.
    state(context).put(output, Some(offset), unsafe { bytes.bytes() }) as i32
}

extern "C" fn close_output(context: *mut c_void, output: i64) -> i32 {
    state(context).close(output) as i32
}
