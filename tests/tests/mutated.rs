//! Damaged corpus files through the command line, with workers: the program lives, ends in time, stays within
//! its memory, and leaves nothing behind.
//!
//! `FORMWORK_MUTATED` says how many files of each family; without it, few enough for every change.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::corpus::{self, Sample};
use formwork_tests::hostile::{self, Action, Trial, World};
use formwork_tests::place::Scratch;
use formwork_tests::random::{Random, damage};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Larger files take long to read, and are no better at being broken. Those of media are packed.
fn largest(family: &str) -> u64 {
    if matches!(family, "video" | "audio") { 160 << 10 } else { 2 << 20 }
}

fn wanted() -> usize {
    std::env::var("FORMWORK_MUTATED").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

/// The targets a family's files are turned into, in turns.
fn targets(family: &str) -> &'static [&'static str] {
    match family {
        "image" => &["png", "jpg", "webp", "tiff", "gif"],
        "video" => &["mp4", "avi", "gif", "wav", "jpg"],
        "audio" => &["flac", "mp3", "ogg", "m4a", "wav"],
        _ => &["zip", "tar", "7z", "tar.gz"],
    }
}

/// What is done with damaged documents, in turns.
const DOCUMENTS: &[&[&str]] = &[
    &["convert", "--to", "png", "--set", "density=50"],
    &["convert", "--to", "txt"],
    &["convert", "--to", "docx"],
    &["pdf", "split", "--to", "pdf", "--set", "every=2"],
    &["pdf", "compress", "--to", "pdf"],
    &["pdf", "merge", "--to", "pdf"],
    &["convert", "--to", "xlsx"],
    &["pdf", "repair", "--to", "pdf"],
    &["pdf", "redact", "--to", "pdf", "--set", "text=the"],
    &["convert", "--to", "pptx"],
    &["pdf", "compress", "--to", "pdf", "--set", "linearize=true"],
    &["pdf", "flatten", "--to", "pdf"],
    &["pdf", "encrypt", "--to", "pdf", "--set", "password=secret"],
    &["pdf", "extract-images"],
    &["convert", "--to", "epub"],
    &["pdf", "to-pdfa", "--to", "pdf"],
];

fn action(family: &str, number: usize) -> Action {
    match (family, number % 5) {
        ("archive", 0) => Action::Extract,
        ("document", _) => Action::Fill(DOCUMENTS[number % DOCUMENTS.len()]),
        (_, turn) => Action::Convert(targets(family)[turn % targets(family).len()]),
    }
}

fn trials(family: &str) -> Vec<Trial> {
    let samples = corpus::folder(family).unwrap();
    // Other documents are read by what has tests of its own.
    let fits =
        |sample: &Sample| sample.bytes <= largest(family) && (family != "document" || sample.format == "pdf");
    let samples: Vec<Sample> = samples.into_iter().filter(fits).collect();
    if samples.is_empty() {
        return Vec::new();
    }
    let folder = Scratch::new("mutated").unwrap();
    let world = World::new().unwrap();
    let mut trials = Vec::new();
    for number in 0..wanted() {
        let mut random = Random::new(number as u64 + 1);
        let sample = &samples[random.below(samples.len())];
        let mut bytes = fs::read(&sample.path).unwrap();
        damage(&mut bytes, &mut random);
        let path = folder.join(format!("{number}-{}", sample.name()));
        fs::write(&path, bytes).unwrap();
        let trial = world.try_file(&path, action(family, number), None).unwrap();
        keep_finds(&trial, &path);
        trials.push(trial);
        fs::remove_file(&path).unwrap();
    }
    trials
}

/// A file that found something is worth having.
fn keep_finds(trial: &Trial, path: &Path) {
    if !trial.faults.is_empty() {
        let folder = formwork_tests::place::target().join("hostile/finds");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(path, folder.join(&trial.file)).unwrap();
    }
}

fn judge(family: &str) {
    let trials = trials(family);
    let table = hostile::table(&trials);
    let folder = formwork_tests::place::target().join("hostile");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("mutated-{family}.tsv")), table).unwrap();
    let slowest = trials.iter().map(|trial| trial.wall).max().unwrap_or(Duration::ZERO);
    let peak = trials.iter().map(|trial| trial.peak_bytes).max().unwrap_or(0) >> 20;
    let good = trials.iter().filter(|trial| trial.kind.is_none()).count();
    let faulty: Vec<&Trial> = trials.iter().filter(|trial| !trial.faults.is_empty()).collect();
    println!(
        "{family}: {} damaged files, {good} of them converted, {} with faults; slowest {slowest:.1?}, \
         most memory {peak} MiB",
        trials.len(),
        faulty.len()
    );
    let faults =
        faulty.iter().map(|trial| format!("{} {:?}: {}", trial.file, trial.action, trial.faults.join("; ")));
    assert!(faulty.is_empty(), "{}", faults.take(20).collect::<Vec<_>>().join("\n"));
}

#[test]
fn damaged_images() {
    judge("image");
}

#[test]
fn damaged_archives() {
    judge("archive");
}

#[test]
fn damaged_videos() {
    judge("video");
}

#[test]
fn damaged_sounds() {
    judge("audio");
}

#[test]
fn damaged_documents() {
    judge("document");
}
