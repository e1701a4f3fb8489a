//! Why a worker died, and what that makes of its task.

use crate::{Error, ErrorKind};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The end of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Death {
    /// What happened, as part of a sentence.
    pub(super) what: String,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// A fault of the plugin's code.
    Crash,
    /// A named limit.
    Limit(&'static str),
    /// A system call that its cage forbids.
    Policy,
    /// Killed from outside.
    Killed,
    Unknown,
}

/// Bytes of a worker's last words that are looked at.
const WORDS: usize = 4_096;

impl Death {
    pub(super) fn unknown() -> Death {
        Death { what: "for an unknown reason".into(), cause: Cause::Unknown }
    }

    /// Whether another try may end better: not when a limit was hit, which would be hit again.
    pub(super) fn may_be_tried_again(&self) -> bool {
        !matches!(self.cause, Cause::Limit(_) | Cause::Policy)
    }

    /// The task's error. `value` tells the value of a limit.
    pub(super) fn error(&self, plugin: &str, value: impl Fn(&str) -> u64) -> Error {
        let message = format!("the worker of the plugin {plugin} died: {}", self.what);
        match self.cause {
            Cause::Limit(limit) => {
                let message = format!("{message}; the limit `{limit}` of {} is reached", value(limit));
                let mut error = Error::new(ErrorKind::LimitExceeded, message);
                error.limit = Some(limit.into());
                error.with_hint(format!("raise the limit `{limit}` if the input is trusted"))
            }
            _ => Error::new(ErrorKind::PluginFault, message)
                .with_hint("the program itself is unharmed; please report the input that did this"),
        }
    }
}

/// Reads the cause from the exit status and the last words.
pub(super) fn of(status: ExitStatus, messages: &File) -> Death {
    let mut words = vec![0; WORDS];
    let length = messages.metadata().map_or(0, |about| about.len());
    let count = messages.read_at(&mut words, length.saturating_sub(WORDS as u64)).unwrap_or(0);
    words.truncate(count);
    let words = String::from_utf8_lossy(&words);
    let death = |what: &str, cause| Death { what: what.into(), cause };
    let out_of_memory = words.contains("memory allocation of") || words.contains("bad_alloc");
    match status.signal() {
        Some(libc::SIGABRT) if out_of_memory => death("out of memory", Cause::Limit("memory")),
        Some(libc::SIGABRT) if words.contains("overflowed its stack") => {
            death("its stack overflowed", Cause::Crash)
        }
        Some(libc::SIGABRT) => death("it aborted", Cause::Crash),
        Some(libc::SIGSEGV) if words.contains("overflowed its stack") => {
            death("its stack overflowed", Cause::Crash)
        }
        Some(libc::SIGSEGV | libc::SIGBUS) => death("it touched memory that is not its own", Cause::Crash),
        Some(libc::SIGILL | libc::SIGTRAP | libc::SIGFPE) => death("it ran into a trap", Cause::Crash),
        Some(libc::SIGSYS) => death("it made a system call that is forbidden to it", Cause::Policy),
        Some(libc::SIGXCPU) => death("out of processor time", Cause::Limit("cpu")),
        Some(libc::SIGKILL) => death("it was killed", Cause::Killed),
        Some(libc::SIGXFSZ) => death("an output grew too large", Cause::Limit("output")),
        Some(signal) => death(&format!("signal {signal}"), Cause::Crash),
        None => {
            let code = status.code().unwrap_or(-1);
            death(&format!("it exited with code {code}"), Cause::Crash)
        }
    }
}
