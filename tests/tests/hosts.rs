//! The servers of `capi/examples`, and the one in Rust: each is started, converts a file of every family over HTTP, eight
//! at once, cancels a job, tells of a broken file, and ends when it is asked to.
//!
//! What a machine has no compiler or library for is skipped, with the reason.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up should stop"
)]

use formwork_tests::place::{self, Scratch};
use formwork_tests::{corpus, http, installed, made};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

macro_rules! hosts {
    ($($test:ident $folder:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            try_host($folder);
        })*
    };
}

hosts! {
    in_c "capi/examples/c",
    in_cpp "capi/examples/cpp",
    in_go "capi/examples/go",
    in_nginx "capi/examples/nginx",
    in_node "capi/examples/node",
    in_python "capi/examples/python",
    in_rust "hosts/axum",
}

/// How long a server may take until it listens: it may have to be built first.
const START: Duration = Duration::from_secs(300);
/// How long a server may take to end.
const END: Duration = Duration::from_secs(5);

/// One after the other: eight requests at once are enough for a small machine.
fn turn() -> std::sync::MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_host(folder: &str) {
    let _turn = turn();
    let Some(server) = Server::start(&place::root().join(folder)) else { return };
    println!("{folder}: {}", server.converts_every_family());
    server.converts_eight_at_once();
    server.tells_of_a_broken_file();
    server.refuses_what_makes_no_sense();
    server.runs_a_job();
    server.cancels_a_job();
    server.ends();
}

/// A server that runs; killed with all it started when it goes out of scope.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it and waits until it listens. Nothing when this machine cannot run it.
    fn start(folder: &Path) -> Option<Server> {
        use std::os::unix::process::CommandExt;
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(folder.join("run"));
        command.env("FORMWORK_PREFIX", installed::prefix().unwrap()).env("PORT", port.to_string());
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let complaints = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let (say, hear) = std::sync::mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let ready = format!("listening on 127.0.0.1:{port}");
        let end = Instant::now() + START;
        loop {
            match hear.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line.trim() == ready => return Some(Server { child, port }),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let _ = child.kill();
        let status = child.wait().unwrap();
        let complaints = complaints.join().unwrap();
        assert_eq!(
            status.code(),
            Some(installed::MISSING),
            "{} does not start: {complaints}",
            folder.display()
        );
        println!("skipped: {}", complaints.trim());
        None
    }

    fn send(&self, method: &str, target: &str, body: &[u8]) -> http::Answer {
        http::request(self.port, method, target, body)
            .unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    fn convert(&self, name: &str, to: &str, body: &[u8]) -> http::Answer {
        self.send("POST", &format!("/convert?to={to}&name={}", http::escaped(name)), body)
    }

    fn converts_every_family(&self) -> String {
        let mut told = Vec::new();
        for (name, to, body) in files() {
            let answer = self.convert(&name, to, &body);
            assert_eq!(answer.status, 200, "{name} to {to}: {}", String::from_utf8_lossy(&answer.body));
            assert!(!answer.body.is_empty() && answer.header("content-type").is_some(), "{name} to {to}");
            let disposition = answer.header("content-disposition").unwrap_or_default();
            assert!(disposition.contains(&format!(".{to}")), "{name} to {to}: {disposition:?}");
            assert!(is_really(to, &answer.body), "{name} to {to}: the answer is something else");
            told.push(format!("{name} to {to} ({} bytes)", answer.body.len()));
        }
        told.join(", ")
    }

    fn converts_eight_at_once(&self) {
        let picture = made::png(300, 200);
        thread::scope(|scope| {
            let ask = |width: u32| {
                let target = format!("/convert?to=webp&name=a.png&width={width}");
                self.send("POST", &target, &picture)
            };
            let asked: Vec<_> = (0..8).map(|number| scope.spawn(move || ask(100 + number))).collect();
            for answer in asked {
                let answer = answer.join().unwrap();
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                assert!(is_really("webp", &answer.body));
            }
        });
    }

    fn tells_of_a_broken_file(&self) {
        let picture = made::png(300, 200);
        let answer = self.convert("broken.png", "webp", &picture[..200]);
        let error = &answer.json().unwrap()["error"];
        assert!((400..500).contains(&answer.status), "{}: {error}", answer.status);
        assert_eq!(error["kind"], "corrupt_input");
        assert!(error["message"].as_str().is_some_and(|text| text.contains("broken.png")), "{error}");
    }

    fn refuses_what_makes_no_sense(&self) {
        for (method, target, status) in [
            ("POST", "/convert?name=a.png", 400),
            ("POST", "/convert?to=nosuch&name=a.png", 415),
            ("POST", "/convert?to=webp&name=a.png&widht=3", 400),
            ("GET", "/nowhere", 404),
            ("GET", "/jobs/4711", 404),
            ("GET", "/convert?to=webp", 405),
        ] {
            let answer =
                self.send(method, target, if method == "POST" { &b"P3 1 1 1 0 0 0"[..] } else { b"" });
            assert_eq!(answer.status, status, "{method} {target}: {}", String::from_utf8_lossy(&answer.body));
        }
    }

    /// Submits a job and returns its id.
    fn submit(&self, name: &str, to: &str, body: &[u8]) -> String {
        let answer = self.send("POST", &format!("/jobs?to={to}&name={}", http::escaped(name)), body);
        assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
        answer.json().unwrap()["id"].as_str().expect("an id that is text").to_owned()
    }

    /// Asks for a job until it is over.
    fn over(&self, id: &str) -> Value {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let status = self.send("GET", &format!("/jobs/{id}"), b"").json().unwrap();
            if !matches!(status["state"].as_str(), Some("waiting" | "processing")) {
                return status;
            }
            assert!(Instant::now() < end, "a job that does not end: {status}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn runs_a_job(&self) {
        let id = self.submit("a.png", "gif", &made::png(64, 64));
        assert_eq!(self.over(&id)["state"], "finished");
        let result = self.send("GET", &format!("/jobs/{id}/result"), b"");
        assert_eq!(result.status, 200);
        assert!(is_really("gif", &result.body));
        let id = self.submit("broken.png", "gif", &made::png(64, 64)[..100]);
        let status = self.over(&id);
        assert_eq!(
            (status["state"].as_str(), status["error"]["kind"].as_str()),
            (Some("error"), Some("corrupt_input"))
        );
        let result = self.send("GET", &format!("/jobs/{id}/result"), b"");
        assert!((400..500).contains(&result.status), "{}", result.status);
    }

    fn cancels_a_job(&self) {
        let film = made::noise_video(640, 480, 400);
        let id = self.submit("film.y4m", "mp4", &film);
        assert_eq!(self.send("GET", &format!("/jobs/{id}/result"), b"").status, 409);
        let start = Instant::now();
        assert_eq!(self.send("DELETE", &format!("/jobs/{id}"), b"").status, 200);
        assert_eq!(self.over(&id)["state"], "cancelled");
        assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
    }

    fn ends(mut self) {
        let start = Instant::now();
        signal(&self.child, libc::SIGTERM);
        while self.child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < END, "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let (Ok(group), Ok(None)) = (i32::try_from(self.child.id()), self.child.try_wait()) {
            // SAFETY: a group of this test's own, whose leader has not been waited for.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            let _ = self.child.wait();
        }
    }
}

fn signal(child: &Child, signal: i32) {
    if let Ok(number) = i32::try_from(child.id()) {
        // SAFETY: a child that has not been waited for.
        unsafe { libc::kill(number, signal) };
    }
}

/// A file of every family and what it becomes: of the corpus, else made here.
fn files() -> Vec<(String, &'static str, Vec<u8>)> {
    let wanted = [
        ("image", "heic", "png"),
        ("audio", "flac", "mp3"),
        ("video", "mp4", "webm"),
        ("document", "pdf", "txt"),
        ("archive", "zip", "tar"),
    ];
    if let Some(samples) = corpus::samples().unwrap() {
        let smallest = |folder: &str, format: &str| {
            let fitting = samples
                .iter()
                .filter(|one| one.folder == folder && one.format == format && one.bytes > 4_000);
            fitting.min_by_key(|one| one.bytes).expect("the corpus has one")
        };
        let file = |(folder, format, to)| {
            let sample = smallest(folder, format);
            (sample.name().to_owned(), to, std::fs::read(&sample.path).unwrap())
        };
        return wanted.into_iter().map(file).collect();
    }
    println!("skipped: no corpus (set FORMWORK_CORPUS), so made files stand for it");
    vec![
        ("a.png".into(), "webp", made::png(64, 64)),
        ("a.wav".into(), "mp3", made::wav(16_000)),
        ("a.y4m".into(), "mp4", made::noise_video(64, 64, 10)),
        ("a.md".into(), "html", b"# One\n\nTwo *three*\n".to_vec()),
        ("a.zip".into(), "tar", made::zip(&[("a.txt", b"one")])),
    ]
}

/// Whether bytes are what they should be, as another reader tells: `file`, by the system's own table.
fn is_really(format: &str, bytes: &[u8]) -> bool {
    let scratch = Scratch::new("answer").unwrap();
    let path = scratch.join("answer");
    std::fs::write(&path, bytes).unwrap();
    let said = Command::new("file").args(["--brief", "--mime-type"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let fits: &[&str] = match format {
        "png" => &["image/png"],
        "webp" => &["image/webp"],
        "gif" => &["image/gif"],
        "mp3" => &["audio/mpeg"],
        "mp4" => &["video/mp4"],
        "webm" => &["video/webm"],
        "html" => &["text/html", "text/plain"],
        "txt" => &["text/plain"],
        "tar" => &["application/x-tar"],
        _ => &[],
    };
    fits.contains(&said.as_str())
}
