//! The jobs that wait and run, and how lanes work on them.

use super::desk::{Shares, Ticket, grant};
use super::entry::{Assignment, Entry};
use super::event::{Event, Listener};
use super::unit::Unit;
use crate::engine::Parts;
use crate::job::Job;
use crate::lock::lock;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// Everything that lanes, handles and listeners share.
pub(super) struct Core {
    parts: Arc<Parts>,
    desk: Mutex<Desk>,
    /// Something became ready, or ended.
    changed: Condvar,
    /// Held by whoever tells listeners, so that they hear events in order.
    telling: Mutex<()>,
    untold: Mutex<VecDeque<(Listener, Event)>>,
    /// Lanes that may still be started.
    spare: Mutex<u32>,
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Core")
    }
}

/// The jobs.
struct Desk {
    jobs: BTreeMap<u64, Entry>,
    next: u64,
    shares: Shares,
    /// Threads that no chain was given.
    free: u32,
    closed: bool,
}

/// A chain of a job, to be run.
struct Turn {
    job: u64,
    tenant: String,
    threads: u32,
    /// How many of them were free.
    taken: u32,
    assignment: Assignment,
}

impl Core {
    pub(super) fn new(parts: Arc<Parts>, threads: u32) -> Core {
        let desk = Desk {
            jobs: BTreeMap::new(),
            next: 1,
            shares: Shares::default(),
            free: threads.max(1),
            closed: false,
        };
        Core {
            parts,
            desk: Mutex::new(desk),
            changed: Condvar::new(),
            telling: Mutex::new(()),
            untold: Mutex::default(),
            spare: Mutex::new(threads.saturating_sub(1)),
        }
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Takes a job in.
    pub(super) fn enter(
        &self,
        job: Arc<Job>,
        ticket: Ticket,
        make: impl FnOnce(u64, Arc<Job>, Ticket) -> Entry,
    ) -> u64 {
        let mut desk = lock(&self.desk);
        let id = desk.next;
        desk.next += 1;
        desk.shares.enter(&ticket);
        desk.jobs.insert(id, make(id, job, ticket));
        self.leave(desk, id);
        id
    }

    /// Does the next chain, if one may run. Returns whether one did.
    pub(super) fn step(&self) -> bool {
        let mut desk = lock(&self.desk);
        let Some(turn) = desk.next() else { return false };
        self.part(desk, turn.job);
        self.do_turn(&turn);
        true
    }

    fn do_turn(&self, turn: &Turn) {
        let Assignment { job, tasks, given, control, chain } = &turn.assignment;
        let begun = |count: usize| {
            if count > 1 {
                self.with(turn.job, |entry| entry.join(&tasks[1..count]));
            }
        };
        let unit = Unit {
            parts: &self.parts,
            job,
            tasks,
            chain: *chain,
            given,
            threads: turn.threads,
            control,
            begun: &begun,
        };
        let start = Instant::now();
        let (count, outcome) = unit.run();
        let seconds = start.elapsed().as_secs_f64();
        let mut desk = lock(&self.desk);
        desk.free += turn.taken;
        desk.shares.end(&turn.tenant, seconds);
        desk.change(turn.job, |entry| entry.end(&tasks[..count], outcome));
        if desk.jobs.get(&turn.job).is_some_and(Entry::is_over)
            && let Some(domain) = control.own_domain()
        {
            self.parts.carrier.domain_ended(domain);
        }
        if desk.jobs.get(&turn.job).is_some_and(|entry| entry.detached && entry.is_over()) {
            desk.jobs.remove(&turn.job);
        }
        self.leave(desk, turn.job);
    }

    /// Changes an entry; nothing when the job has gone.
    pub(super) fn with<T>(&self, job: u64, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut desk = lock(&self.desk);
        let answer = desk.change(job, change);
        self.leave(desk, job);
        answer
    }

    /// Looks at an entry.
    pub(super) fn see<T>(&self, job: u64, look: impl FnOnce(&Entry) -> T) -> Option<T> {
        lock(&self.desk).jobs.get(&job).map(look)
    }

    /// Nobody will ask for a job any more: it goes when it is over.
    pub(super) fn detach(&self, job: u64) {
        let mut desk = lock(&self.desk);
        match desk.jobs.get_mut(&job) {
            Some(entry) if !entry.is_over() => entry.detached = true,
            _ => drop(desk.jobs.remove(&job)),
        }
    }

    /// Ends all jobs and lanes.
    pub(super) fn close(&self) {
        let mut desk = lock(&self.desk);
        desk.closed = true;
        let jobs: Vec<u64> = desk.jobs.keys().copied().collect();
        drop(desk);
        for job in jobs {
            self.with(job, Entry::cancel_all);
        }
        self.changed.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.desk).closed
    }

    /// Waits until a job is over. Returns false when it is not by then.
    pub(super) fn wait(&self, job: u64, until: Option<Instant>) -> bool {
        let mut desk = lock(&self.desk);
        loop {
            if desk.jobs.get(&job).is_none_or(Entry::is_over) {
                return true;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            desk = match left {
                Some(Duration::ZERO) => return false,
                Some(left) => self.changed.wait_timeout(desk, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Lets go of the desk after a change: wakes who waits, and tells listeners.
    fn leave(&self, desk: MutexGuard<'_, Desk>, job: u64) {
        self.changed.notify_all();
        self.part(desk, job);
    }

    /// Lets go of the desk, and tells listeners.
    fn part(&self, mut desk: MutexGuard<'_, Desk>, job: u64) {
        if let Some(entry) = desk.jobs.get_mut(&job)
            && let Some(listener) = &entry.listener
        {
            lock(&self.untold).extend(entry.untold.drain(..).map(|event| (listener.clone(), event)));
        }
        drop(desk);
        self.tell();
    }

    /// Tells listeners what they have not heard. A listener that makes something happen is told of it by the thread
    /// that is telling already, its own.
    fn tell(&self) {
        while !lock(&self.untold).is_empty() {
            let _telling = match self.telling.try_lock() {
                Ok(guard) => guard,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            loop {
                let next = lock(&self.untold).pop_front();
                let Some((listener, event)) = next else { break };
                listener(&event);
            }
        }
    }

    /// Works until a job is over, with as many lanes as it can use, this thread being one.
    pub(super) fn work_until_over<'s>(&'s self, job: u64, scope: &'s Scope<'s, '_>) {
        let mut desk = lock(&self.desk);
        while desk.jobs.get(&job).is_some_and(|entry| !entry.is_over()) {
            let Some(turn) = desk.next() else {
                desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let more = desk.ready() > 0;
            self.part(desk, turn.job);
            if more && self.take_lane() {
                scope.spawn(move || self.work_until_over(job, scope));
            }
            self.do_turn(&turn);
            desk = lock(&self.desk);
        }
    }

    fn take_lane(&self) -> bool {
        let mut spare = lock(&self.spare);
        let some = *spare > 0;
        *spare = spare.saturating_sub(1);
        some
    }

    /// Works until the queue is closed.
    pub(super) fn work(&self) {
        let mut desk = lock(&self.desk);
        while !desk.closed {
            let Some(turn) = desk.next() else {
                desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            self.part(desk, turn.job);
            self.do_turn(&turn);
            desk = lock(&self.desk);
        }
    }
}

impl Desk {
    fn ready(&self) -> usize {
        self.jobs.values().map(|entry| entry.board.ready()).sum()
    }

    fn next(&mut self) -> Option<Turn> {
        let able = self.jobs.values().filter(|entry| entry.board.ready() > 0);
        let job = self.shares.choose(able.map(|entry| (entry.id, &entry.ticket)))?;
        let entry = self.jobs.get_mut(&job)?;
        let assignment = entry.begin()?;
        let tenant = entry.ticket.tenant.clone();
        self.shares.begin(&tenant);
        let threads = grant(self.free, self.ready());
        let taken = threads.min(self.free);
        self.free -= taken;
        Some(Turn { job, tenant, threads, taken, assignment })
    }

    /// Changes an entry, and notes whether its tenant still waits for something.
    fn change<T>(&mut self, job: u64, change: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let entry = self.jobs.get_mut(&job)?;
        let before = entry.is_over();
        let answer = change(entry);
        match (before, entry.is_over()) {
            (false, true) => self.shares.leave(&entry.ticket),
            (true, false) => self.shares.enter(&entry.ticket),
            _ => {}
        }
        Some(answer)
    }
}
