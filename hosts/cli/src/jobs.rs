//! Jobs as the command line reads them: from several files, several in one.

use crate::inputs;
use formwork::job::Job;
use formwork::{Error, Result};
use serde_json::{Deserializer, Value};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Reads all jobs of all files, and checks every one before any is run.
///
/// # Errors
///
/// `invalid_request` that lists all that is wrong with any; `io`.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Job>> {
    let mut found = Vec::new();
    for file in files {
        let text = text_of(file)?;
        for json in Deserializer::from_str(&text).into_iter::<Value>() {
            match json {
                Ok(Value::Array(list)) => found.extend(list),
                Ok(one) => found.push(one),
                Err(error) => {
                    let error = Error::invalid(format!("the job is no JSON: {error}"));
                    return Err(error.with_context("input", file.display().to_string()));
                }
            }
        }
    }
    let mut wrong = Vec::new();
    let mut jobs = Vec::with_capacity(found.len());
    for (place, json) in found.iter().enumerate() {
        match Job::from_json(json) {
            Ok(job) => jobs.push(job),
            Err(error) if found.len() == 1 => return Err(error),
            Err(error) => wrong.push(format!("job {}: {}", place + 1, error.message)),
        }
    }
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong.join("; ")));
    }
    if jobs.is_empty() {
        return Err(Error::invalid("there is no job").with_hint("a job is a JSON object with `tasks`"));
    }
    Ok(jobs)
}

fn text_of(file: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if inputs::is_standard(file) {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|error| {
        Error::io("cannot read the job", &error).with_context("input", file.display().to_string())
    })
}
