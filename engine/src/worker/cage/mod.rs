//! What a worker gives up before it sees a byte of input.
//!
//! In this order: spare descriptors, capabilities and core dumps; then the plugin is loaded; then, by level,
//! namespaces (3), file access by Landlock (2) and system calls by seccomp (2), which come last because the
//! steps before need calls that the filter refuses.

mod access;
mod filter;
mod limits;

pub(super) use limits::{Budget, set_for};

use std::io;
use std::path::Path;

/// What a plugin needs beside its input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing.
    Codec,
    /// Fonts, read-only.
    Files,
    /// A private folder, and files of the system, read-only.
    Folder,
    /// A private folder, and programs of the system.
    Programs,
}

impl Class {
    /// The class by the word plugins use.
    pub(crate) fn from_word(word: &str) -> Option<Class> {
        Some(match word {
            "" | "codec" => Class::Codec,
            "files" => Class::Files,
            "folder" => Class::Folder,
            "programs" => Class::Programs,
            _ => return None,
        })
    }

    /// Whether each of its workers gets a folder of its own to write in.
    pub(crate) fn has_folder(self) -> bool {
        matches!(self, Class::Folder | Class::Programs)
    }

    /// Its word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::Codec => "codec",
            Class::Files => "files",
            Class::Folder => "folder",
            Class::Programs => "programs",
        }
    }
}

/// Drops what every worker can do without. Failures are no failure: what is not there need not be dropped.
pub(super) fn prepare() {
    close_spare_descriptors();
    // SAFETY: plain system calls, and no thread runs.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    }
    drop_capabilities();
}

/// Closes all descriptors but the first three. Call it while nothing else is open.
pub(super) fn close_spare_descriptors() {
    // SAFETY: a system call; no descriptor above 2 is in use.
    unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
}

/// Gives up the powers of root, when there are any.
fn drop_capabilities() {
    #[repr(C)]
    struct Header {
        version: u32,
        process: i32,
    }
    // Version 3 takes two sets of 32 (capset(2)); zero: nothing is permitted, effective or inherited.
    let header = Header { version: 0x2008_0522, process: 0 };
    let nothing = [0_u32; 6];
    // SAFETY: both structs have the layout the call asks for.
    unsafe { libc::syscall(libc::SYS_capset, &raw const header, nothing.as_ptr()) };
}

/// Locks the worker in. `folder` is its private folder, or empty.
///
/// # Errors
///
/// Why this level cannot be had.
pub(super) fn lock(level: u8, class: Class, folder: &Path) -> Result<(), String> {
    if class.has_folder() {
        // SAFETY: no thread runs that could read the environment meanwhile.
        unsafe {
            std::env::set_var("TMPDIR", folder);
            std::env::set_var("HOME", folder);
        }
    }
    if level >= 3 {
        own_namespaces(class).map_err(|error| format!("no namespaces of its own: {error}"))?;
    }
    if level >= 2 {
        access::restrict(class, folder)?;
        filter::install(class)?;
    }
    Ok(())
}

/// Moves into namespaces where there is nothing to see.
fn own_namespaces(class: Class) -> io::Result<()> {
    let mut flags = libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    if class != Class::Programs {
        flags |= libc::CLONE_NEWNS | libc::CLONE_NEWCGROUP;
    }
    // SAFETY: a system call; no thread runs yet.
    if unsafe { libc::unshare(flags) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ends this process when the engine hangs up, whatever the plugin is doing.
pub(super) fn end_with_the_engine() {
    let watch = || {
        let mut poll = libc::pollfd { fd: 0, events: libc::POLLRDHUP, revents: 0 };
        loop {
            // SAFETY: one valid entry.
            let count = unsafe { libc::poll(&raw mut poll, 1, -1) };
            if count > 0 {
                // SAFETY: ends the process at once; nothing has to be cleaned up.
                unsafe { libc::_exit(0) };
            }
        }
    };
    // Without the thread the engine still kills its workers; only a killed engine would leave one behind.
    let _ = std::thread::Builder::new().stack_size(64 << 10).spawn(watch);
}
