//! What `plan` says will be lost is all that is lost: every loss of a receipt was predicted.
//!
//! `FORMWORK_LOSSES=all` takes every file of the corpus to every target, the name of a folder only the files of that one;
//! otherwise it is a sample.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

use std::collections::{BTreeMap, BTreeSet};
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

/// What is not predicted yet, as a loss begins, and why.
const UNFORESEEN: &[(&str, &str)] = &[
    ("bit_depth: the preview has", "whether a raw file can be developed shows only when it is"),
    ("quality: the preview is", "the same"),
    ("metadata: the notes the maker", "which notes can be carried over shows when they are read"),
    (
        "bit_depth: 32 bits a sample were rounded to 16",
        "PFM is a kind of PNM, which has no such samples otherwise",
    ),
    ("bit_depth: 16 bits a sample", "the probe of some raw files does not tell their depth"),
    ("bit_depth: samples of 32 bits", "one word stands for all depths beyond 8 bits"),
    ("colour_profile: the colours were converted", "a PNG may tell its colours without a profile"),
    ("metadata: GIF has no place", "EXIF behind the picture of a PNG is not seen by its probe"),
    ("metadata: PDF has no place", "the same"),
    ("alpha: JPEG has no transparency", "the table of formats does not say that EPS can be clear"),
    ("alpha: GIF knows", "the same, and palettes with alpha in files whose probe does not look at it"),
    ("colours: GIF has", "the same, of colours"),
    ("links: ", "a link that leads out of its archive is left out whatever the target"),
    ("text: ", "which letters a font has shows when they are drawn"),
    ("vector: ", "drawings inside a web page are not looked for before"),
    ("subtitles: ", "kinds of subtitles are told by one word"),
];

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

fn cases<'s>(samples: &'s [Sample], choice: Option<&str>) -> Vec<Case<'s>> {
    let all = choice.is_some();
    let mut cases = Vec::new();
    let chosen = |family: &str| choice.is_none_or(|choice| choice == "all" || choice == family);
    for (family, targets) in FAMILIES.iter().filter(|(family, _)| chosen(family)) {
        let mut files: Vec<&Sample> = samples.iter().filter(|sample| sample.folder == *family).collect();
        files.sort_by(|one, other| (one.bytes, &one.path).cmp(&(other.bytes, &other.path)));
        if !all {
            // The smallest of each format.
            let mut seen = BTreeSet::new();
            files.retain(|sample| seen.insert(&sample.format));
        }
        for (number, sample) in files.into_iter().enumerate() {
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
    let choice = std::env::var("FORMWORK_LOSSES").ok();
    let cases = cases(&samples, choice.as_deref());
    let scratch = Scratch::new("losses").unwrap();
    let queue = Mutex::new(cases.iter().enumerate());
    let found = Mutex::new((BTreeMap::<&str, [usize; 3]>::new(), Vec::new()));
    let work = || {
        loop {
            let next = queue.lock().unwrap().next();
            let Some((number, case)) = next else { return };
            let Some(outcome) = run(case, &scratch.join(format!("{number}/"))) else { continue };
            let missed = outcome.told.iter().filter(|(feature, _)| !outcome.predicted.contains(feature));
            let missed: Vec<String> =
                missed.map(|(feature, detail)| format!("{feature}: {detail}")).collect();
            let mut found = found.lock().unwrap();
            let counts = found.0.entry(case.family).or_default();
            counts[0] += 1;
            counts[1] += usize::from(missed.is_empty());
            counts[2] += outcome.told.len();
            let is_known = |loss: &String| UNFORESEEN.iter().any(|(start, _)| loss.starts_with(start));
            for loss in missed.iter().filter(|loss| !is_known(loss)) {
                found.1.push(format!("{} to {}: {loss}", case.sample.name(), case.to));
            }
        }
    };
    scope(|scope| {
        (0..2).for_each(|_| drop(scope.spawn(work)));
    });
    let (counts, surprises) = found.into_inner().unwrap();
    for (family, [done, kept, losses]) in &counts {
        println!("{family}: every loss was predicted of {kept} of {done} conversions ({losses} losses)");
    }
    let kept: usize = counts.values().map(|counts| counts[1]).sum();
    let done: usize = counts.values().map(|counts| counts[0]).sum();
    assert!(done > 20, "only {done} conversions");
    println!("all: {kept} of {done}");
    assert!(kept * 100 >= done * 90, "only {kept} of {done} were foreseen");
    assert!(surprises.is_empty(), "{} losses were not predicted:\n{}", surprises.len(), surprises.join("\n"));
}
