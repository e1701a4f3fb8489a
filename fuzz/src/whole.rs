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

/// Sends a file through the engine: what is asked of it, its last bytes say.
pub(crate) fn convert(engine: &Engine, data: &[u8]) {
    let (file, choices) = data.split_at(data.len().saturating_sub(CHOICES));
    let mut dice = Dice::new(choices);
    let capabilities: Vec<&Capability> =
        engine.registry().capabilities().map(|(_, capability)| capability).collect();
    let Some(capability) = capabilities.get(usize::from(dice.short()) % capabilities.len().max(1)) else {
        return;
    };
    let name = match capability.from.get(dice.below(capability.from.len())).and_then(|id| formats::by_id(id))
    {
        // Text is told by its name alone, and a wrong name must do no harm.
        Some(format) if dice.once_in(2) => format!("a.{}", format.extensions.first().unwrap_or(&"")),
        _ => "a".to_owned(),
    };
    let work = Work {
        operation: capability.operation.clone(),
        output_format: capability.to.get(dice.below(capability.to.len())).cloned(),
        options: dice.options(&capability.options).into_iter().collect(),
        ..Work::default()
    };
    let item = Item::from_bytes(name, file.to_vec());
    let planned = engine.plan(item.clone(), &work, 2).map(|plan| plan.routes.len());
    let Ok(job) = Job::simple(vec![Operation::ImportItem(item)], work, Operation::ExportBytes) else {
        return;
    };
    let report = run(engine, job);
    if report.error().is_some() {
        return;
    }
    assert!(planned.is_ok(), "it was done, but could not be planned: {planned:?}");
    let items: Vec<&Item> = report.exported.iter().flat_map(|(_, items)| items).collect();
    assert!(!items.is_empty() && report.receipts().next().is_some(), "it was done, but nothing came of it");
}
