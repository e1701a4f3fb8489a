//! What is kept of a result: its files, and what was said of them.

use super::Access;
use super::key::Key;
use super::store::private_folder;
use crate::deliver::{Loss, copy_bytes, names};
use crate::run::{Content, Item, LazyFile, Rescue, nanoseconds, time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// The file of an entry that says what its other files are.
pub(super) const ABOUT: &str = "about";

/// Each file of a result is open while it is handed over, and a process may have about a thousand open.
const MOST_FILES: usize = 256;

/// What was said on the way to a result.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Facts of the last step.
    pub(crate) facts: Map<String, Value>,
    pub(crate) warnings: Vec<String>,
    /// Features by their words, with details.
    losses: Vec<(String, String)>,
    /// Greatest resident memory of a worker on the way.
    pub(crate) worker_bytes: u64,
    pub(crate) rescues: Vec<Rescue>,
    /// What only a finished result has.
    pub(super) told: Option<Told>,
}

/// What a receipt tells that does not follow from the request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) route: Value,
    pub(super) plugins: Vec<Value>,
    pub(super) isolation: u8,
    /// Format of each input.
    pub(super) inputs: Vec<String>,
}

impl Said {
    pub(crate) fn new(warnings: &[String], losses: &[Loss]) -> Said {
        let word = |loss: &Loss| (loss.feature.word().to_owned(), loss.detail.clone());
        Said { warnings: warnings.to_vec(), losses: losses.iter().map(word).collect(), ..Said::default() }
    }

    pub(crate) fn losses(&self) -> Vec<Loss> {
        let loss = |(word, detail): &(String, String)| {
            let feature = formwork_formats::Feature::from_word(word)?;
            Some(Loss { feature, detail: detail.clone() })
        };
        self.losses.iter().filter_map(loss).collect()
    }
}

/// An entry as it is written.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    files: Vec<Kept>,
    said: Said,
}

/// One item of a result.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    content: KeptContent,
    format: Option<String>,
    modified: i64,
    mode: u32,
}

#[derive(Debug, Serialize, Deserialize)]
enum KeptContent {
    File { bytes: u64, blake3: String },
    Directory,
    Symlink(String),
    HardLink(String),
}

/// A result out of the cache, and the hash of each of its files.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) items: Vec<Item>,
    pub(crate) hashes: Vec<Option<String>>,
    pub(crate) said: Said,
}

/// A result that is to be kept. Hashes are those that are known already, by place.
#[derive(Debug)]
pub(super) struct Outcome<'r> {
    pub(super) items: &'r [Item],
    pub(super) hashes: Vec<Option<String>>,
    pub(super) said: Said,
}

/// Gets an entry. One that is damaged is removed, and is none.
pub(super) fn load(access: Access<'_>, key: &Key) -> Option<Loaded> {
    let folder = access.store.result(key);
    let about = read_about(&folder);
    let loaded = about.and_then(|about| open_all(access, &folder, about));
    if loaded.is_none() {
        let _ = std::fs::remove_dir_all(&folder);
        return None;
    }
    // Marks it as used. A folder that may only be read serves as well.
    let _ = File::open(folder.join(ABOUT)).and_then(|file| file.set_modified(SystemTime::now()));
    loaded
}

/// The first line is the hash of the rest.
fn read_about(folder: &Path) -> Option<About> {
    let text = std::fs::read(folder.join(ABOUT)).ok()?;
    let (proof, json) = text.split_at_checked(64)?;
    let is_whole = proof == blake3::hash(json).to_hex().as_bytes();
    if is_whole { serde_json::from_slice(json).ok() } else { None }
}

fn open_all(access: Access<'_>, folder: &Path, about: About) -> Option<Loaded> {
    let mut loaded = Loaded { items: Vec::new(), hashes: Vec::new(), said: about.said };
    for (number, kept) in about.files.into_iter().enumerate() {
        let (content, hash) = match kept.content {
            KeptContent::Directory => (Content::Directory, None),
            KeptContent::Symlink(target) => (Content::Symlink(target), None),
            KeptContent::HardLink(target) => (Content::HardLink(names::checked(&target).ok()?), None),
            KeptContent::File { bytes, blake3 } => {
                let file = File::open(folder.join(number.to_string())).ok()?;
                if file.metadata().ok()?.len() != bytes
                    || access.hash_of_file(&file)?.to_hex().as_str() != blake3
                {
                    return None;
                }
                (Content::File(Arc::new(LazyFile::spooled(file, bytes))), Some(blake3))
            }
        };
        let name = if kept.name.is_empty() { kept.name } else { names::checked(&kept.name).ok()? };
        let format = match kept.format {
            Some(id) => Some(access.parts.registry.format(&id)?),
            None => None,
        };
        loaded.items.push(Item {
            name,
            content,
            format,
            modified: time(kept.modified),
            mode: kept.mode,
            expected: None,
        });
        loaded.hashes.push(hash);
    }
    Some(loaded)
}

/// Keeps a result. `None` when it was not kept: it is too large, or the folder cannot be written to.
pub(super) fn save(access: Access<'_>, key: &Key, result: Outcome<'_>, most_bytes: u64) -> Option<()> {
    let Outcome { items, hashes, said } = result;
    let bytes: u64 = items.iter().map(Item::length).sum();
    let place = access.store.result(key);
    if items.len() > MOST_FILES || bytes > most_bytes || place.exists() {
        return None;
    }
    let known = |place: usize| hashes.get(place).cloned().flatten();
    let files = items.iter().enumerate().map(|(place, item)| kept(access, item, known(place)));
    let files = files.collect::<Option<Vec<_>>>()?;
    let json = serde_json::to_vec(&About { files, said }).ok()?;
    let bytes = bytes.saturating_add(json.len() as u64 + 64);
    let count = items.len() as u64 + 1;
    access.store.reserve(bytes, count)?;
    let written = write(access, &place, items, &json);
    if written.is_none() {
        access.store.give_back(bytes, count);
    }
    written
}

fn kept(access: Access<'_>, item: &Item, known: Option<String>) -> Option<Kept> {
    let content = match &item.content {
        Content::Memory(_) | Content::File(_) => {
            let hash = || access.content(item).map(|hash| hash.to_hex().to_string());
            KeptContent::File { bytes: item.length(), blake3: known.or_else(hash)? }
        }
        Content::Directory => KeptContent::Directory,
        Content::Symlink(target) => KeptContent::Symlink(target.clone()),
        Content::HardLink(target) => KeptContent::HardLink(target.clone()),
    };
    let format = item.format.map(|format| format.id.to_owned());
    Some(Kept {
        name: item.name.clone(),
        content,
        format,
        modified: nanoseconds(item.modified),
        mode: item.mode,
    })
}

fn write(access: Access<'_>, place: &Path, items: &[Item], json: &[u8]) -> Option<()> {
    let fresh = access.store.fresh()?;
    let draft = fresh.path().join("result");
    std::fs::create_dir(&draft).ok()?;
    for (number, item) in items.iter().enumerate().filter(|(_, item)| item.is_file()) {
        let file = File::create_new(draft.join(number.to_string())).ok()?;
        copy_bytes(item, &file).ok()?;
        access.store.settle(&file)?;
    }
    let mut about = File::create_new(draft.join(ABOUT)).ok()?;
    about.write_all(blake3::hash(json).to_hex().as_bytes()).ok()?;
    about.write_all(json).ok()?;
    access.store.settle(&about)?;
    let shelf = place.parent()?;
    private_folder(shelf)?;
    // Fails when another process has kept the same in the meantime.
    std::fs::rename(&draft, place).ok()?;
    access.store.settle(&File::open(shelf).ok()?)
}
