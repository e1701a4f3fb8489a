//! One file turned into one format, and what became of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Suite, archives, pictures};
use crate::judge::{Contents, Judge, Picture};
use crate::program::{self, Call};
use crate::run::Limits;
use crate::strict::{self, Verdict};
use crate::{Result, judge};

/// What a foreign tool saw in an input.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Picture(Picture),
    Archive(Contents),
}

/// A file of the corpus in one role.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) format: &'static str,
    /// Pixels or bytes: what the work grows with.
    pub(super) cost: u64,
    pub(super) expected: Expected,
}

/// One file turned into one format.
#[derive(Clone, Debug)]
pub struct Case {
    pub(super) suite: Suite,
    pub(super) input: Arc<Input>,
    pub(super) to: &'static str,
}

/// Why a case did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The program was ended by a signal.
    Crash,
    /// The program was still running at the deadline.
    Hang,
    /// The program said no, with an error kind.
    Refused,
    /// The program failed without a receipt that says why.
    Mute,
    /// The program said yes and there is no output.
    NoOutput,
    /// No foreign tool opens the output.
    Unreadable,
    /// A strict checker finds the output wrong.
    NotValid,
    /// The size is not that of the input.
    Size,
    /// Frames or pages are missing.
    Frames,
    /// Transparency is gone although the target could hold it.
    Alpha,
    /// The picture does not look like the input.
    Look,
    /// The members are not those of the input.
    Members,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Fault::Crash => "crash",
            Fault::Hang => "hang",
            Fault::Refused => "refused",
            Fault::Mute => "mute",
            Fault::NoOutput => "no output",
            Fault::Unreadable => "unreadable",
            Fault::NotValid => "not valid",
            Fault::Size => "size",
            Fault::Frames => "frames",
            Fault::Alpha => "alpha",
            Fault::Look => "look",
            Fault::Members => "members",
        };
        f.pad(word)
    }
}

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its family.
    pub suite: Suite,
    /// The input's format.
    pub from: &'static str,
    /// The target.
    pub to: &'static str,
    /// The input's file name.
    pub file: String,
    /// Why it did not pass, in one line; `None` when it did.
    pub fault: Option<(Fault, String)>,
    /// Time on the clock of the conversion.
    pub wall: Duration,
    /// Largest memory of the conversion.
    pub peak_bytes: u64,
}

impl Case {
    /// Converts into `folder` and has the output judged.
    pub(super) fn run(&self, folder: &Path, deadline: Duration, judge: &mut Judge) -> Result<Outcome> {
        let output = folder.join(format!("out.{}", self.to));
        let limits = Limits { deadline, address_space: Some(12 << 30), ..Limits::default() };
        let call = program::convert(&self.input.path, &output, &[], &limits)?;
        let fault = match answered(&call, &output) {
            Err(fault) => Some(fault),
            Ok(()) => self.judge(&output, judge)?.err(),
        };
        if output.exists() {
            std::fs::remove_file(&output)?;
        }
        Ok(Outcome {
            suite: self.suite,
            from: self.input.format,
            to: self.to,
            file: self.input.name.clone(),
            fault,
            wall: call.process.wall,
            peak_bytes: call.process.peak_bytes,
        })
    }

    fn judge(&self, output: &Path, judge: &mut Judge) -> Result<Result<(), (Fault, String)>> {
        let seen = match &self.input.expected {
            Expected::Picture(expected) => judge
                .picture(output, self.to)
                .map(|picture| pictures::compare(self.input.format, self.to, expected, &picture)),
            Expected::Archive(expected) => {
                judge.archive(output, self.to).map(|contents| archives::compare(expected, &contents))
            }
        };
        let verdict = match seen {
            Ok(verdict) => verdict,
            Err(error) => return Ok(Err((Fault::Unreadable, error.to_string()))),
        };
        if verdict.is_err() {
            return Ok(verdict);
        }
        Ok(match strict::check(output, self.to)? {
            Verdict::Right => Ok(()),
            Verdict::Wrong(why) => Err((Fault::NotValid, why)),
        })
    }
}

/// Did the program do what it was asked, and say so?
fn answered(call: &Call, output: &Path) -> Result<(), (Fault, String)> {
    let fault = if call.process.timed_out {
        Fault::Hang
    } else if call.process.crashed().is_some() {
        Fault::Crash
    } else if call.error_kind().is_some_and(|kind| program::ERROR_KINDS.contains(&kind)) {
        Fault::Refused
    } else if !call.succeeded() || call.receipt.is_none() {
        Fault::Mute
    } else if !output.is_file() {
        Fault::NoOutput
    } else {
        return Ok(());
    };
    Err((fault, call.complaint()))
}

/// Says a size as people write it.
pub(super) fn size(picture: &judge::Picture) -> String {
    format!("{}x{}", picture.width, picture.height)
}
