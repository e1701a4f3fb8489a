//! The races of sound and film.

use super::contest::Contest;
use super::contest::Measure::{Cpu, Wall};
use super::inputs::Inputs;
use super::peers::Peers;

/// Every race of sound and film. Each FFmpeg that is there runs the same command.
pub(super) fn all(inputs: &Inputs, peers: &Peers) -> Vec<Contest> {
    let contest = |id, title, input, output, ours: &str, theirs: &str| {
        let ours = format!("@formwork {ours}");
        let contest = Contest::new(id, title, input, output)
            .runner("formwork", &ours)
            .runner("formwork, level 0", &format!("{ours} --isolation 0"))
            .runner("ffmpeg", &format!("ffmpeg {theirs}"));
        let add = |contest: Contest, (name, program): &(&'static str, std::path::PathBuf)| {
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
        Contest::new("probe", "What an MP4 is", &inputs.film, "o.json")
            .runner("formwork", "@formwork probe @in --json")
            .runner("formwork, level 0", "@formwork probe @in --json --isolation 0")
            .runner("ffprobe", "ffprobe -v error -show_streams -show_format -of json @in")
            .rounds(21),
    ]
}
