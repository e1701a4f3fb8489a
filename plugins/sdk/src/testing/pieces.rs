//! The ability to keep pieces of a step's work, for a test that asks for it.

use super::host::state;
use formwork_abi as abi;
use std::ffi::c_void;
use std::sync::PoisonError;

static TABLE: abi::Pieces =
    abi::Pieces { size: size_of::<abi::Pieces>() as u32, reserved: 0, keep, length, read_at };

pub(super) extern "C" fn extension(context: *mut c_void, name: abi::Text) -> *const c_void {
    // SAFETY: the contract says texts live for the call.
    let asked = unsafe { name.bytes() } == abi::PIECES.as_bytes();
    if asked && state(context).job.pieces.is_some() {
        std::ptr::from_ref(&TABLE).cast()
    } else {
        std::ptr::null()
    }
}

/// Looks at what is kept under a name.
fn with<T>(context: *mut c_void, name: abi::Text, look: impl FnOnce(&[u8]) -> T) -> Option<T> {
    let pieces = state(context).job.pieces.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: as in `extension`.
    pieces.get(unsafe { name.as_str() }?).map(|bytes| look(bytes))
}

extern "C" fn keep(context: *mut c_void, name: abi::Text, bytes: abi::Text) -> i32 {
    // SAFETY: as in `extension`.
    let (name, bytes) = unsafe { (name.to_string_lossy(), bytes.bytes().to_vec()) };
    let Some(pieces) = &state(context).job.pieces else { return -1 };
    pieces.lock().unwrap_or_else(PoisonError::into_inner).insert(name, bytes);
    0
}

extern "C" fn length(context: *mut c_void, name: abi::Text) -> i64 {
    with(context, name, |bytes| bytes.len() as i64).unwrap_or(-1)
}

extern "C" fn read_at(
    context: *mut c_void,
    name: abi::Text,
    offset: u64,
    buffer: *mut u8,
    length: usize,
) -> i64 {
    let read = |bytes: &[u8]| {
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(length);
        // SAFETY: the contract says `buffer` holds `length` bytes for the call.
        unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer, count) };
        count as i64
    };
    with(context, name, read).unwrap_or(-1)
}
