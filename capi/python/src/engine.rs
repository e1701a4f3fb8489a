//! The engine as an object.

use crate::error::{or_raise, raised};
use crate::job::{Job, PATIENCE};
use crate::output::Output;
use crate::value::{from_python, item, mapping, to_python};
use formwork::deliver::Placement;
use formwork::job::{Job as Tasks, Operation};
use formwork::load::Scanner;
use formwork::matrix::format_json;
use formwork::plan::{self, Request, Wishes};
use formwork::run::{CancelToken, Control, Event, JobReport, Listener, Queue, Submission, Ticket, Work};
use formwork::{Error, Isolation, Limits};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Plugins, limits and threads. Open it after a fork, in each process.
#[pyclass(frozen, module = "formwork")]
pub(crate) struct Engine {
    /// Nothing once it is closed. Calls that run keep it until they have stopped.
    inner: Mutex<Option<Arc<Inner>>>,
    /// The process it was opened in: its threads and workers are not there in a child.
    process: u32,
}

struct Inner {
    engine: formwork::Engine,
    queue: Queue,
    /// Stops all conversions.
    cancel: CancelToken,
}

impl Engine {
    fn inner(&self) -> PyResult<Arc<Inner>> {
        if self.process != std::process::id() {
            let why = "the engine was opened before a fork: open one in each process";
            return Err(PyRuntimeError::new_err(why));
        }
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        inner.ok_or_else(|| PyRuntimeError::new_err("the engine is closed"))
    }

    fn take(&self) -> Option<Arc<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        Python::attach(|py| self.close(py));
    }
}

/// Where the wheel puts what the engine needs.
fn beside_package(py: Python<'_>, place: &str) -> PyResult<PathBuf> {
    let file: PathBuf = py.import("formwork")?.getattr("__file__")?.extract()?;
    Ok(file.parent().unwrap_or(Path::new("")).join(place))
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, plugin_folders = None, worker = None, registry_cache = None, temporary_folder = None,
        limits = None, isolation = None, threads = None, hashes = false))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        plugin_folders: Option<Vec<PathBuf>>,
        worker: Option<PathBuf>,
        registry_cache: Option<PathBuf>,
        temporary_folder: Option<PathBuf>,
        limits: Option<&Bound<'_, PyAny>>,
        isolation: Option<u8>,
        threads: Option<u32>,
        hashes: bool,
    ) -> PyResult<Engine> {
        let worker = worker.map_or_else(|| beside_package(py, "_libexec/formwork-worker"), Ok)?;
        let folders =
            plugin_folders.map_or_else(|| Ok(vec![beside_package(py, "_plugins")?]), PyResult::Ok)?;
        let level = isolation.unwrap_or(if cfg!(target_os = "linux") { 2 } else { 1 });
        if level > 3 {
            return Err(PyValueError::new_err("`isolation` is 0 to 3"));
        }
        let mut isolation = Isolation::new(level, &worker);
        let mut most = Limits::default();
        for (name, value) in mapping(limits, "limits")? {
            let value = value.as_u64().ok_or_else(|| PyValueError::new_err("limits are whole numbers"))?;
            or_raise(py, formwork::worker::set_limit(&mut most, &mut isolation, &name, value))?;
        }
        let all = || std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        let threads = threads.unwrap_or_else(all);
        let mut builder = formwork::Engine::builder().limits(most).threads(threads).hashes(hashes);
        for folder in folders {
            builder = builder.plugin_folder(folder);
        }
        if worker.is_file() {
            builder = builder.scanner(Scanner::with_worker(&worker));
        }
        if level > 0 {
            builder = builder.isolation(isolation);
        }
        if let Some(folder) = registry_cache {
            builder = builder.cache_folder(folder);
        }
        if let Some(folder) = temporary_folder {
            builder = builder.temporary_folder(folder);
        }
        let opened = py.detach(|| {
            let engine = builder.build()?;
            Ok(Inner { queue: engine.queue(threads.max(1))?, engine, cancel: CancelToken::default() })
        });
        let inner = Mutex::new(Some(Arc::new(or_raise(py, opened)?)));
        Ok(Engine { inner, process: std::process::id() })
    }

    /// Converts a file, or bytes. With a `target` it goes there and the receipt is returned, without one the result.
    #[pyo3(signature = (source, target = None, *, to = None, name = None, operation = "convert", overwrite = false,
        options = None, wishes = None, progress = None, **more))]
    #[expect(clippy::too_many_arguments, reason = "most are keywords")]
    fn convert<'py>(
        &self,
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        target: Option<PathBuf>,
        to: Option<String>,
        name: Option<&str>,
        operation: &str,
        overwrite: bool,
        options: Option<&Bound<'py, PyAny>>,
        wishes: Option<&Bound<'py, PyAny>>,
        progress: Option<Py<PyAny>>,
        more: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let inner = self.inner()?;
        let mut given = mapping(options, "options")?;
        given.extend(mapping(more.map(Bound::as_any), "options")?);
        let work = Work {
            operation: operation.to_owned(),
            output_format: match (to, &target) {
                (None, Some(path)) if operation == "convert" => Some(or_raise(py, named(&inner, path))?),
                (to, _) => to,
            },
            options: given,
            wishes: or_raise(py, Wishes::from_json(&mapping(wishes, "wishes")?))?,
            ..Work::default()
        };
        if work.output_format.is_none() && operation == "convert" {
            return Err(PyValueError::new_err("nothing says which format is wanted: set `to`"));
        }
        let wants_result = target.is_none();
        let export = match target {
            Some(path) => Operation::ExportPath(Placement { path, overwrite, durable: true }),
            None => Operation::ExportBytes,
        };
        let job = Tasks::simple(vec![Operation::ImportItem(item(source, name)?)], work, export);
        let mut report = run(py, &inner, &or_raise(py, job)?, progress)?;
        if let Some(error) = report.error() {
            return Err(raised(py, error));
        }
        let receipt = report.receipts().next().cloned();
        if !wants_result {
            let receipt = receipt.map_or(Value::Null, |receipt| receipt.to_json());
            return to_python(py, &receipt);
        }
        let mut items = report.exported.pop().map(|(_, items)| items).unwrap_or_default();
        match (items.pop(), items.len()) {
            (Some(item), 0) => Ok(Bound::new(py, Output::new(item, receipt))?.into_any()),
            (_, left) => {
                let why = format!("the result is {} files, not one", left + 1);
                let hint = "name a folder as the target, or an archive such as zip as the format";
                Err(raised(py, &Error::invalid(why).with_hint(hint)))
            }
        }
    }

    /// Takes a job in, as docs/jobs.md tells. `inputs` are what its `import/bytes` tasks without a `text` bring in.
    #[pyo3(signature = (job, *, inputs = None, priority = 0, tenant = "", weight = 1, timeout = None,
        listener = None))]
    #[expect(clippy::too_many_arguments, reason = "most are keywords")]
    fn submit(
        &self,
        py: Python<'_>,
        job: &Bound<'_, PyAny>,
        inputs: Option<HashMap<String, Bound<'_, PyAny>>>,
        priority: i32,
        tenant: &str,
        weight: u32,
        timeout: Option<f64>,
        listener: Option<Py<PyAny>>,
    ) -> PyResult<Job> {
        let inner = self.inner()?;
        let held =
            inputs.unwrap_or_default().into_iter().map(|(task, input)| Ok((task, item(&input, None)?)));
        let tasks = Tasks::from_json_with(&from_python(job)?, held.collect::<PyResult<_>>()?);
        let tasks = or_raise(py, tasks)?;
        or_raise(py, inner.engine.check(&tasks))?;
        let timeout = timeout.map(Duration::try_from_secs_f64).transpose();
        let timeout = timeout.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let submission = Submission {
            ticket: Ticket { priority, tenant: tenant.to_owned(), weight: weight.max(1) },
            control: Control::new(inner.cancel.child(), timeout),
            listener: listener.map(hearer),
        };
        Ok(Job::new(py.detach(|| inner.queue.submit(tasks, submission))))
    }

    /// What an input is: its format, and what its header tells.
    #[pyo3(signature = (source, *, name = None))]
    fn probe<'py>(
        &self,
        py: Python<'py>,
        source: &Bound<'py, PyAny>,
        name: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (inner, item) = (self.inner()?, item(source, name)?);
        let probe = py.detach(|| inner.engine.probe(item, &Control::new(inner.cancel.child(), None)));
        to_python(py, &or_raise(py, probe)?.to_json())
    }

    /// All formats, with whether each can be read and written.
    fn formats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let rows: Vec<Value> = self.inner()?.engine.matrix().formats().into_iter().map(format_json).collect();
        to_python(py, &rows.into())
    }

    /// The ids of all formats that a format can be converted to on this machine.
    #[pyo3(signature = (source, /))]
    fn targets(&self, py: Python<'_>, source: &str) -> PyResult<Vec<String>> {
        let inner = self.inner()?;
        let from = or_raise(py, inner.engine.registry().require_format(source))?;
        let ids = inner.engine.matrix().targets(from.id, plan::MAX_HOPS, true);
        Ok(ids.into_iter().map(|id| id.to_string()).collect())
    }

    /// The options an operation has between two formats, with ranges and defaults.
    #[pyo3(signature = (source, target, *, operation = "convert"))]
    fn options<'py>(
        &self,
        py: Python<'py>,
        source: &str,
        target: &str,
        operation: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let inner = self.inner()?;
        let registry = inner.engine.registry();
        let asked = Request {
            operation: operation.to_owned(),
            from: or_raise(py, registry.require_format(source))?,
            to: Some(or_raise(py, registry.require_format(target))?),
            options: Map::new(),
            bytes: 0,
            features: None,
            accompanied: false,
            wishes: Wishes::default(),
        };
        let list = or_raise(py, plan::options(registry, &asked))?;
        to_python(py, &serde_json::to_value(list).unwrap_or_default())
    }

    /// Cancels what runs and waits until it has stopped. Jobs and outputs live on. Closing twice is fine; in a child
    /// of a fork nothing happens, the engine is the parent's.
    fn close(&self, py: Python<'_>) {
        let Some(inner) = self.take() else { return };
        if self.process != std::process::id() {
            return std::mem::forget(inner);
        }
        inner.cancel.cancel();
        py.detach(|| drop(inner));
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _class: &Bound<'_, PyAny>,
        _error: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) {
        self.close(py);
    }
}

/// The format a path asks for.
fn named(inner: &Inner, path: &Path) -> formwork::Result<String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    inner.engine.format_of_name(&name).map(str::to_owned)
}

/// Runs a job on a thread of its own, so that the caller's can hear Ctrl-C meanwhile.
fn run(py: Python<'_>, inner: &Inner, job: &Tasks, progress: Option<Py<PyAny>>) -> PyResult<JobReport> {
    let cancel = inner.cancel.child();
    let mut control = Control::new(cancel.clone(), None);
    let raised = Arc::new(Mutex::new(None));
    if let Some(progress) = progress {
        let (meter, cancel, raised) = (control.part(None, (0.0, 1.0)), cancel.clone(), raised.clone());
        control = control.watched(move || {
            let goes_on = Python::attach(|py| match progress.call1(py, (meter.progress(),)) {
                Ok(answer) => !answer.bind(py).is(pyo3::types::PyBool::new(py, false)),
                Err(error) => {
                    *raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    false
                }
            });
            if !goes_on {
                cancel.cancel();
            }
        });
    }
    let control = &control;
    let report = py.detach(|| {
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            scope.spawn(move || sender.send(inner.engine.run(job, control)));
            loop {
                match receiver.recv_timeout(PATIENCE) {
                    Ok(report) => return Ok(report),
                    Err(RecvTimeoutError::Timeout) => {
                        if let Err(interrupt) = Python::attach(|py| py.check_signals()) {
                            cancel.cancel();
                            return Err(interrupt);
                        }
                    }
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(PyRuntimeError::new_err("the engine panicked: report this"));
                    }
                }
            }
        })
    })?;
    match raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(report),
    }
}

/// A Python function that hears a job's events.
fn hearer(listener: Py<PyAny>) -> Listener {
    Arc::new(move |event: &Event| {
        Python::attach(|py| {
            let told = to_python(py, &event.to_json()).and_then(|event| listener.call1(py, (event,)));
            if let Err(error) = told {
                error.write_unraisable(py, None);
            }
        });
    })
}
