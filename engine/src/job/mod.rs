//! What is asked for: a graph of named tasks.

mod check;
mod graph;
mod parse;
mod presets;

pub(crate) use graph::Graph;
pub use presets::{Preset, Presets};

use crate::deliver::Placement;
use crate::run::{Item, Work};
use crate::{Error, Result};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// A graph of named tasks. Every job that exists is valid: names are unique, inputs are there, nothing
/// goes in a circle.
#[derive(Clone, Debug)]
pub struct Job {
    /// The tasks in the order they were given.
    pub tasks: Vec<Task>,
    /// The caller's own mark.
    pub tag: Option<String>,
    graph: Graph,
}

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name in the job.
    pub name: String,
    /// What it does.
    pub operation: Operation,
    /// Names of the tasks whose results it takes.
    pub inputs: Vec<String>,
    /// Its failure is no failure of the job: tasks that take its result go on with what else they take, and are
    /// cancelled only when nothing is left.
    pub ignore_error: bool,
}

impl Task {
    /// A task that fails the job when it fails.
    pub fn new(name: impl Into<String>, operation: Operation, inputs: Vec<String>) -> Task {
        Task { name: name.into(), operation, inputs, ignore_error: false }
    }
}

/// What a task does.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "most tasks are work, and hosts take it out of here")]
pub enum Operation {
    /// Brings in a file, or a folder with everything in it.
    ImportPath {
        /// Where it is.
        path: PathBuf,
    },
    /// Brings in bytes.
    ImportBytes {
        /// Their name.
        name: String,
        /// The bytes.
        bytes: Arc<Vec<u8>>,
    },
    /// Brings in what the host holds.
    ImportItem(Item),
    /// Converts, archives, extracts …
    Work(Work),
    /// Puts results on disk.
    ExportPath(Placement),
    /// Hands results over in memory.
    ExportBytes,
}

impl Operation {
    /// Whether it brings something in, and so takes no inputs.
    fn imports(&self) -> bool {
        matches!(
            self,
            Operation::ImportPath { .. } | Operation::ImportBytes { .. } | Operation::ImportItem(_)
        )
    }

    /// What is asked of plugins, when it is a working task.
    pub fn work(&self) -> Option<&Work> {
        match self {
            Operation::Work(work) => Some(work),
            _ => None,
        }
    }
}

impl Job {
    /// Checks tasks and makes a job of them.
    ///
    /// # Errors
    ///
    /// `invalid_request` that lists everything that is wrong, not just the first thing.
    pub fn new(tasks: Vec<Task>, tag: Option<String>) -> Result<Job> {
        let mut wrong = Vec::new();
        let mut places = HashMap::with_capacity(tasks.len());
        for (place, task) in tasks.iter().enumerate() {
            if places.insert(task.name.as_str(), place).is_some() {
                wrong.push(format!("two tasks are named `{}`", task.name));
            }
        }
        for task in &tasks {
            let imports = task.operation.imports();
            if imports != task.inputs.is_empty() {
                let problem = if imports { "takes no `input`" } else { "needs an `input`" };
                wrong.push(format!("the task `{}` {problem}", task.name));
            }
            let missing = task.inputs.iter().filter(|input| !places.contains_key(input.as_str()));
            wrong.extend(
                missing.map(|input| format!("the task `{}` takes `{input}`, which is not there", task.name)),
            );
        }
        let graph = Graph::of(&tasks, &places);
        if wrong.is_empty() && graph.order.len() < tasks.len() {
            let mut circle = vec![true; tasks.len()];
            graph.order.iter().for_each(|place| circle[*place] = false);
            let names = tasks.iter().zip(circle).filter(|(_, circle)| *circle);
            let names: Vec<&str> = names.map(|(task, _)| task.name.as_str()).collect();
            wrong.push(format!("these tasks wait for each other: {}", names.join(", ")));
        }
        if tasks.is_empty() {
            wrong.push("the job has no tasks".into());
        }
        if wrong.is_empty() { Ok(Job { tasks, tag, graph }) } else { Err(Error::invalid(wrong.join("; "))) }
    }

    /// Reads a job from JSON.
    ///
    /// # Errors
    ///
    /// `invalid_request` that lists everything that is wrong and what would be valid.
    pub fn from_json(json: &Value) -> Result<Job> {
        Job::from_json_with(json, HashMap::new())
    }

    /// Reads a job from JSON whose `import/bytes` tasks without a `text` take what the host holds for them, by their
    /// names.
    ///
    /// # Errors
    ///
    /// `invalid_request` that lists everything that is wrong, what no task takes too.
    pub fn from_json_with(json: &Value, held: HashMap<String, Item>) -> Result<Job> {
        parse::job(json, held)
    }

    /// The shortest job: inputs, one operation, one place.
    ///
    /// # Errors
    ///
    /// `invalid_request` without inputs.
    pub fn simple(inputs: Vec<Operation>, work: Work, output: Operation) -> Result<Job> {
        Job::in_turn(inputs, vec![work], output)
    }

    /// Inputs, operations one after the other, one place.
    ///
    /// # Errors
    ///
    /// `invalid_request` without inputs, and when an operation comes twice.
    pub fn in_turn(inputs: Vec<Operation>, works: Vec<Work>, output: Operation) -> Result<Job> {
        let mut tasks = Vec::new();
        for (number, operation) in inputs.into_iter().enumerate() {
            tasks.push(Task::new(format!("import-{}", number + 1), operation, Vec::new()));
        }
        let mut before: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
        for work in works {
            let name = work.operation.clone();
            tasks.push(Task::new(name.clone(), Operation::Work(work), before));
            before = vec![name];
        }
        tasks.push(Task::new("export", output, before));
        Job::new(tasks, None)
    }

    /// The tasks, inputs before their users.
    pub fn in_order(&self) -> impl Iterator<Item = &Task> {
        self.graph.order.iter().filter_map(|place| self.tasks.get(*place))
    }

    /// Lets a task take what the task before it is made of, instead of its result.
    pub(crate) fn take_early(&mut self, task: usize, before: usize, source: usize) {
        self.graph.take_early(&self.tasks, task, before, source);
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }
}
