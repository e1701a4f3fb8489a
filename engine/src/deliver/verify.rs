//! Whether the files of a receipt are still those it tells of.

use super::{Receipt, hash};
use crate::run::Item;
use crate::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What became of one file of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whether it went in; otherwise it came out.
    pub is_input: bool,
    /// Its name in the job.
    pub name: String,
    /// Where the receipt says it lies.
    pub path: Option<PathBuf>,
    /// What was found there.
    pub state: FileState,
}

impl Verified {
    /// All of it as JSON: `role` is `input` or `output`; `name`, `path`, and `state` in a word.
    pub fn to_json(&self) -> Value {
        let role = if self.is_input { "input" } else { "output" };
        let path = self.path.as_ref().map(|path| path.to_string_lossy());
        json!({"role": role, "name": self.name, "path": path, "state": self.state.word()})
    }
}

/// What was found where a file of a receipt should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// The same bytes.
    Same,
    /// Other bytes.
    Changed,
    /// Nothing that can be read.
    Missing,
    /// The receipt holds no hash of it, so nobody can tell.
    NoHash,
    /// It never lay on disk, or is a folder or link: there is nothing to compare.
    NotKept,
}

impl FileState {
    /// Returns the word for this state.
    pub fn word(self) -> &'static str {
        match self {
            FileState::Same => "same",
            FileState::Changed => "changed",
            FileState::Missing => "missing",
            FileState::NoHash => "no_hash",
            FileState::NotKept => "not_kept",
        }
    }
}

/// Compares every file of a receipt with what is on disk; relative paths count from the current folder.
///
/// # Errors
///
/// `corrupt_input` when it is no receipt, or one of a later schema.
pub fn verify(receipt: &Value) -> Result<Vec<Verified>> {
    let refused = |why: String| Err(Error::new(ErrorKind::CorruptInput, why));
    match receipt.get("schema").and_then(Value::as_str) {
        Some(Receipt::SCHEMA) => {}
        Some(other) => {
            let other = crate::text::clean(other);
            return refused(format!("its schema is `{other}`, not `{}`", Receipt::SCHEMA));
        }
        None => return refused("it is no receipt: it has no `schema`".into()),
    }
    let mut verified = Vec::new();
    for (one, many, is_input) in [("input", "inputs", true), ("output", "outputs", false)] {
        let single = receipt.get(one).filter(|file| file.is_object());
        let files = receipt.get(many).and_then(Value::as_array);
        for file in
            files.map_or_else(|| single.into_iter().collect::<Vec<_>>(), |files| files.iter().collect())
        {
            verified.push(compare(file, is_input)?);
        }
    }
    Ok(verified)
}

fn compare(file: &Value, is_input: bool) -> Result<Verified> {
    let text = |name: &str| file.get(name).and_then(Value::as_str);
    let bytes = file.get("bytes").and_then(Value::as_u64);
    let (Some(name), Some(bytes)) = (text("name"), bytes) else {
        return Err(Error::new(ErrorKind::CorruptInput, "a file of the receipt has no name or size"));
    };
    // `-` is standard output.
    let path = text("path").filter(|path| *path != "-").map(PathBuf::from);
    let state = path.as_deref().map_or(FileState::NotKept, |path| state(path, bytes, text("blake3")));
    Ok(Verified { is_input, name: name.to_owned(), path, state })
}

fn state(path: &Path, bytes: u64, blake3: Option<&str>) -> FileState {
    match path.symlink_metadata() {
        Err(_) => return FileState::Missing,
        Ok(about) if blake3.is_none() && !about.is_file() => return FileState::NotKept,
        Ok(_) => {}
    }
    let Ok(item) = Item::from_path(path, String::new(), true) else { return FileState::Missing };
    match blake3 {
        _ if !item.is_file() || item.length() != bytes => FileState::Changed,
        None => FileState::NoHash,
        Some(due) => match hash(&item) {
            Ok(found) if found == due => FileState::Same,
            Ok(_) => FileState::Changed,
            Err(_) => FileState::Missing,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_no_receipt_is_refused() {
        for (receipt, word) in [
            (json!({}), "no `schema`"),
            (json!([1]), "no `schema`"),
            (json!({"schema": "formwork-receipt/2"}), "formwork-receipt/2"),
            (json!({"schema": Receipt::SCHEMA, "output": {"name": "a"}}), "no name or size"),
        ] {
            let error = verify(&receipt).unwrap_err();
            assert_eq!(error.kind, ErrorKind::CorruptInput);
            assert!(error.message.contains(word), "{error}");
        }
    }
}
