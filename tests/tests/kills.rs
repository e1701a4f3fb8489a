//! Whatever is killed, and whenever: the whole output or none, no temporary file, no process left.
//!
//! `FORMWORK_POINTS` says at how many moments of each job; without it, few enough for every change.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork::deliver::Placement;
use formwork::job::{Job, Operation};
use formwork::run::{Control, Work};
use formwork::{Engine, ErrorKind, Isolation};
use formwork_tests::place::{self, Scratch};
use formwork_tests::processes::{self, Process, descendants, soon};
use formwork_tests::{made, tree::Tree};
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long what is left may take to clear itself away.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job: its name, its input, and its output (a folder when it ends in `/`).
const JOBS: &[(&str, &str, &str)] =
    &[("a picture", "a.ppm", "out.png"), ("an archive", "a.tar", "out.zip"), ("extraction", "a.tar", "out/")];

/// Each counts and kills what this process started, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn points() -> u32 {
    std::env::var("FORMWORK_POINTS").ok().and_then(|count| count.parse().ok()).unwrap_or(12)
}

fn world() -> Scratch {
    let folder = Scratch::new("kills").unwrap();
    fs::write(folder.join("a.ppm"), made::noise_ppm(1_000, 800)).unwrap();
    let noise = made::noise_ppm(1_000, 1_000);
    let names: Vec<String> = (0..100).map(|number| format!("d{}/{number}", number % 7)).collect();
    let members: Vec<(&str, &[u8])> =
        names.iter().map(String::as_str).zip(noise.chunks(noise.len() / 100)).collect();
    fs::write(folder.join("a.tar"), made::tar(&members)).unwrap();
    folder
}

fn remove_output(folder: &Scratch) {
    for name in ["out", "out.png", "out.zip"] {
        let path = folder.join(name);
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

fn program(folder: &Scratch, input: &str, output: &str) -> Command {
    let mut command = Command::new(place::program().unwrap());
    command.arg(if output.ends_with('/') { "extract" } else { "convert" });
    command.arg(folder.join(input)).arg(format!("{}/{output}", folder.path().display()));
    command.env("XDG_CACHE_HOME", place::target().join("tests-cache"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command
}

#[test]
fn the_host_is_killed() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = world();
    let none = Tree::of(folder.path()).unwrap();
    let (mut kills, mut wholes) = (0, 0);
    for (name, input, output) in JOBS {
        let start = Instant::now();
        assert!(program(&folder, input, output).status().unwrap().success(), "{name}");
        let takes = start.elapsed();
        let whole = Tree::of(folder.path()).unwrap();
        for point in 0..points() {
            remove_output(&folder);
            let mut child = program(&folder, input, output).spawn().unwrap();
            std::thread::sleep(takes * point / points());
            child.kill().unwrap();
            child.wait().unwrap();
            let group = child.id() as i32;
            let place = folder.path().display().to_string();
            let ours = |process: &Process| process.group == group || process.words.contains(&place);
            let gone = soon(PATIENCE, || !processes::all().iter().any(ours));
            assert!(gone, "{name}, killed at {point}: processes are left");
            let now = Tree::of(folder.path()).unwrap();
            assert!(
                now == none || now == whole,
                "{name}, killed at {point} of {}: {:?}",
                points(),
                none.differences(&now)
            );
            (kills, wholes) = (kills + 1, wholes + u32::from(now == whole));
        }
        remove_output(&folder);
    }
    println!("{kills} kills of the host: {wholes} times the whole output, else none; nothing left");
}

fn job(folder: &Scratch, input: &str, output: &str) -> Job {
    let format = output.strip_prefix("out.").map(str::to_owned);
    let operation = if format.is_some() { "convert" } else { "extract" };
    let work = Work { operation: operation.into(), output_format: format, ..Work::default() };
    let path = format!("{}/{output}", folder.path().display()).into();
    let output = Operation::ExportPath(Placement { path, overwrite: false, durable: false });
    Job::simple(vec![Operation::ImportPath { path: folder.join(input) }], work, output).unwrap()
}

/// Kills all workers of this process when a job's progress has changed so many times; says when it is done.
fn kill_at_tick(control: &Control, tick: u32, over: &AtomicBool) {
    let (mut seen, mut ticks) = (-1.0, 0);
    while !over.load(Ordering::Relaxed) {
        let progress = control.progress();
        if progress > seen {
            (seen, ticks) = (progress, ticks + 1);
            if ticks > tick {
                let workers = descendants().into_iter().filter(|process| !process.words.contains(" tidy "));
                workers.for_each(|worker| worker.kill());
                return;
            }
        }
        std::hint::spin_loop();
    }
}

#[test]
fn workers_are_killed() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = world();
    let none = Tree::of(folder.path()).unwrap();
    let plugins = place::program().unwrap().parent().unwrap().to_owned();
    let (mut kills, mut wholes) = (0, 0);
    for (name, input, output) in JOBS {
        let isolation = Isolation::new(2, processes::worker().unwrap());
        let engine = Engine::builder().plugin_folder(&plugins).isolation(isolation.clone()).build().unwrap();
        assert!(engine.run(&job(&folder, input, output), &Control::default()).error().is_none(), "{name}");
        let whole = Tree::of(folder.path()).unwrap();
        for tick in 0..points() {
            remove_output(&folder);
            // A fresh one: deaths of one try must not count against the next.
            let engine =
                Engine::builder().plugin_folder(&plugins).isolation(isolation.clone()).build().unwrap();
            let (control, over) = (Control::default(), AtomicBool::new(false));
            let report = std::thread::scope(|scope| {
                scope.spawn(|| kill_at_tick(&control, tick, &over));
                let report = engine.run(&job(&folder, input, output), &control);
                over.store(true, Ordering::Relaxed);
                report
            });
            let now = Tree::of(folder.path()).unwrap();
            match report.error() {
                None => assert!(now == whole, "{name}, tick {tick}: {:?}", whole.differences(&now)),
                Some(error) => {
                    assert_eq!(error.kind, ErrorKind::PluginFault, "{name}, tick {tick}: {error}");
                    assert!(now == none, "{name}, tick {tick}: {:?}", none.differences(&now));
                }
            }
            (kills, wholes) = (kills + 1, wholes + u32::from(now == whole));
        }
        remove_output(&folder);
    }
    assert!(soon(PATIENCE, || descendants().is_empty()), "workers are left");
    println!("{kills} kills of workers: {wholes} times the whole output all the same, else none");
}
