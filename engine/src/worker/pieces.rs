//! The ability to keep pieces of a step's work, as a worker lends it to its plugin.

use super::frame::{self, Packer};
use super::lend::{Lent, lent};
use crate::lock::lock;
use formwork_abi::{self as abi, Text};
use std::ffi::c_void;
use std::fs::File;
use std::os::unix::fs::FileExt;

static TABLE: abi::Pieces =
    abi::Pieces { size: size_of::<abi::Pieces>() as u32, reserved: 0, keep, length, read_at };

/// A piece that the engine has handed over.
pub(super) struct Piece {
    name: String,
    file: File,
    length: u64,
}

/// The table.
pub(super) fn table() -> *const c_void {
    std::ptr::from_ref(&TABLE).cast()
}

impl Lent {
    /// Does something with a piece, which the engine is asked for unless it was the last one.
    fn with_piece<T>(&self, name: &str, what: impl FnOnce(&Piece) -> Option<T>) -> Option<T> {
        let mut held = lock(&self.piece);
        if held.as_ref().is_none_or(|piece| piece.name != name) {
            let (length, file) = self.ask(&Packer::new(frame::FIND).text(name).finish())?;
            *held = Some(Piece { name: name.to_owned(), file: file?, length });
        }
        what(held.as_ref()?)
    }
}

extern "C" fn keep(at: *mut c_void, name: Text, bytes: Text) -> i32 {
    // SAFETY: the plugin hands back the pointer it was given; both texts live for this call.
    let (lent, name, bytes) = unsafe { (lent(at), name.as_str(), bytes.bytes()) };
    let Some(name) = name.filter(|_| bytes.len() as u64 <= abi::MOST_PIECE) else { return -1 };
    let sent = lent.send(&Packer::new(frame::KEEP).text(name).bytes(bytes).finish());
    if sent.is_ok() { 0 } else { -1 }
}

extern "C" fn length(at: *mut c_void, name: Text) -> i64 {
    // SAFETY: as in `keep`.
    let (lent, name) = unsafe { (lent(at), name.as_str()) };
    let found = name.and_then(|name| lent.with_piece(name, |piece| Some(piece.length)));
    found.map_or(-1, |length| length as i64)
}

extern "C" fn read_at(at: *mut c_void, name: Text, offset: u64, buffer: *mut u8, length: usize) -> i64 {
    if buffer.is_null() || length == 0 {
        return 0;
    }
    // SAFETY: as in `keep`; the contract says the plugin's buffer has `length` bytes, all initialised.
    let (lent, name, buffer) =
        unsafe { (lent(at), name.as_str(), std::slice::from_raw_parts_mut(buffer, length)) };
    let read = |piece: &Piece| piece.file.read_at(buffer, offset).ok();
    name.and_then(|name| lent.with_piece(name, read)).map_or(-1, |count| count as i64)
}
