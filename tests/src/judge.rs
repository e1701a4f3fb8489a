//! Foreign readers behind one process: `tests/judge/judge.py` with Pillow, libvips, LibRaw, libarchive, FFmpeg and
//! poppler.

mod document;
mod media;
mod sight;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

pub use document::{Document, Pages};
pub use media::{Audio, Likeness, Media, Samples, Second, Seen, Still, Streams, Video};
pub use sight::Sight;

use crate::{Result, place};

/// What a foreign reader sees in a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The library that read it.
    pub reader: String,
    /// Pixels across, after orientation.
    pub width: u32,
    /// Pixels down, after orientation.
    pub height: u32,
    /// Frames or pages that follow each other.
    pub frames: u32,
    /// The share of pixels that are not opaque.
    pub clear: f64,
    /// Red, green and blue of a small copy over white; empty when the reader gave only the size.
    pub thumb: Vec<u8>,
    /// Other sizes that are right too: data and display window, sensor and preview.
    pub also: Vec<(u32, u32)>,
    /// True when readers rightly differ in colours: print inks, light values, camera raw.
    pub loose: bool,
}

impl Picture {
    /// Every size that is right for this picture.
    pub fn sizes(&self) -> impl Iterator<Item = (u32, u32)> {
        [(self.width, self.height)].into_iter().chain(self.also.iter().copied())
    }

    /// How many pixels it has.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// One file inside an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// SHA-256 of its content.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its name; empty for the content of a compressed stream.
    pub name: String,
}

/// Every way to look into an archive: its members, or its stream, or the members of the tar in its stream.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The views; two archives hold the same when one view of each agrees.
    pub views: Vec<Vec<Member>>,
}

/// A running judge.
#[derive(Debug)]
pub struct Judge {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
}

/// How long a foreign reader may take for one file.
const PATIENCE: Duration = Duration::from_secs(90);

impl Judge {
    /// Starts a judge, or returns `None` when `./setup --check-tools` has not been run.
    pub fn start() -> Result<Option<Judge>> {
        let Some(python) = place::judge_python() else {
            eprintln!("skipped: the foreign readers are missing (./setup --check-tools installs them)");
            return Ok(None);
        };
        let mut child = Command::new(python)
            .arg(place::root().join("tests/judge/judge.py"))
            .env("VIPS_WARNING", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the judge has no pipes".into());
        };
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Some(Judge { child, stdin, answers }))
    }

    /// Reads a picture. An error is the readers' verdict on the file.
    pub fn picture(&mut self, path: &Path, format: &str) -> Result<Picture> {
        let answer = self.ask(&json!({"what": "picture", "path": path, "format": format}))?;
        let number = |key: &str| answer[key].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Ok(Picture {
            reader: answer["reader"].as_str().unwrap_or_default().to_owned(),
            width: number("width"),
            height: number("height"),
            frames: number("frames"),
            clear: answer["clear"].as_f64().unwrap_or(0.0),
            thumb: bytes_of(answer["thumb"].as_str().unwrap_or_default()),
            also: list(&answer["also"]).iter().filter_map(size_of).collect(),
            loose: answer["loose"].as_bool().unwrap_or(false),
        })
    }

    /// Reads an archive. An error is the readers' verdict on the file.
    pub fn archive(&mut self, path: &Path, format: &str) -> Result<Contents> {
        let answer = self.ask(&json!({"what": "archive", "path": path, "format": format}))?;
        let views = list(&answer["views"]).iter();
        Ok(Contents { views: views.map(|view| list(view).iter().map(member_of).collect()).collect() })
    }

    /// Says which streams a video or audio file has. An error is the reader's verdict on the file.
    pub fn streams(&mut self, path: &Path, format: &str) -> Result<Streams> {
        Ok(Streams::read(&self.ask(&json!({"what": "streams", "path": path, "format": format}))?))
    }

    /// Decodes a video or audio file, or a still of one, and compares it with the input it was made of.
    pub fn media(&mut self, path: &Path, format: &str, input: (&Path, &str)) -> Result<Media> {
        let beside = json!({"path": input.0, "format": input.1});
        let request = json!({"what": "media", "path": path, "format": format, "beside": beside});
        Ok(Media::read(&self.ask(&request)?))
    }

    /// Says how many pages and words a document has. An error is the reader's verdict on the file.
    pub fn pages(&mut self, path: &Path, format: &str) -> Result<Pages> {
        Ok(Pages::read(&self.ask(&json!({"what": "pages", "path": path, "format": format}))?))
    }

    /// Reads a document, or a picture of one, and compares it with the input it was made of.
    pub fn document(&mut self, path: &Path, format: &str, input: (&Path, &str)) -> Result<Document> {
        let beside = json!({"path": input.0, "format": input.1});
        let request = json!({"what": "document", "path": path, "format": format, "beside": beside});
        Ok(Document::read(&self.ask(&request)?))
    }

    /// Says whatever an operation could have been asked to change, under plain names. An error is the verdict.
    pub fn facts(&mut self, path: &Path, format: &str, family: &str, password: &str) -> Result<Value> {
        self.ask(&json!({
            "what": "operation", "path": path, "format": format, "family": family, "password": password,
        }))
    }

    /// Says what is to be seen in a file of a format and family. An error is the reader's verdict on the file.
    pub fn sight(&mut self, (path, format, family): (&Path, &str, &str)) -> Result<Sight> {
        let request = json!({"what": "sight", "path": path, "format": format, "family": family});
        Ok(Sight::read(&self.ask(&request)?))
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.stdin, "{request}")?;
        let Ok(line) = self.answers.recv_timeout(PATIENCE) else {
            self.restart()?;
            return Err("the foreign reader hung or died".into());
        };
        let answer: Value = serde_json::from_str(&line)?;
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer),
            _ => Err(answer["error"].as_str().unwrap_or("no reason given").to_owned().into()),
        }
    }

    fn restart(&mut self) -> Result<()> {
        if let Some(fresh) = Judge::start()? {
            *self = fresh;
        }
        Ok(())
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It may already have ended; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn size_of(value: &Value) -> Option<(u32, u32)> {
    let side = |index: usize| value.get(index)?.as_u64().and_then(|n| u32::try_from(n).ok());
    Some((side(0)?, side(1)?))
}

fn member_of(value: &Value) -> Member {
    Member {
        name: value[0].as_str().unwrap_or_default().to_owned(),
        size: value[1].as_u64().unwrap_or(0),
        digest: value[2].as_str().unwrap_or_default().to_owned(),
    }
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let pairs = hexadecimal.as_bytes().chunks_exact(2);
    pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made;
    use crate::place::Scratch;

    #[test]
    fn sees_what_a_picture_and_an_archive_hold() {
        let Some(mut judge) = Judge::start().unwrap() else { return };
        let scratch = Scratch::new("judge").unwrap();
        let png = scratch.join("a.png");
        std::fs::write(&png, made::png(12, 8)).unwrap();
        let picture = judge.picture(&png, "png").unwrap();
        assert_eq!((picture.width, picture.height, picture.frames), (12, 8, 1));
        assert_eq!(picture.thumb.len(), 16 * 16 * 3);
        assert!(picture.clear == 0.0);
        let zip = scratch.join("a.zip");
        std::fs::write(&zip, made::zip(&[("d/x.txt", b"hello")])).unwrap();
        let contents = judge.archive(&zip, "zip").unwrap();
        assert_eq!(contents.views[0][0].name, "d/x.txt");
        assert!(judge.picture(&zip, "png").is_err());
    }
}
