//! The n-th system call of a kind fails, for every n: the whole output or none, a clear end, nothing left.
//!
//! The failures are injected by strace, into the program and its worker alike.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::place::{self, Scratch};
use formwork_tests::processes::{self, soon};
use formwork_tests::run::{self, Finished, Limits};
use formwork_tests::{made, tree::Tree};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// What fails, and how: reading, writing, starting, handing descriptors over, naming the result.
const FAILURES: &[(&str, &str)] = &[
    ("read", "EIO"),
    ("pread64", "EIO"),
    ("write", "ENOSPC"),
    ("pwrite64", "ENOSPC"),
    ("clone", "EAGAIN"),
    ("clone3", "EAGAIN"),
    ("vfork", "EAGAIN"),
    ("execve", "ENOMEM"),
    ("socketpair", "EMFILE"),
    ("memfd_create", "EMFILE"),
    ("openat", "EMFILE"),
    ("sendmsg", "EPIPE"),
    ("recvmsg", "ECONNRESET"),
    ("poll", "ENOMEM"),
    ("fcntl", "EPERM"),
    ("ftruncate", "EIO"),
    ("linkat", "EXDEV"),
    ("renameat2", "EIO"),
    ("rename", "EIO"),
    ("mkdir", "ENOSPC"),
    ("flock", "ENOLCK"),
    ("fdatasync", "EIO"),
    ("prlimit64", "EPERM"),
    ("seccomp", "EINVAL"),
    ("landlock_restrict_self", "EPERM"),
];
/// Most failures of one kind; no job makes as many calls.
const MOST: u32 = 2_000;

/// How often a run is made again because strace stumbled itself.
const STUMBLES: u32 = 5;

/// Exit codes that say something: sysexits, 1 for a batch, 127 when the system could not even load the program.
const CODES: &[i32] = &[64, 65, 66, 69, 70, 73, 74, 75, 77, 1, 127];

/// Every `step`-th failure is tried: all of them when it is 1.
fn step() -> usize {
    std::env::var("FORMWORK_FAILURES").ok().and_then(|step| step.parse().ok()).unwrap_or(7)
}

struct World {
    folder: Scratch,
    words: [String; 3],
    none: Tree,
    whole: Tree,
}

impl World {
    fn new(input: &str, bytes: &[u8], output: &str) -> World {
        let folder = Scratch::new("failures").unwrap();
        fs::create_dir(folder.join("place")).unwrap();
        fs::write(folder.join(input), bytes).unwrap();
        let operation = if output.ends_with('/') { "extract" } else { "convert" };
        let place = folder.join("place").display().to_string();
        let words = [operation.into(), folder.join(input).display().to_string(), format!("{place}/{output}")];
        let none = Tree::of(&folder.join("place")).unwrap();
        let mut world = World { folder, words, whole: none.clone(), none };
        let done = world.traced(&["-f", "-qq", "-e", "none"]);
        assert!(done.succeeded(), "{:?}: {}", world.words, done.stderr_text());
        world.whole = world.tree();
        assert_ne!(world.none, world.whole);
        world.clear();
        world
    }

    fn tree(&self) -> Tree {
        Tree::of(&self.folder.join("place")).unwrap()
    }

    fn clear(&self) {
        fs::remove_dir_all(self.folder.join("place")).unwrap();
        fs::create_dir(self.folder.join("place")).unwrap();
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new("strace");
        command.args(options).arg("-o").arg(self.folder.join("trace"));
        command.arg(place::program().unwrap()).args(&self.words);
        command.env("XDG_CACHE_HOME", place::target().join("tests-cache"));
        command.env("TMPDIR", self.folder.path());
        command
    }

    /// Runs the program under strace, again when strace itself ended with an error: it does when a process it is
    /// about to let go on was killed meanwhile ("strace: ptrace(PTRACE_LISTEN,...): Input/output error").
    fn traced(&self, options: &[&str]) -> Finished {
        let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
        for _ in 0..STUMBLES {
            let done = run::run(&mut self.command(options), &limits).unwrap();
            if !done.stderr_text().lines().any(|line| line.starts_with("strace: ptrace(")) {
                return done;
            }
            self.clear();
        }
        unreachable!("strace failed {STUMBLES} times in a row: {options:?}");
    }

    /// Lets the n-th call fail; returns whether there was one.
    fn fail(&self, call: &str, error: &str, number: u32) -> bool {
        let inject = format!("inject={call}:error={error}:when={number}");
        let options = ["-f", "-qq", "-e", &inject, "-e", &format!("trace={call}")];
        let done = self.traced(&options);
        let what = format!("{call} number {number} fails with {error}: {:?}", done.stderr_text());
        assert!(!done.timed_out, "{what}: hangs");
        let place = self.folder.path().display().to_string();
        let gone = soon(Duration::from_secs(5), || {
            !processes::all().iter().any(|process| process.words.contains(&place))
        });
        assert!(gone, "{what}: processes are left");
        let now = self.tree();
        if done.succeeded() {
            assert!(now == self.whole, "{what}: {:?}", self.whole.differences(&now));
        } else {
            let code = done.status.code();
            assert!(code.is_some_and(|code| CODES.contains(&code)), "{what}: ended with {:?}", done.status);
            assert!(!done.stderr_text().contains("panicked"), "{what}");
            assert!(now == self.none, "{what}: {:?}", self.none.differences(&now));
        }
        self.clear();
        fs::read_to_string(self.folder.join("trace")).unwrap().contains("(INJECTED)")
    }
}

fn try_all(world: &World) {
    if !place::has_tool("strace") {
        println!("skipped: strace is not installed");
        return;
    }
    let mut tried = 0;
    for (call, error) in FAILURES {
        for number in (1..MOST).step_by(step()) {
            if !world.fail(call, error, number) {
                break;
            }
            tried += 1;
        }
    }
    println!("{:?}: {tried} failures of {} kinds, each ended well", world.words[0], FAILURES.len());
}

#[test]
fn converting_a_picture() {
    if place::has_tool("strace") {
        try_all(&World::new("a.png", &made::png(100, 80), "b.jpg"));
    }
}

#[test]
fn extracting_an_archive() {
    if place::has_tool("strace") {
        let members: [(&str, &[u8]); 3] = [("a", b"one"), ("d/b", b"two"), ("d/c", b"three")];
        try_all(&World::new("a.zip", &made::zip(&members), "out/"));
    }
}
