//! Resource limits of a worker, set by the engine from outside.

use formwork_abi::Limits;
use std::io;

/// Address space for code, stacks and allocators, beside what the limit `memory` gives to content.
const OWN_MEMORY: u64 = 1 << 30;
/// What a worker may use during one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Seconds of processor time from the worker's start.
    pub(crate) cpu_seconds: u64,
    /// Bytes of inputs that are mapped.
    pub(crate) mapped: u64,
    /// Descriptors.
    pub(crate) open_files: u64,
}

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

/// Sets the limits of a process of ours.
///
/// # Errors
///
/// The system refuses.
pub(crate) fn set_for(process: u32, limits: &Limits, budget: Budget) -> io::Result<()> {
    let memory = limits.memory.saturating_add(OWN_MEMORY).saturating_add(budget.mapped);
    for (resource, most) in [
        (libc::RLIMIT_AS, memory),
        (libc::RLIMIT_FSIZE, limits.output.max(1 << 20)),
        (libc::RLIMIT_NOFILE, budget.open_files),
        (libc::RLIMIT_CORE, 0),
    ] {
        set(process, resource, most, most)?;
    }
    // A moment between the two: the first ends the process with a signal that tells why, the second just ends it.
    let seconds = budget.cpu_seconds;
    set(process, libc::RLIMIT_CPU, seconds, seconds.saturating_add(2))
}

fn set(process: u32, resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the pointer is to a value that lives for the call.
    let status =
        unsafe { libc::prlimit(process.cast_signed(), resource, &raw const limit, std::ptr::null_mut()) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
