//! FFmpeg's I/O on the step's input and output. Nothing else is ever opened.

mod front;
mod input;
mod output;

pub(crate) use input::InputIo;
pub(crate) use output::OutputIo;

use crate::ff;
use std::ffi::{c_char, c_int};

/// FFmpeg wants to open a file or an address that a container names: never.
///
/// The message in the log of a name from a file is not wanted either, so nothing is said.
pub(crate) unsafe extern "C" fn refuse(
    _context: *mut ff::AVFormatContext,
    io: *mut *mut ff::AVIOContext,
    _url: *const c_char,
    _flags: c_int,
    _options: *mut *mut ff::AVDictionary,
) -> c_int {
    if !io.is_null() {
        // SAFETY: FFmpeg passes the place for the result; null says that nothing was opened.
        unsafe { *io = std::ptr::null_mut() };
    }
    ff::AVERROR(ff::EPERM)
}
