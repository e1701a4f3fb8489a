//! Turns a job into the border's structs and calls the plugin with them.

use super::host::State;
use super::{Content, Entry, Failure, Job, Outcome, defaults, kind_number};
use crate::{Description, ErrorKind, Value, input::nanoseconds_from_time};
use formwork_abi as abi;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

type Function = extern "C" fn(*const abi::Step, *const abi::Host) -> i32;

/// Descriptions that were read, by the address of the plugin's entry: a fuzzer asks thousands of times a second.
static DESCRIBED: Mutex<BTreeMap<usize, Description>> = Mutex::new(BTreeMap::new());

/// Returns what a plugin says of itself, read back from its JSON.
///
/// # Panics
///
/// When the plugin refuses this host or its JSON is broken.
pub fn describe(entry: Entry) -> Description {
    with_description(entry, Clone::clone)
}

fn with_description<T>(entry: Entry, look: impl FnOnce(&Description) -> T) -> T {
    let mut described = DESCRIBED.lock().unwrap_or_else(PoisonError::into_inner);
    look(described.entry(entry as usize).or_insert_with(|| read_description(entry)))
}

#[expect(clippy::expect_used, reason = "a test's assertion")]
fn read_description(entry: Entry) -> Description {
    let text = (table(entry).describe)();
    // SAFETY: the contract says the text lives as long as the process.
    let json = unsafe { text.as_str() }.expect("the description is UTF-8");
    serde_json::from_str(json).expect("the description is JSON of the known shape")
}

#[expect(clippy::expect_used, reason = "a test's assertion")]
fn table(entry: Entry) -> &'static abi::Plugin {
    let info = abi::HostInfo {
        size: size_of::<abi::HostInfo>() as u32,
        major: abi::ABI_MAJOR,
        minor: abi::ABI_MINOR,
        reserved: 0,
    };
    // SAFETY: `info` lives for the call; the table lives as long as the process.
    unsafe { entry(&info).as_ref() }.expect("the plugin accepts this host")
}

/// Calls one function of the plugin.
pub(super) fn call(mut job: Job, entry: Entry, function: fn(&abi::Plugin) -> Function) -> Outcome {
    let defaults = with_description(entry, |description| defaults(description, &job));
    if let Some((_, options)) = job.operations.last_mut() {
        options.extend(defaults);
    }
    let values: Vec<Vec<abi::OptionValue>> =
        job.operations.iter().map(|(_, options)| options.iter().map(option_value).collect()).collect();
    let operations: Vec<_> = job
        .operations
        .iter()
        .zip(&values)
        .map(|((name, _), values)| abi::Operation {
            size: size_of::<abi::Operation>() as u32,
            reserved: 0,
            name: abi::Text::new(name),
            options: values.as_ptr(),
            options_length: values.len(),
        })
        .collect();
    let inputs: Vec<_> = job.inputs.iter().map(|given| raw_input(given, &job)).collect();
    let step = abi::Step {
        size: size_of::<abi::Step>() as u32,
        reserved: 0,
        target: abi::Text::new(&job.target),
        operations: operations.as_ptr(),
        operations_length: operations.len(),
        inputs: inputs.as_ptr(),
        inputs_length: inputs.len(),
        limits: &job.limits,
    };
    let state = State::new(&job);
    let host = State::host((&raw const state).cast_mut().cast::<c_void>());
    let status = function(table(entry))(&step, &host);
    let mut outcome = state.into_outcome();
    finish(&mut outcome, status);
    outcome
}

/// Holds the plugin to its word: failure comes with a reason, success without one.
fn finish(outcome: &mut Outcome, status: i32) {
    let fault = |message: &str| Failure {
        kind: ErrorKind::PluginFault,
        limit: String::new(),
        message: message.to_owned(),
    };
    if status == abi::STATUS_OK && outcome.error.is_some() {
        outcome.error = Some(fault("returned success after a failure"));
    }
    if status != abi::STATUS_OK && outcome.error.is_none() {
        outcome.error = Some(fault("failed without a reason"));
    }
    outcome.outputs.retain(|output| output.closed);
    if outcome.error.is_some() {
        outcome.outputs.clear();
    }
}

fn option_value((name, value): &(String, Value)) -> abi::OptionValue {
    let mut raw = abi::OptionValue {
        name: abi::Text::new(name),
        kind: abi::KIND_TEXT,
        reserved: 0,
        integer: 0,
        number: 0.0,
        text: abi::Text::EMPTY,
    };
    match value {
        Value::Bool(flag) => (raw.kind, raw.integer) = (abi::KIND_BOOLEAN, i64::from(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => (raw.kind, raw.integer) = (abi::KIND_INTEGER, integer),
            None => (raw.kind, raw.number) = (abi::KIND_NUMBER, number.as_f64().unwrap_or(0.0)),
        },
        other => raw.text = abi::Text::new(other.as_str().unwrap_or("")),
    }
    raw
}

fn raw_input(given: &super::Given, job: &Job) -> abi::Input {
    let (length, memory) = match &given.content {
        Content::Memory(bytes) if job.streamed => (bytes.len() as u64, std::ptr::null()),
        Content::Memory(bytes) => (bytes.len() as u64, bytes.as_ptr()),
        Content::File(_, length) | Content::Path(_, length) => (*length, std::ptr::null()),
    };
    let length = if job.piped { abi::LENGTH_UNKNOWN } else { length };
    abi::Input {
        size: size_of::<abi::Input>() as u32,
        kind: kind_number(given.kind),
        name: abi::Text::new(&given.name),
        format: abi::Text::new(&given.format),
        length,
        modified: nanoseconds_from_time(given.modified),
        mode: given.mode,
        reserved: 0,
        memory,
    }
}
