//! How jobs and tasks stand and end.

use crate::deliver::Receipt;
use crate::run::Item;
use crate::{Error, ErrorKind};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Where a task or a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits for its inputs, or for its turn.
    Waiting,
    /// Runs.
    Processing,
    /// Done.
    Finished,
    /// Failed.
    Error,
    /// Cancelled, by the caller or because an input failed.
    Cancelled,
}

impl TaskState {
    /// Returns the word for this state.
    pub fn word(self) -> &'static str {
        match self {
            TaskState::Waiting => "waiting",
            TaskState::Processing => "processing",
            TaskState::Finished => "finished",
            TaskState::Error => "error",
            TaskState::Cancelled => "cancelled",
        }
    }

    /// Whether it has ended.
    pub fn is_over(self) -> bool {
        matches!(self, TaskState::Finished | TaskState::Error | TaskState::Cancelled)
    }

    /// The state in which something ends with this error, or without.
    pub(super) fn of(error: Option<&Error>) -> TaskState {
        match error {
            None => TaskState::Finished,
            Some(error) if error.kind == ErrorKind::Cancelled => TaskState::Cancelled,
            Some(_) => TaskState::Error,
        }
    }
}

/// How one task ended.
#[derive(Clone, Debug)]
pub struct TaskReport {
    /// The task's name.
    pub task: String,
    /// How it ended.
    pub state: TaskState,
    /// Receipts of working tasks, one for each input that was worked on by itself.
    pub receipts: Vec<Receipt>,
    /// Where an export put its files.
    pub paths: Vec<PathBuf>,
    /// Why it failed.
    pub error: Option<Error>,
    /// Its failure is no failure of the job.
    pub ignored: bool,
}

impl TaskReport {
    /// How it ended as JSON: `task`, `state`, and as far as there are any `error`, `receipts` and `paths`.
    pub fn to_json(&self) -> Value {
        let mut line = json!({"task": self.task, "state": self.state.word()});
        if let Some(error) = &self.error {
            line["error"] = error.to_json();
        }
        if !self.receipts.is_empty() {
            line["receipts"] = self.receipts.iter().map(Receipt::to_json).collect();
        }
        if !self.paths.is_empty() {
            line["paths"] = self.paths.iter().map(|path| path.to_string_lossy()).collect();
        }
        line
    }
}

/// How a job ended.
#[derive(Clone, Debug, Default)]
pub struct JobReport {
    /// One report for each task, inputs before their users.
    pub tasks: Vec<TaskReport>,
    /// What `export/bytes` tasks hand over: task name and items.
    pub exported: Vec<(String, Vec<Item>)>,
}

impl JobReport {
    /// The first failure that is not to be ignored, or nothing when all went well. Tasks that could not run because
    /// another failed do not count beside it.
    pub fn error(&self) -> Option<&Error> {
        let lost = |error: &&Error| error.context.iter().any(|(key, _)| *key == LOST);
        let counting = self.tasks.iter().filter(|task| !task.ignored);
        counting.filter_map(|task| task.error.as_ref()).find(|error| !lost(error))
    }

    /// Every receipt of the job.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.tasks.iter().flat_map(|task| &task.receipts)
    }
}

/// Under which word the error of a task that has lost an input names that.
pub(super) const LOST: &str = "lost_input";

/// The error of a task that cannot run, because something it takes is not there.
pub(super) fn lost(input: &str) -> Error {
    Error::new(ErrorKind::Cancelled, format!("its input `{input}` did not succeed")).with_context(LOST, input)
}
