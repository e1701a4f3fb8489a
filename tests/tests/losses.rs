//! What `plan` says will be lost is all that is lost: every loss of a receipt was predicted.
//!
//! `FORMWORK_LOSSES=all` takes every file of the corpus to every target; otherwise it is a sample.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread::scope;
use std::time::Duration;

use formwork_tests::corpus::{self, Sample};
use formwork_tests::place::Scratch;
use formwork_tests::program;
use formwork_tests::run::Limits;
use serde_json::Value;

/// A folder of the corpus, and what its files become.
const FAMILIES: &[(&str, &[&str])] = &[
    ("image", &["jpg", "png", "gif", "webp", "tiff", "pdf"]),
    ("archive", &["zip", "tgz", "7z", "tar"]),
    ("audio", &["mp3", "flac", "wav", "ogg", "m4a"]),
    ("document", &["pdf", "png", "txt", "docx", "md"]),
    ("video", &["mp4", "gif", "mp3", "mkv", "jpg"]),
];
/// Files of a folder in a sample.
const SAMPLE: usize = 10;

/// One file and what it becomes.
struct Case<'s> {
    family: &'static str,
    sample: &'s Sample,
    to: &'static str,
}

/// What was predicted, and what was told.
struct Outcome {
    predicted: Vec<String>,
    told: Vec<(String, String)>,
}

fn cases(samples: &[Sample], all: bool) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (family, targets) in FAMILIES {
        let mut files: Vec<&Sample> = samples.iter().filter(|sample| sample.folder == *family).collect();
        files.sort_by(|one, other| (one.bytes, &one.path).cmp(&(other.bytes, &other.path)));
        let step = if all { 1 } else { files.len().div_ceil(SAMPLE).max(1) };
        for (number, sample) in files.into_iter().step_by(step).enumerate() {
            let some = targets.iter().skip(number % targets.len()).take(1);
            let chosen: Vec<_> = if all { targets.iter().collect() } else { some.collect() };
            cases.extend(chosen.into_iter().map(|to| Case { family, sample, to }));
        }
    }
    cases
}

fn words(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Plans and converts; `None` when that does not work, which other tests are about.
fn run(case: &Case<'_>, folder: &Path) -> Option<Outcome> {
    let limits = Limits { deadline: Duration::from_secs(120), ..Limits::default() };
    let input: &OsStr = case.sample.path.as_os_str();
    let to = [OsStr::new("--to"), OsStr::new(case.to), OsStr::new("--json")];
    let plan = program::call([OsStr::new("plan"), input].into_iter().chain(to), &limits).unwrap();
    let predicted = words(&plan.receipt?["routes"][0]["losses"]);
    let convert = [OsStr::new("convert"), input, OsStr::new("-o"), folder.as_os_str()];
    let done = program::call(convert.into_iter().chain(to), &limits).unwrap();
    let _ = fs::remove_dir_all(folder);
    let receipt = done.receipt.filter(|receipt| receipt["status"] == "ok")?;
    let losses = receipt["losses"].as_array()?.iter();
    let word = |loss: &Value, name: &str| loss[name].as_str().unwrap_or_default().to_owned();
    let told = losses.map(|loss| (word(loss, "feature"), word(loss, "detail"))).collect();
    Some(Outcome { predicted, told })
}

#[test]
fn every_loss_was_predicted() {
    let Some(samples) = corpus::samples().unwrap() else {
        eprintln!("skipped: no corpus, so no prediction was compared");
        return;
    };
    let all = std::env::var_os("FORMWORK_LOSSES").is_some();
    let cases = cases(&samples, all);
    let scratch = Scratch::new("losses").unwrap();
    let queue = Mutex::new(cases.iter().enumerate());
    let found = Mutex::new((BTreeMap::<&str, [usize; 3]>::new(), Vec::new()));
    let work = || {
        loop {
            let next = queue.lock().unwrap().next();
            let Some((number, case)) = next else { return };
            let Some(outcome) = run(case, &scratch.join(format!("{number}/"))) else { continue };
            let surprises: Vec<_> =
                outcome.told.iter().filter(|(feature, _)| !outcome.predicted.contains(feature)).collect();
            let mut found = found.lock().unwrap();
            let counts = found.0.entry(case.family).or_default();
            counts[0] += 1;
            counts[1] += usize::from(surprises.is_empty());
            counts[2] += outcome.told.len();
            for (feature, detail) in surprises {
                let name = case.sample.name();
                found.1.push(format!("{name} to {}: {feature}: {detail}", case.to));
            }
        }
    };
    scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(work)));
    });
    let (counts, surprises) = found.into_inner().unwrap();
    for (family, [done, kept, losses]) in &counts {
        println!("{family}: of {kept} of {done} conversions every loss was predicted ({losses} losses)");
    }
    let done: usize = counts.values().map(|counts| counts[0]).sum();
    assert!(done > 20, "only {done} conversions");
    assert!(surprises.is_empty(), "{} losses were not predicted:\n{}", surprises.len(), surprises.join("\n"));
}
