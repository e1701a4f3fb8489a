//! What hosts see of jobs that run beside each other.

use super::core::Core;
use super::desk::Ticket;
use super::entry::{Entry, lanes};
use super::event::{Event, Listener};
use super::{JobReport, TaskState, early};
use crate::engine::Parts;
use crate::job::Job;
use crate::run::Control;
use crate::{Error, Result};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Jobs of one engine that share its threads. May be used from any thread. Dropping it cancels what has not ended and
/// waits for that.
#[derive(Debug)]
pub struct Queue {
    core: Arc<Core>,
    lanes: Vec<JoinHandle<()>>,
}

/// How a job is submitted. The default asks for nothing special.
#[derive(Default)]
pub struct Submission {
    /// Priority and tenant.
    pub ticket: Ticket,
    /// Deadline, trust and a token to cancel the job with.
    pub control: Control,
    /// Who hears of its events.
    pub listener: Option<Listener>,
}

/// A job in a queue. Clones are the same job. When the last one is dropped, the job goes on, and is forgotten when it
/// is over.
#[derive(Clone, Debug)]
pub struct JobHandle {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    core: Arc<Core>,
    id: u64,
    job: Arc<Job>,
    control: Arc<Control>,
    /// There are no lanes: who waits, works.
    works: bool,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq)]
pub struct JobStatus {
    /// Waiting until the first task runs; an error when any task failed that is not to be ignored.
    pub state: TaskState,
    /// The part that is done, from 0 to 1.
    pub progress: f64,
    /// How long it will take at the pace so far; nothing while that cannot be told.
    pub left: Option<Duration>,
    /// Names and states of the tasks, in the order they were given.
    pub tasks: Vec<(String, TaskState)>,
}

impl Queue {
    /// `lanes` threads work; with 0, [`Queue::step`] and [`JobHandle::wait`] do, on the caller's.
    pub(crate) fn new(parts: Arc<Parts>, threads: u32, lanes: u32) -> Result<Queue> {
        let core = Arc::new(Core::new(parts, threads));
        let mut queue = Queue { core, lanes: Vec::new() };
        for number in 0..lanes {
            let core = queue.core.clone();
            let lane = crate::threads::start(format!("formwork-{number}"), move || core.work());
            queue.lanes.push(lane.map_err(|error| Error::io("cannot start a thread", &error))?);
        }
        Ok(queue)
    }

    /// Takes a job in. It starts when its turn comes.
    pub fn submit(&self, job: Job, submission: Submission) -> JobHandle {
        let job = early::reordered(self.core.parts(), Arc::new(job));
        let core = Arc::downgrade(&self.core);
        let control = lanes(&job, &submission.control);
        let mut kept = None;
        let id = self.core.enter(job.clone(), submission.ticket, |id, job, ticket| {
            let hear = move || {
                if let Some(core) = core.upgrade() {
                    core.with(id, Entry::progress);
                }
            };
            let entry = Entry::new(id, job, ticket, control.watched(hear)).with_events(submission.listener);
            kept = Some(entry.control.clone());
            entry
        });
        let control = kept.unwrap_or_default();
        JobHandle {
            held: Arc::new(Held { core: self.core.clone(), id, job, control, works: self.lanes.is_empty() }),
        }
    }

    /// Does what is next, a task or a few in one pass, on the caller's thread. Returns false when nothing may run
    /// now.
    pub fn step(&self) -> bool {
        self.core.step()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.core.close();
        for lane in self.lanes.drain(..) {
            // A lane that panicked has nothing more to say.
            let _ = lane.join();
        }
    }
}

impl JobHandle {
    /// The job's number in its queue.
    pub fn id(&self) -> u64 {
        self.held.id
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.held.job
    }

    /// The part that is done, from 0 to 1. Takes no lock.
    pub fn progress(&self) -> f64 {
        self.held.control.progress()
    }

    /// How the job stands.
    pub fn status(&self) -> JobStatus {
        let status = |entry: &Entry| {
            let tasks = self.held.job.tasks.iter().enumerate();
            JobStatus {
                state: entry.state(),
                progress: entry.control.progress(),
                left: entry.left(),
                tasks: tasks.map(|(place, task)| (task.name.clone(), entry.board.state(place))).collect(),
            }
        };
        self.held.core.see(self.held.id, status).unwrap_or(JobStatus {
            state: TaskState::Cancelled,
            progress: self.progress(),
            left: None,
            tasks: Vec::new(),
        })
    }

    /// How the job stands as JSON: `job`, `state`, `progress`, `left_ms` or null, `tasks` with the state of each by its
    /// name, and, when it failed or was cancelled, `error`, whose message names the input.
    pub fn to_json(&self) -> Value {
        let now = self.status();
        let tasks: Map<String, Value> =
            now.tasks.iter().map(|(name, state)| (name.clone(), state.word().into())).collect();
        let left = now.left.map(|left| left.as_millis() as u64);
        let mut json = json!({"job": self.id(), "state": now.state.word(), "progress": now.progress, "left_ms": left,
            "tasks": tasks});
        let report = now.state.is_over().then(|| self.wait(Some(Duration::ZERO))).flatten();
        if let Some(error) = report.as_ref().and_then(JobReport::error) {
            json["error"] = error.to_json_in_full();
        }
        json
    }

    /// Waits until the job is over, and returns how it ended; nothing when `timeout` passes first. In a queue without
    /// lanes, works until then, and until nothing is left to do.
    pub fn wait(&self, timeout: Option<Duration>) -> Option<JobReport> {
        let Held { core, id, works, .. } = &*self.held;
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if *works {
            let is_late = || until.is_some_and(|until| Instant::now() >= until);
            while !core.wait(*id, Some(Instant::now())) && !is_late() && core.step() {}
        }
        let over = core.wait(*id, until);
        if over { core.see(*id, Entry::job_report) } else { None }
    }

    /// Events from a number on, oldest first. Of progress there is only the last; of more than 10,000 others, the
    /// oldest are gone.
    pub fn events(&self, since: u64) -> Vec<Event> {
        let events = |entry: &Entry| entry.log.as_ref().map(|log| log.since(since)).unwrap_or_default();
        self.held.core.see(self.held.id, events).unwrap_or_default()
    }

    /// Cancels the job.
    pub fn cancel(&self) {
        self.held.core.with(self.held.id, Entry::cancel_all);
    }

    /// Cancels a task, and what depends on it. Tasks that are done in one pass are cancelled together. Returns false
    /// when it has ended already.
    ///
    /// # Errors
    ///
    /// `invalid_request` when the job has no such task.
    pub fn cancel_task(&self, name: &str) -> Result<bool> {
        let task = self.place(name)?;
        Ok(self.held.core.with(self.held.id, |entry| entry.cancel(task)).unwrap_or(false))
    }

    /// Lets a task that failed or was cancelled run again, with what was cancelled because of it.
    ///
    /// # Errors
    ///
    /// `invalid_request` when there is no such task, when it did not fail, when its own input failed, or when the queue
    /// is gone.
    pub fn retry(&self, name: &str) -> Result<()> {
        let task = self.place(name)?;
        if self.held.core.is_closed() {
            return Err(Error::invalid("the job's queue is closed: nothing runs in it any more"));
        }
        self.held.core.with(self.held.id, |entry| entry.retry(task)).unwrap_or(Ok(()))
    }

    fn place(&self, name: &str) -> Result<usize> {
        let tasks = &self.held.job.tasks;
        tasks.iter().position(|task| task.name == name).ok_or_else(|| {
            let names: Vec<&str> = tasks.iter().map(|task| task.name.as_str()).take(20).collect();
            Error::invalid(format!("the job has no task `{name}`"))
                .with_hint(format!("it has {}", names.join(", ")))
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.core.detach(self.id);
    }
}
