//! Jobs beside each other: events, cancelled and repeated tasks, priorities and shares.

use super::graphs::{states, tasks};
use super::toy::{FLAKY, FOREVER};
use super::{engine, exported};
use formwork::ErrorKind;
use formwork::job::Job;
use formwork::run::{Event, EventKind, JobHandle, Queue, Submission, TaskState, Ticket};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SOON: Option<Duration> = Some(Duration::from_secs(20));

fn job(graph: &str, change: impl FnOnce(&mut Value)) -> Job {
    let mut tasks = tasks(graph);
    change(&mut tasks);
    Job::from_json(&json!({"tasks": tasks})).unwrap()
}

fn forever(tasks: &mut Value, name: &str) {
    tasks[name]["options"] = json!({"x": FOREVER});
}

fn wait_for(handle: &JobHandle, name: &str, state: TaskState) {
    let start = Instant::now();
    let is = || handle.status().tasks.iter().any(|task| *task == (name.to_owned(), state));
    while !is() {
        assert!(start.elapsed() < SOON.unwrap(), "{name} is not {state:?}: {:?}", handle.status());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_cancelled_task_takes_along_what_needs_it() {
    for lanes in [1, 2, 8] {
        let queue = engine().queue(lanes).unwrap();
        let graph = "in; a = crop in; b = crop a; c = crop b; d = crop in; one = export c; two = export d";
        let handle = queue.submit(
            job(graph, |tasks| {
                forever(tasks, "b");
                tasks["d"]["options"] = json!({"x": 5});
            }),
            Submission::default(),
        );
        wait_for(&handle, "b", TaskState::Processing);
        assert!(handle.cancel_task("b").unwrap());
        let report = handle.wait(SOON).unwrap();
        assert_eq!(states(&report), "a+ b- c- d+ in+ one- two+", "{lanes} lanes");
        assert_eq!(report.error().unwrap().kind, ErrorKind::Cancelled);
        assert!(!handle.cancel_task("a").unwrap(), "it has ended");
        assert!(handle.cancel_task("z").unwrap_err().hint.unwrap().contains("one"));
    }
}

#[test]
fn a_waiting_task_is_cancelled_without_running() {
    let queue = engine().queue(0).unwrap();
    let handle = queue.submit(job("in; a = crop in; out = export a", |_| ()), Submission::default());
    assert!(handle.cancel_task("a").unwrap());
    assert!(handle.wait(SOON).is_some_and(|report| states(&report) == "a- in+ out-"));
    assert_eq!(handle.status().state, TaskState::Cancelled);
}

#[test]
fn a_failed_task_can_be_tried_again() {
    for lanes in [0, 1, 2, 8] {
        let queue = engine().queue(lanes).unwrap();
        let flaky = |tasks: &mut Value| tasks["b"]["options"] = json!({"y": FLAKY + i64::from(lanes)});
        let handle = queue.submit(
            job("in; a = crop in; b = crop a; c = crop b; d = crop in; out = export c d", |tasks| {
                flaky(tasks);
                tasks["d"]["options"] = json!({"x": 7});
            }),
            Submission::default(),
        );
        let report = handle.wait(SOON).unwrap();
        assert_eq!(states(&report), "a+ b! c- d+ in+ out-");
        assert_eq!(handle.status().state, TaskState::Error);
        assert!(handle.retry("c").unwrap_err().hint.unwrap().contains("`b`"));
        assert!(handle.retry("a").unwrap_err().message.contains("has not failed"));
        handle.retry("b").unwrap();
        let report = handle.wait(SOON).unwrap();
        assert_eq!(states(&report), "a+ b+ c+ d+ in+ out+", "{lanes} lanes");
        assert_eq!(exported(&report).len(), 2);
        assert!(handle.progress() >= 1.0);
    }
}

#[test]
fn events_tell_what_happens_in_order() {
    let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
    let listener = {
        let heard = heard.clone();
        Arc::new(move |event: &Event| heard.lock().unwrap().push(event.clone()))
    };
    let queue = engine().queue(2).unwrap();
    let submission = Submission { listener: Some(listener), ..Submission::default() };
    let handle = queue
        .submit(job("in; a = crop! in; b = crop a; c = watermark in; out = export c", |_| ()), submission);
    handle.wait(SOON).unwrap();
    // What is heard may come a moment after the end.
    let start = Instant::now();
    let last = || handle.events(0).last().cloned();
    while heard.lock().unwrap().last() != last().as_ref() && start.elapsed() < SOON.unwrap() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard, handle.events(0), "polling tells the same");
    assert!(heard.windows(2).all(|pair| pair[0].number < pair[1].number));
    let of = |task: Option<&str>| {
        let events = heard.iter().filter(|event| event.task.as_deref() == task);
        events.map(|event| event.kind.word()).collect::<Vec<_>>()
    };
    assert_eq!(of(None), ["queued", "started", "failed"]);
    assert_eq!(of(Some("a")), ["started", "failed"]);
    assert_eq!(of(Some("b")), ["cancelled"]);
    assert_eq!(of(Some("c")), ["started", "finished"]);
    assert_eq!(handle.events(heard.last().unwrap().number).len(), 1, "from a number on");
}

#[test]
fn progress_is_heard() {
    let queue = engine().queue(1).unwrap();
    let handle = queue.submit(job("in; a = crop in", |tasks| forever(tasks, "a")), Submission::default());
    let start = Instant::now();
    let is_progress = |event: &Event| matches!(event.kind, EventKind::Progress { .. });
    while !handle.events(0).iter().any(is_progress) {
        assert!(start.elapsed() < SOON.unwrap(), "{:?}", handle.events(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    handle.cancel();
    assert_eq!(states(&handle.wait(SOON).unwrap()), "a- in+");
    assert_eq!(handle.events(0).last().unwrap().kind, EventKind::Cancelled);
}

/// A listener may act on the job it hears of.
#[test]
fn a_listener_may_cancel() {
    let handle: Arc<Mutex<Option<JobHandle>>> = Arc::default();
    let listener = {
        let handle = handle.clone();
        Arc::new(move |event: &Event| {
            if event.task.as_deref() == Some("a") && event.kind == EventKind::Started {
                let handle = handle.lock().unwrap();
                handle.as_ref().unwrap().cancel();
            }
        })
    };
    let queue = engine().queue(0).unwrap();
    let submission = Submission { listener: Some(listener), ..Submission::default() };
    let submitted = queue.submit(job("in; a = crop in; out = export a", |_| ()), submission);
    *handle.lock().unwrap() = Some(submitted.clone());
    while queue.step() {}
    assert_eq!(states(&submitted.wait(SOON).unwrap()), "a- in+ out-");
    // The listener holds the handle, and the job the listener.
    handle.lock().unwrap().take();
}

fn with_ticket(queue: &Queue, name: &str, order: &Arc<Mutex<Vec<String>>>, ticket: Ticket) -> JobHandle {
    let (name, order) = (name.to_owned(), order.clone());
    let listener = Arc::new(move |event: &Event| {
        if event.task.is_some() && event.kind == EventKind::Finished {
            order.lock().unwrap().push(name.clone());
        }
    });
    let submission = Submission { ticket, listener: Some(listener), ..Submission::default() };
    queue.submit(job("in; out = export in", |_| ()), submission)
}

#[test]
fn priorities_come_before_shares_and_shares_before_order() {
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let queue = engine().queue(0).unwrap();
    let ticket = |tenant: &str, weight, priority| Ticket { tenant: tenant.into(), weight, priority };
    let mut handles = Vec::new();
    for _ in 0..4 {
        handles.push(with_ticket(&queue, "small", &order, ticket("small", 1, 0)));
    }
    for _ in 0..8 {
        handles.push(with_ticket(&queue, "big", &order, ticket("big", 3, 0)));
    }
    handles.push(with_ticket(&queue, "urgent", &order, ticket("small", 1, 5)));
    while queue.step() {}
    let order = order.lock().unwrap().clone();
    assert_eq!(order[..2], ["urgent", "urgent"]);
    // A job here takes no time, so shares are as they were guessed when a chain began: for a moment each.
    assert!(handles.iter().all(|handle| handle.status().state == TaskState::Finished));
    assert_eq!(order.len(), 26);
}

#[test]
fn dropping_a_queue_ends_what_runs() {
    let queue = engine().queue(2).unwrap();
    let handle = queue.submit(job("in; a = crop in", |tasks| forever(tasks, "a")), Submission::default());
    wait_for(&handle, "a", TaskState::Processing);
    let start = Instant::now();
    drop(queue);
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(handle.status().state, TaskState::Cancelled);
}
