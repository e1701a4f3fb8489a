//! Small jobs of sound and film inside a program, beside whole processes of FFmpeg that do the same. Prints minimum
//! and median of each, and how many times the fastest FFmpeg's ours are.
//!
//! FFmpeg is taken from the search path, and from where `cargo xtask race` puts its peers.

#![allow(clippy::expect_used, reason = "a benchmark that cannot be set up should stop")]

use formwork::job::Job;
use formwork::run::{Control, Item};
use formwork::{Engine, Isolation};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each side.
const RUNS: usize = 60;

/// The folder of the built programs and plugins.
fn programs() -> PathBuf {
    let here = std::env::current_exe().expect("a program has a path");
    here.ancestors().nth(2).expect("target/release/deps/bench").to_owned()
}

/// Every FFmpeg that is there.
fn ffmpegs() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("ffmpeg")];
    let peers = programs().parent().map(|target| target.join("peers"));
    for package in peers.and_then(|peers| peers.read_dir().ok()).into_iter().flatten().flatten() {
        let binaries = package.path().join("imageio_ffmpeg/binaries");
        let binaries = binaries.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
        found.extend(binaries.filter(|path| name_of(path).starts_with("ffmpeg-")));
    }
    found
}

/// One side of a comparison: what it is called, and one run.
type Side<'s> = (String, Box<dyn Fn() + 's>);

/// A run of a program that must succeed.
fn process(program: &Path, words: &[&str]) {
    let done = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(done.expect("FFmpeg starts").success(), "{program:?} {words:?}");
}

/// Takes turns, and prints what each side took.
fn compare(title: &str, sides: &[Side<'_>], ours: usize) {
    let mut times = vec![Vec::new(); sides.len()];
    for _ in 0..RUNS {
        for ((_, run), times) in sides.iter().zip(&mut times) {
            let started = Instant::now();
            run();
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let middle = |index: usize| times[index][RUNS / 2];
    let fastest = (ours..sides.len()).map(middle).fold(f64::MAX, f64::min);
    println!("{title}");
    for (index, (name, _)) in sides.iter().enumerate() {
        let (least, middle) = (times[index][0], middle(index));
        println!("  {name:<26} minimum {least:>7.2} ms, median {middle:>7.2} ms ({:.3})", middle / fastest);
    }
}

fn main() {
    let folder = std::env::temp_dir().join(format!("formwork-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (wav, mp4) = (at("a.wav"), at("a.mp4"));
    let (tone, film) = ("sine=440:duration=1", "testsrc2=duration=1:size=640x360:rate=25");
    process(
        Path::new("ffmpeg"),
        &["-v", "error", "-f", "lavfi", "-i", tone, "-ar", "44100", "-ac", "2", &wav],
    );
    let encoded = ["-c:v", "libx264", "-c:a", "aac", "-pix_fmt", "yuv420p"];
    let words = ["-v", "error", "-f", "lavfi", "-i", film, "-f", "lavfi", "-i", tone];
    process(Path::new("ffmpeg"), &[&words[..], &encoded, &[&mp4]].concat());

    let engine = Engine::builder().plugin_folder(programs()).build().expect("an engine");
    let isolation = Isolation { spares: 1, ..Isolation::new(2, programs().join("formwork-worker")) };
    let locked = Engine::builder().plugin_folder(programs()).isolation(isolation).build().expect("an engine");
    let engines = [("in process", &engine), ("in a worker, level 2", &locked)];
    let peers = ffmpegs();
    let convert = |from: &str, to: &str, theirs: &[&str], title: &str| {
        let mut sides: Vec<Side<'_>> = Vec::new();
        for (name, engine) in engines {
            let (from, to) = (from.to_owned(), to.to_owned());
            let run = move || {
                let _ = std::fs::remove_file(&to);
                engine.convert(&from, &to).expect("a conversion");
            };
            sides.push((name.to_owned(), Box::new(run)));
        }
        for program in &peers {
            let words = [&["-v", "error", "-y", "-i", from][..], theirs, &[to]].concat();
            sides.push((name_of(program), Box::new(move || process(program, &words))));
        }
        compare(title, &sides, engines.len());
    };
    convert(&wav, &at("o.mp3"), &["-c:a", "libmp3lame", "-b:a", "192k"], "WAV of 1 s to MP3");
    convert(&mp4, &at("o.mkv"), &["-c", "copy"], "MP4 of 1 s to MKV, nothing encoded");

    let words = ["-v", "error", "-show_streams", "-show_format", &mp4];
    let mut sides: Vec<Side<'_>> = Vec::new();
    for (name, engine) in engines {
        let mp4 = mp4.clone();
        let run = move || {
            let item = Item::from_path(Path::new(&mp4), "a.mp4".into(), true).expect("a file");
            engine.probe(item, &Control::default()).expect("a film");
        };
        sides.push((name.to_owned(), Box::new(run)));
    }
    sides.push(("ffprobe".into(), Box::new(|| process(Path::new("ffprobe"), &words))));
    compare("what an MP4 of 1 s is", &sides, engines.len());
    progress(&engine, &folder);
    let _ = std::fs::remove_dir_all(&folder);
}

/// How true progress is: of a film that is encoded, what was said at each quarter of the time it took.
fn progress(engine: &Engine, folder: &Path) {
    let (film, to) = (folder.join("long.mp4"), folder.join("long.mkv"));
    let source = ["-v", "error", "-f", "lavfi", "-i", "testsrc2=duration=20:size=1280x720:rate=25"];
    let film_word = film.to_string_lossy().into_owned();
    process(
        Path::new("ffmpeg"),
        &[&source[..], &["-c:v", "libx264", "-preset", "ultrafast", &film_word]].concat(),
    );
    for options in [
        serde_json::json!({"codec": "h264", "preset": "fast"}),
        serde_json::json!({"codec": "vp9", "preset": "ultrafast"}),
    ] {
        let _ = std::fs::remove_file(&to);
        let job = serde_json::json!({"tasks": {
            "in": {"operation": "import/path", "path": &film},
            "out": {"operation": "convert", "input": "in", "output_format": "mkv", "options": options},
            "to": {"operation": "export/path", "input": "out", "path": &to},
        }});
        let job = Job::from_json(&job).expect("a good job");
        let control = Control::default();
        let started = Instant::now();
        let said = std::thread::scope(|scope| {
            let work = scope.spawn(|| assert!(engine.run(&job, &control).error().is_none()));
            let mut said = Vec::new();
            while !work.is_finished() {
                said.push((started.elapsed().as_secs_f64(), control.progress()));
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            said
        });
        let whole = started.elapsed().as_secs_f64();
        let monotone = said.windows(2).all(|pair| pair[0].1 <= pair[1].1);
        let at =
            |part: f64| said.iter().find(|(time, _)| *time >= whole * part).map_or(1.0, |(_, said)| *said);
        let quarters = [0.25, 0.5, 0.75].map(|part| format!("{part}: {:.2}", at(part))).join(", ");
        println!("progress of {options} in {whole:.1} s: {quarters}; never back: {monotone}");
    }
}

fn name_of(program: &Path) -> String {
    program.file_name().map_or_else(String::new, |name| name.to_string_lossy().chars().take(26).collect())
}
