//! The engine as an object.

use crate::error::Error;
use crate::events::Bell;
use crate::guard::{Outcome, destroy, guard, guard_value, hand_over, held, place, read_optional};
use crate::options::{EngineOptions, Log, LogLevel};
use crate::status::Status;
use formwork::run::{CancelToken, Queue};
use std::sync::Arc;

/// An engine: plugins, limits, threads. May be used from any thread, from many at once. Several may be open at a time;
/// they share nothing.
pub struct Engine {
    pub(crate) engine: formwork::Engine,
    pub(crate) queue: Queue,
    pub(crate) log: Option<Log>,
    pub(crate) bell: Arc<Bell>,
    /// Cancels every call.
    pub(crate) cancel: CancelToken,
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
            cancel: CancelToken::default(),
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
/// are no error: the log tells them. Without a `registry_cache` every plugin is asked what it can do, which takes up to a
/// second; with one, a few milliseconds.
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

/// Cancels calls of `formwork_convert`. May be used from any thread, and outlives its engine.
pub struct Cancel {
    pub(crate) token: CancelToken,
}

/// Stores at `token` one that cancels calls it is given to, in this engine. The caller destroys it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_cancel_token_create(
    engine: *mut Engine,
    token: *mut *mut Cancel,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        place(token, "token")?;
        hand_over(token, Cancel { token: alive(engine)?.cancel.child() });
        Ok(Status::Ok)
    })
}

/// Cancels every call that was given this token, once and for ever; NULL is fine. They return
/// `FORMWORK_STATUS_CANCELLED` within 300 ms.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_cancel_token_cancel(token: *const Cancel) {
    // SAFETY: NULL, or alive.
    if let Some(cancel) = unsafe { token.as_ref() } {
        cancel.token.cancel();
    }
}

/// Destroys a token; NULL is fine. No call may be given it any more, or be under way with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_cancel_token_destroy(token: *mut Cancel) {
    destroy(token);
}

/// Cancels every call and every job of an engine, for ever: what is asked for later is cancelled at once. Returns without
/// waiting. So a host ends: it shuts down, lets its threads come back, and closes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_shut_down(engine: *mut Engine) {
    if let Ok(engine) = alive(engine) {
        engine.cancel.cancel();
    }
}

/// Cancels its jobs, waits until they have stopped, and ends the engine and its workers; NULL is fine. Nobody may use it
/// any more, nor be in a call with it: see `formwork_engine_shut_down`. Jobs, outputs, receipts and errors that came from
/// it live on. In a child of a fork this does nothing: the engine is the
/// parent's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_engine_close(engine: *mut Engine) {
    if let Ok(open) = alive(engine) {
        // What outlives it holds its parts, but not its workers.
        let parts = open.engine.clone();
        destroy(engine);
        parts.rest();
    }
}
