//! A process of ours, whether the engine started it or a template did.

use super::template::Template;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child as Started, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

/// Kills and reaps a process. Dropping it does neither.
#[derive(Debug)]
pub(super) enum Child {
    /// Started by this process.
    Started(Started),
    /// Forked by a template, which is its parent. The number stays its own until the template reaps it.
    Forked { id: u32, handle: OwnedFd, template: Arc<Template> },
}

impl Child {
    /// Takes hold of a process that a template forked.
    pub(super) fn forked(id: u32, template: Arc<Template>) -> io::Result<Child> {
        // SAFETY: a system call that takes two numbers.
        let handle = unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) };
        if handle < 0 {
            let error = io::Error::last_os_error();
            // SAFETY: takes plain numbers; the number is the worker's own until its template reaps it.
            unsafe { libc::kill(id.cast_signed(), libc::SIGKILL) };
            template.reap(id);
            return Err(error);
        }
        // SAFETY: just opened, and belongs to nobody else.
        Ok(Child::Forked { id, handle: unsafe { OwnedFd::from_raw_fd(handle as i32) }, template })
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        match self {
            Child::Started(child) => child.id(),
            Child::Forked { id, .. } => *id,
        }
    }

    /// Waits until it ended, at most so long.
    pub(super) fn wait_for(&mut self, patience: Duration) -> Option<ExitStatus> {
        match self {
            Child::Started(child) => {
                let pause = Duration::from_millis(1);
                for _ in 0..patience.as_millis() {
                    match child.try_wait() {
                        Ok(Some(status)) => return Some(status),
                        Ok(None) => std::thread::sleep(pause),
                        // A host that waits for every child has seen how it ended.
                        Err(_) => return Some(status(0)),
                    }
                }
                None
            }
            Child::Forked { id, handle, template } => {
                ended(handle, patience).then(|| template.reap(*id)).flatten()
            }
        }
    }

    /// Kills it, if it has not ended, and waits until it is gone.
    pub(super) fn end(&mut self) -> io::Result<ExitStatus> {
        match self {
            Child::Started(child) => {
                let _ = child.kill();
                child.wait()
            }
            Child::Forked { id, handle, template } => {
                let nothing = std::ptr::null::<u8>();
                // SAFETY: a system call on an open descriptor.
                unsafe {
                    libc::syscall(libc::SYS_pidfd_send_signal, handle.as_raw_fd(), libc::SIGKILL, nothing, 0)
                };
                template.reap(*id).ok_or_else(|| io::Error::other("its template is gone"))
            }
        }
    }
}

/// Whether the process of this handle ended in time.
fn ended(handle: &OwnedFd, patience: Duration) -> bool {
    let mut poll = libc::pollfd { fd: handle.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let milliseconds = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one valid entry.
    unsafe { libc::poll(&raw mut poll, 1, milliseconds) > 0 }
}

/// The exit status a system call reported.
pub(super) fn status(raw: u32) -> ExitStatus {
    ExitStatus::from_raw(raw.cast_signed())
}
