use super::{Scanned, Scanner};
use crate::{Error, Result};
use formwork_abi::describe::Description;
use formwork_abi::options::OptionSpec;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What plugin files said of themselves, kept between starts. It may be deleted at will.
///
/// There is one file for each plugin, so a start reads no more than the plugins it has, and processes that share a
/// folder do not undo each other's work. An entry holds as long as the plugin file's size and time of change and the
/// engine's version stay the same. A refusal is not kept: a system that was out of something for a moment must not
/// cost a plugin for good.
#[derive(Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
}

/// What must not have changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stamp {
    engine: String,
    plugin: PathBuf,
    bytes: u64,
    modified: u128,
}

/// A description whose options stand once each: plugins repeat them in most capabilities.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    options: Vec<OptionSpec>,
    /// For each capability, which of the options are its own.
    chosen: Vec<Vec<usize>>,
    description: Description,
}

impl Cache {
    /// Keeps descriptions in a folder, or nowhere.
    pub fn new(folder: Option<&Path>) -> Cache {
        Cache { folder: folder.map(|folder| folder.join("plugins")) }
    }

    /// Describes all these plugin files, from the cache where it can, by scanning where it must.
    pub fn describe(&self, paths: &[PathBuf], scanner: &Scanner) -> Vec<(PathBuf, Scanned)> {
        let mut fresh = false;
        let described = paths.iter().map(|path| {
            let stamp = Stamp::of(path);
            if let Some(known) = self.read(&stamp) {
                return (path.clone(), Ok(known));
            }
            let scanned = scanner.scan(path);
            if let Ok(description) = &scanned {
                // Without a cache the next start takes longer; nothing else is lost.
                fresh |= self.write(stamp, description).is_ok();
            }
            (path.clone(), scanned)
        });
        let described = described.collect();
        if fresh {
            self.forget_what_is_gone();
        }
        described
    }

    /// The file for a plugin.
    fn file(&self, plugin: &Path) -> Option<PathBuf> {
        let name = blake3::hash(plugin.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.as_ref().map(|folder| folder.join(&name[..16]).with_extension("json"))
    }

    fn read(&self, stamp: &Stamp) -> Option<Description> {
        let entry: Entry = serde_json::from_slice(&std::fs::read(self.file(&stamp.plugin)?).ok()?).ok()?;
        if entry.stamp == *stamp { entry.description() } else { None }
    }

    fn write(&self, stamp: Stamp, description: &Description) -> Result<()> {
        let Some(file) = self.file(&stamp.plugin) else { return Ok(()) };
        let failed = |error: &std::io::Error| Error::io(format!("cannot write {}", file.display()), error);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        let json =
            serde_json::to_vec(&Entry::of(stamp, description)).map_err(|error| failed(&error.into()))?;
        let fresh = file.with_extension(format!("{}.tmp", std::process::id()));
        std::fs::write(&fresh, json).map_err(|error| failed(&error))?;
        std::fs::rename(&fresh, &file).map_err(|error| {
            let _ = std::fs::remove_file(&fresh);
            failed(&error)
        })
    }

    /// Removes what is kept of plugin files that are no longer there.
    fn forget_what_is_gone(&self) {
        #[derive(Deserialize)]
        struct Kept {
            stamp: Stamp,
        }
        let files = self.folder.as_ref().and_then(|folder| folder.read_dir().ok());
        for file in files.into_iter().flatten().flatten().map(|entry| entry.path()) {
            let json = std::fs::read(&file).unwrap_or_default();
            if let Ok(kept) = serde_json::from_slice::<Kept>(&json)
                && !kept.stamp.plugin.exists()
            {
                let _ = std::fs::remove_file(&file);
            }
        }
    }
}

impl Entry {
    fn of(stamp: Stamp, description: &Description) -> Entry {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut options: Vec<OptionSpec> = Vec::new();
        let mut place = |option: &OptionSpec| {
            let text = serde_json::to_string(option).unwrap_or_default();
            *places.entry(text).or_insert_with(|| {
                options.push(option.clone());
                options.len() - 1
            })
        };
        let mut description = description.clone();
        let chosen = description
            .capabilities
            .iter_mut()
            .map(|capability| std::mem::take(&mut capability.options).iter().map(&mut place).collect())
            .collect();
        Entry { stamp, options, chosen, description }
    }

    /// The description as the plugin gave it; `None` when the entry is damaged.
    fn description(self) -> Option<Description> {
        let mut description = self.description;
        if self.chosen.len() != description.capabilities.len() {
            return None;
        }
        for (capability, chosen) in description.capabilities.iter_mut().zip(self.chosen) {
            let options = chosen.into_iter().map(|place| self.options.get(place).cloned());
            capability.options = options.collect::<Option<_>>()?;
        }
        Some(description)
    }
}

impl Stamp {
    /// Of a plugin file as it is now; zeros where that cannot be told.
    fn of(path: &Path) -> Stamp {
        let about = std::fs::metadata(path).ok();
        let modified = about.as_ref().and_then(|about| about.modified().ok());
        let modified = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Stamp {
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            plugin: path.to_owned(),
            bytes: about.map_or(0, |about| about.len()),
            modified: modified.map_or(0, |span| span.as_nanos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_abi::describe::Capability;
    use formwork_abi::options::option;

    #[test]
    fn a_description_comes_back_as_it_was() {
        let capability = |options| Capability { options, ..Capability::default() };
        let description = Description {
            id: "a".into(),
            capabilities: vec![
                capability(vec![option("quality"), option("width")]),
                capability(vec![option("width"), option("quality").with_default(3)]),
                capability(Vec::new()),
            ],
            ..Description::default()
        };
        let entry = Entry::of(Stamp::default(), &description);
        assert_eq!(entry.options.len(), 3);
        let entry: Entry = serde_json::from_slice(&serde_json::to_vec(&entry).unwrap()).unwrap();
        assert_eq!(entry.description(), Some(description));
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let description = Description { capabilities: vec![Capability::default()], ..Description::default() };
        let mut entry = Entry::of(Stamp::default(), &description);
        entry.chosen = vec![vec![7]];
        assert_eq!(entry.description(), None);
    }
}
