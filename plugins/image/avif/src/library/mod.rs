//! A safe wrapper around the parts of libavif that are needed here.

mod decoder;
mod encoder;
mod image;

pub(crate) use decoder::{Bounds, Decoder};
pub(crate) use encoder::{Encoder, Settings};
pub(crate) use image::{Image, Layout};

use formwork_sdk::{Error, ErrorKind, Result};
use libavif_sys as sys;
use std::ffi::CStr;

/// Turns a result code into an error of this kind, with the library's words and, when it has them, its
/// details.
fn check(code: sys::avifResult, kind: ErrorKind, details: Option<&sys::avifDiagnostics>) -> Result<()> {
    if code == sys::AVIF_RESULT_OK {
        return Ok(());
    }
    // SAFETY: the library returns a static, zero-terminated text for every number.
    let name = unsafe { CStr::from_ptr(sys::avifResultToString(code)) }.to_string_lossy();
    let more = details.map(text_of).unwrap_or_default();
    let message = if more.is_empty() { name.into_owned() } else { format!("{name}: {more}") };
    if code == sys::AVIF_RESULT_OUT_OF_MEMORY { Err(out_of_memory()) } else { Err(Error::new(kind, message)) }
}

fn out_of_memory() -> Error {
    let mut error = Error::new(ErrorKind::LimitExceeded, "the AVIF library is out of memory");
    error.limit = Some("memory".into());
    error
}

/// The details of an error, made fit for one line.
fn text_of(details: &sys::avifDiagnostics) -> String {
    let bytes: Vec<u8> =
        details.error.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
    String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).collect()
}

/// An object the library made: never null.
fn made<T>(pointer: *mut T) -> Result<std::ptr::NonNull<T>> {
    std::ptr::NonNull::new(pointer).ok_or_else(out_of_memory)
}

/// Name, version and licence of what this plugin rests on.
pub(crate) fn versions() -> Vec<(&'static str, String, &'static str)> {
    // SAFETY: a static, zero-terminated text.
    let avif = unsafe { CStr::from_ptr(sys::avifVersion()) }.to_string_lossy().into_owned();
    let mut buffer = [0; 256];
    // SAFETY: the library asks for 256 bytes and ends the text with a zero.
    let codecs = unsafe {
        sys::avifCodecVersions(buffer.as_mut_ptr());
        CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned()
    };
    // As in `aom [enc/dec]:3.11.0`.
    let aom = codecs.rsplit(':').next().unwrap_or("").trim_start_matches('v').to_owned();
    vec![("libavif", avif, "BSD-2-Clause"), ("libaom", aom, "BSD-2-Clause AND AOM-patent-1.0")]
}
