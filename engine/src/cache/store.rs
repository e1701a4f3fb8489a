//! The folder of a result cache: places of entries, an account of what they take, and what goes when that is too much.
//!
//! ```text
//! lock                  the bytes in use, as text; whoever changes them holds a lock on it
//! results/ab/cdef…/     an entry: `about` and its files, `0`, `1` …; appears whole, by a rename
//! notes/ab/cdef…        64 bytes
//! fresh/…/              what is being written; locked by its writer, so that what a killed one left is known
//! ```

use super::key::Key;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// Disks give out blocks of this size; a file and a folder take at least one.
const BLOCK: u64 = 4_096;

/// A cache's folder and how much it may hold.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
    most: u64,
    /// What is kept must be on the disk.
    durable: bool,
}

impl Store {
    pub(super) fn new(root: PathBuf, most: u64) -> Store {
        Store { root, most, durable: false }
    }

    /// A folder that one process at a time uses, and that holds as much as comes.
    pub(super) fn lasting(root: PathBuf) -> Store {
        let store = Store { root, most: u64::MAX, durable: true };
        store.clear_fresh();
        store
    }

    /// Waits until a file or folder is on the disk, where that matters.
    pub(super) fn settle(&self, file: &File) -> Option<()> {
        if self.durable { file.sync_all().ok() } else { Some(()) }
    }

    pub(super) fn most(&self) -> u64 {
        self.most
    }

    pub(super) fn result(&self, key: &Key) -> PathBuf {
        self.place("results", key)
    }

    pub(super) fn note(&self, key: &Key) -> PathBuf {
        self.place("notes", key)
    }

    fn place(&self, kind: &str, key: &Key) -> PathBuf {
        let name = key.to_hex();
        let (shelf, rest) = name.split_at(2);
        self.root.join(kind).join(shelf).join(rest)
    }

    /// Makes room for some files of so many bytes together, and counts them as there, before they are: a process that is
    /// killed in between leaves an account that is too high, never one that is too low.
    pub(super) fn reserve(&self, bytes: u64, files: u64) -> Option<()> {
        let wanted = taken(bytes, files);
        if wanted > self.most {
            return None;
        }
        self.with_account(|used| {
            let used = used.filter(|used| used.saturating_add(wanted) <= self.most);
            used.unwrap_or_else(|| self.evict(self.most - wanted)) + wanted
        })
    }

    /// Takes back what was reserved and is not needed.
    pub(super) fn give_back(&self, bytes: u64, files: u64) {
        let _ = self.with_account(|used| used.unwrap_or(self.most).saturating_sub(taken(bytes, files)));
    }

    /// Changes the account while nobody else does. `None` stands for one that is not known.
    fn with_account(&self, change: impl FnOnce(Option<u64>) -> u64) -> Option<()> {
        private_folder(&self.root)?;
        let mut options = OpenOptions::new();
        let path = self.root.join("lock");
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).ok()?;
        file.lock().ok()?;
        let mut text = [0; 20];
        let count = file.read_at(&mut text, 0).ok()?;
        let used = std::str::from_utf8(text.get(..count)?).ok().and_then(|text| text.trim().parse().ok());
        let used = change(used);
        file.write_all_at(format!("{used:20}").as_bytes(), 0).ok()
    }

    /// A folder of this process's own to write in, on the same file system.
    pub(super) fn fresh(&self) -> Option<Fresh> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Containers that share the folder may have processes of the same number.
        let moment = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
        let path = self.root.join("fresh").join(format!("{}-{moment}-{number}", std::process::id()));
        private_folder(path.parent()?)?;
        std::fs::create_dir(&path).ok()?;
        let folder = File::open(&path).ok()?;
        folder.try_lock().ok()?;
        Some(Fresh { path, _locked: folder })
    }

    /// Removes what was not used for the longest time until no more than `most` bytes, less a tenth so that it is not for
    /// every entry, are there. Returns what is left, by counting it.
    fn evict(&self, most: u64) -> u64 {
        self.clear_fresh();
        let mut kept = self.everything();
        kept.sort_by_key(|one| one.used);
        let mut total: u64 = kept.iter().map(|one| one.bytes).sum();
        for one in kept {
            if total <= most - most / 10 {
                break;
            }
            one.remove();
            total = total.saturating_sub(one.bytes);
        }
        total
    }

    /// Removes what killed processes left.
    fn clear_fresh(&self) {
        for path in paths_in(&self.root.join("fresh")) {
            if File::open(&path).is_ok_and(|folder| folder.try_lock().is_ok()) {
                let _ = std::fs::remove_dir_all(&path);
            }
        }
    }

    fn everything(&self) -> Vec<Kept> {
        let of = |kind: &str| {
            let shelves = paths_in(&self.root.join(kind));
            shelves.into_iter().flat_map(|shelf| paths_in(&shelf)).filter_map(Kept::of)
        };
        of("results").chain(of("notes")).collect()
    }
}

/// A folder with a name of its own that goes when this does, unless it was moved.
#[derive(Debug)]
pub(super) struct Fresh {
    path: PathBuf,
    _locked: File,
}

impl Fresh {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Something that takes room.
struct Kept {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Kept {
    fn of(path: PathBuf) -> Option<Kept> {
        let about = path.symlink_metadata().ok()?;
        if !about.is_dir() {
            return Some(Kept { bytes: taken(about.len(), 1), used: about.modified().ok()?, path });
        }
        let files: Vec<_> = paths_in(&path).iter().filter_map(|file| file.symlink_metadata().ok()).collect();
        let bytes = files.iter().map(std::fs::Metadata::len).sum();
        // The file `about` is marked at each use; what has none is damaged and goes first.
        let used = path.join(super::entry::ABOUT).metadata().and_then(|about| about.modified());
        let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
        Some(Kept { bytes: taken(bytes, files.len() as u64), used, path })
    }

    fn remove(&self) {
        let _ = std::fs::remove_file(&self.path).or_else(|_| std::fs::remove_dir_all(&self.path));
    }
}

/// What files take on a disk at the most, with the folder they are in.
fn taken(bytes: u64, files: u64) -> u64 {
    bytes.saturating_add(BLOCK * (files + 1))
}

fn paths_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Results may be as private as what they were made of.
pub(crate) fn private_folder(path: &Path) -> Option<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).ok()
}
