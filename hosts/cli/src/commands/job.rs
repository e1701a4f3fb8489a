//! Runs jobs: one, or a batch of them in one queue.

use crate::args::Job as Arguments;
use crate::receipts::Book;
use crate::{exit, jobs, progress, setup, show};
use formwork::deliver::canonical;
use formwork::job::Job;
use formwork::run::{CancelToken, Control, Event, JobHandle, JobReport, Listener, Submission};
use formwork::{Engine, Journal, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads, checks and runs jobs.
pub(crate) fn run(args: &Arguments) -> Result<u8> {
    let jobs = jobs::read(&args.files)?;
    let labels: Vec<Label> =
        jobs.iter().enumerate().map(|(place, job)| Label::of(job, place, jobs.len())).collect();
    let book = Book::open(args.keep.receipt.as_deref(), args.force)?;
    let engine = engine(args, book.is_kept())?;
    jobs.iter().try_for_each(|job| engine.check(job))?;
    let mut works = jobs.iter().flat_map(|job| &job.tasks).filter_map(|task| task.operation.work());
    works.try_for_each(|work| setup::check_preset(&engine, work))?;
    let journal = args.journal.as_ref().map(|folder| Journal::open(folder, &jobs)).transpose()?;
    let cancel = CancelToken::default();
    setup::stop_on_interrupt(&engine, &cancel);
    let run = Run { engine: &engine, args, labels: &labels, cancel: &cancel, journal: journal.as_ref() };
    let reports = run.watched(jobs, &|label, report| label.tell(report, args.json, &book))?;
    book.close()?;
    // Last: until then the call can be repeated.
    if let Some(journal) = journal {
        journal.end(&reports)?;
    }
    let mut errors = reports.iter().filter_map(JobReport::error);
    Ok(match (errors.next(), reports.len()) {
        (None, _) => exit::OK,
        (Some(error), 1) => exit::code(error),
        _ if cancel.is_cancelled() => exit::INTERRUPTED,
        _ => exit::SOME_FAILED,
    })
}

fn engine(args: &Arguments, hashes: bool) -> Result<Engine> {
    let threads = setup::processors() as u32;
    setup::keeping_engine(
        &args.limit,
        threads,
        args.json || hashes,
        args.isolation,
        &args.keep,
        &args.presets,
    )
}

/// All that jobs are run with.
struct Run<'r> {
    engine: &'r Engine,
    args: &'r Arguments,
    labels: &'r [Label],
    cancel: &'r CancelToken,
    journal: Option<&'r Journal>,
}

impl Run<'_> {
    /// Runs jobs with a bar, or with their events on standard output; tells how each ended in the order they were given.
    fn watched(&self, jobs: Vec<Job>, tell: &dyn Fn(&Label, &JobReport)) -> Result<Vec<JobReport>> {
        let queue = self.engine.queue(setup::processors() as u32)?;
        let jobs = jobs.into_iter().zip(self.labels);
        let handles: Vec<JobHandle> =
            jobs.map(|(job, label)| queue.submit(job, self.submission(label))).collect();
        let seen = || {
            let done = handles.iter().map(JobHandle::progress).sum::<f64>() / handles.len().max(1) as f64;
            (done, handles.iter().filter_map(|handle| handle.status().left).max())
        };
        let work = || {
            let ended = handles.iter().zip(self.labels).map(|(handle, label)| {
                let report = handle.wait(None).unwrap_or_default();
                tell(label, &report);
                report
            });
            ended.collect()
        };
        let shown = self.args.files.first().map_or(Path::new("-"), PathBuf::as_path);
        let reports = progress::with_bar(self.args.json, shown, &seen, work);
        // Lanes may still be telling the last events.
        drop(queue);
        Ok(reports)
    }

    fn submission(&self, label: &Label) -> Submission {
        let control = Control::new(self.cancel.child(), None);
        let control = if let Some(journal) = self.journal { control.journaled(journal) } else { control };
        let listener = self.args.events.then(|| label.listener());
        Submission { control, listener, ..Submission::default() }
    }
}

/// What tells the lines of one job from those of others.
#[derive(Clone)]
struct Label {
    /// Counted from 1; nothing when there is only one job.
    number: Option<usize>,
    tag: Option<String>,
}

impl Label {
    fn of(job: &Job, place: usize, jobs: usize) -> Label {
        Label { number: (jobs > 1).then_some(place + 1), tag: job.tag.clone() }
    }

    /// Prints a line of JSON about the job.
    fn line(&self, mut line: Value) {
        if let Some(number) = self.number {
            line["job"] = number.into();
            line["tag"] = self.tag.clone().into();
        }
        show::line(&canonical(&line));
    }

    fn listener(&self) -> Listener {
        let label = self.clone();
        Arc::new(move |event: &Event| label.line(event.to_json()))
    }

    /// Says how a job and its tasks ended.
    fn tell(&self, report: &JobReport, as_json: bool, book: &Book) {
        report.receipts().for_each(|receipt| book.note(receipt));
        if as_json {
            report.tasks.iter().for_each(|task| self.line(task.to_json()));
            let error = report.error();
            let status = if error.is_some() { "error" } else { "ok" };
            self.line(json!({"status": status, "tag": self.tag, "error": error.map(show::error_json)}));
            return;
        }
        if let Some(number) = self.number {
            let tag = self.tag.as_ref().map(|tag| format!(" ({})", formwork::clean(tag))).unwrap_or_default();
            show::aside(&format!("job {number}{tag}:"));
        }
        let mut told = None;
        for task in &report.tasks {
            task.receipts.iter().for_each(|receipt| show::receipt(receipt, false));
            // Tasks that were done in one pass fail of the same.
            if let Some(error) = task.error.as_ref().filter(|error| told != Some(*error)) {
                show::aside(&format!("task {}:", task.task));
                show::error(error);
                told = Some(error);
            }
        }
    }
}
