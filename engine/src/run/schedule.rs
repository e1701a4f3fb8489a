//! Runs the tasks of a job in the order they depend on each other.

use super::control::Control;
use super::import::import;
use super::item::{Content, Item};
use super::options;
use super::work::{self, Order, Piece, Work};
use crate::deliver::{self, Placement, Receipt, Staging};
use crate::engine::Parts;
use crate::job::{Job, Operation, Task};
use crate::matrix::Matrix;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Waits for its inputs.
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
}

/// How a job ended.
#[derive(Clone, Debug, Default)]
pub struct JobReport {
    /// One report for each task, in the order they ran.
    pub tasks: Vec<TaskReport>,
    /// What `export/bytes` tasks hand over: task name and items.
    pub exported: Vec<(String, Vec<Item>)>,
}

impl JobReport {
    /// The first failure, or nothing when all went well.
    pub fn error(&self) -> Option<&Error> {
        self.tasks.iter().find_map(|task| task.error.as_ref())
    }

    /// Every receipt of the job.
    pub fn receipts(&self) -> impl Iterator<Item = &Receipt> {
        self.tasks.iter().flat_map(|task| &task.receipts)
    }
}

/// Runs a job on the caller's thread. `threads` is what its steps may use.
pub(crate) fn run_job(parts: &Parts, job: &Job, threads: u32, control: &Control) -> JobReport {
    let working = job.tasks.iter().filter(|task| matches!(task.operation, Operation::Work(_))).count();
    let mut runner = Runner {
        parts,
        job,
        threads,
        control,
        share: 1.0 / working.max(1) as f64,
        done: 0.0,
        results: HashMap::new(),
        report: JobReport::default(),
    };
    // A task whose only user may be fused with it runs when that does.
    for task in job.in_order().filter(|task| job.only_user(task).is_none()) {
        runner.run_chain(&job.chain_to(task));
    }
    if runner.report.error().is_none() {
        control.complete();
    }
    runner.report
}

struct Runner<'r> {
    parts: &'r Parts,
    job: &'r Job,
    threads: u32,
    control: &'r Control,
    /// The part of the progress that one working task is.
    share: f64,
    /// The part that is done.
    done: f64,
    /// Items of each task that succeeded.
    results: HashMap<String, Vec<Item>>,
    report: JobReport,
}

/// What a task that succeeded leaves behind.
#[derive(Default)]
struct Outcome {
    items: Vec<Item>,
    receipts: Vec<Receipt>,
    paths: Vec<PathBuf>,
}

/// Inputs of a task, or of the first and further ones of tasks that are fused.
struct Inputs {
    /// What is worked on: each by itself, or all of a group at one go.
    groups: Vec<Vec<Item>>,
    /// Further inputs of each task.
    companions: Vec<Vec<Item>>,
}

impl Runner<'_> {
    /// Runs tasks that follow each other, as many of them in one pass as can be.
    fn run_chain(&mut self, tasks: &[&Task]) {
        let mut rest = tasks;
        while let Some(first) = rest.first() {
            let (count, outcome) = match &first.operation {
                Operation::Work(_) => self.run_work(rest),
                operation => (1, self.run_other(first, operation)),
            };
            let (ran, left) = rest.split_at(count);
            self.note(ran, outcome);
            rest = left;
        }
    }

    /// Notes how tasks ended that were done at one go.
    fn note(&mut self, tasks: &[&Task], outcome: Result<Outcome>) {
        let Some((last, earlier)) = tasks.split_last() else { return };
        let report = |task: &Task, error: Option<&Error>| TaskReport {
            task: task.name.clone(),
            state: match error {
                None => TaskState::Finished,
                Some(error) if error.kind == ErrorKind::Cancelled => TaskState::Cancelled,
                Some(_) => TaskState::Error,
            },
            receipts: Vec::new(),
            paths: Vec::new(),
            error: error.cloned(),
        };
        let error = outcome.as_ref().err();
        self.report.tasks.extend(earlier.iter().map(|task| report(task, error)));
        let mut report = report(last, error);
        if let Ok(outcome) = outcome {
            if matches!(last.operation, Operation::ExportBytes) {
                self.report.exported.push((last.name.clone(), outcome.items.clone()));
            }
            self.record_paths(last, &outcome);
            self.results.insert(last.name.clone(), outcome.items);
            (report.receipts, report.paths) = (outcome.receipts, outcome.paths);
        }
        self.report.tasks.push(report);
    }

    /// Writes where an export put its files into the receipts of the tasks that made them.
    fn record_paths(&mut self, task: &Task, outcome: &Outcome) {
        let makers = self.report.tasks.iter_mut().filter(|report| task.inputs.contains(&report.task));
        let records = makers.flat_map(|report| &mut report.receipts).flat_map(|receipt| &mut receipt.outputs);
        for (record, path) in records.zip(&outcome.paths) {
            record.path = Some(path.clone());
        }
    }

    fn run_other(&self, task: &Task, operation: &Operation) -> Result<Outcome> {
        self.control.check()?;
        match operation {
            Operation::ImportPath { path } => Ok(Outcome { items: import(path)?, ..Outcome::default() }),
            Operation::ImportBytes { name, bytes } => {
                let content = Content::Memory(bytes.clone());
                Ok(Outcome { items: vec![Item::new(name.clone(), content)], ..Outcome::default() })
            }
            Operation::ExportPath(placement) => {
                let items = self.results_of(&task.inputs)?;
                let paths = deliver::place(&items, placement, &self.parts.areas)?;
                Ok(Outcome { paths, ..Outcome::default() })
            }
            Operation::ExportBytes => {
                Ok(Outcome { items: self.results_of(&task.inputs)?, ..Outcome::default() })
            }
            Operation::Work(_) => Err(Error::new(ErrorKind::Internal, "a working task was not planned")),
        }
    }

    fn results_of(&self, names: &[String]) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for name in names {
            let result = self.results.get(name).ok_or_else(|| {
                Error::new(ErrorKind::Cancelled, format!("its input `{name}` did not succeed"))
            })?;
            items.extend(result.iter().cloned());
        }
        Ok(items)
    }

    /// Runs the first of these working tasks, with as many of the next as can be done in the same pass. Returns how
    /// many that were.
    fn run_work(&mut self, tasks: &[&Task]) -> (usize, Result<Outcome>) {
        let works: Vec<&Work> = tasks.iter().filter_map(|task| task.operation.work()).collect();
        let Some(first) = works.first() else { return (tasks.len(), Ok(Outcome::default())) };
        let inputs = match self.control.check().and_then(|()| self.inputs(tasks, &works)) {
            Ok(inputs) => inputs,
            Err(error) => return (1, Err(error)),
        };
        let mut pieces: Vec<Piece<'_>> = inputs.groups.into_iter().map(Piece::Raw).collect();
        for count in (2..=inputs.companions.len()).rev() {
            let order = Order { works: &works[..count], companions: &inputs.companions[..count] };
            if !self.may_fuse(order.works) {
                continue;
            }
            for piece in &mut pieces {
                // What fails here fails again, and is told, when the task runs alone.
                let _ = piece.look(self.parts, first, self.control);
            }
            let plans: Option<Vec<_>> = pieces.iter().map(|piece| piece.plan(self.parts, &order)).collect();
            if let Some(plans) = plans {
                return (count, self.run_order(&tasks[..count], &order, plans));
            }
        }
        let order = Order { works: &works[..1], companions: &inputs.companions[..1] };
        (1, self.run_order(&tasks[..1], &order, pieces))
    }

    /// What goes into the first of these tasks, and into the next as far as they may be fused with it.
    fn inputs(&self, tasks: &[&Task], works: &[&Work]) -> Result<Inputs> {
        let (Some(task), Some(work)) = (tasks.first(), works.first()) else {
            return Err(Error::new(ErrorKind::Internal, "no task to run"));
        };
        let matrix = Matrix::new(&self.parts.registry);
        let accompanied = |work: &Work| matrix.takes_companions(&work.operation);
        let subjects = if accompanied(work) { &task.inputs[..1] } else { &task.inputs[..] };
        let items = self.results_of(subjects)?;
        if items.is_empty() {
            return Err(Error::invalid(format!("the task `{}` has no input", task.name)));
        }
        let mut companions = vec![self.results_of(&task.inputs[subjects.len()..])?];
        for (task, work) in tasks.iter().zip(works).skip(1) {
            let further = &task.inputs[1..];
            match self.results_of(further) {
                Ok(items) if further.is_empty() || accompanied(work) => companions.push(items),
                _ => break,
            }
        }
        // An operation that takes one input at a time is done once for each.
        let groups = if work::takes_many(self.parts, &work.operation) {
            vec![items]
        } else {
            items.into_iter().map(|item| vec![item]).collect()
        };
        Ok(Inputs { groups, companions })
    }

    /// Whether some plugin does the last of these operations and all before it in one pass.
    fn may_fuse(&self, works: &[&Work]) -> bool {
        let Some((last, earlier)) = works.split_last() else { return false };
        earlier.iter().all(|work| work::may_fuse(self.parts, &last.operation, &work.operation))
    }

    /// Runs tasks at one go, on each piece by itself.
    fn run_order(&mut self, tasks: &[&Task], order: &Order<'_>, pieces: Vec<Piece<'_>>) -> Result<Outcome> {
        let Some(last) = tasks.last() else { return Ok(Outcome::default()) };
        let staging = self.staging_for(last)?;
        let threads = options::threads(order.works, self.threads)?;
        let mut outcome = Outcome::default();
        let share = self.share * tasks.len() as f64 / pieces.len().max(1) as f64;
        let single = pieces.len() == 1;
        for piece in pieces {
            let name = piece.name();
            let run = |piece: Piece<'_>| {
                if let Some(kept) = piece.recall(self.parts, order, self.control) {
                    return Ok(kept);
                }
                let (looked, planned) = piece.planned(self.parts, order, self.control)?;
                let timeout = options::timeout(order.works, looked.format(), planned.target)?;
                let control = self.control.part_since(looked.started, Some(timeout), (self.done, share));
                let staging = staging.clone().filter(|_| single);
                work::run(self.parts, order, looked, &planned, staging, threads, &control)
            };
            let (items, mut receipt) = run(piece).map_err(|error| error.with_context("input", name))?;
            self.done += share;
            self.control.advance(self.done);
            receipt.task.clone_from(&last.name);
            if tasks.len() > 1 {
                receipt.fused = tasks.iter().map(|task| task.name.clone()).collect();
            }
            outcome.items.extend(items);
            outcome.receipts.push(receipt);
        }
        Ok(outcome)
    }

    /// When the only use of a task's outputs is to be put on disk, they grow right beside their place.
    fn staging_for(&self, task: &Task) -> Result<Option<Arc<Staging>>> {
        let mut users = self.job.tasks.iter().filter(|user| user.inputs.contains(&task.name));
        match (users.next().map(|user| &user.operation), users.next()) {
            (Some(Operation::ExportPath(placement)), None) => {
                refuse_taken(placement)?;
                self.parts.areas.create(&placement.staging_parent()).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Says early that a result could not be placed, before any work is done for it.
fn refuse_taken(placement: &Placement) -> Result<()> {
    if placement.overwrite || placement.is_folder() || placement.path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Io, format!("{} exists already", placement.path.display()))
        .with_hint("use --force to replace it, or another name")
        .with_context("output", placement.path.display().to_string()))
}
