//! `probe` names the format of every file of the corpus, with its name and without.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::fs;
use std::process::Command;

use formwork_tests::corpus::{self, Sample};
use formwork_tests::place;
use formwork_tests::program;
use formwork_tests::run::Limits;

/// The corpus says what a stream is packed with; `probe` also says that a tar is inside.
const FINER: &[(&str, &str)] =
    &[("gz", "tgz"), ("bz2", "tbz2"), ("xz", "txz"), ("lz4", "tlz4"), ("zst", "tzst")];

/// What `probe` calls a file; an empty text when it refuses.
fn named(sample: &Sample, with_name: bool) -> String {
    let mut command = Command::new(place::program().unwrap());
    command.arg("probe").arg("--json");
    let call = if with_name {
        program::call_command(command.arg(&sample.path), &[], &Limits::default())
    } else {
        program::call_command(command.arg("-"), &fs::read(&sample.path).unwrap(), &Limits::default())
    };
    let call = call.unwrap();
    assert!(
        call.process.crashed().is_none() && !call.process.timed_out,
        "{}: {}",
        sample.name(),
        call.complaint()
    );
    call.text("format").unwrap_or_default().to_owned()
}

/// Returns the files whose format `probe` does not name as the corpus does. Hostile files are broken, or carry
/// a wrong name on purpose, which is what the corpus lists; they only must not crash.
fn wrong(samples: &[Sample], with_name: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for sample in samples {
        let seen = named(sample, with_name);
        let due = sample.format.as_str();
        if seen != due && !FINER.contains(&(due, seen.as_str())) && sample.folder != "hostile" {
            wrong.push(format!("{}: {seen} instead of {due}", sample.name()));
        }
    }
    wrong
}

fn check(with_name: bool, least_percent: usize) {
    let Some(samples) = corpus::samples().unwrap() else {
        eprintln!("skipped: no corpus (set FORMWORK_CORPUS)");
        return;
    };
    let wrong = wrong(&samples, with_name);
    println!(
        "{} of {} named rightly; wrong:\n{}",
        samples.len() - wrong.len(),
        samples.len(),
        wrong.join("\n")
    );
    assert!((samples.len() - wrong.len()) * 100 >= samples.len() * least_percent, "{}", wrong.join("\n"));
}

#[test]
fn names_every_file_by_its_bytes_and_name() {
    check(true, 99);
}

#[test]
fn names_files_without_their_name() {
    check(false, 95);
}
