//! The functions the engine lends a plugin during one call. Everything that comes in is checked: a
//! plugin is honest but may be wrong, and a worker will hand its wishes to the same functions.

use super::control::Control;
use super::item::Item;
use super::pieces;
use super::sink::{OutputSpec, Sink};
use super::work::Rescue;
use crate::cache::StepPieces;
use crate::detect::Source;
use crate::lock::lock;
use crate::{Error, ErrorKind, Result};
use formwork_abi::{self as abi, Host, Text};
use formwork_formats::Feature;
use serde_json::{Map, Value};
use std::ffi::c_void;
use std::fs::File;
use std::sync::{Mutex, PoisonError};

/// What one call may read and write, and where it says what it did.
pub struct StepContext<'c> {
    inputs: &'c [Item],
    sink: &'c Sink,
    control: &'c Control,
    /// The part of the whole work this step is: start and span.
    share: (f64, f64),
    pieces: Option<StepPieces<'c>>,
    found: Mutex<Found>,
    failure: Mutex<Option<Error>>,
}

/// What a plugin said during a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Sentences for the user.
    pub warnings: Vec<String>,
    /// Losses with details.
    pub losses: Vec<(Feature, String)>,
    /// Facts.
    pub facts: Map<String, Value>,
    /// Greatest resident memory of the worker that ran the step, in bytes; 0 without one.
    pub worker_bytes: u64,
    /// What was written anew by another plugin first.
    pub(crate) rescues: Vec<Rescue>,
    /// Pieces of the step's work that an earlier run had kept.
    pub(crate) pieces: usize,
}

impl Found {
    /// Adds what was said in another run of the same step, each sentence once. Facts are of one output, and none are left of several.
    pub(crate) fn add(&mut self, other: Found) {
        for warning in other.warnings {
            if self.warnings.len() < MOST_SAYINGS && !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        for loss in other.losses {
            if self.losses.len() < MOST_SAYINGS && !self.losses.contains(&loss) {
                self.losses.push(loss);
            }
        }
        self.worker_bytes = self.worker_bytes.max(other.worker_bytes);
        Rescue::note(&mut self.rescues, other.rescues);
        self.pieces += other.pieces;
    }

    /// Puts what was said before in front of what was said in the run itself.
    pub(crate) fn precede(&mut self, mut before: Found) {
        std::mem::swap(&mut self.warnings, &mut before.warnings);
        std::mem::swap(&mut self.losses, &mut before.losses);
        self.add(before);
    }
}

/// The most warnings and losses kept from one call; the rest is counted in one last sentence.
const MOST_SAYINGS: usize = 1_000;

impl<'c> StepContext<'c> {
    /// Prepares one call.
    pub fn new(inputs: &'c [Item], sink: &'c Sink, control: &'c Control, share: (f64, f64)) -> Self {
        let (found, failure) = (Mutex::default(), Mutex::default());
        StepContext { inputs, sink, control, share, pieces: None, found, failure }
    }

    /// The same, where pieces of the work are kept.
    pub(crate) fn keeping(self, pieces: Option<StepPieces<'c>>) -> Self {
        StepContext { pieces, ..self }
    }

    /// Returns what the plugin said.
    pub fn into_found(self) -> Found {
        let found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        Found { pieces: self.pieces.map_or(0, |pieces| pieces.found()), ..found }
    }

    /// Takes the first failure that was recorded.
    pub fn take_failure(&self) -> Option<Error> {
        lock(&self.failure).take()
    }

    /// The table to hand to the plugin; valid as long as this context is.
    pub fn host(&self) -> Host {
        Host {
            size: size_of::<Host>() as u32,
            minor: abi::ABI_MINOR,
            context: std::ptr::from_ref(self).cast_mut().cast::<c_void>(),
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
            extension: Some(extension),
        }
    }

    pub(crate) fn record(&self, error: Error) {
        lock(&self.failure).get_or_insert(error);
    }

    pub(crate) fn pieces(&self) -> Option<&StepPieces<'c>> {
        self.pieces.as_ref()
    }

    pub(crate) fn control(&self) -> &Control {
        self.control
    }

    /// Notes how far the step is.
    pub(crate) fn advance(&self, done: u64, total: u64) {
        if total > 0 {
            let part = done.min(total) as f64 / total as f64;
            self.control.advance(self.share.0 + self.share.1 * part);
        }
    }

    pub(crate) fn note_worker_bytes(&self, bytes: u64) {
        lock(&self.found).worker_bytes = bytes;
    }

    pub(crate) fn warn(&self, message: &str) {
        let mut found = lock(&self.found);
        if found.warnings.len() < MOST_SAYINGS {
            found.warnings.push(crate::text::clean(message));
        } else if found.warnings.len() == MOST_SAYINGS {
            found.warnings.push("more warnings of this step are left out".into());
        }
    }

    pub(crate) fn lose(&self, feature: &str, detail: &str) {
        let Some(feature) = Feature::from_word(feature) else { return };
        let mut found = lock(&self.found);
        if found.losses.len() < MOST_SAYINGS {
            found.losses.push((feature, crate::text::clean(detail)));
        }
    }

    pub(crate) fn fail(&self, kind: &str, limit: &str, message: &str) {
        let kind = ErrorKind::from_word(kind).unwrap_or(ErrorKind::PluginFault);
        let mut error = Error::new(kind, crate::text::clean(message));
        if kind == ErrorKind::LimitExceeded {
            let limit = crate::text::clean(limit);
            error.hint = Some(format!("raise the limit `{limit}` if the input is trusted"));
            error.limit = Some(limit);
        }
        self.record(error);
    }

    pub(crate) fn report(&self, json: &[u8]) {
        if let Ok(Value::Object(facts)) = serde_json::from_slice(json) {
            lock(&self.found).facts.extend(facts);
        }
    }

    /// Opens an output that another process writes to; the failure is recorded.
    pub(crate) fn open_shared(&self, spec: OutputSpec) -> Option<(u64, File)> {
        let opened = self.sink.open_shared(spec);
        opened.map(|(id, file)| (id as u64, file)).map_err(|error| self.record(error)).ok()
    }

    /// A file for the main output, to be handed over before that is opened.
    pub(crate) fn file_ahead(&self) -> Option<File> {
        self.sink.file_ahead()
    }

    /// How long an output in memory may get before it has to move to disk.
    pub(crate) fn in_memory(&self) -> u64 {
        self.sink.in_memory()
    }

    /// A file on disk for such an output; the failure is recorded.
    pub(crate) fn spill_shared(&self, id: i64) -> Option<File> {
        self.sink.spill_shared(id).map_err(|error| self.record(error)).ok()
    }

    /// What is wrong when an output in memory grew further than that, whatever its writer was told.
    pub(crate) fn overfull(&self) -> Option<Error> {
        self.sink.overfull()
    }

    /// Opens the main output in that file; the failure is recorded.
    pub(crate) fn open_ahead(&self, spec: OutputSpec, file: File) -> bool {
        self.status(self.sink.open_ahead(spec, file)) == 0
    }

    /// Closes an output that another process wrote; the failure is recorded.
    pub(crate) fn close_shared(&self, id: i64) -> bool {
        self.status(self.sink.close_shared(id)) == 0
    }

    /// Records a failure and turns success into 0, failure into -1.
    fn status(&self, result: Result<()>) -> i32 {
        match result {
            Ok(()) => 0,
            Err(error) => {
                self.record(error);
                -1
            }
        }
    }
}

/// # Safety
///
/// `context` is the one of a [`StepContext::host`] whose context is alive.
pub(super) unsafe fn context<'a>(context: *mut c_void) -> &'a StepContext<'a> {
    // SAFETY: the caller vouches for it; the contract forbids host calls after the call has returned.
    unsafe { &*context.cast::<StepContext<'a>>() }
}

extern "C" fn tick(at: *mut c_void, done: u64, total: u64) -> u32 {
    // SAFETY: the plugin hands back the pointer it was given.
    let step = unsafe { context(at) };
    step.advance(done, total);
    if step.control.cancel_token().is_cancelled() {
        step.record(Error::new(ErrorKind::Cancelled, "the job was cancelled"));
        return abi::TICK_CANCELLED;
    }
    if step.control.is_late() {
        step.record(step.control.timeout_error());
        return abi::TICK_DEADLINE;
    }
    abi::TICK_CONTINUE
}

extern "C" fn warn(at: *mut c_void, message: Text) {
    // SAFETY: as in `tick`; the text lives for this call.
    let (step, message) = unsafe { (context(at), message.to_string_lossy()) };
    step.warn(&message);
}

extern "C" fn lose(at: *mut c_void, feature: Text, detail: Text) {
    // SAFETY: as in `warn`.
    let (step, feature, detail) = unsafe { (context(at), feature.as_str(), detail.to_string_lossy()) };
    step.lose(feature.unwrap_or_default(), &detail);
}

extern "C" fn fail(at: *mut c_void, kind: Text, limit: Text, message: Text) {
    // SAFETY: as in `warn`.
    let (step, kind, limit, message) =
        unsafe { (context(at), kind.as_str(), limit.to_string_lossy(), message.to_string_lossy()) };
    step.fail(kind.unwrap_or_default(), &limit, &message);
}

extern "C" fn report(at: *mut c_void, json: Text) {
    // SAFETY: as in `warn`.
    let (step, json) = unsafe { (context(at), json.bytes()) };
    step.report(json);
}

extern "C" fn read_at(at: *mut c_void, index: usize, offset: u64, buffer: *mut u8, length: usize) -> i64 {
    // SAFETY: as in `tick`.
    let step = unsafe { context(at) };
    let Some(item) = step.inputs.get(index) else {
        step.record(Error::new(
            ErrorKind::PluginFault,
            format!("the plugin read input {index}, which is not there"),
        ));
        return -1;
    };
    if buffer.is_null() || length == 0 {
        return 0;
    }
    // SAFETY: the contract says the plugin's buffer has `length` bytes, all initialised.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, length) };
    match item.read_at(offset, buffer) {
        Ok(count) => count as i64,
        Err(error) => {
            step.record(Error::io(format!("cannot read {}", item.name), &error));
            -1
        }
    }
}

extern "C" fn release(at: *mut c_void, index: usize) {
    // SAFETY: as in `tick`.
    let step = unsafe { context(at) };
    if let Some(item) = step.inputs.get(index) {
        item.release();
    }
}

extern "C" fn open_output(at: *mut c_void, output: *const abi::Output) -> i64 {
    // SAFETY: as in `tick`; the struct lives for this call, null is refused below.
    let (step, output) = unsafe { (context(at), output.as_ref()) };
    let Some(output) = output else { return -1 };
    // SAFETY: the texts live for this call.
    let (name, format) = unsafe { (output.name.to_string_lossy(), output.format.to_string_lossy()) };
    let spec = OutputSpec {
        name,
        format,
        kind: output.kind,
        length: (output.length != abi::LENGTH_UNKNOWN).then_some(output.length),
        modified: time(output.modified),
        mode: output.mode,
    };
    match step.sink.open(spec) {
        Ok(id) => id as i64,
        Err(error) => {
            step.record(error);
            -1
        }
    }
}

extern "C" fn write(at: *mut c_void, output: i64, bytes: Text) -> i32 {
    // SAFETY: as in `warn`.
    let (step, bytes) = unsafe { (context(at), bytes.bytes()) };
    step.status(step.sink.write(output, None, bytes))
}

extern "C" fn write_at(at: *mut c_void, output: i64, offset: u64, bytes: Text) -> i32 {
    // SAFETY: as in `warn`.
    let (step, bytes) = unsafe { (context(at), bytes.bytes()) };
    step.status(step.sink.write(output, Some(offset), bytes))
}

extern "C" fn close_output(at: *mut c_void, output: i64) -> i32 {
    // SAFETY: as in `tick`.
    let step = unsafe { context(at) };
    step.status(step.sink.close(output))
}

extern "C" fn extension(at: *mut c_void, name: Text) -> *const c_void {
    // SAFETY: as in `warn`.
    let (step, name) = unsafe { (context(at), name.bytes()) };
    if name == abi::PIECES.as_bytes() { pieces::table(step) } else { std::ptr::null() }
}

/// A time of the contract; `None` when it is unknown or out of range.
pub(crate) fn time(nanoseconds: i64) -> Option<std::time::SystemTime> {
    use std::time::{Duration, SystemTime};
    if nanoseconds == abi::TIME_UNKNOWN {
        return None;
    }
    let span = Duration::from_nanos(nanoseconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if nanoseconds < 0 { epoch.checked_sub(span) } else { epoch.checked_add(span) }
}
