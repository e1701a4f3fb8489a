use super::{Scanned, Scanner};
use crate::{Error, Result};
use formwork_abi::describe::Description;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What plugin files said of themselves, kept between starts. It may be deleted at will.
///
/// An entry holds as long as the file's size and time of change and the engine's version stay the same. A
/// refusal is not kept: a system that was out of something for a moment must not cost a plugin for good.
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
    description: Description,
}

impl Cache {
    /// Keeps descriptions in a folder, or nowhere.
    pub fn new(folder: Option<&Path>) -> Cache {
        Cache { file: folder.map(|folder| folder.join("plugins.json")) }
    }

    /// Describes all these plugin files, from the cache where it can, by scanning where it must.
    pub fn describe(&self, paths: &[PathBuf], scanner: &Scanner) -> Vec<(PathBuf, Scanned)> {
        let stamps: Vec<_> = paths.iter().map(|path| stamp(path)).collect();
        let mut known = self.read().plugins;
        known.retain(|entry| {
            let asked = paths.iter().zip(&stamps).find(|(path, _)| **path == entry.path);
            asked.is_none_or(|(_, stamp)| (entry.bytes, entry.modified) == *stamp)
        });
        let before = known.len();
        let scanned: Vec<std::result::Result<usize, String>> = paths
            .iter()
            .zip(stamps)
            .map(|(path, (bytes, modified))| match known.iter().position(|entry| entry.path == *path) {
                Some(place) => Ok(place),
                None => scanner.scan(path).map(|description| {
                    known.push(Entry { path: path.clone(), bytes, modified, description });
                    known.len() - 1
                }),
            })
            .collect();
        if known.len() > before {
            // Without a cache the next start takes longer; nothing else is lost.
            let _ = self.write(&known);
        }
        // Descriptions are large, so they move.
        let mut known: Vec<_> = known.into_iter().map(|entry| Some(entry.description)).collect();
        let mut take = |place: usize| known.get_mut(place).and_then(Option::take);
        let described = scanned.into_iter().map(|scanned| {
            scanned.and_then(|place| take(place).ok_or_else(|| "it is named twice".to_owned()))
        });
        paths.iter().cloned().zip(described).collect()
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

/// A file's size and time of change in nanoseconds; zeros when it cannot be told.
fn stamp(path: &Path) -> (u64, u128) {
    let Ok(about) = std::fs::metadata(path) else { return (0, 0) };
    let modified = about.modified().ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    (about.len(), modified.map_or(0, |span| span.as_nanos()))
}
