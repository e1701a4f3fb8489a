//! The optional ability of a host to keep pieces of a step's work, so that a job that was killed goes on within the step.

use crate::Text;
use std::ffi::c_void;

/// Name of the ability, for [`Host::extension`](crate::Host), which then returns a [`Pieces`] that lives as long as the
/// call. A host has it only while the work is worth keeping: for a job with a journal.
pub const PIECES: &str = "formwork.pieces/1";
/// Most bytes of a piece. A longer one is not kept.
pub const MOST_PIECE: u64 = 48 << 20;

/// Functions that keep pieces of a step's work under names of the plugin's choice, and find them again when the same step
/// is done once more: the same plugin in the same version, with the same inputs and options. The names are known to this
/// step alone. Every function takes [`Host::context`](crate::Host) first, and may be called from any thread.
///
/// A step must come to the same bytes with what was kept and without it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    /// Size of this struct in bytes.
    pub size: u32,
    /// Zero; room to grow.
    pub reserved: u32,
    /// Keeps a copy of some bytes, at most [`MOST_PIECE`], before the function returns or soon after. Returns 0, negative
    /// when they cannot be kept: no failure, the step goes on.
    pub keep: extern "C" fn(context: *mut c_void, name: Text, bytes: Text) -> i32,
    /// Returns the length of what was kept under a name; negative when there is nothing.
    pub length: extern "C" fn(context: *mut c_void, name: Text) -> i64,
    /// Reads up to `length` bytes of what was kept, from `offset` on, into `buffer`. Returns the number of bytes read, 0 at
    /// the end, negative when it cannot be read: then it is as if nothing had been kept.
    pub read_at:
        extern "C" fn(context: *mut c_void, name: Text, offset: u64, buffer: *mut u8, length: usize) -> i64,
}
