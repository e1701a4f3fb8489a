//! The engine as a host has it, with one plugin or none in this process and without threads: bytes are detected, a route
//! is planned and run step by step, and what comes of it is handed over.

use crate::dice::Dice;
use crate::judge;
use formwork::job::{Job, Operation};
use formwork::run::{Item, JobReport, Submission, Work};
use formwork::{Engine, ErrorKind, HostFiles, Limits};
use formwork_sdk::Capability;
use formwork_sdk::formats;
use formwork_sdk::testing::Entry;
use std::fs::File;
use std::io;
use std::path::Path;

/// Bytes at the end of an input that choose what is asked; a file's own mark is at its start.
pub(crate) const CHOICES: usize = 24;

/// Nothing on disk is opened, whatever a job names.
#[derive(Debug)]
struct NoFiles;

impl HostFiles for NoFiles {
    fn open_input(&self, _: &Path) -> Option<io::Result<File>> {
        Some(Err(io::ErrorKind::NotFound.into()))
    }

    fn open_temporary(&self) -> Option<io::Result<File>> {
        Some(Err(io::ErrorKind::StorageFull.into()))
    }
}

/// An engine with small limits that opens no files.
pub(crate) fn engine(plugin: Option<Entry>) -> Engine {
    let mut limits = Limits::default();
    judge::limits(&mut limits);
    let builder = Engine::builder().limits(limits).threads(1).files(NoFiles);
    match plugin.into_iter().fold(builder, formwork::Builder::linked_plugin).build() {
        Ok(engine) => engine,
        Err(error) => judge::object(&format!("no engine: {error}")),
    }
}

/// Runs a job on this thread alone, to its end.
pub(crate) fn run(engine: &Engine, job: Job) -> JobReport {
    let queue = match engine.queue(0) {
        Ok(queue) => queue,
        Err(error) => judge::object(&format!("no queue: {error}")),
    };
    let handle = queue.submit(job, Submission::default());
    while queue.step() {}
    let status = handle.status();
    assert!(status.state.is_over(), "nothing is left to do, but the job is {}", status.state.word());
    let report = handle.wait(None).unwrap_or_default();
    assert!(report.tasks.iter().all(|task| task.state.is_over()), "a task is not over");
    for error in report.tasks.iter().filter_map(|task| task.error.as_ref()) {
        if matches!(error.kind, ErrorKind::PluginFault | ErrorKind::Internal) {
            judge::object(&format!("{error:?}"));
        }
    }
    report
}

/// Sends a file through the engine, and says whether something came of it. What is asked of it, its last bytes say.
pub(crate) fn convert(engine: &Engine, data: &[u8]) -> bool {
    let (file, choices) = data.split_at(data.len().saturating_sub(CHOICES));
    let mut dice = Dice::new(choices);
    let Some(capability) = choose(engine, file, &mut dice) else { return false };
    let from = capability.from.get(dice.below(capability.from.len())).and_then(|id| formats::by_id(id));
    let name = match from.and_then(|format| format.extensions.first()) {
        // Text is told by its name alone, and a wrong name must do no harm.
        Some(extension) if dice.once_in(2) => format!("a.{extension}"),
        _ => "a".to_owned(),
    };
    let options = if dice.once_in(2) { dice.options(&capability.options) } else { Vec::new() };
    let work = Work {
        operation: capability.operation.clone(),
        output_format: capability.to.get(dice.below(capability.to.len())).cloned(),
        options: options.into_iter().collect(),
        ..Work::default()
    };
    let item = Item::from_bytes(name, file.to_vec());
    let planned = engine.plan(item.clone(), &work, 2).map(|plan| plan.routes.len());
    let Ok(job) = Job::simple(vec![Operation::ImportItem(item)], work, Operation::ExportBytes) else {
        return false;
    };
    let report = run(engine, job);
    if report.error().is_some() {
        return false;
    }
    assert!(planned.is_ok(), "it was done, but could not be planned: {planned:?}");
    assert!(report.receipts().next().is_some(), "it was done, but there is no receipt");
    true
}

/// What is asked: mostly something that reads what the file is.
fn choose<'e>(engine: &'e Engine, file: &[u8], dice: &mut Dice<'_>) -> Option<&'e Capability> {
    let all: Vec<&Capability> = engine.registry().capabilities().map(|(_, capability)| capability).collect();
    let found = formwork::detect::detect(&file, None).ok().flatten();
    let reads = |capability: &&&Capability| {
        found.as_ref().is_some_and(|found| capability.from.iter().any(|id| id == found.format.id))
    };
    let fitting: Vec<&Capability> = all.iter().filter(reads).copied().collect();
    let any = dice.once_in(8) || fitting.is_empty();
    let chosen = if any { &all } else { &fitting };
    chosen.get(usize::from(dice.short()) % chosen.len().max(1)).copied()
}
