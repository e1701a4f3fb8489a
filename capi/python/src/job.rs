//! Jobs that run while the caller does something else.

use crate::error::{or_raise, raised};
use crate::output::Output;
use crate::value::to_python;
use formwork::run::{JobHandle, JobReport, TaskReport};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a wait goes on before it looks whether somebody pressed Ctrl-C.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// A job in an engine. Letting go of it lets it go on: cancel it first if that is not wanted.
#[pyclass(frozen, module = "formwork")]
pub(crate) struct Job {
    handle: JobHandle,
}

impl Job {
    pub(crate) fn new(handle: JobHandle) -> Job {
        Job { handle }
    }

    /// How it ended, or nothing.
    fn ended(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult<Option<JobReport>> {
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let patience = left.map_or(PATIENCE, |left| left.min(PATIENCE));
            let report = py.detach(|| self.handle.wait(Some(patience)));
            if report.is_some() || left.is_some_and(|left| left <= PATIENCE) {
                return Ok(report);
            }
            py.check_signals()?;
        }
    }

    fn report_now(&self, py: Python<'_>) -> PyResult<JobReport> {
        let report = self.ended(py, Some(Duration::ZERO))?;
        report.ok_or_else(|| PyValueError::new_err("the job is not over yet: wait for it"))
    }
}

#[pymethods]
impl Job {
    /// Its number in its engine.
    #[getter]
    fn id(&self) -> u64 {
        self.handle.id()
    }

    /// The part that is done, from 0 to 1.
    #[getter]
    fn progress(&self) -> f64 {
        self.handle.progress()
    }

    /// `waiting`, `processing`, `finished`, `error` or `cancelled`.
    #[getter]
    fn state(&self, py: Python<'_>) -> &'static str {
        py.detach(|| self.handle.status().state.word())
    }

    /// `state`, `progress`, `left_ms` or None, the state of each task, and `error` when it failed or was cancelled.
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let all = py.detach(|| self.handle.to_json());
        to_python(py, &all)
    }

    /// Waits until it is over; False when `timeout` seconds pass first. Raises how it failed.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = timeout.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0))).transpose();
        let timeout = timeout.map_err(|error| PyValueError::new_err(error.to_string()))?;
        match self.ended(py, timeout)? {
            None => Ok(false),
            Some(report) => report.error().map_or(Ok(true), |error| Err(raised(py, error))),
        }
    }

    /// How each task of a job that is over ended, with its receipts.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let tasks: Vec<Value> = self.report_now(py)?.tasks.iter().map(TaskReport::to_json).collect();
        to_python(py, &tasks.into())
    }

    /// What the `export/bytes` tasks of a job that is over hand over.
    fn outputs(&self, py: Python<'_>) -> PyResult<Vec<Output>> {
        let items = self.report_now(py)?.exported.into_iter().flat_map(|(_, items)| items);
        Ok(items.map(|item| Output::new(item, None)).collect())
    }

    /// Cancels it, or one of its tasks and what depends on that.
    #[pyo3(signature = (task = None))]
    fn cancel(&self, py: Python<'_>, task: Option<&str>) -> PyResult<()> {
        match task {
            None => py.detach(|| self.handle.cancel()),
            Some(task) => drop(or_raise(py, py.detach(|| self.handle.cancel_task(task)))?),
        }
        Ok(())
    }

    /// Lets a task that failed or was cancelled run again, with what was cancelled because of it.
    fn retry(&self, py: Python<'_>, task: &str) -> PyResult<()> {
        or_raise(py, py.detach(|| self.handle.retry(task)))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<formwork.Job {}, {}>", self.handle.id(), self.state(py))
    }
}
