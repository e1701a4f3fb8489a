//! A file of every format: the smallest of the corpus that foreign readers take, else one that is made.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::cells::Cell;
use super::table::{self, Before, PASSWORD};
use crate::corpus::Sample;
use crate::judge::Judge;
use crate::run::{self, Limits};
use crate::{Result, program};

/// A file and what a foreign reader sees in it.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) facts: Value,
}

/// What a file is made from, when the corpus has none of the format.
const DONORS: &[(&str, &str)] =
    &[("image", "png"), ("audio", "wav"), ("video", "mp4"), ("archive", "zip"), ("document", "pdf")];
/// How a foreign program makes what ours only reads: [`FROM`] and [`TO`] stand for the donor and the result.
const FOREIGN: &[(&str, &str)] = &[
    (
        "dv",
        "ffmpeg -v error -y -i FROM -t 3 -target pal-dv -ar 48000 -ac 2 -af aresample=async=1:first_pts=0,apad TO",
    ),
    ("mxf", "ffmpeg -v error -y -i FROM -t 3 -c:v mpeg2video -c:a pcm_s16le -ar 48000 TO"),
    ("rm", "ffmpeg -v error -y -i FROM -t 3 -vf scale=320:240 -c:v rv10 -c:a ac3 TO"),
    ("y4m", "ffmpeg -v error -y -i FROM -t 3 -vf scale=160:120 -pix_fmt yuv420p TO"),
    ("mp2", "ffmpeg -v error -y -i FROM -t 5 -c:a mp2 TO"),
    ("tta", "ffmpeg -v error -y -i FROM -t 5 -c:a tta TO"),
    ("lzma", "bsdtar -cf TO --format=raw --lzma FROM"),
    ("tlz4", "bsdtar -cf TO --lz4 FROM"),
    ("ps", "pdftops FROM TO"),
    ("ai", "cp FROM TO"),
];
const FROM: &str = "FROM";
const TO: &str = "TO";
/// How many files of a format are looked at.
const TRIED: usize = 6;
/// Seconds that video and sound last.
const LENGTH: std::ops::Range<f64> = 1.0..40.0;
/// Frames a second that films have at least: how long the last one is shown, few containers say.
const RATE: f64 = 5.0;
/// Seconds by which the sound of a film may be shorter than its pictures, where it is taken out.
const AS_LONG: f64 = 0.2;
/// Pixels of the smallest side.
const SIDE: u64 = 32;
/// A picture with this much magenta shows no mark of it.
const COLOURFUL: i64 = 150;
/// The share of pixels that may be seen in part: GIF cannot hold them, and readers of PSD differ in them.
const VEILED: f64 = 0.1;
/// The shortest word that is looked for in a document.
const WORD: usize = 4;

/// Finds inputs, each once.
pub(super) struct Inputs<'a> {
    pub(super) samples: &'a [Sample],
    pub(super) families: &'a BTreeMap<String, String>,
    pub(super) folder: PathBuf,
    found: BTreeMap<(String, &'static str, bool), Result<Input, String>>,
}

impl<'a> Inputs<'a> {
    pub(super) fn new(
        samples: &'a [Sample],
        families: &'a BTreeMap<String, String>,
        folder: PathBuf,
    ) -> Self {
        Inputs { samples, families, folder, found: BTreeMap::new() }
    }

    /// An input for a cell; the inner error says why there is none.
    pub(super) fn find(&mut self, cell: &Cell, format: &str, judge: &mut Judge) -> Result<Input, String> {
        let family = DONORS
            .iter()
            .map(|(family, _)| *family)
            .find(|family| *family == cell.family(format, self.families));
        let family = family.ok_or_else(|| format!("no family of {format}"))?;
        let key = (format.to_owned(), family, cell.is_sound(self.families));
        if let Some(found) = self.found.get(&key) {
            return found.clone();
        }
        let found = self.of_corpus(&key, judge).map_or_else(|| self.make(cell, &key, judge), Ok);
        self.found.insert(key, found.clone());
        found
    }

    /// The donor of a format's family, as the other file of a mixed pair.
    pub(super) fn other(&mut self, cell: &Cell, judge: &mut Judge) -> Result<Input, String> {
        let family = cell.family(&cell.to, self.families);
        // Sheets go with sheets, not with pages.
        let own = (family == "document").then_some(cell.to.as_str());
        let donor = own.or_else(|| donor(family)).ok_or("no donor")?;
        self.find(cell, donor, judge)
    }

    fn of_corpus(&self, key: &(String, &'static str, bool), judge: &mut Judge) -> Option<Input> {
        let (format, family, sound) = key;
        let fits = |sample: &&Sample| sample.folder != "hostile" && sample.format == *format;
        let mut samples: Vec<&Sample> = self.samples.iter().filter(fits).collect();
        samples.sort_by_key(|sample| sample.bytes);
        samples.into_iter().take(TRIED.max(usize::from(*family == "document") * 40)).find_map(|sample| {
            let facts = judge.facts(&sample.path, format, family, "").ok()?;
            sensible(&facts, *sound, family).then(|| Input { path: sample.path.clone(), facts })
        })
    }

    fn make(
        &mut self,
        cell: &Cell,
        key: &(String, &'static str, bool),
        judge: &mut Judge,
    ) -> Result<Input, String> {
        let (format, family, sound) = key;
        let source = donor(family).filter(|donor| donor != format).ok_or("the corpus has no such file")?;
        let source = self.find(cell, source, judge)?.path;
        let path = self.folder.join(format!("made-{}-{sound}.{format}", cell.plugin));
        match FOREIGN.iter().find(|(known, _)| known == format) {
            Some((_, words)) => foreign(words, &source, &path)?,
            None => convert(&source, &path, &[])?,
        }
        let facts = judge.facts(&path, format, family, "").map_err(|error| format!("input: {error}"))?;
        if sensible(&facts, *sound, family) {
            Ok(Input { path, facts })
        } else {
            Err("no sensible file".to_owned())
        }
    }
}

fn donor(family: &str) -> Option<&'static str> {
    DONORS.iter().find(|(known, _)| *known == family).map(|(_, format)| *format)
}

/// True for files on which an operation shows: not tiny, not empty, not closed.
fn sensible(facts: &Value, sound: bool, family: &str) -> bool {
    let number = |key: &str| facts[key].as_u64();
    if let Some(seconds) = facts["seconds"].as_f64() {
        let heard = facts["heard"].as_f64().filter(|_| sound).unwrap_or(seconds);
        return LENGTH.contains(&seconds)
            && (seconds - heard).abs() < AS_LONG
            && (sound || facts["video"] == true)
            && (!sound || facts["audio"] == true && facts["video"] == (family == "video"))
            && (sound || number("width") >= Some(SIDE) && facts["rate"].as_f64() >= Some(RATE));
    }
    if number("pages").is_some() {
        return number("pages") > Some(1)
            && facts["encrypted"] == false
            && facts["clean"] == true
            && facts["embedded"] == true
            && table::longest_word(facts).len() >= WORD;
    }
    facts["marked"].as_i64().is_none_or(|marked| marked < COLOURFUL)
        && facts["veiled"].as_f64().is_none_or(|share| share <= VEILED)
        && number("width").is_none_or(|width| width >= SIDE)
        && number("height").is_none_or(|height| height >= SIDE)
        && number("members") != Some(0)
}

/// Does what has to be done to a file before it is an input.
pub(super) fn prepare(input: &Path, before: Before, folder: &Path) -> Result<PathBuf, String> {
    let output = folder.join("before.pdf");
    match before {
        Before::Nothing => return Ok(input.to_path_buf()),
        // The password has a space in it, and stands for itself.
        Before::Close => foreign("qpdf FROM --encrypt PASSWORD PASSWORD 256 -- TO", input, &output)?,
        Before::Attach => foreign("qpdf FROM --add-attachment FROM --key=a -- TO", input, &output)?,
        Before::Cut => {
            let bytes = std::fs::read(input).map_err(|error| error.to_string())?;
            let end = bytes.windows(9).rposition(|word| word == b"startxref").unwrap_or(bytes.len());
            std::fs::write(&output, &bytes[..end]).map_err(|error| error.to_string())?;
        }
        Before::Scan => {
            let picture = folder.join("page.png");
            convert(input, &picture, &["--set", "pages=1", "--set", "density=200"])?;
            convert(&picture, &output, &[])?;
        }
    }
    Ok(output)
}

/// Has another program make a file.
fn foreign(words: &str, from: &Path, to: &Path) -> Result<(), String> {
    let mut words = words.split(' ').map(|word| match word {
        FROM => from.as_os_str(),
        TO => to.as_os_str(),
        "PASSWORD" => OsStr::new(PASSWORD),
        word => OsStr::new(word),
    });
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(program);
    command.args(words);
    let done = run::run(&mut command, &Limits::default()).map_err(|error| error.to_string())?;
    // Code 3 of qpdf is a warning about the input.
    match done.status.code() {
        Some(0 | 3) => Ok(()),
        _ => Err(format!("{}: {}", program.display(), done.stderr_text())),
    }
}

pub(super) fn convert(input: &Path, output: &Path, more: &[&str]) -> Result<(), String> {
    let call =
        program::convert(input, output, more, &Limits::default()).map_err(|error| error.to_string())?;
    if call.succeeded() && output.is_file() { Ok(()) } else { Err(format!("input: {}", call.complaint())) }
}
