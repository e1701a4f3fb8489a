//! The journal of a job: what was done is not done again, and what is the job's own is known.

use super::{alone, engine, files_below, steps, toy};
use formwork::job::Job;
use formwork::run::{Control, JobReport, TaskState};
use formwork::{ErrorKind, Journal};
use formwork_tests::place::Scratch;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

struct World {
    folder: Scratch,
}

impl World {
    fn new() -> World {
        let folder = Scratch::new("journal").unwrap();
        fs::write(folder.join("a.md"), "some words\n").unwrap();
        World { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    /// A job of two branches with the same first step, each with a place of its own for its result.
    fn job(&self) -> Job {
        let export =
            |of: &str, to: &str| json!({"operation": "export/path", "input": of, "path": self.at(to)});
        let convert = |to: &str| json!({"operation": "convert", "input": "in", "output_format": to});
        let json = json!({"tasks": {
            "in": {"operation": "import/path", "path": self.at("a.md")},
            "one": convert("tex"),
            "first": export("one", "one.tex"),
            "two": convert("rst"),
            "second": export("two", "two.rst"),
        }});
        Job::from_json(&json).unwrap()
    }

    /// Runs the job; when it is to stop half-way, something is in the way at the second place.
    fn run(&self, halfway: bool) -> (u32, JobReport) {
        let blocked = self.at("two.rst");
        if halfway {
            fs::create_dir_all(blocked.join("a.rst")).unwrap();
        } else if blocked.is_dir() {
            fs::remove_dir_all(&blocked).unwrap();
        }
        let job = self.job();
        let journal = Journal::open(self.at("journal"), std::slice::from_ref(&job)).unwrap();
        let (count, report) = steps(|| engine(None).run(&job, &Control::default().journaled(&journal)));
        assert_eq!(journal.end([&report]).unwrap(), report.error().is_none());
        (count, report)
    }
}

fn receipt(report: &JobReport, task: &str) -> Value {
    report.tasks.iter().find(|one| one.task == task).unwrap().receipts[0].to_json()
}

#[test]
fn what_was_done_is_not_done_again() {
    let (_alone, world) = (alone(), World::new());
    let (count, report) = world.run(true);
    assert_eq!(report.error().unwrap().kind, ErrorKind::Io);
    assert_eq!(count, 3, "the first step is that of both");
    assert!(receipt(&report, "one").get("resumed").is_none());
    let before = world.at("one.tex").metadata().unwrap();
    let (count, report) = world.run(false);
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!(count, 0);
    for task in ["one", "two"] {
        let receipt = receipt(&report, task);
        assert_eq!((&receipt["resumed"], &receipt["cached"]), (&json!(true), &json!(false)), "{task}");
    }
    use std::os::unix::fs::MetadataExt;
    assert_eq!(world.at("one.tex").metadata().unwrap().ino(), before.ino(), "it was left where it was");
    assert_eq!(world.text("two.rst"), "rst: of csv: of some words\n");
    assert!(!world.at("journal").exists());
    // Without a journal it is a new job.
    let (_, report) = world.run(false);
    assert!(report.error().unwrap().message.contains("exists already"));
}

#[test]
fn what_changed_since_is_made_anew_and_takes_the_place_of_its_own() {
    let (_alone, world) = (alone(), World::new());
    world.run(true);
    fs::write(world.at("a.md"), "other words\n").unwrap();
    let (count, report) = world.run(false);
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!(count, 3);
    assert_eq!(world.text("one.tex"), "tex: of csv: of other words\n");
    assert_eq!(files_below(world.folder.path()).len(), 3);
}

#[test]
fn what_is_not_the_jobs_own_is_never_replaced() {
    let (_alone, world) = (alone(), World::new());
    world.run(true);
    fs::write(world.at("one.tex"), "somebody wrote here").unwrap();
    let (_, report) = world.run(false);
    assert!(report.error().unwrap().message.contains("exists already"));
    assert_eq!(world.text("one.tex"), "somebody wrote here");
    assert!(world.at("journal").exists());
    fs::remove_file(world.at("one.tex")).unwrap();
    let (count, report) = world.run(false);
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!((count, world.text("one.tex").as_str()), (0, "tex: of csv: of some words\n"));
}

#[test]
fn what_is_damaged_is_made_anew() {
    let (_alone, world) = (alone(), World::new());
    world.run(true);
    let kept = files_below(&world.at("journal/kept/results"));
    assert!(kept.len() >= 4, "{kept:?}");
    for file in &kept {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }
    let (count, report) = world.run(false);
    assert!(report.error().is_none(), "{:?}", report.error());
    assert_eq!(count, 3);
    assert_eq!(world.text("two.rst"), "rst: of csv: of some words\n");
}

#[test]
fn a_journal_is_of_one_job_in_one_process() {
    let (_alone, world) = (alone(), World::new());
    let open = |jobs: &[Job]| Journal::open(world.at("journal"), jobs);
    let job = world.job();
    let other = json!({"tasks": {
        "in": {"operation": "import/path", "path": "b.md"},
        "out": {"operation": "export/bytes", "input": "in"},
    }});
    let other = Job::from_json(&other).unwrap();
    let first = open(std::slice::from_ref(&job)).unwrap();
    assert!(!first.resumes());
    let error = open(std::slice::from_ref(&job)).unwrap_err();
    assert!(error.message.contains("runs in another process"), "{error}");
    drop(first);
    assert!(open(std::slice::from_ref(&job)).unwrap().resumes());
    let error = open(std::slice::from_ref(&other)).unwrap_err();
    assert!(error.kind == ErrorKind::InvalidRequest && error.message.contains("another job"), "{error}");
    assert!(open(&[job.clone(), other]).is_err());
    let head = fs::read_to_string(world.at("journal/job")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    fs::write(world.at("journal/job"), head.replace(&format!("/1 {version} "), "/1 0.0.1 ")).unwrap();
    let error = open(std::slice::from_ref(&job)).unwrap_err();
    assert!(error.message.contains("another version"), "{error}");
    let error = Journal::open(world.folder.path(), &[job]).unwrap_err();
    assert!(error.message.contains("is no journal"), "{error}");
}

#[test]
fn a_task_that_is_cut_off_is_the_only_one_that_is_lost() {
    let (_alone, world) = (alone(), World::new());
    let job = world.job();
    let journal = Journal::open(world.at("journal"), std::slice::from_ref(&job)).unwrap();
    // The second to run is cancelled in its last step, when the first has ended.
    let control = Control::default().journaled(&journal);
    let cancel = control.cancel_token().clone();
    let before = toy::RUNS.load(std::sync::atomic::Ordering::SeqCst);
    *toy::MEANWHILE.lock().unwrap() = Some(Box::new(move || {
        if toy::RUNS.load(std::sync::atomic::Ordering::SeqCst) - before == 3 {
            cancel.cancel();
        }
    }));
    let report = engine(None).run(&job, &control);
    *toy::MEANWHILE.lock().unwrap() = None;
    assert!(!journal.end([&report]).unwrap());
    drop(control);
    let cancelled = report.tasks.iter().filter(|task| task.state == TaskState::Cancelled).count();
    assert!(cancelled > 0);
    let (count, report) = world.run(false);
    assert!(report.error().is_none(), "{:?}", report.error());
    assert!(count <= 1, "{count}");
    assert_eq!(world.text("one.tex"), "tex: of csv: of some words\n");
}
