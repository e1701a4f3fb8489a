//! One target: its seeds, its run, and what came of it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use formwork_tests::Result;
use formwork_tests::run::{self, Limits};

use super::seeds;

/// Seconds one input may take. All limits are small, so more is a find.
const SLOW: u64 = 20;
/// MiB the program may use.
const MEMORY: u64 = 2048;
/// Bytes of the longest input.
const LONGEST: u64 = 64 << 10;

/// Something to fuzz.
pub(super) struct Target {
    /// Its name, as in `image_read/png`.
    pub(super) name: String,
    program: PathBuf,
    folder: PathBuf,
}

/// What a run came to.
pub(super) struct Outcome {
    /// The target's name.
    pub(super) name: String,
    /// Inputs that were tried.
    pub(super) executions: u64,
    /// Processor time it took.
    pub(super) cpu: Duration,
    /// Files with inputs that were found to break something.
    pub(super) finds: Vec<PathBuf>,
    /// What the program said of the last of them.
    pub(super) complaint: String,
    wall: Duration,
    corpus: usize,
    program: PathBuf,
}

impl Target {
    /// The targets of a program. Their files lie below `folder`.
    pub(super) fn all_of(program: &Path, folder: &Path) -> Result<Vec<Target>> {
        let done = Command::new(program).env("FORMWORK_FUZZ_LIST", "1").output()?;
        if !done.status.success() {
            return Err(format!("{} does not list its targets", program.display()).into());
        }
        let names = String::from_utf8_lossy(&done.stdout).into_owned();
        let target = |name: &str| Target {
            name: name.to_owned(),
            program: program.to_path_buf(),
            folder: folder.to_path_buf(),
        };
        Ok(names.lines().map(target).collect())
    }

    /// Fuzzes it for a while. Equipment that fails is a find without an input.
    pub(super) fn fuzz(&self, time: Duration) -> Outcome {
        self.try_fuzz(time).unwrap_or_else(|error| Outcome {
            name: self.name.clone(),
            executions: 0,
            cpu: Duration::ZERO,
            finds: vec![PathBuf::new()],
            complaint: error.to_string(),
            wall: Duration::ZERO,
            corpus: 0,
            program: self.program.clone(),
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("FORMWORK_FUZZ_TARGET", &self.name).env("RUST_BACKTRACE", "1");
        command
    }

    fn try_fuzz(&self, time: Duration) -> Result<Outcome> {
        let [corpus, seeds, finds] =
            ["corpus", "seeds", "finds"].map(|kind| self.folder.join(kind).join(&self.name));
        for folder in [&corpus, &seeds, &finds] {
            fs::create_dir_all(folder)?;
        }
        let limits = Limits { deadline: Duration::from_secs(120), ..Limits::default() };
        let seeding = run::run(self.command().env("FORMWORK_FUZZ_SEEDS", &seeds), &limits)?;
        if !seeding.succeeded() {
            return Err(format!("the seeds cannot be made: {}", seeding.stderr_text()).into());
        }
        seeds::add(&self.name, &seeds)?;
        let dictionary = seeds.with_extension("words");
        let words = seeds::dictionary(&seeds, &dictionary)?;
        let before = files(&finds);
        let mut command = self.command();
        command
            .arg(format!("-max_total_time={}", time.as_secs()))
            .arg(format!("-timeout={SLOW}"))
            .arg(format!("-rss_limit_mb={MEMORY}"))
            .arg(format!("-max_len={LONGEST}"))
            .arg(format!("-artifact_prefix={}/", finds.display()))
            .arg("-print_final_stats=1")
            .args((words > 0).then(|| format!("-dict={}", dictionary.display())))
            .args([&corpus, &seeds]);
        let limits = Limits { deadline: time + Duration::from_secs(10 * SLOW), ..Limits::default() };
        let done = run::run(&mut command, &limits)?;
        let said = done.stderr_text();
        let new = files(&finds).into_iter().filter(|file| !before.contains(file)).collect::<Vec<_>>();
        // The same input is found again under the same name; a program may also end without one.
        let known = || vec![files(&finds).into_iter().next().unwrap_or_default()];
        Ok(Outcome {
            name: self.name.clone(),
            executions: executions(&said),
            cpu: done.cpu,
            finds: match (done.succeeded(), new.is_empty()) {
                (true, _) => Vec::new(),
                (false, true) => known(),
                (false, false) => new,
            },
            complaint: complaint(&said),
            wall: done.wall,
            corpus: files(&corpus).len(),
            program: self.program.clone(),
        })
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// How many inputs were tried, as the fuzzer says at its end, or in its last line of progress.
fn executions(said: &str) -> u64 {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let last = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let progress = || {
        let line = said.lines().rev().find(|line| line.starts_with('#') && line.contains("cov:"))?;
        number(line.trim_start_matches('#').split_whitespace().next()?)
    };
    last.and_then(number).or_else(progress).unwrap_or(0)
}

/// The line that says what is wrong.
fn complaint(said: &str) -> String {
    let telling =
        |line: &&str| line.starts_with("find: ") || line.contains("panicked at") || line.contains("ERROR: ");
    let last = || said.lines().rfind(|line| !line.is_empty());
    said.lines().find(telling).or_else(last).unwrap_or("it ended without a word").to_owned()
}

impl Outcome {
    /// The head of the table whose rows are outcomes.
    pub(super) const HEAD: &str = "target                      executions   exec/s  corpus  finds";

    /// The command that runs a find again.
    pub(super) fn replay(&self, find: &Path) -> String {
        format!("FORMWORK_FUZZ_TARGET={} {} {}", self.name, self.program.display(), find.display())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.executions as f64 / self.wall.as_secs_f64().max(0.001);
        let (name, finds) = (&self.name, self.finds.len());
        write!(f, "{name:<27} {:>10} {rate:>8.0} {:>7} {finds:>6}", self.executions, self.corpus)
    }
}
