//! One file turned into one format, and what became of it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Suite, archives, documents, media, pictures};
use crate::judge::{Contents, Judge, Pages, Picture, Streams};
use crate::program::{self, Call};
use crate::run::Limits;
use crate::strict::{self, Verdict};
use crate::{Result, judge};

/// What a foreign tool saw in an input.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Picture(Picture),
    Archive(Contents),
    /// Video and sound are compared with the input when the output is there: that needs every frame of both.
    Media(Streams),
    /// The same for the words of documents.
    Document(Pages),
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

impl Input {
    /// True when it has what becomes `to`: a video without sound becomes no sound.
    pub(super) fn fits(&self, to: &str) -> bool {
        match &self.expected {
            Expected::Media(streams) => Suite::fits(streams, to),
            Expected::Picture(_) | Expected::Archive(_) | Expected::Document(_) => true,
        }
    }
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
    /// The container is another one.
    Container,
    /// A codec that players do not expect in the container.
    Codec,
    /// Video or sound is missing, or there is some that the input has not.
    Streams,
    /// The length is not that of the input, or the header tells another one than there is.
    Length,
    /// The sound is silent, of another loudness, or another sound.
    Sound,
    /// A lossless target does not have the input's samples.
    Samples,
    /// Words are missing, or in another order.
    Text,
    /// The decoder complains of what it did not complain of in the input.
    Decoding,
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
            Fault::Container => "container",
            Fault::Codec => "codec",
            Fault::Streams => "streams",
            Fault::Length => "length",
            Fault::Sound => "sound",
            Fault::Samples => "samples",
            Fault::Text => "text",
            Fault::Decoding => "decoding",
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
    /// Whether every sample is that of the input; `None` where that cannot be asked.
    pub exact: Option<bool>,
    /// Time on the clock of the conversion.
    pub wall: Duration,
    /// Largest memory of the conversion.
    pub peak_bytes: u64,
}

impl Case {
    /// Converts into `folder` and has the output judged; nothing when the input has nothing that the target holds.
    pub(super) fn run(
        &self,
        folder: &Path,
        deadline: Duration,
        judge: &mut Judge,
    ) -> Result<Option<Outcome>> {
        let output = folder.join(format!("out.{}", self.to));
        let limits = Limits { deadline, address_space: Some(12 << 30), ..Limits::default() };
        let call = program::convert(&self.input.path, &output, self.options(), &limits)?;
        if self.suite == Suite::Pdf && call.complaint().contains(NO_TABLE) {
            return Ok(None);
        }
        let output = first_of(output);
        let judged = match answered(&call, &output) {
            Err(fault) => Judged { verdict: Err(fault), exact: None },
            Ok(()) => self.judge(&output, judge)?,
        };
        std::fs::remove_dir_all(folder)?;
        std::fs::create_dir(folder)?;
        Ok(Some(Outcome {
            suite: self.suite,
            from: self.input.format,
            to: self.to,
            file: self.input.name.clone(),
            fault: judged.verdict.err(),
            exact: judged.exact,
            wall: call.process.wall,
            peak_bytes: call.process.peak_bytes,
        }))
    }

    /// Of a document of pages, a picture shows the first.
    fn options(&self) -> &'static [&'static str] {
        if self.suite == Suite::Pdf && Suite::is_page_picture(self.to) { &["--set", "pages=1"] } else { &[] }
    }

    fn judge(&self, output: &Path, judge: &mut Judge) -> Result<Judged> {
        let judged = match self.compare(output, judge) {
            Ok(judged) => judged,
            Err(error) => Judged { verdict: Err((Fault::Unreadable, error.to_string())), exact: None },
        };
        if judged.verdict.is_err() {
            return Ok(judged);
        }
        let Verdict::Wrong(lines) = strict::check(output, self.to)? else { return Ok(judged) };
        let why = lines.last().cloned().unwrap_or_default();
        // What is copied keeps the faults it came with.
        let old = |verdict| matches!(verdict, Verdict::Wrong(lines) if lines.contains(&why));
        if self.suite.is_media() && old(strict::check(&self.input.path, self.to)?) {
            return Ok(judged);
        }
        Ok(Judged { verdict: Err((Fault::NotValid, why)), ..judged })
    }

    /// Has the output read by foreign tools; an error is their verdict.
    fn compare(&self, output: &Path, judge: &mut Judge) -> Result<Judged> {
        let (from, to) = (self.input.format, self.to);
        let verdict = match &self.input.expected {
            Expected::Picture(expected) => pictures::compare(from, to, expected, &judge.picture(output, to)?),
            Expected::Archive(expected) => archives::compare(expected, &judge.archive(output, to)?),
            Expected::Document(expected) => {
                let seen = judge.document(output, to, (&self.input.path, from))?;
                documents::compare(from, to, expected, &seen)
            }
            Expected::Media(_) => {
                let seen = judge.media(output, to, (&self.input.path, from))?;
                return Ok(Judged { verdict: media::compare(to, &seen), exact: media::exact(to, &seen) });
            }
        };
        Ok(Judged { verdict, exact: None })
    }
}

/// The first file of a series, when the output became one.
pub(crate) fn first_of(output: PathBuf) -> PathBuf {
    let first =
        output.with_file_name(format!("out-001.{}", output.extension().unwrap_or_default().display()));
    if first.is_file() { first } else { output }
}

/// What the program says when a document has no table that could become a sheet.
pub(crate) const NO_TABLE: &str = "no table was found";

/// What the judge says of an output.
struct Judged {
    verdict: Result<(), (Fault, String)>,
    exact: Option<bool>,
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
