//! What happens to jobs, as hosts hear it.

use crate::Error;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Something happened to a job or to one of its tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The job's number, see [`JobHandle::id`](super::JobHandle::id).
    pub job: u64,
    /// Numbers of one job's events grow; some are left out, see [`JobHandle::events`](super::JobHandle::events).
    pub number: u64,
    /// The task; nothing when it is the job itself.
    pub task: Option<String>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a job or a task.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// It waits for its turn, for the first time or again.
    Queued,
    /// It runs.
    Started,
    /// It is so far; of jobs only.
    Progress {
        /// From 0 to 100; never shrinks, but for what is tried again.
        percent: f64,
        /// How long it will take at the pace so far; nothing while that cannot be told.
        left: Option<Duration>,
        /// What is done, for people.
        message: String,
    },
    /// It is done.
    Finished,
    /// It failed.
    Failed(Error),
    /// It was cancelled, by the caller or for want of an input.
    Cancelled,
}

impl Event {
    /// The event as JSON: `event` is its word, `job` and `number`; `task` unless it is the job itself; of progress
    /// `percent`, `left_ms` and `message`, of a failure `error`.
    pub fn to_json(&self) -> Value {
        let mut line = json!({"event": self.kind.word(), "job": self.job, "number": self.number});
        if let Some(task) = &self.task {
            line["task"] = task.as_str().into();
        }
        match &self.kind {
            EventKind::Progress { percent, left, message } => {
                line["percent"] = ((percent * 100.0).round() / 100.0).into();
                line["left_ms"] = left.map(|left| left.as_millis() as u64).into();
                line["message"] = message.as_str().into();
            }
            EventKind::Failed(error) => line["error"] = error.to_json(),
            EventKind::Queued | EventKind::Started | EventKind::Finished | EventKind::Cancelled => {}
        }
        line
    }
}

impl EventKind {
    /// Returns the word for this kind.
    pub fn word(&self) -> &'static str {
        match self {
            EventKind::Queued => "queued",
            EventKind::Started => "started",
            EventKind::Progress { .. } => "progress",
            EventKind::Finished => "finished",
            EventKind::Failed(_) => "failed",
            EventKind::Cancelled => "cancelled",
        }
    }

    /// How something ended with this error, or without.
    pub(super) fn ended(error: Option<&Error>) -> EventKind {
        match error {
            None => EventKind::Finished,
            Some(error) if error.kind == crate::ErrorKind::Cancelled => EventKind::Cancelled,
            Some(error) => EventKind::Failed(error.clone()),
        }
    }
}

/// Hears every event of a job, one at a time, in the thread that made it happen. It may call the job's handle, but
/// must not wait there for the job.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Events of one job that are kept.
const MOST: usize = 10_000;

/// The events of one job.
#[derive(Debug, Default)]
pub(super) struct Log {
    next: u64,
    events: VecDeque<Event>,
}

impl Log {
    /// Notes an event and returns it. Of progress, only the last is kept.
    pub(super) fn add(&mut self, job: u64, task: Option<&str>, kind: EventKind) -> Event {
        let event = Event { job, number: self.next, task: task.map(str::to_owned), kind };
        self.next += 1;
        let is_progress = |event: &Event| matches!(event.kind, EventKind::Progress { .. });
        if is_progress(&event) && self.events.back().is_some_and(is_progress) {
            self.events.pop_back();
        } else if self.events.len() >= MOST {
            self.events.pop_front();
        }
        self.events.push_back(event.clone());
        event
    }

    /// Events from a number on.
    pub(super) fn since(&self, number: u64) -> Vec<Event> {
        let first = self.events.partition_point(|event| event.number < number);
        self.events.range(first..).cloned().collect()
    }
}
