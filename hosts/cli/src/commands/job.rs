//! Runs a job file.

use crate::args::Job as Arguments;
use crate::receipts::Book;
use crate::{exit, inputs, setup, show};
use formwork::deliver::canonical;
use formwork::job::Job;
use formwork::run::Control;
use formwork::{Error, Result};
use serde_json::{Value, json};
use std::io::Read;

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
    let book = Book::open(args.keep.receipt.as_deref(), args.force)?;
    let hashes = args.json || book.is_kept();
    let threads = setup::processors() as u32;
    let engine = setup::keeping_engine(&args.limit, threads, hashes, args.isolation, &args.keep)?;
    let report = engine.run(&job, &Control::default());
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
        let line = json!({"status": status, "tag": job.tag, "error": error.map(show::error_json)});
        show::line(&canonical(&line));
    }
    Ok(error.map_or(exit::OK, exit::code))
}
