//! Jobs of films as a whole, beside what FFmpeg's own command line makes of the same wish.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork_tests::place::{self, Scratch};
use formwork_tests::program::{self, Call};
use formwork_tests::run::Limits;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs FFmpeg, and returns what it says.
fn ffmpeg(words: &[&str], folder: &Path) -> String {
    let mut program = Command::new("ffmpeg");
    program.args(["-hide_banner", "-nostats", "-y"]).args(words).current_dir(folder);
    let done = program.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{words:?}: {said}");
    said
}

/// A film of four seconds with sound, and a half transparent picture.
fn film(folder: &Path) {
    let sources = ["-f", "lavfi", "-i", "testsrc2=duration=4:size=640x360:rate=25"];
    let sound = ["-f", "lavfi", "-i", "sine=440:duration=4"];
    let codecs = ["-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "aac", "film.mp4"];
    ffmpeg(&[&sources[..], &sound, &codecs].concat(), folder);
    let mark = ["-f", "lavfi", "-i", "color=red@0.5:size=64x32,format=rgba", "-frames:v", "1", "mark.png"];
    ffmpeg(&mark, folder);
}

fn run(job: &Value, folder: &Path) -> Call {
    fs::write(folder.join("job.json"), job.to_string()).unwrap();
    let job = folder.join("job.json");
    let words = ["run".as_ref(), job.as_os_str(), "--json".as_ref()];
    program::call(words, &Limits::default()).unwrap()
}

/// Structural similarity of two films.
fn ssim(one: &str, other: &str, folder: &Path) -> f64 {
    let said = ffmpeg(&["-i", one, "-i", other, "-lavfi", "[0:v][1:v]ssim", "-f", "null", "-"], folder);
    let all = said.rsplit_once("All:").and_then(|(_, rest)| rest.split_whitespace().next());
    all.unwrap().parse().unwrap()
}

#[test]
fn a_fused_chain_is_what_one_graph_of_ffmpeg_makes() {
    if !place::has_tool("ffmpeg") {
        eprintln!("skipped: ffmpeg is not installed");
        return;
    }
    let scratch = Scratch::new("fused").unwrap();
    let folder = scratch.path();
    film(folder);
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let call = run(
        &json!({"tasks": {
            "film": {"operation": "import/path", "path": at("film.mp4")},
            "picture": {"operation": "import/path", "path": at("mark.png")},
            "short": {"operation": "trim", "input": "film", "options": {"start_time": 1, "duration": 2}},
            "part": {"operation": "crop", "input": "short", "options": {"x": 80, "y": 40, "width": 480, "height": 300}},
            "small": {"operation": "convert", "input": "part", "options": {"width": 320}},
            "marked": {"operation": "watermark", "input": ["small", "picture"],
                "options": {"position": "top-left", "margin": 16, "opacity": 1}},
            "web": {"operation": "convert", "input": "marked", "output_format": "mp4",
                "options": {"codec": "h264", "quality": 75}},
            "out": {"operation": "export/path", "input": "web", "path": at("fused.mp4")},
        }}),
        folder,
    );
    assert!(call.succeeded(), "{}", call.complaint());
    let receipt = String::from_utf8_lossy(&call.process.stdout);
    assert!(receipt.contains(r#""fused":["short","part","small","marked","web"]"#), "{receipt}");

    let graph = "[0:v]crop=480:300:80:40,scale=320:200:flags=bicubic[a];[a][1:v]overlay=16:16:format=auto[v]";
    let graph = |codec: &[&str], to: &str| {
        let input = ["-ss", "1", "-t", "2", "-i", "film.mp4", "-i", "mark.png"];
        let rest = ["-filter_complex", graph, "-map", "[v]", "-pix_fmt", "yuv420p"];
        ffmpeg(&[&input[..], &rest, codec, &[to]].concat(), folder);
    };
    graph(&["-c:v", "libx264", "-qp", "0"], "exact.mp4");
    graph(&["-c:v", "libx264", "-crf", "23"], "theirs.mp4");
    let (ours, theirs) = (ssim("fused.mp4", "exact.mp4", folder), ssim("theirs.mp4", "exact.mp4", folder));
    assert!((ours - theirs).abs() < 0.001, "ours {ours}, one graph of FFmpeg {theirs}");
}

/// Mean brightness of the lowest quarter of a frame at a time.
fn light_below(film: &str, time: &str, folder: &Path) -> f64 {
    let filter = "crop=iw:ih/4:0:ih*3/4,format=gray,signalstats,metadata=print:file=light.txt";
    ffmpeg(&["-ss", time, "-i", film, "-frames:v", "1", "-vf", filter, "-f", "null", "-"], folder);
    let said = fs::read_to_string(folder.join("light.txt")).unwrap();
    let light = said.lines().find_map(|line| line.strip_prefix("lavfi.signalstats.YAVG="));
    light.unwrap().parse().unwrap()
}

#[test]
fn a_part_of_a_film_begins_where_its_index_leads_between_key_frames() {
    if !place::has_tool("ffmpeg") {
        eprintln!("skipped: ffmpeg is not installed");
        return;
    }
    let scratch = Scratch::new("between").unwrap();
    let folder = scratch.path();
    let source = ["-f", "lavfi", "-i", "testsrc2=duration=5:size=320x240:rate=25"];
    ffmpeg(
        &[&source[..], &["-c:v", "mpeg2video", "-q:v", "2", "-g", "50", "-bf", "2", "film.mxf"]].concat(),
        folder,
    );
    let words = ["trim", "--set", "start_time=1", "--set", "end_time=3"].map(AsRef::as_ref);
    let files = [folder.join("film.mxf"), folder.join("part.mkv")];
    let files = files.iter().map(|path| path.as_os_str());
    let call = program::call(words.into_iter().chain(files), &Limits::default()).unwrap();
    assert!(call.succeeded(), "{}", call.complaint());
    ffmpeg(&["-i", "film.mxf", "-vf", "trim=1:3,setpts=PTS-STARTPTS", "-c:v", "ffv1", "exact.mkv"], folder);
    let said = ffmpeg(&["-i", "part.mkv", "-f", "null", "-", "-stats"], folder);
    assert!(said.contains("frame=   50"), "{said}");
    let likeness = ssim("part.mkv", "exact.mkv", folder);
    assert!(likeness > 0.9, "{likeness}");
}

#[test]
fn subtitles_are_drawn_while_they_are_shown() {
    if !place::has_tool("ffmpeg") {
        eprintln!("skipped: ffmpeg is not installed");
        return;
    }
    let scratch = Scratch::new("burnt").unwrap();
    let folder = scratch.path();
    fs::write(folder.join("s.srt"), "1\n00:00:01,000 --> 00:00:02,000\nHello <i>world</i>\n\n").unwrap();
    let source = ["-f", "lavfi", "-i", "color=black:duration=3:size=320x240:rate=25", "-i", "s.srt"];
    ffmpeg(&[&source[..], &["-c:v", "libx264", "-c:s", "srt", "film.mkv"]].concat(), folder);
    for to in ["burnt.mp4", "burnt.avi"] {
        let call = program::convert(
            &folder.join("film.mkv"),
            &folder.join(to),
            &["--set", "subtitles=burn"],
            &Limits::default(),
        );
        let call = call.unwrap();
        assert!(call.succeeded(), "{}", call.complaint());
        let light = ["0.5", "1.04", "1.9", "2.04", "2.8"].map(|time| light_below(to, time, folder));
        let shown = light.map(|light| light > 1.0);
        assert_eq!(shown, [false, true, true, false, false], "{to}: {light:?}");
    }
}

/// A film with another matrix in its first track's header (ISO/IEC 14496-12, 8.3.2).
fn with_matrix(film: &[u8], [a, b, c, d]: [i32; 4]) -> Vec<u8> {
    let mut film = film.to_vec();
    let header = film.windows(4).position(|word| word == b"tkhd").unwrap();
    let matrix = film.get_mut(header + 44..header + 80).unwrap();
    let one = 0x0001_0000;
    let numbers = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 0x4000_0000];
    for (place, number) in matrix.chunks_exact_mut(4).zip(numbers) {
        place.copy_from_slice(&number.to_be_bytes());
    }
    film
}

#[test]
fn turned_and_mirrored_films_are_shown_as_before() {
    if !place::has_tool("ffmpeg") {
        eprintln!("skipped: ffmpeg is not installed");
        return;
    }
    let scratch = Scratch::new("turned").unwrap();
    let folder = scratch.path();
    film(folder);
    let film = fs::read(folder.join("film.mp4")).unwrap();
    let (quarters, mirrored) =
        ([[0, 1, -1, 0], [-1, 0, 0, -1], [0, -1, 1, 0]], [[-1, 0, 0, 1], [0, 1, 1, 0]]);
    for matrix in quarters.into_iter().chain(mirrored) {
        fs::write(folder.join("turned.mp4"), with_matrix(&film, matrix)).unwrap();
        // The first keeps the matrix and the pictures; the second has no place for it.
        for (to, least) in [("copied.mov", 0.999), ("upright.mkv", 0.85)] {
            let words = [folder.join("turned.mp4"), folder.join(to)];
            let words = ["convert".as_ref(), words[0].as_os_str(), words[1].as_os_str(), "--force".as_ref()];
            let call = program::call(words, &Limits::default()).unwrap();
            assert!(call.succeeded(), "{}", call.complaint());
            let likeness = ssim("turned.mp4", to, folder);
            assert!(likeness > least, "{matrix:?} {to}: {likeness}");
        }
    }
}

#[test]
fn a_thumbnail_does_not_wait_for_a_film_that_shows_the_same() {
    if !place::has_tool("ffmpeg") {
        eprintln!("skipped: ffmpeg is not installed");
        return;
    }
    let scratch = Scratch::new("early").unwrap();
    let folder = scratch.path();
    film(folder);
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let thumbnail = |name: &str, options: Value, is_wanted: bool| {
        let mut tasks = json!({
            "film": {"operation": "import/path", "path": at("film.mp4")},
            "full": {"operation": "convert", "input": "film", "output_format": "mkv", "options": options},
            "small": {"operation": "thumbnail", "input": "full", "output_format": "png", "options": {"width": 200}},
            "there": {"operation": "export/path", "input": "small", "path": at(&format!("{name}.png"))},
        });
        if is_wanted {
            tasks["out"] =
                json!({"operation": "export/path", "input": "full", "path": at(&format!("{name}.mkv"))});
        }
        let call = run(&json!({"tasks": tasks}), folder);
        assert!(call.succeeded(), "{}", call.complaint());
        let said = String::from_utf8_lossy(&call.process.stdout).into_owned();
        let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let small = lines.into_iter().find(|line| line["task"] == "small").unwrap();
        let receipt = &small["receipts"][0];
        let is_early = receipt["warnings"].to_string().contains("the source of `full`");
        assert_eq!(receipt["input"]["format"], if is_early { "mp4" } else { "mkv" });
        is_early
    };
    let encoded = json!({"codec": "h264", "copy": "never", "preset": "ultrafast", "quality": 95});
    assert!(thumbnail("early", encoded.clone(), true));
    let late = [folder.join("early.mkv"), folder.join("late.png")];
    let words = ["thumbnail", "--set", "width=200"].map(AsRef::as_ref);
    let call =
        program::call(words.into_iter().chain(late.iter().map(|path| path.as_os_str())), &Limits::default());
    assert!(call.unwrap().succeeded());
    let likeness = ssim("early.png", "late.png", folder);
    assert!(likeness > 0.98, "{likeness}");
    // What would look otherwise, or is wanted for nothing else, is taken from the result.
    assert!(!thumbnail("shorter", json!({"start_time": 2}), true));
    assert!(!thumbnail("smaller", json!({"width": 100}), true));
    assert!(!thumbnail("alone", encoded, false));
}
