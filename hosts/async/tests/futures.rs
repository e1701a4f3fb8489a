//! Jobs as futures: they end, they fail, they are cancelled with whoever waits for them, on any executor.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

use formwork::job::Job;
use formwork::run::{CancelToken, Control, Submission, TaskState};
use formwork::{Engine, ErrorKind};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};

fn engine() -> Engine {
    Engine::builder().build().unwrap()
}

fn job(import: Value) -> Job {
    let out = json!({"operation": "export/bytes", "input": "in"});
    Job::from_json(&json!({"tasks": {"in": import, "out": out}})).unwrap()
}

fn text() -> Value {
    json!({"operation": "import/bytes", "text": "one", "filename": "a.txt"})
}

/// The smallest executor: sleeps until it is woken.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Sleeper(Thread);
    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Sleeper(thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_job_ends_on_any_executor() {
    let queue = engine().queue(2).unwrap();
    for _ in 0..500 {
        let report = block_on(formwork_async::run(&queue, job(text()), Submission::default()));
        assert!(report.error().is_none());
        assert_eq!(report.exported[0].1[0].bytes(100).unwrap(), b"one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_jobs_end_and_their_listeners_hear_of_it() {
    let queue = engine().queue(2).unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let running: Vec<_> = (0..200)
        .map(|_| {
            let heard = heard.clone();
            let listener = move |_: &formwork::run::Event| {
                heard.fetch_add(1, Ordering::Relaxed);
            };
            let submission = Submission { listener: Some(Arc::new(listener)), ..Submission::default() };
            formwork_async::run(&queue, job(text()), submission)
        })
        .collect();
    for one in running {
        assert!(one.await.error().is_none());
    }
    assert!(heard.load(Ordering::Relaxed) >= 200);
}

#[tokio::test]
async fn a_failure_is_in_the_report() {
    let queue = engine().queue(1).unwrap();
    let missing = json!({"operation": "import/path", "path": "/nowhere/at/all"});
    let report = formwork_async::run(&queue, job(missing), Submission::default()).await;
    assert_eq!(report.error().unwrap().kind, ErrorKind::Io);
}

#[test]
fn a_future_that_is_dropped_cancels_its_job_and_one_that_is_detached_does_not() {
    // Without threads nothing runs before it is stepped.
    let queue = engine().queue(0).unwrap();
    let cancel = CancelToken::default();
    let control = Control::new(cancel.clone(), None);
    let dropped = formwork_async::run(&queue, job(text()), Submission { control, ..Submission::default() });
    let handle = dropped.handle().unwrap().clone();
    drop(dropped);
    assert_eq!(handle.status().state, TaskState::Cancelled);
    let detached = formwork_async::run(&queue, job(text()), Submission::default()).detach().unwrap();
    while queue.step() {}
    assert_eq!(detached.status().state, TaskState::Finished);
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn inputs_are_read_as_they_come() {
    let (mut write, read) = tokio::io::duplex(16);
    let writer = tokio::spawn(async move {
        for _ in 0..100 {
            tokio::io::AsyncWriteExt::write_all(&mut write, b"some more ").await.unwrap();
        }
    });
    let item = formwork_async::take_in(&engine(), "a.txt", read).await.unwrap();
    writer.await.unwrap();
    assert_eq!(item.length(), 1_000);
}
