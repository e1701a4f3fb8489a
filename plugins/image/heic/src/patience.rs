//! Calls into libraries that cannot be interrupted and may panic.

use formwork_sdk::{Error, ErrorKind, Result, Step};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

/// How often a waiting step asks whether to go on.
const PULSE: Duration = Duration::from_millis(20);

/// What work on another thread and the step that waits for it tell each other.
#[derive(Clone, Default)]
pub(crate) struct Signal {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl Signal {
    /// Says how far the work is and asks whether to go on.
    ///
    /// # Errors
    ///
    /// `cancelled`; nobody waits for the result any more.
    #[allow(dead_code, reason = "this file is shared, and not every user has parts to report")]
    pub(crate) fn tick(&self, done: u64, total: u64) -> Result<()> {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "the job was cancelled"));
        }
        Ok(())
    }
}

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
    work: impl FnOnce(&Signal) -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = sync_channel(1);
    let signal = Signal::default();
    let there = signal.clone();
    // Stack for decoders that recurse along a coding tree.
    let builder = Builder::new().name("formwork-codec".into()).stack_size(4 << 20);
    builder.spawn(move || drop(sender.send(guarded(|| work(&there)))))?;
    loop {
        match receiver.recv_timeout(PULSE) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {
                let (done, total) =
                    (signal.done.load(Ordering::Relaxed), signal.total.load(Ordering::Relaxed));
                step.tick(done, total).inspect_err(|_| signal.stop.store(true, Ordering::Relaxed))?;
            }
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
