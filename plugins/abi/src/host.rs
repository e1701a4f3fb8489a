//! What the host does for a plugin while a step runs.

use crate::{Output, Text};
use std::ffi::c_void;

/// [`Host::tick`]: go on.
pub const TICK_CONTINUE: u32 = 0;
/// [`Host::tick`]: stop, the job was cancelled.
pub const TICK_CANCELLED: u32 = 1;
/// [`Host::tick`]: stop, the deadline passed.
pub const TICK_DEADLINE: u32 = 2;

/// Functions the host lends to one call of [`Plugin::run`](crate::Plugin) or
/// [`Plugin::probe`](crate::Plugin). Every function takes `context` first, may be called from any
/// thread, and only until that call returns.
#[repr(C)]
#[derive(Clone, Copy)]
#[cfg_attr(feature = "layout-proof", derive(abi_stable::StableAbi))]
pub struct Host {
    /// Size of this struct in bytes.
    pub size: u32,
    /// The host's minor version of the contract.
    pub minor: u32,
    /// Handed back to every function.
    pub context: *mut c_void,
    /// Reports progress and asks whether to go on: returns a `TICK_` constant. To be called at least
    /// once for each 64 KiB of input or 50 ms of work; costs nanoseconds. `total` 0 means unknown.
    pub tick: extern "C" fn(context: *mut c_void, done: u64, total: u64) -> u32,
    /// Records something the user should know, in one sentence.
    pub warn: extern "C" fn(context: *mut c_void, message: Text),
    /// Records a loss: the feature's word (see `Feature` in the formats table) and what was lost.
    pub lose: extern "C" fn(context: *mut c_void, feature: Text, detail: Text),
    /// Records why the step fails: the error kind's word, the limit's name (empty unless the kind is
    /// `limit_exceeded`) and a sentence. The plugin then returns `STATUS_FAILED`.
    pub fail: extern "C" fn(context: *mut c_void, kind: Text, limit: Text, message: Text),
    /// Records facts as one JSON object; later members replace earlier ones of the same name.
    pub report: extern "C" fn(context: *mut c_void, json: Text),
    /// Reads up to `length` bytes of input `index` from `offset` into `buffer`. Returns the number of
    /// bytes read, 0 at the end, negative on failure (already recorded).
    pub read_at:
        extern "C" fn(context: *mut c_void, index: usize, offset: u64, buffer: *mut u8, length: usize) -> i64,
    /// Says that input `index` is no longer needed, so that its file can be closed. Reading it again
    /// opens it again.
    pub release: extern "C" fn(context: *mut c_void, index: usize),
    /// Opens an output; returns its number (0 or more), negative on failure (already recorded).
    pub open_output: extern "C" fn(context: *mut c_void, output: *const Output) -> i64,
    /// Appends bytes to an output. Returns 0, negative on failure (already recorded).
    pub write: extern "C" fn(context: *mut c_void, output: i64, bytes: Text) -> i32,
    /// Writes bytes at an offset within what was already written, or right at its end. Returns 0,
    /// negative on failure (already recorded). Does not move where [`Host::write`] appends.
    pub write_at: extern "C" fn(context: *mut c_void, output: i64, offset: u64, bytes: Text) -> i32,
    /// Ends an output. One that is never closed is dropped. Returns 0, negative on failure.
    pub close_output: extern "C" fn(context: *mut c_void, output: i64) -> i32,
    /// Since 1.1: asks for an optional ability by name and revision, as in `formwork.log/1`. Null when
    /// the host does not have it.
    pub extension: Option<extern "C" fn(context: *mut c_void, name: Text) -> *const c_void>,
}
