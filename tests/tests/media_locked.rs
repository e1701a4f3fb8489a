//! Playlists and files that name other files or hosts are read as bytes only: nothing they name is opened, nobody
//! is called. Seen from outside, with strace and a listener.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::lures::{self, Lure, SECRET};
use formwork_tests::place::{self, Scratch};
use formwork_tests::program::{self, Call};
use formwork_tests::run::Limits;
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Names a lure goes by that are not its own, so that the name asks for a reader of media.
const LIES: &[&str] = &["mp4", "mkv", "ts", "mp3"];
/// Formats a user may insist on.
const FORCED: &[&str] = &["mp4", "mkv", "mov", "ts"];
/// Error kinds that put the blame where it is: on the file, or on what was asked.
const KINDS: &[&str] = &["unsupported_format", "unsupported_conversion", "corrupt_input", "invalid_request"];

/// The machine around a call: a folder with the lures, a listener, a trace.
struct Watch {
    folder: Scratch,
    listener: TcpListener,
}

impl Watch {
    fn new() -> Watch {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Watch { folder: Scratch::new("locked").unwrap(), listener }
    }

    fn lures(&self) -> Vec<Lure> {
        lures::write(self.folder.path(), self.listener.local_addr().unwrap()).unwrap()
    }

    /// Runs words of a program under strace, and returns how it ended and what it should not have done.
    fn run<W: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = W>,
        limits: &Limits,
    ) -> (Call, Vec<String>) {
        let trace = self.folder.join("trace");
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-s", "400", "-e", "trace=open,openat,openat2,connect,socket"]);
        command.arg("-o").arg(&trace).args(words);
        command.env("XDG_CACHE_HOME", place::target().join("tests-cache")).current_dir(self.folder.path());
        let call = program::call_command(&mut command, &[], limits).unwrap();
        let trace = fs::read_to_string(trace).unwrap();
        let mut seen: Vec<String> = trace.lines().filter(|line| forbidden(line)).map(str::to_owned).collect();
        while let Ok((_, caller)) = self.listener.accept() {
            seen.push(format!("a call from {caller}"));
        }
        (call, seen)
    }

    /// Asks for a conversion that must not work, and look nowhere.
    fn refuses(&self, input: &Path, to: &str, more: &[String]) {
        for isolation in ["0", "2"] {
            let output = self.folder.join(format!("out.{to}"));
            let program = place::program().unwrap();
            let mut words: Vec<&OsStr> =
                vec![program.as_os_str(), OsStr::new("convert"), input.as_os_str(), output.as_os_str()];
            words.extend(["--json", "--isolation", isolation].map(OsStr::new));
            words.extend(more.iter().map(OsStr::new));
            let (call, seen) = self.run(words, &Limits::default());
            let what = format!("{} to {to} {more:?} at isolation {isolation}", input.display());
            assert!(seen.is_empty(), "{what}: {}", seen.join("\n"));
            let kind = call.error_kind().unwrap_or("no error");
            assert!(KINDS.contains(&kind), "{what}: {}", call.complaint());
            assert!(call.text("error.message").is_some_and(|text| text.len() > 10), "{what}: no reason");
            assert!(!output.exists(), "{what}: there is an output");
        }
    }
}

/// True for calls of the trace that open what a lure names, or a way to the network.
fn forbidden(line: &str) -> bool {
    let network = line.contains("socket(AF_INET") || line.contains("sa_family=AF_INET");
    network || (line.contains("open") && line.contains(SECRET))
}

fn named(lure: &Lure, extension: &str) -> PathBuf {
    let path = lure.path.with_extension(extension);
    if path != lure.path {
        fs::copy(&lure.path, &path).unwrap();
    }
    path
}

#[test]
fn nothing_named_in_a_file_is_opened() {
    if !place::has_tool("strace") {
        println!("skipped: strace is not installed");
        return;
    }
    let watch = Watch::new();
    let lures = watch.lures();
    for (number, lure) in lures.iter().enumerate() {
        let to = |turn: usize| ["mp4", "wav", "mkv", "mp3"][(number + turn) % 4];
        watch.refuses(&lure.path, to(0), &[]);
        let lie = LIES[number % LIES.len()];
        watch.refuses(&named(lure, lie), to(1), &[]);
        for turn in 0..2 {
            let forced = FORCED[(number + turn) % FORCED.len()];
            watch.refuses(&lure.path, to(turn), &[format!("--set=input_format={forced}")]);
        }
    }
    println!(
        "{} lures under their own names, lying names and forced formats: nothing was opened",
        lures.len()
    );
}

/// What the test would see if a reader did follow: FFmpeg's own program does.
#[test]
fn the_watch_sees_a_reader_that_follows() {
    if !place::has_tool("strace") || !place::has_tool("ffprobe") {
        println!("skipped: strace or ffprobe is not installed");
        return;
    }
    let watch = Watch::new();
    for lure in watch.lures() {
        let name = lure.path.file_stem().unwrap().to_str().unwrap();
        let mut words = vec![OsStr::new("ffprobe"), OsStr::new("-v"), OsStr::new("error")];
        match name {
            "list-file" => words.extend(["-safe", "0"].map(OsStr::new)),
            "reference" => words.extend(["-enable_drefs", "1", "-use_absolute_path", "1"].map(OsStr::new)),
            "hls-url" | "dash-url" => words.extend(["-protocol_whitelist", "file,http,tcp"].map(OsStr::new)),
            // It would wait for packets.
            "session" => continue,
            _ => {}
        }
        words.push(lure.path.as_os_str());
        // The host is called and never answers.
        let limits = Limits { deadline: Duration::from_secs(3), ..Limits::default() };
        let (_, seen) = watch.run(words, &limits);
        assert!(!seen.is_empty(), "{name}: FFmpeg itself does not follow it, so it is no lure");
    }
}
