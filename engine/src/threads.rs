//! Threads of the engine's own, which leave the signals of the process to the host.

use std::io;
use std::mem::MaybeUninit;
use std::thread::{Builder, JoinHandle};

/// Starts a thread that handles no signal: the host's handlers run on the host's threads.
pub(crate) fn start<T: Send + 'static>(
    name: String,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    // A thread begins with the mask of the one that starts it.
    let before = set_mask(None);
    let thread = Builder::new().name(name).spawn(work);
    if before.is_some() {
        set_mask(before);
    }
    thread
}

/// Handles every signal again: a worker's own are the system's defaults, whatever its host has blocked.
pub(crate) fn unblock_signals() {
    let mut none = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: writes a set.
    let none = unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        none.assume_init()
    };
    set_mask(Some(none));
}

/// Sets the signals this thread does not handle, all without a set, and returns those it did not before.
fn set_mask(set: Option<libc::sigset_t>) -> Option<libc::sigset_t> {
    let (mut all, mut before) = (MaybeUninit::<libc::sigset_t>::zeroed(), MaybeUninit::zeroed());
    // SAFETY: both sets may be written, and are plain numbers.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        let set = set.unwrap_or_else(|| all.assume_init());
        let status = libc::pthread_sigmask(libc::SIG_SETMASK, &raw const set, before.as_mut_ptr());
        (status == 0).then(|| before.assume_init())
    }
}
