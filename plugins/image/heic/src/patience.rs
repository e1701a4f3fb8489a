//! Calls into libraries that cannot be interrupted and may panic.

use formwork_sdk::{Error, Result, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

/// How often a waiting step asks whether to go on.
const PULSE: Duration = Duration::from_millis(20);

/// Runs `work` on a thread of its own while this one keeps asking the host whether to go on.
///
/// When the host says no, this returns at once and leaves the thread to finish alone: it owns all it
/// touches, and a plugin is never unloaded.
///
/// # Errors
///
/// `corrupt_input` when `work` panics; `cancelled`; `timeout`.
pub(crate) fn patiently<T: Send + 'static>(
    step: &Step<'_>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = sync_channel(1);
    // Stack for decoders that recurse along a coding tree.
    let builder = Builder::new().name("formwork-codec".into()).stack_size(4 << 20);
    builder.spawn(move || drop(sender.send(guarded(work))))?;
    loop {
        match receiver.recv_timeout(PULSE) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => step.tick(0, 0)?,
            Err(RecvTimeoutError::Disconnected) => return Err(fault()),
        }
    }
}

/// Runs `work` here and turns a panic into an error.
///
/// # Errors
///
/// `corrupt_input` when `work` panics.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    // What `work` borrowed mutably is dropped with the error: nobody looks at it again.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| fault())
}

fn fault() -> Error {
    Error::corrupt("the codec gave up on this picture")
}
