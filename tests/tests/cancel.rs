//! Cancel at any moment of real jobs is heard in time and leaves nothing behind.
//!
//! `FORMWORK_POINTS` says at how many moments; without it, few enough for every change.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork::deliver::Placement;
use formwork::job::{Job, Operation};
use formwork::run::{CancelToken, Control, Work};
use formwork::{Engine, ErrorKind, Isolation};
use formwork_tests::place::{self, Scratch};
use formwork_tests::processes;
use formwork_tests::random::Random;
use formwork_tests::{made, tree::Tree};
use std::fs;
use std::time::{Duration, Instant};

/// What 99 of 100 cancels may take.
const IN_TIME: Duration = Duration::from_millis(300);
/// What every cancel may take, on a machine that does other things besides.
const AT_MOST: Duration = Duration::from_millis(1_000);

/// A job: its name, its input and what becomes of it.
const JOBS: &[(&str, &str, &str)] = &[
    ("ppm to webp", "a.ppm", "webp"),
    ("ppm to avif", "a.ppm", "avif"),
    ("ppm to png", "a.ppm", "png"),
    ("tar to 7z", "a.tar", "7z"),
    ("tar to tar.gz", "a.tar", "tar.gz"),
    ("extract tar", "a.tar", ""),
    ("video to mp4", "a.y4m", "mp4"),
    ("video to webm", "a.y4m", "webm"),
    ("video to gif", "a.y4m", "gif"),
    ("sound to mp3", "a.wav", "mp3"),
    ("sound to opus", "a.wav", "opus"),
    ("sound to flac", "a.wav", "flac"),
];

fn points() -> usize {
    std::env::var("FORMWORK_POINTS").ok().and_then(|count| count.parse().ok()).unwrap_or(72)
}

fn job(folder: &Scratch, input: &str, to: &str) -> Job {
    let operation = if to.is_empty() { "extract" } else { "convert" };
    let format = (!to.is_empty()).then(|| to.replace("tar.gz", "tgz"));
    let work = Work { operation: operation.into(), output_format: format, ..Work::default() };
    let path = folder.join(if to.is_empty() { "out/".to_owned() } else { format!("out.{to}") });
    let output = Operation::ExportPath(Placement { path, overwrite: false, durable: false });
    Job::simple(vec![Operation::ImportPath { path: folder.join(input) }], work, output).unwrap()
}

fn remove_output(folder: &Scratch, to: &str) {
    if to.is_empty() {
        let _ = fs::remove_dir_all(folder.join("out"));
    } else {
        let _ = fs::remove_file(folder.join(format!("out.{to}")));
    }
}

#[test]
fn cancel_at_any_moment() {
    let folder = Scratch::new("cancel").unwrap();
    fs::write(folder.join("a.ppm"), made::noise_ppm(1_200, 900)).unwrap();
    let noise = made::noise_ppm(1_000, 1_000);
    let members: Vec<(String, &[u8])> =
        noise.chunks(60_000).enumerate().map(|(n, part)| (format!("d/{n}"), part)).collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, part)| (name.as_str(), *part)).collect();
    fs::write(folder.join("a.tar"), made::tar(&members)).unwrap();
    fs::write(folder.join("a.y4m"), made::noise_video(320, 240, 60)).unwrap();
    fs::write(folder.join("a.wav"), made::wav(4_000_000)).unwrap();
    let before = Tree::of(folder.path()).unwrap();
    let isolation = Isolation::new(2, processes::worker().unwrap());
    let plugins = place::program().unwrap().parent().unwrap().to_owned();
    let engine = Engine::builder().plugin_folder(plugins).threads(2).isolation(isolation).build().unwrap();
    let descriptors = processes::descriptors();
    let mut random = Random::new(7);
    let mut times = Vec::new();
    for (name, input, to) in JOBS {
        let whole = Instant::now();
        let report = engine.run(&job(&folder, input, to), &Control::default());
        assert!(report.error().is_none(), "{name}: {:?}", report.error());
        let whole = whole.elapsed();
        remove_output(&folder, to);
        let mut slowest = Duration::ZERO;
        for _ in 0..points().div_ceil(JOBS.len()) {
            let took = cancelled(&engine, &job(&folder, input, to), whole.mul_f64(random.part()));
            remove_output(&folder, to);
            let differences = before.differences(&Tree::of(folder.path()).unwrap());
            assert!(differences.is_empty(), "{name} left {differences:?}");
            times.extend(took);
            slowest = slowest.max(took.unwrap_or_default());
        }
        println!("{name}: takes {whole:.0?}, the slowest cancel {slowest:.1?}");
    }
    drop(engine);
    assert!(
        processes::soon(Duration::from_secs(2), || processes::descendants().is_empty()),
        "workers are left"
    );
    assert!(processes::descriptors() <= descriptors, "descriptors are left");
    times.sort();
    let in_time = times[(times.len() - 1) * 99 / 100];
    println!(
        "{} cancels: median {:.1?}, p99 {in_time:.1?}, slowest {:.1?}",
        times.len(),
        times[times.len() / 2],
        times[times.len() - 1]
    );
    assert!(times[times.len() - 1] <= AT_MOST && (times.len() < 300 || in_time <= IN_TIME));
}

/// Runs a job, cancels it after a while, and says how long it took to end; `None` when it was done before.
fn cancelled(engine: &Engine, job: &Job, after: Duration) -> Option<Duration> {
    let cancel = CancelToken::default();
    let control = Control::new(cancel.clone(), None);
    std::thread::scope(|scope| {
        let running = scope.spawn(|| (engine.run(job, &control), Instant::now()));
        std::thread::sleep(after);
        let start = Instant::now();
        cancel.cancel();
        let (report, end) = running.join().unwrap();
        let error = report.error()?;
        assert_eq!(error.kind, ErrorKind::Cancelled, "{error}");
        Some(end.saturating_duration_since(start))
    })
}
