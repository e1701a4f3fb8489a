//! The engine as an object.

use crate::error::Error;
use crate::events::Bell;
use crate::guard::{Outcome, destroy, guard, guard_value, hand_over, held, place, read_optional};
use crate::options::{EngineOptions, Log, LogLevel};
use crate::status::Status;
use formwork::run::Queue;
use std::sync::Arc;

/// An engine: plugins, limits, threads. May be used from any thread, from many at once. Several may be open at a time;
/// they share nothing.
pub struct Engine {
    pub(crate) engine: formwork::Engine,
    pub(crate) queue: Queue,
    pub(crate) log: Option<Log>,
    pub(crate) bell: Arc<Bell>,
    /// The process it was opened in: its threads and workers are not there in a child.
    process: u32,
}

impl Engine {
    fn open(options: &EngineOptions) -> Outcome<Engine> {
        let setup = options.setup()?;
        let engine = setup.builder.build()?;
        if let Some(log) = &setup.log {
            for refusal in engine.registry().refusals() {
                let path = refusal.path.display();
                log.say(LogLevel::Warning, &format!("{path} is not used: {}", refusal.reason));
            }
        }
        Ok(Engine {
            queue: engine.queue(setup.threads)?,
            engine,
            log: setup.log,
            bell: Arc::default(),
            process: std::process::id(),
        })
    }
}

/// An engine the caller holds, in the process it was opened in.
pub(crate) fn alive<'a>(engine: *const Engine) -> Outcome<&'a Engine> {
    let engine = held(engine, "engine")?;
    if engine.process != std::process::id() {
        return Err(Error::misuse("the engine was opened before a fork: open one in each process"));
    }
    Ok(engine)
}

/// Opens an engine and stores it at `engine`. `options` may be NULL for all defaults. Plugin files that cannot be used
/// are no error: the log tells them.
///
/// No thread is started and no process forked before this call. Workers are started by it and by calls that need them;
/// they die with the engine, and are reaped by it: a host must not wait for children it did not start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_open(
    options: *const EngineOptions,
    engine: *mut *mut Engine,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(engine, "engine")?;
        let options = read_optional(options, "options")?;
        hand_over(engine, Engine::open(&options)?);
        Ok(Status::Ok)
    })
}

/// Does on the caller's thread what is next in the engine's jobs, up to `most` times: a task each, or a few that are
/// done in one pass. Returns how many times something was done; 0 when nothing may run now. This is how jobs run in an
/// engine with `threads` 0; with others it lends a thread more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_step(engine: *mut Engine, most: u32) -> u32 {
    guard_value(0, || {
        let engine = alive(engine).ok()?;
        Some((0..most).take_while(|_| engine.queue.step()).count() as u32)
    })
}

/// Cancels what runs, waits until it has stopped, and ends the engine; NULL is fine. Nobody may use it any more; jobs,
/// outputs, receipts and errors that came from it live on. In a child of a fork this does nothing: the engine is the
/// parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_close(engine: *mut Engine) {
    if alive(engine).is_ok() {
        destroy(engine);
    }
}
