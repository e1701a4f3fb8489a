use super::{Scanned, Scanner};
use crate::{Error, Result};
use formwork_abi::describe::Description;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What plugin files said of themselves, kept between starts. It may be deleted at will.
///
/// An entry holds as long as the file's size and time of change and the engine's version stay the same.
/// Several processes may share one: it is replaced as a whole, and the last writer wins.
#[derive(Debug)]
pub struct Cache {
    file: Option<PathBuf>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    engine: String,
    plugins: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    bytes: u64,
    modified: u128,
    description: Option<Description>,
    refusal: Option<String>,
}

impl Cache {
    /// Keeps descriptions in a folder, or nowhere.
    pub fn new(folder: Option<&Path>) -> Cache {
        Cache { file: folder.map(|folder| folder.join("plugins.json")) }
    }

    /// Describes all these plugin files, from the cache where it can, by scanning where it must.
    pub fn describe(&self, paths: &[PathBuf], scanner: &Scanner) -> Vec<(PathBuf, Scanned)> {
        let stored = self.read();
        let mut known: Vec<Entry> = stored.plugins;
        let stamps: Vec<_> = paths.iter().map(|path| stamp(path)).collect();
        let fresh = |entry: &Entry, path: &PathBuf, stamp: (u64, u128)| {
            entry.path == *path && (entry.bytes, entry.modified) == stamp
        };
        let missing: Vec<usize> = (0..paths.len())
            .filter(|&at| !known.iter().any(|entry| fresh(entry, &paths[at], stamps[at])))
            .collect();
        if !missing.is_empty() {
            known.retain(|entry| missing.iter().all(|&at| entry.path != paths[at]));
            known.extend(missing.iter().map(|&at| scan(&paths[at], stamps[at], scanner)));
            let _ = self.write(&known);
        }
        let find = |path: &PathBuf| known.iter().position(|entry| entry.path == *path);
        let places: Vec<_> = paths.iter().map(find).collect();
        let mut known: Vec<_> = known.into_iter().map(Some).collect();
        let take = |place: Option<usize>| place.and_then(|place| known[place].take());
        places.into_iter().filter_map(take).map(|entry| (entry.path.clone(), answer(entry))).collect()
    }

    fn read(&self) -> Stored {
        let stored = self.file.as_ref().and_then(|file| std::fs::read(file).ok());
        let stored = stored.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        stored.filter(|stored| stored.engine == env!("CARGO_PKG_VERSION")).unwrap_or_default()
    }

    fn write(&self, plugins: &[Entry]) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |error: &std::io::Error| Error::io(format!("cannot write {}", file.display()), error);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let mut json = format!("{{\"engine\":\"{}\",\"plugins\":", env!("CARGO_PKG_VERSION")).into_bytes();
        serde_json::to_writer(&mut json, plugins).map_err(|error| failed(&error.into()))?;
        json.push(b'}');
        let fresh = file.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&fresh, json).map_err(|error| failed(&error))?;
        std::fs::rename(&fresh, file).map_err(|error| {
            let _ = std::fs::remove_file(&fresh);
            failed(&error)
        })
    }
}

fn scan(path: &Path, (bytes, modified): (u64, u128), scanner: &Scanner) -> Entry {
    let (description, refusal) = match scanner.scan(path) {
        Ok(description) => (Some(description), None),
        Err(refusal) => (None, Some(refusal)),
    };
    Entry { path: path.to_owned(), bytes, modified, description, refusal }
}

fn answer(entry: Entry) -> Scanned {
    entry.description.ok_or_else(|| entry.refusal.unwrap_or_default())
}

/// A file's size and time of change in nanoseconds; zeros when it cannot be told.
fn stamp(path: &Path) -> (u64, u128) {
    let Ok(about) = std::fs::metadata(path) else { return (0, 0) };
    let modified = about.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    (about.len(), modified.map_or(0, |span| span.as_nanos()))
}
