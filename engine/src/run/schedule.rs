//! Runs the tasks of a job in the order they depend on each other.

use super::control::Control;
use super::item::{Content, Item};
use super::work;
use crate::deliver::{self, Placement, Receipt, Staging};
use crate::engine::Parts;
use crate::job::{Job, Operation, Task};
use crate::matrix::{SettingValue, check_option};
use crate::{Error, ErrorKind, Result};
use formwork_abi::options::{OptionKind, OptionSpec};
use formwork_formats::Family;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

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
    let mut runner =
        Runner { parts, job, threads, control, results: HashMap::new(), report: JobReport::default() };
    for task in job.in_order() {
        let outcome = runner.run_task(task);
        runner.note(task, outcome);
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

impl Runner<'_> {
    fn note(&mut self, task: &Task, outcome: Result<Outcome>) {
        let mut report = TaskReport {
            task: task.name.clone(),
            state: TaskState::Finished,
            receipts: Vec::new(),
            paths: Vec::new(),
            error: None,
        };
        match outcome {
            Ok(outcome) => {
                if matches!(task.operation, Operation::ExportBytes) {
                    self.report.exported.push((task.name.clone(), outcome.items.clone()));
                }
                self.record_paths(task, &outcome);
                self.results.insert(task.name.clone(), outcome.items);
                (report.receipts, report.paths) = (outcome.receipts, outcome.paths);
            }
            Err(error) => {
                let cancelled = error.kind == ErrorKind::Cancelled;
                report.state = if cancelled { TaskState::Cancelled } else { TaskState::Error };
                report.error = Some(error);
            }
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

    fn run_task(&mut self, task: &Task) -> Result<Outcome> {
        self.control.check()?;
        match &task.operation {
            Operation::ImportPath { path } => Ok(Outcome { items: import(path)?, ..Outcome::default() }),
            Operation::ImportBytes { name, bytes } => {
                let content = Content::Memory(bytes.clone());
                Ok(Outcome { items: vec![Item::new(name.clone(), content)], ..Outcome::default() })
            }
            Operation::ExportBytes => Ok(Outcome { items: self.inputs(task)?, ..Outcome::default() }),
            Operation::ExportPath(placement) => {
                let items = self.inputs(task)?;
                let paths = deliver::place(&items, placement, &self.parts.areas)?;
                Ok(Outcome { paths, ..Outcome::default() })
            }
            Operation::Work(work) => self.run_work(task, work),
        }
    }

    fn inputs(&self, task: &Task) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        for name in &task.inputs {
            let result = self.results.get(name).ok_or_else(|| {
                Error::new(ErrorKind::Cancelled, format!("its input `{name}` did not succeed"))
            })?;
            items.extend(result.iter().cloned());
        }
        Ok(items)
    }

    fn run_work(&self, task: &Task, work: &work::Work) -> Result<Outcome> {
        let items = self.inputs(task)?;
        if items.is_empty() {
            return Err(Error::invalid(format!("the task `{}` has no input", task.name)));
        }
        let timeout = timeout(work, &items)?;
        let threads = engine_option(work, "threads", OptionKind::Integer { min: 0, max: 1024 })?;
        let threads = threads.map_or(self.threads, |threads| threads.max(1.0) as u32);
        let staging = self.staging_for(task)?;
        // An operation that takes one input at a time is done once for each.
        let groups: Vec<Vec<Item>> = if work::takes_many(self.parts, &work.operation) {
            vec![items]
        } else {
            items.into_iter().map(|item| vec![item]).collect()
        };
        let mut outcome = Outcome::default();
        let (single, count) = (groups.len() == 1, groups.len() as f64);
        for (number, group) in groups.into_iter().enumerate() {
            let name = group.first().map_or_else(String::new, |item| item.name.clone());
            let control = self.control.part(timeout, (number as f64 / count, 1.0 / count));
            let staging = staging.clone().filter(|_| single);
            let (items, mut receipt) = work::run(self.parts, work, group, staging, threads, &control)
                .map_err(|error| error.with_context("input", crate::text::clean(&name)))?;
            receipt.task.clone_from(&task.name);
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

/// The value of one of the engine's own options.
fn engine_option(work: &work::Work, name: &str, kind: OptionKind) -> Result<Option<f64>> {
    let Some(given) = work.options.get(name) else { return Ok(None) };
    let spec = OptionSpec { name: name.into(), kind, summary: String::new(), default: None };
    Ok(match check_option(&spec, given)?.value {
        SettingValue::Number(value) => Some(value),
        SettingValue::Integer(value) => Some(value as f64),
        _ => None,
    })
}

/// The deadline of a task: as asked for, else by the family of its input.
fn timeout(work: &work::Work, items: &[Item]) -> Result<Option<Duration>> {
    if let Some(seconds) = engine_option(work, "timeout", OptionKind::Time)? {
        return Ok(Some(Duration::from_secs_f64(seconds.min(1e9))));
    }
    let family = items.iter().find_map(|item| item.format).map(|format| format.family);
    Ok(Some(Duration::from_secs(
        60 * match (work.operation.as_str(), family) {
            ("merge", _) => 45,
            (_, Some(Family::Video | Family::Audio)) => 30,
            (_, Some(Family::Archive) | None) => 15,
            (_, Some(Family::Document)) => 10,
            _ => 2,
        },
    )))
}

/// Lists what a path hands over: a file, or a folder with everything in it. Links inside a folder stay
/// links.
fn import(path: &Path) -> Result<Vec<Item>> {
    let name = path.file_name().map_or_else(|| "folder".into(), |name| name.to_string_lossy().into_owned());
    let item = Item::from_path(path, name, true)?;
    if !matches!(item.content, Content::Directory) {
        return Ok(vec![item]);
    }
    let mut items = Vec::new();
    walk(path, "", &mut items, 0)?;
    Ok(items)
}

/// Deepest folder that is walked into; deeper ones are refused rather than followed for ever.
const DEEPEST: usize = 256;

fn walk(folder: &Path, prefix: &str, items: &mut Vec<Item>, depth: usize) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(format!("cannot list {}", folder.display()), &error);
    if depth > DEEPEST {
        return Err(Error::invalid(format!("{} is more than {DEEPEST} folders deep", folder.display())));
    }
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<_>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(failed)?;
        if !(kind.is_dir() || kind.is_file() || kind.is_symlink()) {
            continue;
        }
        items.push(Item::from_path(&entry.path(), name.clone(), false)?);
        if kind.is_dir() {
            walk(&entry.path(), &format!("{name}/"), items, depth + 1)?;
        }
    }
    Ok(())
}
