//! What is wrong with a job on this machine, as far as that can be told without its inputs.

use super::{Job, Task};
use crate::matrix::Matrix;
use crate::plan::{ENGINE_OPTIONS, GOALS};
use crate::registry::Registry;
use crate::run::Work;
use crate::text::similar;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

impl Job {
    /// See [`Engine::check`](crate::Engine::check).
    pub(crate) fn check(&self, matrix: &Matrix<'_>, registry: &Registry) -> Result<()> {
        let wrong: Vec<(&Task, Error)> = self
            .tasks
            .iter()
            .filter_map(|task| Some((task, problems(task.operation.work()?, matrix, registry))))
            .flat_map(|(task, problems)| problems.into_iter().map(move |problem| (task, problem)))
            .collect();
        match wrong.as_slice() {
            [] => Ok(()),
            [(task, only)] => Err(only.clone().with_context("task", &task.name)),
            many => {
                let told = many.iter().map(|(task, error)| {
                    let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    format!("task `{}`: {}{hint}", task.name, error.message)
                });
                let kind = if many.iter().all(|(_, error)| error.kind == ErrorKind::UnsupportedFormat) {
                    ErrorKind::UnsupportedFormat
                } else {
                    ErrorKind::InvalidRequest
                };
                Err(Error::new(kind, told.collect::<Vec<_>>().join("; ")))
            }
        }
    }
}

fn problems(work: &Work, matrix: &Matrix<'_>, registry: &Registry) -> Vec<Error> {
    let operations = matrix.operations();
    if !operations.contains(work.operation.as_str()) {
        let error = Error::invalid(format!("the operation `{}` is not known here", work.operation));
        return vec![hinted(error, similar(&work.operation, operations.iter().copied()), operations)];
    }
    let mut wrong = Vec::new();
    if let Some(format) = &work.output_format {
        wrong.extend(registry.require_format(format).err());
    }
    // The route may pass other steps on its way, and steps that finish it, whose options are asked for as well.
    let known: BTreeSet<&str> = matrix
        .cells()
        .flat_map(|cell| cell.capability.options.iter().map(|option| option.name.as_str()))
        .chain(ENGINE_OPTIONS.iter().copied())
        .chain(GOALS)
        .collect();
    for name in work.options.keys().filter(|name| !known.contains(name.as_str())) {
        let error = Error::invalid(format!("`{}` has no option `{name}`", work.operation));
        wrong.push(hinted(error, similar(name, known.iter().copied()), BTreeSet::new()));
    }
    wrong
}

/// Says what may be meant, or what there is.
fn hinted(error: Error, similar: Vec<&str>, all: BTreeSet<&str>) -> Error {
    match (similar.is_empty(), all.is_empty()) {
        (false, _) => error.with_hint(format!("did you mean {}?", similar.join(", "))),
        (true, false) => error.with_hint(all.into_iter().collect::<Vec<_>>().join(", ")),
        (true, true) => error,
    }
}
