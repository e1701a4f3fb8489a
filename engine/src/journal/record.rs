//! The file `job` of a journal: one line that says whose it is, then one for each file the job puts in place, written
//! before it is put there. Lines are only added, each with its own proof; a half one at the end is none.

use super::failed;
use crate::cache::Fields;
use crate::job::{Job, Operation};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(super) const NAME: &str = "job";
/// What becomes `job` when it is whole.
pub(super) const DRAFT: &str = "job.new";
/// Grows when a line changes its meaning.
const SCHEMA: &str = "formwork-journal/1";
const ENGINE: &str = env!("CARGO_PKG_VERSION");

/// A file the job put in place, or was about to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Placed {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) blake3: String,
}

/// The record, open for more.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    file: File,
    placed: HashMap<PathBuf, Vec<Placed>>,
}

impl Record {
    /// Opens the record of jobs in a journal's folder, or begins one. Says whether it was there.
    pub(super) fn open(folder: &Path, jobs: &[Job]) -> Result<(Record, bool)> {
        let path = folder.join(NAME);
        let known = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("cannot read", folder, &error)),
        };
        let head = format!("{SCHEMA} {ENGINE} {}", key(jobs));
        if let Some(text) = &known {
            check_head(folder, text, &head)?;
        }
        let lines = known.as_deref().unwrap_or_default().lines().skip(1);
        let placed: Vec<Placed> = lines.filter_map(proven).collect();
        let file =
            write_anew(folder, &head, &placed).map_err(|error| failed("cannot write", folder, &error))?;
        let mut record = Record { path, file, placed: HashMap::new() };
        placed.into_iter().for_each(|one| record.remember(one));
        Ok((record, known.is_some()))
    }

    /// What the job put at a place, or was about to.
    pub(super) fn at(&self, path: &Path) -> &[Placed] {
        self.placed.get(path).map_or(&[], Vec::as_slice)
    }

    /// Adds lines; they are on the disk when this returns.
    pub(super) fn add(&mut self, placed: Vec<Placed>) -> io::Result<()> {
        let new: Vec<Placed> = placed.into_iter().filter(|one| !self.at(&one.path).contains(one)).collect();
        if new.is_empty() {
            return Ok(());
        }
        self.file.write_all(new.iter().map(line).collect::<io::Result<String>>()?.as_bytes())?;
        self.file.sync_data()?;
        new.into_iter().for_each(|one| self.remember(one));
        Ok(())
    }

    fn remember(&mut self, placed: Placed) {
        self.placed.entry(placed.path.clone()).or_default().push(placed);
    }

    pub(super) fn remove(&mut self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// The file with its whole lines alone, so that a half one is never followed by another.
fn write_anew(folder: &Path, head: &str, placed: &[Placed]) -> io::Result<File> {
    let draft = folder.join(DRAFT);
    let lines = placed.iter().map(line).collect::<io::Result<String>>()?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(format!("{head}\n{lines}").as_bytes())?;
    file.sync_data()?;
    std::fs::rename(&draft, folder.join(NAME))?;
    File::open(folder)?.sync_all()?;
    Ok(file)
}

fn check_head(folder: &Path, text: &str, wanted: &str) -> Result<()> {
    let head = text.lines().next().unwrap_or_default();
    if head == wanted {
        return Ok(());
    }
    let is_ours = head.split(' ').take(2).eq([SCHEMA, ENGINE]);
    let of = if is_ours { "another job" } else { "another version of the engine" };
    let what = format!("the journal {} is of {of}", folder.display());
    Err(Error::invalid(what).with_hint("name another folder, or remove this one to begin anew"))
}

fn line(placed: &Placed) -> io::Result<String> {
    let json = serde_json::to_string(placed).map_err(io::Error::other)?;
    Ok(format!("{} {json}\n", blake3::hash(json.as_bytes()).to_hex()))
}

fn proven(line: &str) -> Option<Placed> {
    let (proof, json) = line.split_once(' ')?;
    let is_whole = proof == blake3::hash(json.as_bytes()).to_hex().as_str();
    if is_whole { serde_json::from_str(json).ok() } else { None }
}

/// What jobs are told by: everything in them but their tags.
fn key(jobs: &[Job]) -> String {
    let mut fields = Fields::new("jobs");
    for task in jobs.iter().flat_map(|job| &job.tasks) {
        fields.add(&task.name).add(format!("{:?} {}", task.inputs, task.ignore_error));
        match &task.operation {
            Operation::ImportBytes { name, bytes } => fields.add(name).add(bytes.as_slice()),
            other => fields.add(format!("{other:?}")),
        };
    }
    fields.key().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_line_is_none_and_does_not_spoil_the_next() {
        let folder = std::env::temp_dir().join(format!("formwork-record-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let job = Job::from_json(&serde_json::json!({"tasks": {
            "a": {"operation": "import/path", "path": "a"},
            "b": {"operation": "export/bytes", "input": "a"},
        }}));
        let job = [job.unwrap()];
        let placed = |name: &str| Placed { path: name.into(), bytes: 3, blake3: "00".into() };
        let (mut record, known) = Record::open(&folder, &job).unwrap();
        assert!(!known);
        record.add(vec![placed("one"), placed("two")]).unwrap();
        drop(record);
        let whole = std::fs::read_to_string(folder.join(NAME)).unwrap();
        for cut in 1..90 {
            std::fs::write(folder.join(NAME), &whole[..whole.len() - cut]).unwrap();
            let (mut record, known) = Record::open(&folder, &job).unwrap();
            assert!(known);
            assert_eq!(
                (record.at(Path::new("one")).len(), record.at(Path::new("two")).len()),
                (1, usize::from(cut == 1))
            );
            record.add(vec![placed("two")]).unwrap();
            assert_eq!(std::fs::read_to_string(folder.join(NAME)).unwrap(), whole);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
