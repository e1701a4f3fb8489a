//! What a step keeps of its work while it is under way, in a job's journal.

use super::chain::Chain;
use super::entry::{self, Outcome, Said};
use super::key::{self, Key};
use crate::lock::lock;
use crate::run::{Content, Item};
use formwork_abi::MOST_PIECE;
use std::fs::File;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Longest name of a piece, in bytes.
const LONGEST_NAME: usize = 200;

/// The pieces of one call of a step.
#[derive(Debug)]
pub(crate) struct StepPieces<'c> {
    chain: &'c Chain<'c>,
    /// The step with all it depends on, and which of its calls this is.
    step: Key,
    /// Bytes that may still be kept: as many as a result may have.
    left: AtomicU64,
    found: AtomicUsize,
    /// The last that was found, which is read next.
    last: Mutex<Option<Found>>,
}

/// A piece in an open file.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    name: String,
    pub(crate) file: Arc<File>,
    pub(crate) length: u64,
}

impl<'c> StepPieces<'c> {
    /// `None` without a journal, which alone is worth the work. `call` tells the calls of a step apart.
    pub(crate) fn of(chain: &'c Chain<'c>, number: usize, call: &str, most: u64) -> Option<StepPieces<'c>> {
        chain.access.control.journal()?;
        let step = chain.keys.get(number)?;
        let step = key::Fields::new("pieces").add(step.as_bytes()).add(call).key();
        let (left, found, last) = (AtomicU64::new(most), AtomicUsize::new(0), Mutex::default());
        Some(StepPieces { chain, step, left, found, last })
    }

    /// Keeps a piece. Returns whether it is kept.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> bool {
        let length = bytes.len() as u64;
        if name.len() > LONGEST_NAME || length > MOST_PIECE || !self.chain.inputs_are_unchanged() {
            return false;
        }
        let take = |left: u64| left.checked_sub(length);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return false;
        }
        let item = Item::from_bytes("", bytes.to_vec());
        let piece = Outcome { items: &[item], hashes: Vec::new(), said: Said::default() };
        let most = self.chain.access.store.most();
        entry::save(self.chain.access, &self.key_of(name), piece, most).is_some()
    }

    /// What was kept under a name.
    pub(crate) fn find(&self, name: &str) -> Option<Found> {
        let mut last = lock(&self.last);
        if last.as_ref().is_none_or(|found| found.name != name) {
            let loaded = entry::load(self.chain.access, &self.key_of(name))?;
            let item = loaded.items.first()?;
            let Content::File(file) = &item.content else { return None };
            *last = Some(Found { name: name.to_owned(), file: file.file().ok()?, length: item.length() });
            self.found.fetch_add(1, Ordering::Relaxed);
        }
        last.clone()
    }

    /// How many were found.
    pub(crate) fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    fn key_of(&self, name: &str) -> Key {
        key::Fields::new("piece").add(self.step.as_bytes()).add(name).key()
    }
}
