//! Runs a job file.

use crate::args::Job as Arguments;
use crate::receipts::Book;
use crate::{exit, inputs, progress, setup, show};
use formwork::deliver::canonical;
use formwork::job::Job;
use formwork::run::{CancelToken, Control, Event, EventKind, JobReport, Submission};
use formwork::{Error, Result};
use serde_json::{Value, json};
use std::io::Read;
use std::sync::Arc;

/// Reads, checks and runs a job.
pub(crate) fn run(args: &Arguments) -> Result<u8> {
    let mut text = String::new();
    let failed = |error: std::io::Error| {
        Error::io("cannot read the job", &error).with_context("input", args.file.display().to_string())
    };
    if inputs::is_standard(&args.file) {
        std::io::stdin().lock().read_to_string(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read_to_string(&args.file).map_err(failed)?;
    }
    let json: Value = serde_json::from_str(&text)
        .map_err(|error| Error::invalid(format!("the job is no JSON: {error}")))?;
    let job = Job::from_json(&json)?;
    let tag = job.tag.clone();
    let book = Book::open(args.keep.receipt.as_deref(), args.force)?;
    let report = run_watched(args, job, args.json || book.is_kept())?;
    let mut told = None;
    for task in &report.tasks {
        task.receipts.iter().for_each(|receipt| book.note(receipt));
        if args.json {
            let mut line = json!({"task": task.task, "state": task.state.word()});
            if let Some(error) = &task.error {
                line["error"] = show::error_json(error);
            }
            if !task.receipts.is_empty() {
                line["receipts"] = task.receipts.iter().map(formwork::deliver::Receipt::to_json).collect();
            }
            if !task.paths.is_empty() {
                line["paths"] = task.paths.iter().map(|path| path.to_string_lossy()).collect();
            }
            show::line(&canonical(&line));
        } else {
            task.receipts.iter().for_each(|receipt| show::receipt(receipt, false));
            // Tasks that were done in one pass fail of the same.
            if let Some(error) = task.error.as_ref().filter(|error| told != Some(*error)) {
                show::aside(&format!("task {}:", task.task));
                show::error(error);
                told = Some(error);
            }
        }
    }
    book.close()?;
    let error = report.error();
    if args.json {
        let status = if error.is_some() { "error" } else { "ok" };
        let line = json!({"status": status, "tag": tag, "error": error.map(show::error_json)});
        show::line(&canonical(&line));
    }
    Ok(error.map_or(exit::OK, exit::code))
}

/// Runs a job with a bar, or with its events on standard output.
fn run_watched(args: &Arguments, job: Job, hashes: bool) -> Result<JobReport> {
    let lanes = setup::processors() as u32;
    let engine = setup::keeping_engine(&args.limit, lanes, hashes, args.isolation, &args.keep)?;
    let cancel = CancelToken::default();
    setup::stop_on_interrupt(&engine, &cancel);
    let submission = Submission {
        control: Control::new(cancel, None),
        listener: args
            .events
            .then(|| Arc::new(|event: &Event| show::line(&canonical(&event_json(event)))) as _),
        ..Submission::default()
    };
    let queue = engine.queue(lanes)?;
    let handle = queue.submit(job, submission);
    let wait = || handle.wait(None).unwrap_or_default();
    let report = progress::with_bar(args.json, &args.file, &|| handle.progress(), wait);
    // Lanes may still be telling the last events.
    drop(queue);
    Ok(report)
}

fn event_json(event: &Event) -> Value {
    let mut line = json!({"event": event.kind.word()});
    if let Some(task) = &event.task {
        line["task"] = task.as_str().into();
    }
    match &event.kind {
        EventKind::Progress { percent, left, message } => {
            line["percent"] = ((percent * 100.0).round() / 100.0).into();
            line["left_ms"] = left.map(|left| left.as_millis() as u64).into();
            line["message"] = message.as_str().into();
        }
        EventKind::Failed(error) => line["error"] = show::error_json(error),
        EventKind::Queued | EventKind::Started | EventKind::Finished | EventKind::Cancelled => {}
    }
    line
}
