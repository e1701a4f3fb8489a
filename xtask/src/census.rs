//! `cargo xtask census`: which system calls plugins make once they are locked in, by watching real runs.
//!
//! The conformance cases run with workers at level 1, which has no filter, under strace. What is counted begins
//! where a worker greets the engine: that is when it would be locked in.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use formwork_tests::place::{self, Scratch};
use formwork_tests::{Result, processes};

const HELP: &str = "\
cargo xtask census [conformance options]
Runs the conformance cases, one file a pair unless options say otherwise, with every worker under strace, and
writes engine/src/worker/cage/census.tsv: class, call, its number on x86-64, the workers that made it, and a path it
was made with, where calls take one.";

/// Where the census lies, for the filter's test to read.
const FILE: &str = "engine/src/worker/cage/census.tsv";

/// Workers that made a call, and the first path in the alphabet that one was made with; by class, name and number.
type Counts = BTreeMap<(String, String, i64), (u32, String)>;

/// Takes the census; false when conformance failed.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let mut options: Vec<std::ffi::OsString> = words.raw_args()?.collect();
    if options.iter().any(|word| word == "--help") {
        println!("{HELP}");
        return Ok(true);
    }
    if !place::has_tool("strace") {
        return Err("strace is not installed".into());
    }
    if options.is_empty() {
        options = ["--sample", "1"].map(Into::into).into();
    }
    let scratch = Scratch::new("census")?;
    let script = scratch.join("worker");
    fs::write(&script, watcher(scratch.path())?)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let mut conformance = Command::new(std::env::current_exe()?);
    let passed = conformance.arg("conformance").args(options).env("FORMWORK_WORKER", &script).status()?;
    let mut counts = Counts::new();
    for entry in fs::read_dir(scratch.path())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "trace") {
            count(&path, &mut counts)?;
        }
    }
    fs::write(place::root().join(FILE), table(&counts))?;
    println!("{} rows in {FILE}", counts.len());
    Ok(passed.success())
}

/// A program that starts the real worker under strace, without filters.
fn watcher(folder: &Path) -> Result<String> {
    let (worker, folder) = (processes::worker()?, folder.display().to_string());
    Ok(format!(
        "#!/bin/sh\n\
         [ \"$1\" != tidy ] && [ \"$1\" != template ] || exec '{}' \"$@\"\n\
         exec strace -f -qq -n -o \"{folder}/$3-$$.trace\" '{}' \"$1\" 1 \"$3\" \"$4\"\n",
        worker.display(),
        worker.display()
    ))
}

/// Adds one worker's calls, each once.
fn count(path: &Path, counts: &mut Counts) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let class = name.split('-').next().unwrap_or_default();
    let trace = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    // The first packet goes out on descriptor 0: the greeting.
    let locked_in = trace.lines().skip_while(|line| !line.contains("sendmsg(0,"));
    let mut calls = BTreeMap::new();
    for (name, number, path) in locked_in.filter_map(call) {
        let least: &mut String = calls.entry((name, number)).or_insert_with(|| path.clone());
        *least = path.min(std::mem::take(least));
    }
    for ((name, number), path) in calls {
        let (workers, least) =
            counts.entry((class.to_owned(), name, number)).or_insert_with(|| (0, path.clone()));
        *workers += 1;
        *least = path.min(std::mem::take(least));
    }
    Ok(())
}

/// Name, number and path of a line as in `1234 [ 257] openat(AT_FDCWD, "/etc", …`.
fn call(line: &str) -> Option<(String, i64, String)> {
    let (number, rest) = line.split_once('[')?.1.split_once(']')?;
    let (name, arguments) = rest.trim_start().split_once('(')?;
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let path = arguments.split('"').nth(1).filter(|path| path.starts_with('/')).unwrap_or_default();
    plain.then(|| number.trim().parse().ok().map(|number| (name.to_owned(), number, path.to_owned())))?
}

fn table(counts: &Counts) -> String {
    let mut text =
        "# Written by `cargo xtask census`; do not edit.\nclass\tcall\tnumber\tworkers\tpath\n".to_owned();
    for ((class, name, number), (workers, path)) in counts {
        text += &format!("{class}\t{name}\t{number}\t{workers}\t{path}\n");
    }
    text
}
