//! What happens, for event loops: a descriptor that can be waited for, and a list that is read when it is ready.

use crate::engine::{Engine, alive};
use crate::error::Error;
use crate::guard::{guard, hand_over_text, place, put};
use crate::options::{Log, LogLevel};
use crate::status::Status;
use formwork::run::{Event, EventKind};
use std::collections::VecDeque;
use std::ffi::{c_char, c_int};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::sync::{Mutex, PoisonError};

/// Events of all jobs of an engine, once somebody has asked for the descriptor.
#[derive(Default)]
pub struct Bell {
    ring: Mutex<Option<Ring>>,
}

struct Ring {
    /// Ready to read while there are events.
    descriptor: File,
    events: VecDeque<String>,
}

/// Events that wait; of more, the oldest are gone.
const MOST: usize = 10_000;

impl Bell {
    fn with<T>(&self, action: impl FnOnce(&mut Option<Ring>) -> T) -> T {
        action(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn ring(&self, event: &Event) {
        self.with(|ring| {
            let Some(ring) = ring else { return };
            if ring.events.len() >= MOST {
                ring.events.pop_front();
            }
            ring.events.push_back(event.to_json().to_string());
            if ring.events.len() == 1 {
                // The counter of an eventfd is full only when nobody reads, and then it is ready already.
                let _ = ring.descriptor.write(&1_u64.to_ne_bytes());
            }
        });
    }

    fn descriptor(&self) -> io::Result<c_int> {
        self.with(|ring| {
            if let Some(ring) = ring {
                return Ok(ring.descriptor.as_raw_fd());
            }
            // SAFETY: makes a descriptor, which the file owns.
            let descriptor = unsafe {
                match libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) {
                    -1 => return Err(io::Error::last_os_error()),
                    number => File::from_raw_fd(number),
                }
            };
            let number = descriptor.as_raw_fd();
            *ring = Some(Ring { descriptor, events: VecDeque::new() });
            Ok(number)
        })
    }

    fn next(&self) -> Option<String> {
        self.with(|ring| {
            let ring = ring.as_mut()?;
            let event = ring.events.pop_front();
            if ring.events.is_empty() {
                let _ = ring.descriptor.read(&mut [0; 8]);
            }
            event
        })
    }
}

/// Writes an event into the log.
pub(crate) fn log(log: &Log, event: &Event) {
    let level = match (&event.kind, &event.task) {
        (EventKind::Progress { .. }, _) => return,
        (EventKind::Failed(_), _) => LogLevel::Error,
        (_, None) => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    let what = event.task.as_ref().map(|task| format!(" task {task}")).unwrap_or_default();
    let why = match &event.kind {
        EventKind::Failed(error) => format!(": {error}"),
        _ => String::new(),
    };
    log.say(level, &format!("job {}{what} {}{why}", event.job, event.kind.word()));
}

/// Stores at `descriptor` one that is ready to read while events of any job of this engine wait. From now on they are
/// kept, up to 10,000. It belongs to the engine: poll it, but do not read or close it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_events_fd(
    engine: *mut Engine,
    descriptor: *mut c_int,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        put(descriptor, -1);
        let engine = alive(engine)?;
        if descriptor.is_null() {
            return Err(Error::misuse("`descriptor` is NULL"));
        }
        let number = engine.bell.descriptor();
        put(descriptor, number.map_err(|error| formwork::Error::io("cannot make a descriptor", &error))?);
        Ok(Status::Ok)
    })
}

/// Stores at `event` the oldest event that waits, as JSON, which the caller ends with `formwork_text_destroy`:
/// `event` is `queued`, `started`, `progress`, `finished`, `failed` or `cancelled`; `job` the job's number, `number` the
/// event's; `task` unless it is of the job itself; of progress `percent`, `left_ms` and `message`; of a failure `error`.
/// `FORMWORK_STATUS_END` when none waits. Call it until then whenever the descriptor is ready.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_next_event(
    engine: *mut Engine,
    event: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(event, "event")?;
        let Some(next) = alive(engine)?.bell.next() else { return Ok(Status::End) };
        hand_over_text(event, &next);
        Ok(Status::Ok)
    })
}
