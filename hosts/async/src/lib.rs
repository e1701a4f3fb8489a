//! Jobs of the engine as futures. The engine itself knows no runtime: a job's last event wakes whoever waits for it, so
//! these futures run on any executor.
//!
//! ```
//! use formwork::{Engine, job::Job, run::Submission};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> formwork::Result<()> {
//! let engine = Engine::builder().build()?;
//! let queue = engine.queue(2)?;
//! let job = Job::from_json(&serde_json::json!({"tasks": {
//!     "in": {"operation": "import/bytes", "text": "one, two", "filename": "a.csv"},
//!     "out": {"operation": "export/bytes", "input": "in"},
//! }}))?;
//! let report = formwork_async::run(&queue, job, Submission::default()).await;
//! assert!(report.error().is_none());
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "tokio")]
mod intake;

#[cfg(feature = "tokio")]
pub use intake::take_in;

use formwork::job::Job;
use formwork::run::{Event, EventKind, JobHandle, JobReport, Queue, Submission};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A job that runs, as a future of how it ends. Dropping it cancels the job; see [`Running::detach`].
#[derive(Debug)]
pub struct Running {
    handle: Option<JobHandle>,
    waiting: Waiting,
}

/// Whoever waits for the job's end.
type Waiting = Arc<Mutex<Option<Waker>>>;

/// Submits a job to a queue with threads of its own. A listener of the submission hears all events as well.
pub fn run(queue: &Queue, job: Job, mut submission: Submission) -> Running {
    let waiting = Waiting::default();
    let (told, listener) = (waiting.clone(), submission.listener.take());
    submission.listener = Some(Arc::new(move |event: &Event| {
        if let Some(listener) = &listener {
            listener(event);
        }
        if event.task.is_none() && is_last(&event.kind) {
            wake(&told);
        }
    }));
    Running { handle: Some(queue.submit(job, submission)), waiting }
}

fn is_last(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Finished | EventKind::Failed(_) | EventKind::Cancelled)
}

fn wake(waiting: &Waiting) {
    let waker = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Running {
    /// The job: its progress, its status, and how to cancel or retry a task. Nothing once the future has ended.
    pub fn handle(&self) -> Option<&JobHandle> {
        self.handle.as_ref()
    }

    /// Lets the job go on without anybody waiting for it.
    pub fn detach(mut self) -> Option<JobHandle> {
        self.handle.take()
    }
}

impl Future for Running {
    type Output = JobReport;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<JobReport> {
        // First the waker, then the look: an end between the two wakes in vain, which is better than never.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        let report = match &self.handle {
            Some(handle) => handle.wait(Some(Duration::ZERO)),
            None => Some(JobReport::default()),
        };
        match report {
            Some(report) => {
                self.handle = None;
                Poll::Ready(report)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.cancel();
        }
    }
}
