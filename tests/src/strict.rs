//! Foreign checkers that only say right or wrong: one program per format, stricter than a reader.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use crate::run::{self, Limits};
use crate::{Result, place};

/// For which formats, the program, and its words; `@` stands for the file.
const CHECKERS: &[(&[&str], &str, &[&str])] = &[
    (&["png", "apng"], "pngcheck", &["-q", "@"]),
    (&["webp"], "webpinfo", &["-quiet", "@"]),
    (&["avif"], "avifdec", &["--info", "@"]),
    (&["heic"], "heif-info", &["@"]),
    (&["jxl"], "jxlinfo", &["@"]),
    (&["pdf"], "qpdf", &["--check", "@"]),
    (&["jpg", "gif", "bmp", "tiff", "psd", "tga", "pcx"], "identify", &["@"]),
    (&["zip"], "unzip", &["-tqq", "@"]),
    (&["7z", "zip"], "7zz", &["t", "-bso0", "-bsp0", "@"]),
    (&["gz", "tgz"], "gzip", &["-t", "@"]),
    (&["bz2", "tbz2"], "bzip2", &["-t", "@"]),
    (&["xz", "txz"], "xz", &["-t", "@"]),
    (&["zst"], "zstd", &["-tq", "@"]),
    (&["tar"], "tar", &["-tf", "@"]),
    (&["flac"], "flac", &["-ts", "@"]),
    (&["wv"], "wvunpack", &["-qv", "@"]),
    (&["opus"], "opusinfo", &["-q", "@"]),
    (&["ogg", "oga", "ogv", "spx"], "ogginfo", &["-q", "@"]),
    (&["wav", "aiff", "au", "mp3", "amr"], "sox", &["@", "-n"]),
    (&["mkv", "webm", "mp4", "mov", "flv", "mpeg", "vob"], "mkvmerge", &["-i", "@"]),
];

/// Complaints that are about the checker: an archive without members leaves unzip nothing to do, and sox lacks
/// dialects of AIFF.
const PARDONED: &[&str] = &["zipfile is empty", "Unsupported AIFC compression"];

/// What the checkers of one format found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every checker that is installed accepted the file.
    Right,
    /// A checker refused it, in these lines; the last one is its verdict.
    Wrong(Vec<String>),
}

/// Has every checker of `format` look at `path`. Checkers that are not installed are named once on stderr.
pub fn check(path: &Path, format: &str) -> Result<Verdict> {
    for (formats, program, words) in CHECKERS {
        if !formats.contains(&format) {
            continue;
        }
        if !place::has_tool(program) {
            say_missing(program);
            continue;
        }
        let lines = complaint(program, words, path, format)?;
        if !lines.is_empty() {
            return Ok(Verdict::Wrong(lines.iter().map(|line| format!("{program}: {line}")).collect()));
        }
    }
    Ok(Verdict::Right)
}

fn complaint(program: &str, words: &[&str], path: &Path, format: &str) -> Result<Vec<String>> {
    let mut command = Command::new(program);
    for word in words {
        match *word {
            // ImageMagick is told the format, so that it does not go by the name.
            "@" if program == "identify" => command.arg(format!("{format}:{}", path.display())),
            "@" => command.arg(path),
            word => command.arg(word),
        };
    }
    let done = run::run(&mut command, &Limits::default())?;
    if done.succeeded() {
        return Ok(Vec::new());
    }
    let said = [done.stderr, done.stdout].concat();
    let said = String::from_utf8_lossy(&said);
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push("refused without a word".to_owned());
    }
    let pardoned = |line: &String| PARDONED.iter().any(|words| line.contains(words));
    Ok(if lines.last().is_some_and(pardoned) { Vec::new() } else { lines })
}

fn say_missing(program: &'static str) {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let first = SAID.lock().is_ok_and(|mut said| said.insert(program));
    if first {
        eprintln!("skipped: {program} is not installed (./setup --check-tools)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made;
    use crate::place::Scratch;

    #[test]
    fn accepts_right_and_refuses_broken_files() {
        let scratch = Scratch::new("strict").unwrap();
        let path = scratch.join("a.zip");
        std::fs::write(&path, made::zip(&[("x.txt", b"hello")])).unwrap();
        assert_eq!(check(&path, "zip").unwrap(), Verdict::Right);
        if place::has_tool("unzip") {
            std::fs::write(&path, b"PK broken").unwrap();
            assert!(matches!(check(&path, "zip").unwrap(), Verdict::Wrong(_)));
        }
    }
}
