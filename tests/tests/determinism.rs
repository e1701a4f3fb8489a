//! The same input, options and versions give the same bytes, at any number of threads.
//!
//! `FORMWORK_DETERMINISM=all` takes every pair of formats that is listed, a number so many targets of each input;
//! otherwise it is one.
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
/// Larger files take long and show nothing more.
const MOST_BYTES: u64 = 2 << 20;

/// One file, and what it becomes.
struct Case<'s> {
    sample: &'s Sample,
    to: String,
}

/// The smallest file of each format with what it can become.
fn cases(samples: &[Sample], most: usize) -> Vec<Case<'_>> {
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
        // Another part of the list for each input, so that a sample has every target some time.
        let start = if targets.is_empty() { 0 } else { number * 7 % targets.len() };
        let chosen = targets.iter().cycle().skip(start).take(most.min(targets.len()));
        cases.extend(chosen.map(|to| Case { sample, to: to.clone() }));
    }
    cases
}

/// Names and hashes of what came out; `None` when nothing did, which other tests are about.
fn hashes(case: &Case<'_>, threads: &str, folder: &Path) -> Option<Vec<(String, String)>> {
    let limits = Limits { deadline: Duration::from_secs(400), ..Limits::default() };
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
    let most = match std::env::var("FORMWORK_DETERMINISM").as_deref() {
        Ok("all") => usize::MAX,
        Ok(number) => number.parse().unwrap(),
        Err(_) => 1,
    };
    let cases = cases(&samples, most);
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
            if found.0 % 100 == 0 {
                println!("{} pairs compared, at {number} of {}", found.0, cases.len());
            }
            if let Some(place) = differs {
                let (name, threads) = (case.sample.name(), THREADS[place + 1]);
                let say = format!("{name} to {} at {threads} threads", case.to);
                // A whole run takes an hour: what it finds is told at once.
                println!("differs: {say}");
                found.1.push(say);
            }
        }
    };
    scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let (done, differing) = found.into_inner().unwrap();
    println!("{} of {done} pairs give the same bytes at {THREADS:?} threads", done - differing.len());
    assert!(done > 30, "only {done} pairs were compared");
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}
