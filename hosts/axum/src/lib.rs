//! The small API of `capi/examples` as an [`axum::Router`]: nest it into a server of your own, behind its users and
//! limits.
//!
//! Conversions run on the engine's threads and are awaited, so no thread of the runtime waits for one.

mod answer;

use answer::Problem;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use formwork::job::{Job, Operation};
use formwork::run::{Item, JobHandle, Queue, Submission, Work};
use formwork::{Engine, Error, Result};
use serde_json::{Map, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes a body may have.
const MOST: usize = 1 << 30;

/// What all requests share.
struct Service {
    engine: Engine,
    queue: Queue,
    /// Jobs that were submitted, by their ids. Nobody takes them out: this is an example.
    jobs: Mutex<HashMap<u64, JobHandle>>,
}

type Shared = State<Arc<Service>>;
type Words = Query<BTreeMap<String, String>>;

/// The router, with a queue of `threads` threads.
///
/// # Errors
///
/// `io` when the system starts no more threads.
pub fn router(engine: Engine, threads: u32) -> Result<Router> {
    let service = Arc::new(Service { queue: engine.queue(threads)?, engine, jobs: Mutex::default() });
    Ok(Router::new()
        .route("/convert", post(convert))
        .route("/jobs", post(submit))
        .route("/jobs/{id}", get(status).delete(cancel))
        .route("/jobs/{id}/result", get(result))
        .layer(DefaultBodyLimit::max(MOST))
        .with_state(service))
}

/// The job a request asks for: its words are options, but for `to`, `name` and `operation`.
fn job(mut words: BTreeMap<String, String>, body: &Bytes) -> Result<Job> {
    let to = words.remove("to").filter(|to| !to.is_empty());
    let to = to.ok_or_else(|| Error::invalid("`to` is missing").with_hint("say the format: ?to=webp"))?;
    let name = formwork::deliver::checked_name(&words.remove("name").unwrap_or_else(|| "input".into()))?;
    let options: Map<_, _> =
        words.extract_if(.., |key, _| key != "operation").map(|(key, value)| (key, value.into())).collect();
    let work = Work {
        operation: words.remove("operation").unwrap_or_else(|| "convert".into()),
        output_format: Some(to),
        options,
        ..Work::default()
    };
    let input = Operation::ImportItem(Item::from_bytes(name, body.to_vec()));
    Job::simple(vec![input], work, Operation::ExportBytes)
}

async fn convert(
    State(service): Shared,
    Query(words): Words,
    body: Bytes,
) -> std::result::Result<Response, Problem> {
    // A client that goes away drops this future, and that cancels the job.
    let report = formwork_async::run(&service.queue, job(words, &body)?, Submission::default()).await;
    answer::file(&report)
}

async fn submit(
    State(service): Shared,
    Query(words): Words,
    body: Bytes,
) -> std::result::Result<Response, Problem> {
    let job = job(words, &body)?;
    service.engine.check(&job)?;
    let handle = service.queue.submit(job, Submission::default());
    let id = handle.id();
    service.jobs().insert(id, handle);
    Ok((StatusCode::ACCEPTED, axum::Json(json!({"id": id.to_string()}))).into_response())
}

async fn status(State(service): Shared, Path(id): Path<String>) -> std::result::Result<Response, Problem> {
    Ok(axum::Json(service.job(&id)?.to_json()).into_response())
}

async fn cancel(State(service): Shared, Path(id): Path<String>) -> std::result::Result<Response, Problem> {
    let handle = service.job(&id)?;
    handle.cancel();
    Ok(axum::Json(handle.to_json()).into_response())
}

async fn result(State(service): Shared, Path(id): Path<String>) -> std::result::Result<Response, Problem> {
    let report = service.job(&id)?.wait(Some(Duration::ZERO)).ok_or(Problem::NoResult)?;
    answer::file(&report)
}

impl Service {
    fn jobs(&self) -> std::sync::MutexGuard<'_, HashMap<u64, JobHandle>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn job(&self, id: &str) -> std::result::Result<JobHandle, Problem> {
        let handle = id.parse().ok().and_then(|id: u64| self.jobs().get(&id).cloned());
        handle.ok_or(Problem::NoJob)
    }
}
