//! The ability to keep pieces of a step's work, as it is lent to a plugin in this process.

use super::host::{StepContext, context};
use crate::cache::StepPieces;
use formwork_abi::{self as abi, Text};
use std::ffi::c_void;
use std::os::unix::fs::FileExt;

static TABLE: abi::Pieces =
    abi::Pieces { size: size_of::<abi::Pieces>() as u32, reserved: 0, keep, length, read_at };

/// The table, where pieces are kept.
pub(super) fn table(step: &StepContext<'_>) -> *const c_void {
    match step.pieces() {
        Some(_) => std::ptr::from_ref(&TABLE).cast(),
        None => std::ptr::null(),
    }
}

/// # Safety
///
/// As for [`context`]; the name lives for the call.
unsafe fn named<'a>(at: *mut c_void, name: Text) -> Option<(&'a StepPieces<'a>, &'a str)> {
    // SAFETY: the caller vouches for it.
    unsafe { context(at).pieces().zip(name.as_str()) }
}

extern "C" fn keep(at: *mut c_void, name: Text, bytes: Text) -> i32 {
    // SAFETY: the plugin hands back the pointer it was given; both texts live for this call.
    let (found, bytes) = unsafe { (named(at, name), bytes.bytes()) };
    found.filter(|(pieces, name)| pieces.keep(name, bytes)).map_or(-1, |_| 0)
}

extern "C" fn length(at: *mut c_void, name: Text) -> i64 {
    // SAFETY: as in `keep`.
    let found = unsafe { named(at, name) }.and_then(|(pieces, name)| pieces.find(name));
    found.map_or(-1, |piece| piece.length as i64)
}

extern "C" fn read_at(at: *mut c_void, name: Text, offset: u64, buffer: *mut u8, length: usize) -> i64 {
    if buffer.is_null() || length == 0 {
        return 0;
    }
    // SAFETY: as in `keep`; the contract says the plugin's buffer has `length` bytes, all initialised.
    let (found, buffer) = unsafe { (named(at, name), std::slice::from_raw_parts_mut(buffer, length)) };
    let found = found.and_then(|(pieces, name)| pieces.find(name));
    found.and_then(|piece| piece.file.read_at(buffer, offset).ok()).map_or(-1, |count| count as i64)
}
