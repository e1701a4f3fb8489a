//! The result cache: what is found again is what would have been made, and nothing else is.
#![allow(clippy::unwrap_used, reason = "tests stop at the first broken premise")]

mod edits;
mod journal;
mod processes;
mod toy;

use formwork::job::{Job, Operation};
use formwork::run::{Control, Work};
use formwork::{Engine, Result};
use formwork_tests::place::Scratch;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

const ROOM: u64 = 64 << 20;

/// The plugin's counters are shared by all tests.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn engine(cache: Option<&Path>) -> Engine {
    engine_of(cache, ROOM)
}

fn engine_of(cache: Option<&Path>, room: u64) -> Engine {
    let builder = Engine::builder().linked_plugin(toy::formwork_plugin_entry_v1).hashes(true);
    let builder = match cache {
        Some(folder) => builder.result_cache(folder, room),
        None => builder,
    };
    builder.build().unwrap()
}

/// Converts a file; returns the bytes and the receipt.
fn convert(engine: &Engine, input: &Path, to: &str, options: Value) -> Result<(String, Value)> {
    let options = options.as_object().cloned().unwrap_or_else(Map::new);
    let work =
        Work { operation: "convert".into(), output_format: Some(to.into()), options, ..Work::default() };
    let input = Operation::ImportPath { path: input.to_owned() };
    let job = Job::simple(vec![input], work, Operation::ExportBytes)?;
    let report = engine.run(&job, &Control::default());
    match report.error() {
        Some(error) => Err(error.clone()),
        None => {
            let bytes = report.exported[0].1[0].bytes(1 << 30)?;
            Ok((String::from_utf8_lossy(&bytes).into_owned(), report.receipts().next().unwrap().to_json()))
        }
    }
}

/// How many steps something takes.
fn steps<T>(work: impl FnOnce() -> T) -> (u32, T) {
    let before = toy::RUNS.load(Ordering::SeqCst);
    let result = work();
    (toy::RUNS.load(Ordering::SeqCst) - before, result)
}

fn folder() -> Scratch {
    let folder = Scratch::new("cache").unwrap();
    fs::write(folder.join("a.md"), "some words\n").unwrap();
    folder
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// A receipt without what differs from run to run.
fn lasting(receipt: &Value) -> Value {
    let mut receipt = receipt.clone();
    for member in ["cached", "started_unix_ms", "elapsed_ms", "peak_bytes", "reused_steps"] {
        receipt.as_object_mut().unwrap().remove(member);
    }
    receipt
}

#[test]
fn a_hit_is_what_was_made() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    let (count, made) = steps(|| convert(&engine(Some(&cache)), &input, "tex", json!({})).unwrap());
    assert_eq!(count, 2);
    assert_eq!(made.0, "tex: of csv: of some words\n");
    assert_eq!(made.1["cached"], false);
    for _ in 0..3 {
        let (count, again) = steps(|| convert(&engine(Some(&cache)), &input, "tex", json!({})).unwrap());
        assert_eq!((count, &again.0), (0, &made.0));
        assert_eq!(again.1["cached"], true);
        assert_eq!(lasting(&again.1), lasting(&made.1));
    }
    let without = convert(&engine(None), &input, "tex", json!({})).unwrap();
    assert_eq!((without.0, lasting(&without.1)), (made.0, lasting(&made.1)));
}

#[test]
fn what_makes_no_difference_is_a_hit() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    let cached = engine(Some(&cache));
    convert(&cached, &input, "csv", json!({})).unwrap();
    let hit = |options: Value| steps(|| convert(&cached, &input, "csv", options).unwrap()).0;
    assert_eq!(hit(json!({"quality": 50})), 0, "the default, said aloud");
    assert_eq!(hit(json!({"threads": 2, "timeout": 30})), 0);
    fs::File::open(&input).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(hit(json!({})), 0, "only the time has changed");
    fs::create_dir(folder.join("sub")).unwrap();
    fs::copy(&input, folder.join("sub/a.md")).unwrap();
    let (count, (_, receipt)) =
        steps(|| convert(&cached, &folder.join("sub/a.md"), "csv", json!({})).unwrap());
    assert_eq!(count, 0, "the same file elsewhere");
    assert_eq!(receipt["input"]["path"], json!(folder.join("sub/a.md")));
}

#[test]
fn what_makes_a_difference_is_a_miss() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    let count = |engine: &Engine, input: &Path, options: Value| {
        steps(|| convert(engine, input, "csv", options).unwrap()).0
    };
    assert_eq!(count(&engine(Some(&cache)), &input, json!({})), 1);
    assert_eq!(count(&engine(Some(&cache)), &input, json!({"quality": 51})), 1, "an option");
    fs::write(folder.join("b.md"), "some words\n").unwrap();
    assert_eq!(count(&engine(Some(&cache)), &folder.join("b.md"), json!({})), 1, "the name");
    fs::write(&input, "some word_\n").unwrap();
    assert_eq!(count(&engine(Some(&cache)), &input, json!({})), 1, "a byte");
    assert_eq!(count(&engine(Some(&cache)), &input, json!({})), 0);
    let strict = Engine::builder()
        .linked_plugin(toy::formwork_plugin_entry_v1)
        .limits(formwork::Limits { output: 5, ..formwork::Limits::default() })
        .result_cache(&cache, ROOM)
        .build()
        .unwrap();
    let error = convert(&strict, &input, "csv", json!({})).unwrap_err();
    assert_eq!(error.limit.as_deref(), Some("output"), "a limit holds for what is kept as well");
}

#[test]
fn routes_with_the_same_beginning_share_it() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    assert_eq!(steps(|| convert(&engine(Some(&cache)), &input, "tex", json!({})).unwrap()).0, 2);
    let (count, (text, receipt)) =
        steps(|| convert(&engine(Some(&cache)), &input, "rst", json!({})).unwrap());
    assert_eq!(count, 1, "the first step was there");
    let (plain, plain_receipt) = convert(&engine(None), &input, "rst", json!({})).unwrap();
    assert_eq!(text, plain);
    assert_eq!(lasting(&receipt), lasting(&plain_receipt));
    assert_eq!((&receipt["cached"], &receipt["reused_steps"]), (&json!(false), &json!(1)));
    assert_eq!(steps(|| convert(&engine(Some(&cache)), &input, "rst", json!({})).unwrap()).0, 0);
    let other = || convert(&engine(Some(&cache)), &input, "rst", json!({"quality": 9})).unwrap();
    assert_eq!(steps(other).0, 2, "an option of the first step");
}

#[test]
fn failures_and_secrets_are_not_kept() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    let cached = engine(Some(&cache));
    for _ in 0..2 {
        let (count, outcome) = steps(|| convert(&cached, &input, "csv", json!({"y": 13})));
        assert_eq!((count, outcome.is_err()), (1, true));
        let (count, outcome) = steps(|| convert(&cached, &input, "csv", json!({"password": "hush"})));
        assert_eq!((count, outcome.is_ok()), (1, true));
    }
    assert!(files_below(&cache.join("results")).is_empty());
}

/// What damage can be done to a file.
fn damage(path: &Path, kind: usize) {
    let mut bytes = fs::read(path).unwrap();
    match kind {
        0 => fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
        1 => fs::write(path, b"").unwrap(),
        2 => fs::remove_file(path).unwrap(),
        kind => {
            let place = (kind - 3) * 7 % bytes.len();
            bytes[place] ^= 1 << (kind % 8);
            fs::write(path, bytes).unwrap();
        }
    }
}

#[test]
fn what_is_damaged_is_a_miss() {
    let (_alone, folder) = (alone(), folder());
    let (cache, input) = (folder.join("cache"), folder.join("a.md"));
    let due = convert(&engine(None), &input, "csv", json!({})).unwrap();
    convert(&engine(Some(&cache)), &input, "csv", json!({})).unwrap();
    let mut misses = 0;
    for kind in 0..60 {
        for number in 0..files_below(&cache).len() {
            let Some(path) = files_below(&cache).get(number).cloned() else { continue };
            damage(&path, kind);
            let (count, again) = steps(|| convert(&engine(Some(&cache)), &input, "csv", json!({})).unwrap());
            assert_eq!((&again.0, lasting(&again.1)), (&due.0, lasting(&due.1)), "{kind} {}", path.display());
            misses += count;
            assert_eq!(steps(|| convert(&engine(Some(&cache)), &input, "csv", json!({})).unwrap()).0, 0);
        }
    }
    assert!(misses >= 100, "only {misses} were noticed");
}

#[test]
fn the_bound_is_kept_and_what_is_used_stays() {
    let (_alone, folder) = (alone(), folder());
    let (cache, favourite) = (folder.join("cache"), folder.join("a.md"));
    let room = 120_000;
    let held = || files_below(&cache).iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    let cached = engine_of(Some(&cache), room);
    convert(&cached, &favourite, "csv", json!({"x": 8_000})).unwrap();
    for number in 0..60 {
        let input = folder.join(format!("{number}.md"));
        fs::write(&input, format!("words {number}\n")).unwrap();
        convert(&cached, &input, "csv", json!({"x": 8_000 + number})).unwrap();
        assert!(held() <= room, "{} after {number}", held());
        let hit = steps(|| convert(&cached, &favourite, "csv", json!({"x": 8_000})).unwrap());
        assert_eq!(hit.0, 0, "after {number}");
    }
    assert!(held() > room / 4, "room is used: {}", held());
    let large = || convert(&cached, &favourite, "csv", json!({"x": 61_000})).unwrap();
    assert_eq!((steps(large).0, steps(large).0), (1, 1), "what takes more than half is not kept");
    assert!(held() <= room);
    // An account that is lost is counted anew.
    fs::write(cache.join("lock"), "nonsense").unwrap();
    convert(&cached, &favourite, "csv", json!({"x": 9_000})).unwrap();
    let account: u64 = fs::read_to_string(cache.join("lock")).unwrap().trim().parse().unwrap();
    assert!(held() <= account && account <= room, "{} {account}", held());
}

#[test]
fn a_cache_that_cannot_be_used_harms_nothing() {
    let (_alone, folder) = (alone(), folder());
    let input = folder.join("a.md");
    fs::write(folder.join("file"), "").unwrap();
    for place in [folder.join("file"), folder.join("file/below"), PathBuf::from("/proc/no")] {
        let (text, receipt) = convert(&engine(Some(&place)), &input, "csv", json!({})).unwrap();
        assert_eq!((text.as_str(), &receipt["cached"]), ("csv: of some words\n", &json!(false)));
    }
    convert(&engine_of(Some(&folder.join("tiny")), 100), &input, "csv", json!({})).unwrap();
    assert!(files_below(&folder.join("tiny")).iter().all(|file| file.ends_with("lock")));
}
