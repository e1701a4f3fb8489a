//! Our command line as a user or a script sees it: words in, exit code and receipt out.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::place::Scratch;
use crate::run::{self, Finished, Limits};
use crate::{Result, place};

/// The error kinds a receipt may name. Anything else is a fault of the program.
pub const ERROR_KINDS: &[&str] = &[
    "invalid_request",
    "unsupported_format",
    "unsupported_conversion",
    "corrupt_input",
    "password_required",
    "limit_exceeded",
    "timeout",
    "cancelled",
    "backend_missing",
    "plugin_fault",
    "isolation_unavailable",
    "io",
    "internal",
];

/// One run of the program.
#[derive(Debug)]
pub struct Call {
    /// The process.
    pub process: Finished,
    /// The last line of stdout that is a JSON object: the receipt, when `--json` was among the words.
    pub receipt: Option<Value>,
}

impl Call {
    /// True when it ended with code 0 and, if there is a receipt, that names no error.
    pub fn succeeded(&self) -> bool {
        self.process.succeeded() && self.error_kind().is_none()
    }

    /// The value at a dotted path of the receipt, as in `output.format`.
    pub fn value(&self, path: &str) -> Option<&Value> {
        // Receipts may carry dotted keys as they are, or nest them.
        let receipt = self.receipt.as_ref()?;
        receipt.get(path).or_else(|| path.split('.').try_fold(receipt, |value, key| value.get(key)))
    }

    /// The text at a dotted path of the receipt.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.value(path)?.as_str()
    }

    /// The error kind the receipt names.
    pub fn error_kind(&self) -> Option<&str> {
        self.text("error.kind")
    }

    /// Its exit code; -1 when a signal ended it.
    pub fn code(&self) -> i32 {
        self.process.status.code().unwrap_or(-1)
    }

    /// What went wrong, in one line: the receipt's error, else the last line on stderr.
    pub fn complaint(&self) -> String {
        if self.process.timed_out {
            return format!("hang: killed after {:.0?}", self.process.wall);
        }
        if let Some(signal) = self.process.crashed() {
            return format!("crash: signal {signal}");
        }
        if let Some(kind) = self.error_kind() {
            return format!("{kind}: {}", self.text("error.message").unwrap_or_default());
        }
        let stderr = self.process.stderr_text();
        let last = stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no words on stderr");
        format!("exit {:?}: {last}", self.process.status.code())
    }
}

/// Runs the program with `words`.
pub fn call<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>, limits: &Limits) -> Result<Call> {
    let mut command = Command::new(place::program()?);
    command.args(words);
    call_command(&mut command, &[], limits)
}

/// Runs a prepared command of the program, with `input` on stdin.
pub fn call_command(command: &mut Command, input: &[u8], limits: &Limits) -> Result<Call> {
    let process = run::run_with_input(command, input, limits)?;
    let receipt = last_object(&process.stdout);
    Ok(Call { process, receipt })
}

/// Runs the program in `folder`; words are split at spaces.
pub fn call_in(folder: &Scratch, words: &str) -> Result<Call> {
    call_in_with(folder, words, &[], &Limits::default())
}

/// As [`call_in`], with `input` on stdin and limits of its own.
pub fn call_in_with(folder: &Scratch, words: &str, input: &[u8], limits: &Limits) -> Result<Call> {
    let mut command = Command::new(place::program()?);
    command.args(words.split(' ')).current_dir(folder.path());
    call_command(&mut command, input, limits)
}

/// Converts `input` into `output` and returns what happened.
pub fn convert(input: &Path, output: &Path, more: &[&str], limits: &Limits) -> Result<Call> {
    let mut words = vec![OsStr::new("convert"), input.as_os_str(), output.as_os_str(), OsStr::new("--json")];
    words.extend(more.iter().map(OsStr::new));
    call(words, limits)
}

/// Finds the last line that parses as a JSON object.
fn last_object(stdout: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(stdout);
    text.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_object_and_its_error() {
        let script = r#"echo noise; echo '{"event":"progress"}'; echo '{"error":{"kind":"io","message":"full"}}'; exit 74"#;
        let call = call_command(Command::new("sh").args(["-c", script]), &[], &Limits::default()).unwrap();
        assert_eq!(call.error_kind(), Some("io"));
        assert_eq!(call.complaint(), "io: full");
        assert!(!call.succeeded());
    }

    #[test]
    fn complains_with_stderr_when_there_is_no_receipt() {
        let mut command = Command::new("sh");
        let call =
            call_command(command.args(["-c", "echo broken >&2; exit 70"]), &[], &Limits::default()).unwrap();
        assert_eq!(call.complaint(), "exit Some(70): broken");
    }
}
