//! Every other operation by its name: `formwork thumbnail IN OUT`.

use super::metadata;
use crate::args::Transfer;
use crate::{exit, setup};
use clap::Parser;
use formwork::{Error, Result};
use std::ffi::OsString;

/// How PDF operations are called.
const PDF_EXAMPLES: &[&str] = &[
    "pdf split report.pdf parts/ --set every=10",
    "pdf extract-pages report.pdf some.pdf --set pages=1-3,7",
    "pdf merge cover.png report.pdf whole.pdf",
    "pdf encrypt report.pdf closed.pdf --set password=secret --set permissions=printing",
    "pdf compress scan.pdf small.pdf --set density=120 --set linearize=true",
    "pdf redact letter.pdf open.pdf --set text=\"John Doe\"",
];

#[derive(Parser)]
#[command(disable_version_flag = true)]
struct Words {
    #[command(flatten)]
    transfer: Transfer,
}

/// Runs the operation the first word names, or the first two: `pdf split` is `pdf/split`.
pub(crate) fn run(words: &[OsString]) -> Result<u8> {
    let word =
        |place: usize| words.get(place).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    let (name, taken) = match word(0).as_str() {
        group @ "pdf" if words.len() > 1 => (format!("{group}/{}", word(1)), 2),
        _ => (word(0), 1),
    };
    if word(0) == "pdf" && matches!(word(1).as_str(), "" | "--help" | "-h" | "help") {
        return super::group::show("pdf", PDF_EXAMPLES);
    }
    let usage = format!("formwork {}", name.replace('/', " "));
    let arguments = std::iter::once(OsString::from(usage)).chain(words.iter().skip(taken).cloned());
    let parsed = Words::try_parse_from(arguments);
    // What is only asked for needs no plugin that writes it.
    if let Ok(words) = &parsed
        && name == "metadata"
        && metadata::is_question(&words.transfer)
    {
        return metadata::show(&words.transfer);
    }
    refuse_unknown(&name)?;
    match parsed {
        Ok(words) => super::convert::run(&words.transfer, &name),
        Err(error) => {
            let _ = error.print();
            Ok(if error.use_stderr() { exit::USAGE } else { exit::OK })
        }
    }
}

/// Fails when no plugin on this machine has the operation.
fn refuse_unknown(name: &str) -> Result<()> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let known = engine.matrix().operations();
    if known.contains(name) {
        return Ok(());
    }
    let mut all = vec![
        "plan",
        "run",
        "verify",
        "probe",
        "formats",
        "matrix",
        "options",
        "doctor",
        "completions",
        "man",
    ];
    all.extend(known);
    Err(Error::invalid(format!("there is no command `{name}`"))
        .with_hint(format!("commands on this machine: {}", all.join(", "))))
}
