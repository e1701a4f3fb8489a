//! The races of sound and film.

use std::path::PathBuf;

use super::contest::Contest;
use super::contest::Measure::{Cpu, Wall};
use super::inputs::Inputs;
use super::peers::Peers;

/// Every race of sound and film. Each FFmpeg that is there runs the same command.
pub(super) fn all(inputs: &Inputs, peers: &Peers) -> Vec<Contest> {
    let contest = |id, title, input, output, ours: &str, theirs: &str| {
        let contest = formworks(Contest::new(id, title, input, output), peers, ours)
            .runner("ffmpeg", &format!("ffmpeg {theirs}"));
        let add = |contest: Contest, (name, program): &(&'static str, PathBuf)| {
            contest.runner(name, &format!("{} {theirs}", program.display()))
        };
        peers.ffmpegs.iter().fold(contest, add)
    };
    vec![
        contest(
            "mp3",
            "WAV of 1 s to MP3",
            &inputs.second,
            "o.mp3",
            "convert @in @out",
            "-v error -y -i @in -c:a libmp3lame -b:a 192k @out",
        )
        .rounds(21)
        .fastest(Wall, 0.7),
        contest(
            "opus",
            "WAV of 240 s to Opus, 128 kbit/s",
            &inputs.song,
            "o.opus",
            "convert @in @out --set bitrate=128k",
            "-v error -y -i @in -c:a libopus -b:a 128k @out",
        )
        .rounds(5)
        .fastest(Wall, 0.75),
        contest(
            "remux",
            "MP4 of 150 MB to MKV, nothing encoded",
            &inputs.long_film,
            "o.mkv",
            "convert @in @out",
            "-v error -y -i @in -map 0:v -map 0:a -c copy @out",
        )
        .rounds(7)
        .fastest(Cpu, 1.0),
        contest(
            "x264",
            "MP4 of 30 s, 720p, to H.264 veryfast at quality 75 (crf 23), sound copied",
            &inputs.film,
            "o.mp4",
            "convert @in @out --set codec=h264 --set preset=veryfast",
            "-v error -y -i @in -c:v libx264 -preset veryfast -crf 23 -c:a copy -movflags +faststart @out",
        )
        .film(&inputs.film)
        .fastest(Cpu, 1.02),
        fused(inputs),
        formworks(Contest::new("probe", "What an MP4 is", &inputs.film, "o.json"), peers, "probe @in --json")
            .runner("ffprobe", "ffprobe -v error -show_streams -show_format -of json @in")
            .rounds(21),
    ]
}

/// Tasks that follow each other, in one job and each by itself.
const FUSED: &str = r#"{"tasks": {
"film": {"operation": "import/path", "path": "@in"},
"mark": {"operation": "import/path", "path": "@mark"},
"short": {"operation": "trim", "input": "film", "options": {"start_time": 5, "duration": 20}},
"part": {"operation": "crop", "input": "short", "options": {"x": 80, "y": 60, "width": 1120, "height": 600}},
"small": {"operation": "convert", "input": "part", "options": {"width": 640}},
"marked": {"operation": "watermark", "input": ["small", "mark"], "options": {"position": "bottom-right"}},
"web": {"operation": "convert", "input": "marked", "output_format": "mp4", "options": {"codec": "h264"}},
"out": {"operation": "export/path", "input": "web", "path": "@out"}}}"#;

const APART: &str = "d=$(mktemp -d -p /dev/shm) && \
    @formwork trim @in $d/1.mp4 --set start_time=5 --set duration=20 && \
    @formwork crop $d/1.mp4 $d/2.mp4 --set x=80 --set y=60 --set width=1120 --set height=600 && \
    @formwork convert $d/2.mp4 $d/3.mp4 --set width=640 && \
    @formwork watermark $d/3.mp4 @mark $d/4.mp4 --set position=bottom-right && \
    @formwork convert $d/4.mp4 @out --set codec=h264; \
    e=$?; rm -r $d; exit $e";

/// One decoding and one encoding against one of each for every task.
fn fused(inputs: &Inputs) -> Contest {
    let marked = |text: &str| text.replace("@mark", &inputs.tiny.to_string_lossy());
    let title = "20 s cut out of an MP4, cropped, made smaller, marked and encoded";
    Contest::new("fused", title, &inputs.film, "o.mp4")
        .pipeline("formwork", &format!("printf '%s' '{}' | @formwork run -", marked(FUSED)))
        .pipeline("each task by itself", &marked(APART))
        .goal("each task by itself", Wall, 0.5)
}

/// Our own programs, each in a locked worker and without.
fn formworks(contest: Contest, peers: &Peers, words: &str) -> Contest {
    let contest = contest
        .runner("formwork", &format!("@formwork {words}"))
        .runner("formwork, level 0", &format!("@formwork {words} --isolation 0"));
    let Some(bundled) = &peers.bundled else { return contest };
    let bundled = bundled.display();
    contest
        .runner("formwork bundled", &format!("{bundled} {words}"))
        .runner("formwork bundled, level 0", &format!("{bundled} {words} --isolation 0"))
}
