//! Which chain of which job is next: pure, nothing is done here.

use std::collections::HashMap;

/// What a job asks for beside its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Jobs of a higher number go first. Default 0.
    pub priority: i32,
    /// Whose job it is; empty by default. Those who have jobs waiting at the same priority get their shares of time.
    pub tenant: String,
    /// The tenant's share of time beside the others', from 1 on. Default 1; of different numbers, the last counts.
    pub weight: u32,
}

impl Default for Ticket {
    fn default() -> Ticket {
        Ticket { priority: 0, tenant: String::new(), weight: 1 }
    }
}

/// Seconds a chain is thought to take before it has.
const GUESS: f64 = 1.0;

/// The time each tenant has had, by its weight: weighted fair queueing.
#[derive(Debug, Default)]
pub(super) struct Shares {
    tenants: HashMap<String, Share>,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    /// Seconds had, divided by the weight.
    had: f64,
    weight: f64,
    jobs: usize,
}

impl Shares {
    /// A job came. A tenant that had none before starts where the least served one is, so that having been away
    /// gives no credit.
    pub(super) fn enter(&mut self, ticket: &Ticket) {
        let least = self.tenants.values().map(|share| share.had).fold(f64::INFINITY, f64::min);
        let new = Share { had: if least.is_finite() { least } else { 0.0 }, weight: 1.0, jobs: 0 };
        let share = self.tenants.entry(ticket.tenant.clone()).or_insert(new);
        share.jobs += 1;
        share.weight = f64::from(ticket.weight.max(1));
    }

    /// A job has gone.
    pub(super) fn leave(&mut self, ticket: &Ticket) {
        if let Some(share) = self.tenants.get_mut(&ticket.tenant) {
            share.jobs = share.jobs.saturating_sub(1);
            if share.jobs == 0 {
                self.tenants.remove(&ticket.tenant);
            }
        }
    }

    /// A chain of a tenant begins: a guess is counted until it is known what it takes.
    pub(super) fn begin(&mut self, tenant: &str) {
        self.count(tenant, GUESS);
    }

    /// A chain of a tenant took so many seconds.
    pub(super) fn end(&mut self, tenant: &str, seconds: f64) {
        self.count(tenant, seconds - GUESS);
    }

    fn count(&mut self, tenant: &str, seconds: f64) {
        if let Some(share) = self.tenants.get_mut(tenant) {
            share.had += seconds / share.weight;
        }
    }

    fn had(&self, tenant: &str) -> f64 {
        self.tenants.get(tenant).map_or(0.0, |share| share.had)
    }

    /// Chooses among jobs with something to run: the highest priority, then the tenant that had the least, then the
    /// job that came first.
    pub(super) fn choose<'t>(&self, jobs: impl Iterator<Item = (u64, &'t Ticket)>) -> Option<u64> {
        jobs.min_by(|(id, one), (other_id, other)| {
            (other.priority.cmp(&one.priority))
                .then_with(|| self.had(&one.tenant).total_cmp(&self.had(&other.tenant)))
                .then_with(|| id.cmp(other_id))
        })
        .map(|(id, _)| id)
    }
}

/// Threads for a chain: of those that are free, as much as is left for each of the others that may run now.
pub(super) fn grant(free: u32, others: usize) -> u32 {
    let sharing = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
    (free / sharing).max(1)
}
