//! What every part of one step shares: options, limits and what is used up of them, progress.

use formwork_sdk::{Error, Limits, Result, Step};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One step's options and counters. Shared by all of its threads.
pub(crate) struct Context<'a> {
    /// The step itself, for outputs, warnings and losses.
    pub(crate) step: &'a Step<'a>,
    /// What may be used up at the most.
    pub(crate) limits: Limits,
    /// Opens inputs and protects outputs.
    pub(crate) password: Option<&'a str>,
    /// How hard to try, 0 to 9; `None` is each format's own default.
    pub(crate) effort: Option<u8>,
    /// Writes gzip as one member, for readers that stop after the first.
    pub(crate) single_member: bool,
    /// Packed bytes the ratio is measured against; 0 when nothing is unpacked.
    packed: u64,
    total: u64,
    done: AtomicU64,
    unpacked: AtomicU64,
    entries: AtomicU64,
    stopped: AtomicBool,
}

/// How many bytes may pass between two ticks.
pub(crate) const TICK: usize = 64 << 10;

impl<'a> Context<'a> {
    /// Reads the step's options. `unpacks` says whether the inputs are archives, so that the ratio counts.
    pub(crate) fn new(step: &'a Step<'a>, unpacks: bool) -> Self {
        let options = step.options();
        let total: u64 = step.inputs().filter_map(|input| input.length()).fold(0, u64::saturating_add);
        Context {
            step,
            limits: *step.limits(),
            password: options.text("password").filter(|password| !password.is_empty()),
            effort: options.get("effort"),
            single_member: options.flag("single_member"),
            packed: if unpacks { total } else { 0 },
            total,
            done: AtomicU64::new(0),
            unpacked: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        }
    }

    /// Threads this step may run on, its own included.
    pub(crate) fn threads(&self) -> usize {
        self.step.threads()
    }

    /// Adds to the progress, counted in bytes of input, and asks whether to go on.
    pub(crate) fn advance(&self, bytes: u64) -> Result<()> {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.ask(done)
    }

    /// Asks whether to go on.
    pub(crate) fn tick(&self) -> Result<()> {
        self.ask(self.done.load(Ordering::Relaxed))
    }

    fn ask(&self, done: u64) -> Result<()> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Error::new(formwork_sdk::ErrorKind::Cancelled, "another thread of the step failed"));
        }
        // The total is only known when the inputs' lengths are.
        let total = self.total;
        self.step.tick(if total == 0 { done } else { done.min(total) }, total)
    }

    /// Makes every thread of the step stop at its next tick.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Counts unpacked bytes.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`, `ratio`).
    pub(crate) fn unpack(&self, bytes: u64) -> Result<()> {
        let before = self.unpacked.fetch_add(bytes, Ordering::Relaxed);
        self.may_unpack(before.saturating_add(bytes))
    }

    /// Checks a claimed number of unpacked bytes before any of them is made.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`output`, `ratio`).
    pub(crate) fn may_unpack(&self, unpacked: u64) -> Result<()> {
        self.step.within("output", unpacked, self.limits.output)?;
        if self.packed == 0 || unpacked <= self.limits.ratio_floor {
            return Ok(());
        }
        let ratio = unpacked.div_ceil(self.packed);
        self.step.within("ratio", ratio, self.limits.ratio)
    }

    /// Counts an entry.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`entries`).
    pub(crate) fn entry(&self) -> Result<()> {
        let entries = self.entries.fetch_add(1, Ordering::Relaxed) + 1;
        self.may_list(entries)
    }

    /// Checks a claimed number of entries.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`entries`).
    pub(crate) fn may_list(&self, entries: u64) -> Result<()> {
        self.step.within("entries", entries, self.limits.entries)
    }

    /// Checks what a decoder would need, before it is made.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub(crate) fn may_use(&self, memory: u64) -> Result<()> {
        self.step.within("memory", memory, self.limits.memory)
    }

    /// Bytes of a name that may be read.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`name`).
    pub(crate) fn may_name(&self, length: u64) -> Result<()> {
        self.step.within("name", length, self.limits.name)
    }

    /// The password.
    ///
    /// # Errors
    ///
    /// `password_required` when there is none.
    pub(crate) fn need_password(&self, what: &str) -> Result<&'a str> {
        self.password.ok_or_else(|| Error::password(format!("{what} is encrypted: give `password`")))
    }
}
