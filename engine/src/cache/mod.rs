//! Results that are kept and found again: content-addressed, bounded, shared by processes.
//!
//! A result is named by all it depends on ([`key`]): the bytes of the inputs, what plugins are told of them, the route
//! with every option after defaults, plugins and what those depend on ([`surroundings`]), limits and isolation. Each
//! step of a route has a key of its own that includes those before it, so that routes with the same beginning share it.
//!
//! A request has a key as well, made of what is asked before anything is looked at: it leads to the result it led to the
//! last time, without a probe and without a plan.
//!
//! Whatever goes wrong here is a miss, never a failure.

mod chain;
mod entry;
mod key;
mod notes;
mod pieces;
mod stamp;
mod store;
mod surroundings;

pub(crate) use chain::{Chain, recall};
pub(crate) use entry::Said;
pub(crate) use pieces::StepPieces;
pub(crate) use store::private_folder;

use crate::deliver::hash_blocks;
use crate::engine::Parts;
use crate::journal::Journal;
use crate::run::{Content, Control, Item};
pub(crate) use key::Fields;
use key::Key;
use stamp::Stamp;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::SystemTime;
use store::Store;

/// A folder of results, and how much it may hold.
#[derive(Debug)]
pub(crate) struct ResultCache {
    store: Store,
}

impl ResultCache {
    pub(crate) fn new(folder: PathBuf, bytes: u64) -> ResultCache {
        ResultCache { store: Store::new(folder, bytes) }
    }

    /// One of a single job's journal: unbounded, and on the disk before anything goes on.
    pub(crate) fn lasting(folder: PathBuf) -> ResultCache {
        ResultCache { store: Store::lasting(folder) }
    }
}

/// The cache for one piece of work, which may be cancelled while something is hashed.
#[derive(Clone, Copy, Debug)]
struct Access<'c> {
    parts: &'c Parts,
    store: &'c Store,
    control: &'c Control,
}

impl<'c> Access<'c> {
    /// A job's journal, else the cache of all jobs. `None` without either.
    fn of(parts: &'c Parts, control: &'c Control) -> Option<Access<'c>> {
        let results = control.journal().map(Journal::kept).or(parts.results.as_ref());
        results.map(|results| Access { parts, store: &results.store, control })
    }

    /// The hash of an item's bytes. `None` when it cannot be read, or changes while it is.
    fn content(&self, item: &Item) -> Option<Key> {
        match &item.content {
            Content::File(file) => self.hash_of_file(&*file.file().ok()?),
            Content::Directory => Some(blake3::hash(&[])),
            Content::Memory(_) | Content::Symlink(_) | Content::HardLink(_) => {
                item.memory().map(blake3::hash)
            }
        }
    }

    /// The hash of a file's bytes, from the last time when it has not changed since.
    fn hash_of_file(&self, file: &File) -> Option<Key> {
        let about = file.metadata().ok()?;
        let stamp = Stamp::of(&about);
        let name = Fields::new("stamp").add(stamp.bytes()).key();
        let settled = stamp.is_settled(SystemTime::now());
        if settled && let Some(known) = notes::read(self.store, &name) {
            return Some(known);
        }
        let hash = hash_blocks(|offset, buffer| {
            self.control.check().map_err(io::Error::other)?;
            file.read_at(buffer, offset)
        });
        let hash = hash.ok()?;
        if Stamp::of(&file.metadata().ok()?) != stamp {
            return None;
        }
        // What has no name can never be met again.
        if settled && about.nlink() > 0 {
            notes::write(self.store, &name, &hash);
        }
        Some(hash)
    }
}
