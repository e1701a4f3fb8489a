//! Isolation: whatever a plugin does is one failed task with the right error, in time, with nothing left
//! behind; and nothing in a locked worker reaches out.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up should stop")]

use formwork::job::{Job, Operation};
use formwork::run::{CancelToken, Control, Item, TrustDomain, Work};
use formwork::{Engine, ErrorKind, Isolation, Limits};
use formwork_tests::place::{self, Scratch};
use formwork_tests::processes::{self, descendants, descriptors};
use serde_json::{Map, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Deadline of every call.
const DEADLINE: Duration = Duration::from_millis(2_000);
/// How much later than its deadline a call may end.
const LATE: Duration = Duration::from_millis(500);

/// Tests count this process's children and descriptors, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn worker() -> PathBuf {
    processes::worker().unwrap()
}

/// A folder with nothing but the plugin that misbehaves, readable by everybody.
fn plugins() -> Scratch {
    let folder = Scratch::new("workers-plugins").unwrap();
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let file = fs::read_dir(&deps)
        .unwrap()
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name == "libformwork_misbehave.so"));
    let file = file.unwrap_or_else(|| deps.parent().unwrap().join("libformwork_misbehave.so"));
    fs::copy(file, folder.join("libformwork_plugin_misbehave.so")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn engine(plugins: &Scratch, level: u8) -> Engine {
    let limits = Limits { output: 1 << 20, entries: 100, memory: 256 << 20, ..Limits::default() };
    let builder = Engine::builder().plugin_folder(plugins.path()).limits(limits);
    builder.isolation(Isolation::new(level, worker())).build().unwrap()
}

/// A text that asks for trouble while it is looked at, or an innocent one.
fn text(probe: &str) -> Vec<u8> {
    let mut png = formwork_tests::made::png(4, 4);
    if !probe.is_empty() {
        // Within the first 200 bytes, as a chunk of its own that readers pass over.
        let content = format!("{}{probe}\n", formwork_misbehave::PROBE_MARK);
        let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
        chunk.extend(b"teSt");
        chunk.extend(content.as_bytes());
        chunk.extend([0; 4]);
        png.splice(33..33, chunk);
    }
    png
}

fn run(
    engine: &Engine,
    bytes: Vec<u8>,
    options: &[(&str, &str)],
    control: &Control,
) -> formwork::Result<Vec<String>> {
    let input = Operation::ImportBytes { name: "a.png".into(), bytes: Arc::new(bytes) };
    let options: Map<_, _> = options.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let work =
        Work { operation: "convert".into(), output_format: Some("png".into()), options, ..Work::default() };
    let report = engine.run(&Job::simple(vec![input], work, Operation::ExportBytes)?, control);
    match report.error() {
        Some(error) => Err(error.clone()),
        None => Ok(report.receipts().flat_map(|receipt| receipt.warnings.clone()).collect()),
    }
}

/// Looks at a file; what stops the plugin is a problem of the file, and told as one.
fn probe(engine: &Engine, bytes: Vec<u8>) -> formwork::Result<Vec<String>> {
    let probe = engine.probe(Item::from_bytes("a.png", bytes), &within_deadline())?;
    probe.problem.map_or(Ok(probe.warnings), Err)
}

fn within_deadline() -> Control {
    Control::new(CancelToken::default(), Some(DEADLINE))
}

/// Every misbehaviour and the kinds of error it may end in; `None`: it may also do no harm.
const CASES: &[(&str, &[ErrorKind])] = &[
    ("panic", &[ErrorKind::PluginFault]),
    ("abort", &[ErrorKind::PluginFault]),
    ("segfault", &[ErrorKind::PluginFault]),
    ("stack_overflow", &[ErrorKind::PluginFault]),
    ("spin", &[ErrorKind::Timeout]),
    ("spin_deaf", &[ErrorKind::Timeout]),
    ("sleep", &[ErrorKind::Timeout]),
    ("allocate", &[ErrorKind::LimitExceeded]),
    ("descriptor_bomb", &[ErrorKind::Io, ErrorKind::Timeout]),
    ("fork_bomb", &[ErrorKind::Io]),
    ("garbage_frame", &[ErrorKind::PluginFault]),
    ("half_frame", &[ErrorKind::PluginFault]),
    ("flood_of_frames", &[ErrorKind::Timeout]),
    ("exit", &[ErrorKind::PluginFault]),
];
const CASES_OF_OUTPUT: &[(&str, &[ErrorKind])] = &[
    ("no_output", &[ErrorKind::PluginFault]),
    ("leave_open", &[ErrorKind::PluginFault]),
    ("empty_output", &[ErrorKind::PluginFault]),
    ("wrong_format", &[ErrorKind::PluginFault]),
    ("wrong_facts", &[ErrorKind::PluginFault]),
    ("climbing_name", &[ErrorKind::CorruptInput]),
    ("absolute_name", &[ErrorKind::CorruptInput]),
    ("same_name_twice", &[ErrorKind::PluginFault]),
    ("hole", &[ErrorKind::PluginFault]),
    ("fail_without_reason", &[ErrorKind::CorruptInput]),
    ("half_then_fail", &[ErrorKind::CorruptInput]),
    ("output_bomb", &[ErrorKind::LimitExceeded]),
    ("many_outputs", &[ErrorKind::LimitExceeded]),
];

#[test]
fn misbehaviour_is_one_failed_task() {
    let _turn = turn();
    let plugins = plugins();
    let (files, processes) = (descriptors(), descendants().len());
    let (mut tried, mut slowest) = (0, Duration::ZERO);
    for (level, forked) in [(1, false), (2, false), (2, true), (3, false)] {
        let stages = CASES.iter().flat_map(|case| [(true, case), (false, case)]);
        for (probing, (mode, kinds)) in stages.chain(CASES_OF_OUTPUT.iter().map(|case| (false, case))) {
            if *mode == "fork_bomb" && level == 1 {
                continue; // Level 1 has no say in processes.
            }
            // A fresh engine: a quarantine of one case must not answer for the next.
            let engine = engine(&plugins, level);
            if forked {
                run(&engine, text(""), &[], &within_deadline()).unwrap();
            }
            let start = Instant::now();
            let outcome = match probing {
                true => probe(&engine, text(mode)),
                false => run(&engine, text(""), &[("mode", mode)], &within_deadline()),
            };
            let took = start.elapsed();
            let stage = if probing { "probe" } else { "run" };
            let error = outcome.expect_err(&format!("level {level}, {stage}: {mode}"));
            assert!(kinds.contains(&error.kind), "level {level}, {stage}, {mode}: {} {error}", error.kind);
            assert!(took <= DEADLINE + LATE, "level {level}, {stage}, {mode} took {took:?}");
            (tried, slowest) = (tried + 1, slowest.max(took));
            assert!(
                run(&engine, text(""), &[], &within_deadline()).is_ok(),
                "the engine is unharmed by {mode}"
            );
        }
    }
    assert_eq!(
        (descriptors(), descendants().len()),
        (files, processes),
        "descriptors and processes are left"
    );
    println!("{tried} misbehaviours, the slowest took {slowest:?}; no descriptor and no process left");
}

#[test]
fn no_way_out() {
    let _turn = turn();
    let plugins = plugins();
    let (mut tried, mut refused) = (0, 0);
    for level in [2, 3] {
        for way in formwork_misbehave::ESCAPES {
            let engine = engine(&plugins, level);
            tried += 1;
            match run(&engine, text(""), &[("escape", way)], &within_deadline()) {
                Ok(warnings) => {
                    assert!(warnings.iter().any(|said| said.starts_with("refused")), "{way}: {warnings:?}");
                    refused += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::PluginFault, "level {level}, {way}: {error}");
                    assert!(error.message.contains("forbidden"), "level {level}, {way}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(!Path::new("/tmp/formwork-escaped").exists());
    println!("{tried} attempts to get out, {refused} refused");
}

/// The same for a user without any power, by the command line.
#[test]
fn no_way_out_for_an_unprivileged_user() {
    let _turn = turn();
    // SAFETY: asks for a number.
    if unsafe { libc::getuid() } != 0 || !place::has_tool("setpriv") {
        println!("skipped: only root can become another user, by setpriv");
        return;
    }
    let plugins = plugins();
    let release = worker().parent().unwrap().to_owned();
    for program in ["formwork", "formwork-worker"] {
        if !release.join(program).is_file() {
            println!("skipped: {program} is not built");
            return;
        }
        fs::copy(release.join(program), plugins.join(program)).unwrap();
    }
    let out = plugins.join("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(plugins.join("a.png"), text("")).unwrap();
    let mut refused = 0;
    for way in formwork_misbehave::ESCAPES {
        let done = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(plugins.join("formwork"))
            .args(["convert", "--force", "--json"])
            .arg(plugins.join("a.png"))
            .arg(out.join("b.png"))
            .args(["--set", &format!("escape={way}")])
            .env("FORMWORK_PLUGINS", plugins.path())
            .env("FORMWORK_CACHE", &out)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(said.contains("refused: ") || said.contains("forbidden"), "{way}: {said}");
        refused += 1;
    }
    println!(
        "{} attempts to get out as an unprivileged user, {refused} refused",
        formwork_misbehave::ESCAPES.len()
    );
}

/// A plugin with a private folder may write there, up to a limit, and nowhere else; the folder goes with it.
#[test]
fn a_private_folder_is_all_there_is_to_write_in() {
    let _turn = turn();
    let (plugins, temporary) = (plugins(), Scratch::new("workers-temporary").unwrap());
    for class in ["folder", "programs"] {
        // SAFETY: tests of this file take turns, and no other thread reads the environment.
        unsafe { std::env::set_var(formwork_misbehave::TOUCHES, class) };
        let isolation = Isolation { temporary_bytes: 8 << 20, ..Isolation::new(2, worker()) };
        let builder = Engine::builder().plugin_folder(plugins.path()).temporary_folder(temporary.path());
        let engine = builder.isolation(isolation).build().unwrap();
        // SAFETY: as above.
        unsafe { std::env::remove_var(formwork_misbehave::TOUCHES) };
        let error = run(&engine, text(""), &[("mode", "folder_bomb")], &within_deadline()).unwrap_err();
        assert_eq!(
            (error.kind, error.limit.as_deref()),
            (ErrorKind::LimitExceeded, Some("temporary")),
            "{error}"
        );
        let warnings = run(&engine, text(""), &[("escape", "create_file")], &within_deadline()).unwrap();
        assert!(warnings.iter().any(|said| said.starts_with("refused")), "{class}: {warnings:?}");
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "{class}: the folder is left");
    }
}

/// Open files of this process in a folder, named or not.
fn open_files_in(folder: &Path) -> usize {
    let links =
        fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links.filter(|link| link.starts_with(folder)).count()
}

/// Results between steps that are too large for memory lie on disk, whoever wrote them, and are the same.
#[test]
fn large_results_between_steps_go_to_disk() {
    let _turn = turn();
    let (plugins, temporary) = (plugins(), Scratch::new("workers-spill").unwrap());
    for level in [0, 2] {
        let builder = Engine::builder().plugin_folder(plugins.path()).temporary_folder(temporary.path());
        let builder = builder.memory_between_steps(1 << 20);
        let builder = if level == 0 { builder } else { builder.isolation(Isolation::new(level, worker())) };
        let engine = builder.build().unwrap();
        for (mode, length, on_disk) in
            [("pieces", 900_000, 0), ("pieces", 3_000_000, 1), ("copy", 3_000_000, 1)]
        {
            let text: Vec<u8> = (0..length).map(|at| b'a' + (at % 7 + at / 9_973 % 19) as u8).collect();
            let step = |input: &str| json!({"operation": "convert", "input": input, "output_format": "txt", "options": {"mode": mode}});
            let job = Job::from_json(&json!({"tasks": {
                "in": {"operation": "import/bytes", "filename": "a.txt", "text": String::from_utf8(text.clone()).unwrap()},
                "once": step("in"),
                "twice": step("once"),
                "out": {"operation": "export/bytes", "input": "twice"},
            }}));
            let report = engine.run(&job.unwrap(), &within_deadline());
            assert!(report.error().is_none(), "{level}, {mode}, {length}: {:?}", report.error());
            assert!(report.exported[0].1[0].bytes(u64::MAX).unwrap() == text, "{level}, {mode}, {length}");
            assert_eq!(open_files_in(temporary.path()), on_disk, "level {level}, {mode}, {length} bytes");
        }
        assert_eq!(open_files_in(temporary.path()), 0);
    }
}

/// Many small results between steps do not use up the descriptors.
#[test]
fn many_results_between_steps_stay_few_descriptors() {
    let _turn = turn();
    let plugins = plugins();
    let engine = Engine::builder().plugin_folder(plugins.path());
    let engine = engine.isolation(Isolation::new(2, worker())).build().unwrap();
    let before = descriptors();
    let report = engine.run(
        &Job::from_json(&json!({"tasks": {
            "in": {"operation": "import/bytes", "filename": "a.txt", "text": "some text"},
            "many": {"operation": "scatter", "input": "in", "options": {"mode": "five_hundred"}},
            "out": {"operation": "export/bytes", "input": "many"},
        }}))
        .unwrap(),
        &within_deadline(),
    );
    assert!(report.error().is_none(), "{:?}", report.error());
    let items = &report.exported[0].1;
    assert_eq!(items.len(), 500);
    assert!(items.iter().all(|item| item.bytes(100).unwrap() == b"../../outside"));
    assert!(descriptors() < before + 100, "{} descriptors", descriptors());
}

/// Workers about, without templates.
fn workers() -> Vec<i32> {
    let template = |process: &processes::Process| process.words.contains(" template ");
    let mut ids: Vec<i32> =
        descendants().iter().filter(|process| !template(process)).map(|process| process.id).collect();
    ids.sort_unstable();
    ids
}

/// A worker outlives its job only for jobs that trust each other, and only as long as it is told.
#[test]
fn jobs_share_workers_only_when_they_trust_each_other() {
    let _turn = turn();
    let plugins = plugins();
    let soon = |wanted: usize| processes::soon(LATE, || workers().len() == wanted);
    // Without templates, whose children have the word in their command line too.
    let isolation = Isolation { templates: false, most_calls: 4, ..Isolation::new(2, worker()) };
    let builder = Engine::builder().plugin_folder(plugins.path());
    let engine = builder.isolation(isolation.clone()).build().unwrap();
    run(&engine, text(""), &[], &within_deadline()).unwrap();
    assert!(soon(0), "a job of its own leaves no worker: {:?}", workers());
    let (domain, other) = (TrustDomain::new(), TrustDomain::new());
    let in_domain = |domain| within_deadline().trusting(domain);
    // A job of this kind makes three calls: the second has one left, and takes another worker for the rest.
    run(&engine, text(""), &[], &in_domain(domain)).unwrap();
    let first = workers();
    run(&engine, text(""), &[], &in_domain(domain)).unwrap();
    assert!(soon(1) && workers() != first, "a worn worker is replaced");
    let second = workers();
    run(&engine, text(""), &[], &in_domain(other)).unwrap();
    assert!(soon(2) && workers().contains(&second[0]), "another domain gets another worker");
    engine.leave(domain);
    assert!(soon(1) && !workers().contains(&second[0]), "its workers end with a domain");
    drop(engine);
    let spares = Isolation { spares: 2, ..isolation };
    let engine = Engine::builder().plugin_folder(plugins.path()).isolation(spares).build().unwrap();
    run(&engine, text(""), &[], &within_deadline()).unwrap();
    assert!(soon(2), "spares are kept ready: {:?}", workers());
    drop(engine);
    assert!(soon(0), "workers are left");
}

#[test]
fn an_input_that_kills_twice_is_not_tried_again() {
    let _turn = turn();
    let plugins = plugins();
    let engine = engine(&plugins, 2);
    let first = run(&engine, text(""), &[("mode", "abort")], &within_deadline()).unwrap_err();
    assert!(first.message.contains("aborted"), "{first}");
    let again = run(&engine, text(""), &[("mode", "abort")], &within_deadline()).unwrap_err();
    assert!(again.message.contains("not tried again"), "{again}");
}

#[test]
fn a_level_that_cannot_be_had_is_refused() {
    let _turn = turn();
    let plugins = plugins();
    let missing = Isolation::new(2, "/nonexistent/formwork-worker");
    let engine = Engine::builder().plugin_folder(plugins.path()).isolation(missing).build().unwrap();
    let error = run(&engine, text(""), &[], &within_deadline()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::IsolationUnavailable, "{error}");
}

#[test]
fn cancel_is_heard_and_enforced() {
    let _turn = turn();
    let plugins = plugins();
    let engine = engine(&plugins, 2);
    for (mode, most) in [("spin", 100), ("spin_deaf", 350), ("sleep", 350)] {
        let cancel = CancelToken::default();
        let control = Control::new(cancel.clone(), None);
        let took = std::thread::scope(|scope| {
            let running = scope.spawn(|| run(&engine, text(""), &[("mode", mode)], &control));
            std::thread::sleep(Duration::from_millis(200));
            let start = Instant::now();
            cancel.cancel();
            assert_eq!(running.join().unwrap().unwrap_err().kind, ErrorKind::Cancelled, "{mode}");
            start.elapsed()
        });
        assert!(took <= Duration::from_millis(most), "{mode}: cancel took {took:?}");
    }
    drop(engine);
    assert_eq!(descendants().len(), 0, "workers are left");
}
