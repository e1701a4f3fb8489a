//! The cache as the run of a task sees it.

use super::entry::{self, Loaded, Outcome, Said, Told};
use super::key::{self, Hashed, Key};
use super::stamp::Stamp;
use super::{Access, notes};
use crate::clock;
use crate::deliver::{FileRecord, Receipt};
use crate::engine::Parts;
use crate::plan::Route;
use crate::run::{Content, Control, Item, Order};
use formwork_formats::Format;
use std::time::{Duration, Instant, SystemTime};

/// The keys of one route for certain inputs.
#[derive(Debug)]
pub(crate) struct Chain<'c> {
    pub(super) access: Access<'c>,
    inputs: Inputs,
    /// One for each step; the last is that of the finished result.
    pub(super) keys: Vec<Key>,
    asked: Key,
}

/// What goes in, in the order of a receipt.
#[derive(Debug)]
struct Inputs {
    items: Vec<Item>,
    contents: Vec<Key>,
}

/// A finished result with its receipt.
type Finished = (Vec<Item>, Receipt);

/// The result the same request led to before, without looking at the inputs any closer than their hashes.
pub(crate) fn recall(
    parts: &Parts,
    order: &Order<'_>,
    items: &[Item],
    given: &[Option<&'static Format>],
    control: &Control,
) -> Option<Finished> {
    let started = clock::now();
    let access = Access::of(parts, control)?;
    // The time of an input is part of a request, so one that has only just been written was never met before.
    if !items.iter().all(|item| was_settled(item, SystemTime::now())) {
        return None;
    }
    let inputs = Inputs::of(access, order, items)?;
    let asked = key::asked(parts, order, &inputs.hashed(), given);
    let finished = notes::read(access.store, &asked)?;
    let loaded = entry::load(access, &finished)?;
    finish(access, &inputs, loaded, started)
}

impl Inputs {
    fn of(access: Access<'_>, order: &Order<'_>, items: &[Item]) -> Option<Inputs> {
        let items: Vec<Item> = items.iter().chain(order.companions.iter().flatten()).cloned().collect();
        let contents = items.iter().map(|item| access.content(item)).collect::<Option<Vec<_>>>()?;
        Some(Inputs { items, contents })
    }

    fn hashed(&self) -> Vec<Hashed<'_>> {
        let pairs = self.items.iter().zip(&self.contents);
        pairs.map(|(item, content)| Hashed { item, content: *content }).collect()
    }

    /// Whether they are still what they were when they were hashed.
    fn are_unchanged(&self, access: Access<'_>) -> bool {
        let mut pairs = self.items.iter().zip(&self.contents);
        pairs.all(|(item, content)| access.content(item) == Some(*content))
    }
}

/// Whether an item cannot have changed since a moment.
fn was_settled(item: &Item, moment: SystemTime) -> bool {
    match &item.content {
        Content::File(file) if !file.path().as_os_str().is_empty() => {
            let about = file.file().and_then(|file| file.metadata());
            about.is_ok_and(|about| Stamp::of(&about).is_settled(moment))
        }
        _ => true,
    }
}

/// A step is kept when it took longer to make than this, and than it would take to read it back.
const WORTH_KEEPING: Duration = Duration::from_millis(2);
/// Bytes a second that are read back at the least.
const READ_BACK: u64 = 250 << 20;

impl<'c> Chain<'c> {
    /// `given` are the formats that were known of the items before anybody looked at them. `None` without a cache, and for
    /// what must not be kept.
    pub(crate) fn of(
        parts: &'c Parts,
        order: &Order<'_>,
        (items, given): (&[Item], &[Option<&'static Format>]),
        route: &Route<'_>,
        control: &'c Control,
    ) -> Option<Chain<'c>> {
        let access = Access::of(parts, control)?;
        let inputs = Inputs::of(access, order, items)?;
        let keys = key::chain(parts, order, route, &inputs.hashed())?;
        let asked = key::asked(parts, order, &inputs.hashed(), given);
        Some(Chain { access, inputs, keys, asked })
    }

    /// The finished result, when it is there.
    pub(crate) fn finished(&self, started: Instant) -> Option<Finished> {
        let key = self.keys.last()?;
        let loaded = entry::load(self.access, key)?;
        let finished = finish(self.access, &self.inputs, loaded, started)?;
        self.note_request(key, started);
        Some(finished)
    }

    /// The hash of an input by its place, as receipts have it.
    pub(crate) fn hash_of(&self, place: usize) -> Option<String> {
        let is_file = self.inputs.items.get(place).is_some_and(Item::is_file);
        let content = self.inputs.contents.get(place).filter(|_| is_file);
        content.map(|content| content.to_hex().to_string())
    }

    /// Keeps a finished result.
    pub(crate) fn keep(&self, items: &[Item], receipt: &Receipt, worker_bytes: u64, started: Instant) {
        let Some(key) = self.keys.last() else { return };
        if !self.inputs_are_unchanged() {
            return;
        }
        let told = Told {
            route: receipt.route.clone(),
            plugins: receipt.plugins.clone(),
            isolation: receipt.isolation,
            inputs: receipt.inputs.iter().map(|input| input.format.clone()).collect(),
        };
        let mut said = Said::new(&receipt.warnings, &receipt.losses);
        (said.told, said.worker_bytes) = (Some(told), worker_bytes);
        let hashes = receipt.outputs.iter().map(|output| output.blake3.clone()).collect();
        let result = Outcome { items, hashes, said };
        if entry::save(self.access, key, result, self.access.store.most() / 2).is_some() {
            self.note_request(key, started);
        }
    }

    /// The request leads to this result, as long as the route was chosen for the same bytes.
    fn note_request(&self, key: &Key, started: Instant) {
        let moment = SystemTime::now().checked_sub(clock::since(started));
        let settled = |moment| self.inputs.items.iter().all(|item| was_settled(item, moment));
        if moment.is_some_and(settled) {
            notes::write(self.access.store, &self.asked, key);
        }
    }

    /// The longest beginning of the route that is there, of at most so many steps: how many, and what came out.
    pub(crate) fn resume(&self, most: usize) -> Option<(usize, Vec<Item>, Said)> {
        let steps = 1..=most.min(self.keys.len().saturating_sub(1));
        steps.rev().find_map(|steps| {
            let loaded = entry::load(self.access, self.keys.get(steps - 1)?)?;
            Some((steps, loaded.items, loaded.said))
        })
    }

    /// What a part of the outputs, the first and how many, came to in a run of the job that was killed.
    pub(crate) fn part(&self, part: (usize, usize)) -> Option<(Vec<Item>, Said)> {
        let loaded = entry::load(self.access, &self.key_of(part)?)?;
        Some((loaded.items, loaded.said))
    }

    /// Keeps what a part of the outputs came to: in a job's journal, because all of them are kept in the cache.
    pub(crate) fn keep_part(&self, part: (usize, usize), items: &[Item], said: Said, took: Duration) {
        let Some(key) = self.key_of(part) else { return };
        if is_worth_keeping(items, took) && self.inputs_are_unchanged() {
            let result = Outcome { items, hashes: Vec::new(), said };
            // One that cannot be kept is made anew.
            let _ = entry::save(self.access, &key, result, self.access.store.most() / 4);
        }
    }

    fn key_of(&self, (first, count): (usize, usize)) -> Option<Key> {
        self.access.control.journal()?;
        let finished = self.keys.last()?;
        Some(key::Fields::new("part").add(finished.as_bytes()).add(format!("{first}+{count}")).key())
    }

    /// Whether the inputs still are what the keys were made of.
    pub(super) fn inputs_are_unchanged(&self) -> bool {
        self.inputs.are_unchanged(self.access)
    }

    /// Keeps what there is after some steps, when that is worth it. `took` is the time since what was kept before.
    pub(crate) fn keep_step(&self, steps: usize, items: &[Item], said: Said, took: Duration) -> bool {
        let Some(key) = steps.checked_sub(1).and_then(|place| self.keys.get(place)) else { return false };
        if !is_worth_keeping(items, took) || !self.inputs_are_unchanged() {
            return false;
        }
        let result = Outcome { items, hashes: Vec::new(), said };
        entry::save(self.access, key, result, self.access.store.most() / 4).is_some()
    }
}

fn is_worth_keeping(items: &[Item], took: Duration) -> bool {
    let bytes: u64 = items.iter().map(Item::length).sum();
    took >= WORTH_KEEPING + Duration::from_millis(bytes.saturating_mul(1000) / READ_BACK)
}

fn finish(access: Access<'_>, inputs: &Inputs, loaded: Loaded, started: Instant) -> Option<Finished> {
    let Loaded { items, hashes, said } = loaded;
    let losses = said.losses();
    let told = said.told?;
    let shown = |hash: String| Some(hash).filter(|_| access.parts.hashes);
    let resumed = access.control.resumes();
    let mut receipt =
        Receipt { cached: !resumed, resumed, losses, warnings: said.warnings, ..Receipt::default() };
    for ((item, content), format) in inputs.items.iter().zip(&inputs.contents).zip(told.inputs) {
        let blake3 = if item.is_file() { shown(content.to_hex().to_string()) } else { None };
        receipt.inputs.push(FileRecord { format, ..FileRecord::known(item, blake3) });
    }
    for (item, hash) in items.iter().zip(hashes) {
        receipt.outputs.push(FileRecord::known(item, hash.and_then(shown)));
    }
    (receipt.route, receipt.plugins, receipt.isolation) = (told.route, told.plugins, told.isolation);
    receipt.measure(started, 0);
    Some((items, receipt))
}
