//! What is asked for: a graph of named tasks.

mod parse;

use crate::deliver::Placement;
use crate::run::Work;
use crate::{Error, Result};
use serde_json::Value;
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
    /// Indices of `tasks` so that inputs come before their users.
    order: Vec<usize>,
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
}

/// What a task does.
#[derive(Clone, Debug)]
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
    /// Converts, archives, extracts …
    Work(Work),
    /// Puts results on disk.
    ExportPath(Placement),
    /// Hands results over in memory.
    ExportBytes,
}

impl Operation {
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
        for (index, task) in tasks.iter().enumerate() {
            if tasks[..index].iter().any(|other| other.name == task.name) {
                wrong.push(format!("two tasks are named `{}`", task.name));
            }
            let imports =
                matches!(task.operation, Operation::ImportPath { .. } | Operation::ImportBytes { .. });
            if imports != task.inputs.is_empty() {
                let problem = if imports { "takes no `input`" } else { "needs an `input`" };
                wrong.push(format!("the task `{}` {problem}", task.name));
            }
            for input in &task.inputs {
                if tasks.iter().all(|other| other.name != *input) {
                    wrong.push(format!("the task `{}` takes `{input}`, which is not there", task.name));
                }
            }
        }
        let order = order(&tasks);
        if wrong.is_empty() && order.len() < tasks.len() {
            let circle = (0..tasks.len()).filter(|index| !order.contains(index));
            let names: Vec<&str> = circle.map(|index| tasks[index].name.as_str()).collect();
            wrong.push(format!("these tasks wait for each other: {}", names.join(", ")));
        }
        if tasks.is_empty() {
            wrong.push("the job has no tasks".into());
        }
        if wrong.is_empty() { Ok(Job { tasks, tag, order }) } else { Err(Error::invalid(wrong.join("; "))) }
    }

    /// Reads a job from JSON.
    ///
    /// # Errors
    ///
    /// `invalid_request` that lists everything that is wrong and what would be valid.
    pub fn from_json(json: &Value) -> Result<Job> {
        parse::job(json)
    }

    /// The shortest job: inputs, one operation, one place.
    ///
    /// # Errors
    ///
    /// `invalid_request` without inputs.
    pub fn simple(inputs: Vec<Operation>, work: Work, output: Operation) -> Result<Job> {
        let mut tasks = Vec::new();
        for (number, operation) in inputs.into_iter().enumerate() {
            tasks.push(Task { name: format!("import-{}", number + 1), operation, inputs: Vec::new() });
        }
        let imports = tasks.iter().map(|task| task.name.clone()).collect();
        let name = work.operation.clone();
        tasks.push(Task { name: name.clone(), operation: Operation::Work(work), inputs: imports });
        tasks.push(Task { name: "export".into(), operation: output, inputs: vec![name] });
        Job::new(tasks, None)
    }

    /// The working task that takes a working task's result as its first input, when nothing else takes it: the two
    /// may be done in one pass.
    pub(crate) fn only_user(&self, task: &Task) -> Option<&Task> {
        let mut users = self.tasks.iter().filter(|user| user.inputs.contains(&task.name));
        let user = users.next().filter(|_| users.next().is_none())?;
        let once = user.inputs.first() == Some(&task.name)
            && user.inputs.iter().skip(1).all(|input| *input != task.name);
        let both_work = [task, user].iter().all(|task| task.operation.work().is_some());
        (once && both_work).then_some(user)
    }

    /// The longest chain of tasks that ends with this one, each the only user of the one before it.
    pub(crate) fn chain_to<'j>(&'j self, task: &'j Task) -> Vec<&'j Task> {
        let mut chain = vec![task];
        let mut first = task;
        while let Some(before) = first.inputs.first().and_then(|name| self.task(name))
            && self.only_user(before).is_some()
        {
            chain.insert(0, before);
            first = before;
        }
        chain
    }

    fn task(&self, name: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.name == *name)
    }

    /// The tasks, inputs before their users.
    pub fn in_order(&self) -> impl Iterator<Item = &Task> {
        self.order.iter().filter_map(|index| self.tasks.get(*index))
    }
}

/// Kahn's algorithm; ties go by the order given. Tasks in a circle are left out.
fn order(tasks: &[Task]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    loop {
        let ready = (0..tasks.len()).find(|index| {
            let placed = |name: &String| order.iter().any(|done| tasks[*done].name == *name);
            !order.contains(index) && tasks[*index].inputs.iter().all(placed)
        });
        match ready {
            Some(index) => order.push(index),
            None => return order,
        }
    }
}
