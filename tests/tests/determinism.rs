//! The same input, options and versions give the same bytes, at any number of threads.
//!
//! `FORMWORK_DETERMINISM=all` takes every pair of formats that is listed; otherwise one target of each input.
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

/// Numbers of threads; 0 runs on the caller's alone, as 1 does.
const THREADS: [&str; 4] = ["0", "1", "2", "8"];
/// Targets of an input in a sample.
const SAMPLE: usize = 1;
/// Larger files take long and show nothing more.
const MOST_BYTES: u64 = 2 << 20;

/// One file, and what it becomes.
struct Case<'s> {
    sample: &'s Sample,
    to: String,
}

/// The smallest file of each format with what it can become.
fn cases(samples: &[Sample], all: bool) -> Vec<Case<'_>> {
    let mut smallest: BTreeMap<&str, &Sample> = BTreeMap::new();
    // Of the very small ones many are the odd cases of their format.
    for sample in samples.iter().filter(|one| one.folder != "hostile" && one.bytes < MOST_BYTES) {
        let known = smallest.entry(&sample.format).or_insert(sample);
        let is_better = |one: &Sample| (one.bytes < 4_000, one.bytes);
        if is_better(sample) < is_better(known) {
            *known = sample;
        }
    }
    let mut cases = Vec::new();
    for (number, (format, sample)) in smallest.into_iter().enumerate() {
        let call = program::call(["formats", "--from", format, "--json"], &Limits::default()).unwrap();
        let listed: Vec<Value> = serde_json::from_slice(&call.process.stdout).unwrap_or_default();
        let targets: Vec<String> =
            listed.iter().filter_map(|target| target["id"].as_str()).map(str::to_owned).collect();
        let count = if all { targets.len() } else { SAMPLE.min(targets.len()) };
        // Another part of the list for each input, so that a sample has every target some time.
        let chosen = (0..count).filter_map(|place| targets.get((number * 7 + place * 13) % targets.len()));
        let chosen: Vec<String> = if all { targets.clone() } else { chosen.cloned().collect() };
        cases.extend(chosen.into_iter().map(|to| Case { sample, to }));
    }
    cases
}

/// Names and hashes of what came out; `None` when nothing did, which other tests are about.
fn hashes(case: &Case<'_>, threads: &str, folder: &Path) -> Option<Vec<(String, String)>> {
    let limits = Limits { deadline: Duration::from_secs(120), ..Limits::default() };
    let set = format!("threads={threads}");
    let words = ["convert".as_ref(), case.sample.path.as_os_str(), "-o".as_ref(), folder.as_os_str()];
    let more = ["--to", &case.to, "--json", "--set", &set].map(OsStr::new);
    let done = program::call(words.into_iter().chain(more), &limits).unwrap();
    let _ = fs::remove_dir_all(folder);
    let receipt = done.receipt.filter(|receipt| receipt["status"] == "ok")?;
    let outputs = receipt["outputs"].as_array().cloned().unwrap_or_else(|| vec![receipt["output"].clone()]);
    let word = |output: &Value, name: &str| output[name].as_str().unwrap_or_default().to_owned();
    Some(outputs.iter().map(|output| (word(output, "name"), word(output, "blake3"))).collect())
}

#[test]
fn threads_do_not_change_a_byte() {
    let Some(samples) = corpus::samples().unwrap() else {
        eprintln!("skipped: no corpus, so no pair was compared");
        return;
    };
    let all = std::env::var_os("FORMWORK_DETERMINISM").is_some();
    let cases = cases(&samples, all);
    let scratch = Scratch::new("determinism").unwrap();
    let queue = Mutex::new(cases.iter().enumerate());
    let found = Mutex::new((0, Vec::new()));
    let work = || {
        loop {
            let next = queue.lock().unwrap().next();
            let Some((number, case)) = next else { return };
            let made =
                THREADS.map(|threads| hashes(case, threads, &scratch.join(format!("{number}-{threads}/"))));
            let [Some(first), others @ ..] = &made else { continue };
            let differs = others.iter().position(|other| other.as_ref() != Some(first));
            let mut found = found.lock().unwrap();
            found.0 += 1;
            if let Some(place) = differs {
                let (name, threads) = (case.sample.name(), THREADS[place + 1]);
                found.1.push(format!("{name} to {} at {threads} threads", case.to));
            }
        }
    };
    scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let (done, differing) = found.into_inner().unwrap();
    println!("{} of {done} pairs give the same bytes at {THREADS:?} threads", done - differing.len());
    assert!(done > 30, "only {done} pairs were compared");
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}
