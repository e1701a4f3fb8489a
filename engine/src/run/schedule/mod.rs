//! Runs jobs: which task is next, on how many threads, and how each ended.
//!
//! A [`Board`](board) knows what of one job may run, the [desk] chooses among jobs, a [unit] is run by a lane
//! of the [core]; a [`Queue`] is what hosts see of it.

mod board;
mod core;
mod desk;
mod early;
mod entry;
mod event;
mod foresee;
mod queue;
mod report;
#[cfg(test)]
mod simulator;
mod unit;

pub use desk::Ticket;
pub use event::{Event, EventKind, Listener};
pub(crate) use foresee::plan_job;
pub use queue::{JobHandle, JobStatus, Queue, Submission};
pub use report::{JobReport, TaskReport, TaskState};

use self::core::Core;
use super::control::Control;
use crate::engine::Parts;
use crate::job::Job;
use std::sync::Arc;

/// Runs one job on the caller's thread, and on others when more than one task may run. `threads` is what its steps may
/// use together.
pub(crate) fn run_job(parts: &Arc<Parts>, job: &Job, threads: u32, control: &Control) -> JobReport {
    let core = Core::new(parts.clone(), threads);
    let job = early::reordered(parts, Arc::new(job.clone()));
    let lanes = entry::lanes(&job, control);
    let id = core.enter(job, Ticket::default(), |id, job, ticket| entry::Entry::new(id, job, ticket, lanes));
    std::thread::scope(|scope| core.work_until_over(id, scope));
    core.see(id, entry::Entry::job_report).unwrap_or_default()
}
