//! The engine for C, C++ and every language that can call C. `include/formwork.h` is made from this crate.
//!
//! Rules that hold for every function stand at the top of that header, see `cbindgen.toml`; here is how they are kept:
//! [`guard`] checks what comes in and keeps panics inside, and every object that goes out has a function that ends it.
//!
//! The library keeps the process as it finds it: it does not print, exit, fork, install signal handlers, read the
//! environment, or change the working folder, locale or file mask.

#![allow(clippy::missing_safety_doc, reason = "what callers owe is the same everywhere: the header's rules")]

mod convert;
mod engine;
mod error;
mod events;
mod files;
mod guard;
mod hooks;
mod job;
mod listing;
mod options;
mod output;
mod places;
mod receipt;
mod source;
mod status;
mod target;

pub use convert::*;
pub use engine::*;
pub use error::*;
pub use events::*;
pub use files::{FileHooks, OpenInputCallback, OpenTemporaryCallback};
pub use hooks::*;
pub use job::*;
pub use listing::*;
pub use options::*;
pub use output::*;
pub use receipt::*;
pub use source::*;
pub use status::{Status, formwork_status_http};
pub use target::*;

use guard::guard_value;
use std::ffi::{CStr, c_char};

/// Grows when something in the header changes its meaning; then the shared library has another name, too.
pub const API_MAJOR: u32 = 0;
/// Grows when something is added to the header.
pub const API_MINOR: u32 = 2;

/// The interface this library has: `FORMWORK_API_MAJOR << 16 | FORMWORK_API_MINOR` of the header it was made with. A
/// program may go on when the major numbers are the same and the library's minor is not smaller.
#[unsafe(no_mangle)]
pub extern "C" fn formwork_api_version() -> u32 {
    API_MAJOR << 16 | API_MINOR
}

/// The version of the engine, as `0.1.0`. Lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn formwork_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Ends a text that a function of this library handed over through a `char **`; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_text_destroy(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: `hand_over_text` made it, and the caller gives it up.
        drop(unsafe { std::ffi::CString::from_raw(text) });
    }
}

/// Checks files against a receipt: whether each input and output that has a path and a hash still is what it was.
/// `receipt` is a receipt's JSON. Stores a JSON array at `report`, which the caller ends: for every file `name`, `path`,
/// `role`, `input` or `output`, and `state`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_verify(
    receipt: *const c_char,
    report: *mut *mut c_char,
    error: *mut *mut Error,
) -> Status {
    guard::guard(error, || {
        guard::place(report, "report")?;
        let receipt = guard::json(receipt, "receipt")?;
        let files = formwork::deliver::verify(&receipt)?;
        let files: Vec<serde_json::Value> = files.iter().map(formwork::deliver::Verified::to_json).collect();
        guard::hand_over_text(report, &serde_json::Value::from(files).to_string());
        Ok(Status::Ok)
    })
}

/// 1 when this library knows something that is not in every one of this interface, else 0. Names so far: `events-fd`,
/// `allocator`, `clock`, `files`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_has_feature(name: *const c_char) -> i32 {
    guard_value(0, || {
        let name = guard::text(name, "name").ok()?;
        Some(i32::from(matches!(name, "events-fd" | "allocator" | "clock" | "files")))
    })
}
