//! FFmpeg's error numbers as errors of a step.

use crate::ff;
use formwork_sdk::{Error, ErrorKind, Result};
use std::ffi::{CStr, c_int};

/// Passes a result that is not negative; else says what FFmpeg could not do, as in "read the header".
///
/// # Errors
///
/// See [`failure`].
pub fn check(code: c_int, what: &str) -> Result<c_int> {
    if code < 0 { Err(failure(code, what)) } else { Ok(code) }
}

/// The error for one of FFmpeg's numbers: the input's fault, unless the number says otherwise.
pub fn failure(code: c_int, what: &str) -> Error {
    let message = || format!("cannot {what}: {}", text(code));
    match code {
        ff::AVERROR_EXIT => Error::new(ErrorKind::Cancelled, "the job was cancelled"),
        ff::AVERROR_DECODER_NOT_FOUND
        | ff::AVERROR_ENCODER_NOT_FOUND
        | ff::AVERROR_DEMUXER_NOT_FOUND
        | ff::AVERROR_MUXER_NOT_FOUND
        | ff::AVERROR_BSF_NOT_FOUND
        | ff::AVERROR_PATCHWELCOME
        | ff::AVERROR_EXPERIMENTAL => Error::unsupported(message()),
        _ if code == ff::AVERROR(ff::ENOMEM) => crate::packet::no_memory(),
        _ => Error::corrupt(message()),
    }
}

/// FFmpeg's words for a number.
fn text(code: c_int) -> String {
    let mut buffer = [0; 128];
    // SAFETY: the buffer is as long as is said, and the function always ends it with a zero.
    unsafe {
        ff::av_strerror(code, buffer.as_mut_ptr(), buffer.len());
        CStr::from_ptr(buffer.as_ptr()).to_string_lossy().to_lowercase()
    }
}
