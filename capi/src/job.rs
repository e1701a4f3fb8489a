//! Jobs that run while the caller does something else.

use crate::convert::milliseconds;
use crate::engine::{Engine, alive};
use crate::error::Error;
use crate::events::{Bell, log};
use crate::guard::{
    Outcome, guard, guard_value, hand_over, hand_over_text, held, json, optional_text, place,
    published_up_to, read_optional, read_struct, text,
};
use crate::options::Log;
use crate::output::{Output, nth};
use crate::source::Source;
use crate::status::Status;
use formwork::run::{Control, Event, EventKind, Item, JobHandle, JobReport, Submission, TaskState, Ticket};
use std::collections::HashMap;
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A job in an engine. May be used from any thread, from many at once.
pub struct Job {
    handle: JobHandle,
    /// How it ended, once somebody has waited for that.
    report: Mutex<Option<Arc<JobReport>>>,
}

/// How a job is submitted. Begin with `FORMWORK_JOB_OPTIONS_INIT`; what is NULL or 0 then is the default.
#[repr(C)]
pub struct JobOptions {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// What the job's tasks `import/bytes` take that have no `text`.
    pub held: *const HeldInput,
    /// How many these are.
    pub held_count: usize,
    /// Higher goes first. Default 0.
    pub priority: i32,
    /// The tenant's weight: at the same priority, tenants get time by it. Default 1.
    pub weight: u32,
    /// For whom it is done. Default: nobody in particular.
    pub tenant: *const c_char,
    /// Milliseconds after which the job is given up; 0 never. Tasks have timeouts of their own besides.
    pub timeout_ms: u64,
    /// Hears every event of the job, one at a time, on the thread that made it, until the job has ended and its last event
    /// is told. May call functions of the job, but must not wait for it. Default: nobody does.
    pub listener: ListenerCallback,
    /// Handed to `listener`.
    pub user: *mut c_void,
}

/// An input the host holds.
#[repr(C)]
pub struct HeldInput {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// The name of the task that brings it in.
    pub task: *const c_char,
    /// Where it comes from.
    pub source: *const Source,
}

/// Something that happened to a job. All of it is gone when the listener returns.
#[repr(C)]
pub struct JobEvent {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// The job's number, see `formwork_job_id`.
    pub job: u64,
    /// Grows with every event of a job; progress is told no more than ten times a second.
    pub number: u64,
    /// One of `enum formwork_event_kind`.
    pub kind: i32,
    /// Always 0.
    pub reserved: i32,
    /// The task's name; NULL when it is the job itself.
    pub task: *const c_char,
    /// Of progress: from 0 to 100.
    pub percent: f64,
    /// Of progress: milliseconds that are left at the pace so far; -1 while that cannot be told.
    pub left_ms: i64,
    /// Of progress what is done, of a failure why, for people; else NULL.
    pub message: *const c_char,
    /// Of a failure its status, else `FORMWORK_STATUS_OK`.
    pub status: Status,
}

/// Hears an event.
pub type ListenerCallback = Option<unsafe extern "C" fn(user: *mut c_void, event: *const JobEvent)>;

/// Kinds of events.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEventKind {
    /// It waits for its turn, for the first time or again.
    Queued = 0,
    /// It runs.
    Started = 1,
    /// It is so far; of jobs only.
    Progress = 2,
    /// It is done.
    Finished = 3,
    /// It failed.
    Failed = 4,
    /// It was cancelled, by the caller or for want of an input.
    Cancelled = 5,
}

/// Where a job is.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Nothing of it has begun.
    Waiting = 0,
    /// It runs.
    Processing = 1,
    /// Done.
    Finished = 2,
    /// A task failed that is not to be ignored.
    Error = 3,
    /// Cancelled.
    Cancelled = 4,
}

published_up_to!(JobOptions, user);

published_up_to!(HeldInput, source);

impl Default for JobOptions {
    fn default() -> JobOptions {
        JobOptions {
            struct_size: size_of::<JobOptions>(),
            held: ptr::null(),
            held_count: 0,
            priority: 0,
            weight: 0,
            tenant: ptr::null(),
            timeout_ms: 0,
            listener: None,
            user: ptr::null_mut(),
        }
    }
}

/// A listener and what it is handed.
#[derive(Clone, Copy)]
struct Hearer(ListenerCallback, *mut c_void);

// SAFETY: the header says that it is called on any thread.
unsafe impl Send for Hearer {}
// SAFETY: as above.
unsafe impl Sync for Hearer {}

impl Hearer {
    fn hear(&self, event: &Event) {
        let owned = |text: &str| crate::guard::owned_text(text);
        let task = event.task.as_deref().map(owned);
        let message = match &event.kind {
            EventKind::Progress { message, .. } => Some(owned(message)),
            EventKind::Failed(error) => Some(owned(&error.to_string())),
            _ => None,
        };
        let text = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let (percent, left) = match &event.kind {
            EventKind::Progress { percent, left, .. } => (*percent, *left),
            _ => (0.0, None),
        };
        let event = JobEvent {
            struct_size: size_of::<JobEvent>(),
            job: event.job,
            number: event.number,
            kind: kind_of(&event.kind) as i32,
            reserved: 0,
            task: text(&task),
            percent,
            left_ms: left.map_or(-1, |left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
            message: text(&message),
            status: match &event.kind {
                EventKind::Failed(error) => Status::of(error.kind),
                _ => Status::Ok,
            },
        };
        if let Some(listener) = self.0 {
            // SAFETY: the caller's function lives until the job has ended, and the event until it returns.
            unsafe { listener(self.1, &raw const event) }
        }
    }
}

fn kind_of(kind: &EventKind) -> JobEventKind {
    match kind {
        EventKind::Queued => JobEventKind::Queued,
        EventKind::Started => JobEventKind::Started,
        EventKind::Progress { .. } => JobEventKind::Progress,
        EventKind::Finished => JobEventKind::Finished,
        EventKind::Failed(_) => JobEventKind::Failed,
        EventKind::Cancelled => JobEventKind::Cancelled,
    }
}

/// Everybody who hears of a job.
fn listener(bell: Arc<Bell>, book: Option<Log>, hearer: Option<Hearer>) -> formwork::run::Listener {
    Arc::new(move |event: &Event| {
        bell.ring(event);
        if let Some(book) = &book {
            log(book, event);
        }
        if let Some(hearer) = &hearer {
            hearer.hear(event);
        }
    })
}

impl JobOptions {
    fn held(&self, engine: &Engine) -> Outcome<HashMap<String, Item>> {
        let mut items = HashMap::new();
        let mut at = self.held;
        for _ in 0..self.held_count {
            let held = read_struct(at, "held")?;
            let item = read_struct(held.source, "held.source")?.item(engine)?;
            items.insert(text(held.task, "held.task")?.to_owned(), item);
            // SAFETY: the caller says that so many follow each other, each as long as it says.
            at = unsafe { at.byte_add(held.struct_size) };
        }
        Ok(items)
    }

    fn submission(&self, engine: &Engine) -> Outcome<Submission> {
        let timeout = (self.timeout_ms > 0).then(|| Duration::from_millis(self.timeout_ms));
        let hearer = self.listener.is_some().then_some(Hearer(self.listener, self.user));
        Ok(Submission {
            ticket: Ticket {
                priority: self.priority,
                tenant: optional_text(self.tenant, "tenant")?.unwrap_or_default().to_owned(),
                weight: self.weight.max(1),
            },
            control: Control::new(engine.cancel.child(), timeout),
            listener: Some(listener(engine.bell.clone(), engine.log.clone(), hearer)),
        })
    }
}

/// Takes a job in, a JSON text as docs/jobs.md tells, and stores it at `job`. Everything that is wrong with it is said
/// at once. `options` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_submit(
    engine: *mut Engine,
    request: *const c_char,
    options: *const JobOptions,
    job: *mut *mut Job,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(job, "job")?;
        let engine = alive(engine)?;
        let options = read_optional(options, "options")?;
        let asked = formwork::job::Job::from_json_with(&json(request, "request")?, options.held(engine)?)?;
        engine.engine.check(&asked)?;
        let handle = engine.queue.submit(asked, options.submission(engine)?);
        hand_over(job, Job { handle, report: Mutex::default() });
        Ok(Status::Ok)
    })
}

/// The job's number in its engine, from 1 on; 0 of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_id(job: *const Job) -> u64 {
    held(job, "job").map_or(0, |job| job.handle.id())
}

/// The part that is done, from 0 to 1. Takes no lock: ask as often as you like.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_progress(job: *const Job) -> f64 {
    held(job, "job").map_or(0.0, |job| job.handle.progress())
}

/// Where the job is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_state(job: *const Job) -> JobState {
    guard_value(JobState::Cancelled, || Some(state_of(held(job, "job").ok()?.handle.status().state)))
}

fn state_of(state: TaskState) -> JobState {
    match state {
        TaskState::Waiting => JobState::Waiting,
        TaskState::Processing => JobState::Processing,
        TaskState::Finished => JobState::Finished,
        TaskState::Error => JobState::Error,
        TaskState::Cancelled => JobState::Cancelled,
    }
}

/// Stores at `status` a JSON object with `job`, `state`, `progress` from 0 to 1, `left_ms` or null, and `tasks`: the
/// state of each by its name; `error` when it failed or was cancelled, as `formwork_error_json` tells it. The caller ends it with `formwork_text_destroy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_status(
    job: *const Job,
    status: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(status, "status")?;
        hand_over_text(status, &held(job, "job")?.handle.to_json().to_string());
        Ok(Status::Ok)
    })
}

/// Waits until the job is over, `timeout_ms` at most; negative waits for ever. `FORMWORK_STATUS_PENDING` when it is not
/// over by then, else how it ended. In an engine without threads, the caller's works until then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_wait(job: *mut Job, timeout_ms: i64, error: *mut *mut Error) -> Status {
    guard(error, || match held(job, "job")?.ended(milliseconds(timeout_ms)) {
        None => Ok(Status::Pending),
        Some(report) => report.error().map_or(Ok(Status::Ok), |error| Err(error.clone().into())),
    })
}

impl Job {
    fn ended(&self, timeout: Option<Duration>) -> Option<Arc<JobReport>> {
        if let Some(report) = &*self.report.lock().unwrap_or_else(PoisonError::into_inner) {
            return Some(report.clone());
        }
        let report = Arc::new(self.handle.wait(timeout)?);
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report.clone());
        Some(report)
    }

    /// How it ended, for functions that need it to be over.
    fn report(&self) -> Outcome<Arc<JobReport>> {
        self.ended(Some(Duration::ZERO)).ok_or_else(Error::pending)
    }
}

/// Stores at `report` how a job that is over ended: a JSON array of tasks, inputs before their users, each with `task`,
/// `state`, and as far as there are any `error`, `receipts` and `paths`. The caller ends it with
/// `formwork_text_destroy`. `FORMWORK_STATUS_PENDING` before the job is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_report(
    job: *mut Job,
    report: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(report, "report")?;
        let ended = held(job, "job")?.report()?;
        let tasks: Vec<serde_json::Value> =
            ended.tasks.iter().map(formwork::run::TaskReport::to_json).collect();
        hand_over_text(report, &serde_json::Value::from(tasks).to_string());
        Ok(Status::Ok)
    })
}

/// Stores at `output` the `index`-th file that the job's `export/bytes` tasks hand over, which the caller ends with
/// `formwork_output_destroy`. `FORMWORK_STATUS_END` beyond the last, `FORMWORK_STATUS_PENDING` before the job is over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_output(
    job: *mut Job,
    index: usize,
    output: *mut *mut Output,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(output, "output")?;
        let ended = held(job, "job")?.report()?;
        let items: Vec<Item> = ended.exported.iter().flat_map(|(_, items)| items.clone()).collect();
        nth(&items, index, output)
    })
}

/// Cancels the job, or with a name one of its tasks and what depends on it. What runs has stopped a moment later.
/// Nothing happens to what has ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_cancel(
    job: *mut Job,
    task: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let job = held(job, "job")?;
        match optional_text(task, "task")? {
            Some(task) => job.handle.cancel_task(task).map(drop)?,
            None => job.handle.cancel(),
        }
        Ok(Status::Ok)
    })
}

/// Lets a task that failed or was cancelled run again, with what was cancelled because of it. What was told of the job's
/// end before no longer holds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_retry(
    job: *mut Job,
    task: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let job = held(job, "job")?;
        job.handle.retry(text(task, "task")?)?;
        *job.report.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(Status::Ok)
    })
}

/// Stores at `events` a JSON array of the job's events from `since` on, oldest first, as `formwork_engine_next_event`
/// tells them. The caller ends it with `formwork_text_destroy`. Of progress there is only the last, and of more than
/// 10,000 others the oldest are gone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_events(
    job: *const Job,
    since: u64,
    events: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(events, "events")?;
        let list = held(job, "job")?.handle.events(since);
        let list: Vec<serde_json::Value> = list.iter().map(Event::to_json).collect();
        hand_over_text(events, &serde_json::Value::from(list).to_string());
        Ok(Status::Ok)
    })
}

/// Lets go of a job; NULL is fine. A job that is not over goes on: cancel it first if that is not wanted. Its outputs
/// live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_job_destroy(job: *mut Job) {
    crate::guard::destroy(job);
}
