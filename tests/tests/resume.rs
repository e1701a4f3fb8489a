//! A job with a journal, killed at any moment, goes on: what comes out is what comes out of an uninterrupted run, and
//! nothing is left.
//!
//! `FORMWORK_RESUMES` says at how many moments, `FORMWORK_SEED` at which; without them, few enough for every change.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::place::{self, Scratch};
use formwork_tests::processes::{self, Process, soon};
use formwork_tests::program;
use formwork_tests::random::Random;
use formwork_tests::run::Limits;
use formwork_tests::{made, tree::Tree};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long what is left may take to clear itself away.
const PATIENCE: Duration = Duration::from_secs(5);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// A folder with inputs, a job on them in the folder `out`, and room for its journal.
struct World {
    folder: Scratch,
}

impl World {
    fn new() -> World {
        let folder = Scratch::new("resume").unwrap();
        fs::write(folder.join("a.ppm"), made::noise_ppm(900, 700)).unwrap();
        fs::write(folder.join("b.png"), made::png(300, 200)).unwrap();
        fs::write(folder.join("a.wav"), made::wav(400_000)).unwrap();
        fs::write(folder.join("a.md"), "# Title\n\nSome *words* on a page.\n".repeat(200)).unwrap();
        let noise = made::noise_ppm(600, 600);
        let names: Vec<String> = (0..40).map(|number| format!("d{}/{number}", number % 7)).collect();
        let members: Vec<(&str, &[u8])> =
            names.iter().map(String::as_str).zip(noise.chunks(noise.len() / 40)).collect();
        fs::write(folder.join("a.tar"), made::tar(&members)).unwrap();
        let world = World { folder };
        fs::write(world.folder.join("job.json"), world.job().to_string()).unwrap();
        world
    }

    /// A job that does one thing with one file of the folder.
    fn of_one(folder: Scratch, name: &str, work: &Value) -> World {
        let job = json!({"tasks": {
            "in": {"operation": "import/path", "path": folder.join(name)},
            "work": work,
            "out": {"operation": "export/path", "input": "work", "path": format!("{}/out/", folder.path().display())},
        }});
        fs::write(folder.join("job.json"), job.to_string()).unwrap();
        World { folder }
    }

    fn job(&self) -> Value {
        let import = |name: &str| json!({"operation": "import/path", "path": self.folder.join(name)});
        let work = |operation: &str, of: &str, to: &str| json!({"operation": operation, "input": of, "output_format": to});
        let export = |of: &[&str], to: &str| json!({"operation": "export/path", "input": of, "path": format!("{}/out/{to}", self.folder.path().display())});
        json!({"tasks": {
            "picture": import("a.ppm"), "small": import("b.png"), "song": import("a.wav"),
            "text": import("a.md"), "files": import("a.tar"),
            "png": work("convert", "picture", "png"), "webp": work("convert", "png", "webp"),
            "jpg": work("convert", "small", "jpg"), "shrunk": work("optimize", "jpg", "jpg"),
            "mp3": work("convert", "song", "mp3"), "flac": work("convert", "song", "flac"),
            "pdf": work("convert", "text", "pdf"), "pages": work("convert", "pdf", "png"),
            "zip": work("convert", "files", "zip"), "found": {"operation": "extract", "input": "zip"},
            "all": {"operation": "archive", "input": ["webp", "shrunk", "mp3", "pdf"], "output_format": "tar"},
            "out-1": export(&["webp"], "a.webp"), "out-2": export(&["shrunk"], "b.jpg"),
            "out-3": export(&["mp3"], "a.mp3"), "out-4": export(&["flac"], "a.flac"),
            "out-5": export(&["pages"], "pages/"), "out-6": export(&["found"], "found/"),
            "out-7": export(&["all"], "all.tar"), "out-8": export(&["zip"], "a.zip"),
        }})
    }

    fn program(&self) -> Command {
        let mut command = Command::new(place::program().unwrap());
        command
            .arg("run")
            .arg(self.folder.join("job.json"))
            .arg("--journal")
            .arg(self.folder.join("journal"));
        command.env("XDG_CACHE_HOME", place::target().join("tests-cache"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        command
    }

    /// Runs the job to its end, and says how many results were in its journal.
    fn run(&self) -> Result<usize, String> {
        let output = self.program().arg("--json").stdout(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let resumed = String::from_utf8_lossy(&output.stdout).matches(r#""resumed":true"#).count();
        if output.status.success() { Ok(resumed) } else { Err(said.into_owned()) }
    }

    fn out(&self) -> Tree {
        let _ = fs::create_dir(self.folder.join("out"));
        Tree::of(&self.folder.join("out")).unwrap()
    }

    /// Lets the job run for a while, then kills it and waits until its helpers have seen that.
    fn kill_after(&self, while_: Duration) {
        let child = self.program().spawn().unwrap();
        std::thread::sleep(while_);
        self.kill(child);
    }

    fn kill(&self, mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
        let group = child.id() as i32;
        let place = self.folder.path().display().to_string();
        let ours = |process: &Process| process.group == group || process.words.contains(&place);
        assert!(soon(PATIENCE, || !processes::all().iter().any(ours)), "processes are left");
    }

    /// The job was over but for the last line of its journal.
    fn is_over(&self, whole: &Tree) -> bool {
        !self.folder.join("journal/job").exists() && self.out() == *whole
    }

    fn clear(&self) {
        for name in ["out", "journal"] {
            let _ = fs::remove_dir_all(self.folder.join(name));
        }
        self.out();
    }
}

/// What is there is whole, and belongs there.
fn assert_nothing_half(now: &Tree, whole: &Tree, when: &str) {
    let wrong: Vec<String> =
        whole.differences(now).into_iter().filter(|difference| !difference.starts_with('-')).collect();
    assert!(wrong.is_empty(), "{when}: {wrong:?}");
}

#[test]
fn a_killed_job_goes_on() {
    let world = World::new();
    world.out();
    assert_eq!(world.run().unwrap(), 0);
    let whole = world.out();
    assert!(whole.paths().count() > 50, "{whole:?}");
    world.clear();
    let start = Instant::now();
    world.run().unwrap();
    let takes = start.elapsed();
    assert_eq!(world.out(), whole, "it is not the same each time");
    assert!(!world.folder.join("journal").exists());
    let (resumes, mut random) = (number("FORMWORK_RESUMES", 10), Random::new(number("FORMWORK_SEED", 1)));
    let (mut kills, mut ends, mut resumed) = (0, 0, 0);
    for point in 0..resumes {
        world.clear();
        // Some are killed again on the way.
        for again in 0..=random.below(3) {
            let when = format!("killed at {point} of {resumes}, {again}");
            world.kill_after(takes.mul_f64(random.part() * if again == 0 { 1.0 } else { 0.6 }));
            kills += 1;
            assert_nothing_half(&world.out(), &whole, &when);
            if world.is_over(&whole) {
                break;
            }
        }
        if world.is_over(&whole) {
            ends += 1;
            continue;
        }
        resumed += world.run().unwrap_or_else(|said| panic!("killed at {point} of {resumes}: {said}"));
        let now = world.out();
        assert!(now == whole, "killed at {point} of {resumes}: {:?}", whole.differences(&now));
        assert!(!world.folder.join("journal").exists());
    }
    let left = names(world.folder.path());
    assert_eq!(left, ["a.md", "a.ppm", "a.tar", "a.wav", "b.png", "job.json", "out"]);
    assert!(resumed > 0, "nothing was found in any journal");
    println!(
        "{kills} kills of {resumes} jobs of {takes:.2?}: {ends} were over, the others went on with {resumed} results \
         that were there; nothing left"
    );
}

/// A document of many pages, of which some are drawn when the process is killed.
#[test]
fn pages_that_were_drawn_are_not_drawn_again() {
    let folder = Scratch::new("resume-pages").unwrap();
    let text = "# A page\n\nWith *words*.\n\n".to_owned() + &"Some more of them. ".repeat(300) + "\n\n";
    fs::write(folder.join("a.md"), text.repeat(24)).unwrap();
    let made = program::convert(&folder.join("a.md"), &folder.join("a.pdf"), &[], &Limits::default());
    let made = made.unwrap();
    if made.error_kind() == Some("backend_missing") {
        eprintln!("skipped: no document can be made here");
        return;
    }
    let pages =
        json!({"operation": "convert", "input": "in", "output_format": "png", "options": {"density": 250}});
    goes_on_within(&World::of_one(folder, "a.pdf", &pages));
}

/// A film of several segments.
#[test]
fn a_film_goes_on_behind_the_segments_that_were_encoded() {
    let folder = Scratch::new("resume-film").unwrap();
    fs::write(folder.join("a.y4m"), made::noise_video(128, 96, 1_500)).unwrap();
    let film =
        json!({"operation": "convert", "input": "in", "output_format": "mp4", "options": {"preset": "slow"}});
    goes_on_within(&World::of_one(folder, "a.y4m", &film));
}

/// Kills a job of one long step as soon as a part of it is kept; it goes on there, to the same results.
fn goes_on_within(world: &World) {
    if world.out().paths().count() > 0 || world.run().is_err() {
        eprintln!("skipped: this cannot be made here");
        return;
    }
    let whole = world.out();
    world.clear();
    let child = world.program().spawn().unwrap();
    let parts = || fs::read_dir(world.folder.join("journal/kept/results")).map_or(0, Iterator::count);
    assert!(soon(Duration::from_secs(60), || parts() >= 1), "nothing was kept");
    world.kill(child);
    assert_eq!(world.out().paths().count(), 0, "the job was over before it was killed");
    let resumed = world.run().unwrap();
    assert_eq!(resumed, 1, "nothing was found in the journal");
    assert_eq!(world.out(), whole);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
