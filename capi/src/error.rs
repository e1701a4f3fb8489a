//! What went wrong, as an object of its own: jobs end on other threads than they are asked for.

use crate::guard::owned_text;
use crate::status::Status;
use std::ffi::{CStr, CString, c_char};
use std::ptr;

/// Why a call failed. Owned by the caller, who destroys it; may be used from any thread.
pub struct Error {
    pub(crate) status: Status,
    kind: CString,
    message: CString,
    hint: Option<CString>,
    limit: Option<CString>,
    json: CString,
    is_temporary: bool,
}

impl From<formwork::Error> for Error {
    fn from(error: formwork::Error) -> Error {
        Error {
            status: Status::of(error.kind),
            kind: owned_text(error.kind.word()),
            message: owned_text(&error.to_string()),
            hint: error.hint.as_deref().map(owned_text),
            limit: error.limit.as_deref().map(owned_text),
            json: owned_text(&error.to_json_in_full().to_string()),
            is_temporary: error.is_temporary(),
        }
    }
}

impl Error {
    /// Something was asked of a job that is not over.
    pub(crate) fn pending() -> Error {
        let error = formwork::Error::invalid("the job is not over yet").with_hint("wait for it");
        Error { status: Status::Pending, kind: c"pending".to_owned(), ..error.into() }
    }

    /// The caller broke a rule of this interface.
    pub(crate) fn misuse(message: &str) -> Error {
        let error = formwork::Error::invalid(message);
        Error { status: Status::Misuse, kind: c"misuse".to_owned(), ..error.into() }
    }
}

/// Reads a text of an error; NULL of NULL.
fn text_of(error: *const Error, text: impl Fn(&Error) -> Option<&CStr>) -> *const c_char {
    // SAFETY: NULL, or an error the caller has not destroyed.
    let error = unsafe { error.as_ref() };
    error.and_then(text).map_or(ptr::null(), CStr::as_ptr)
}

/// The status of an error; `FORMWORK_STATUS_OK` of NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_status(error: *const Error) -> Status {
    // SAFETY: as this function demands.
    unsafe { error.as_ref() }.map_or(Status::Ok, |error| error.status)
}

/// The kind of an error in one word that never changes, as `corrupt_input`. Lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_kind(error: *const Error) -> *const c_char {
    text_of(error, |error| Some(&error.kind))
}

/// What happened to which input, in one sentence. Lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_message(error: *const Error) -> *const c_char {
    text_of(error, |error| Some(&error.message))
}

/// What to do next, in one sentence; NULL when nothing is known. Lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_hint(error: *const Error) -> *const c_char {
    text_of(error, |error| error.hint.as_deref())
}

/// The name of the limit that was reached; NULL when it was none. Lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_limit(error: *const Error) -> *const c_char {
    text_of(error, |error| error.limit.as_deref())
}

/// All of it as a JSON object: `kind`, `message`, `hint`, `limit`, and what it happened to. Lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_json(error: *const Error) -> *const c_char {
    text_of(error, |error| Some(&error.json))
}

/// 1 when the same request may succeed when it is repeated unchanged, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_is_temporary(error: *const Error) -> i32 {
    // SAFETY: as this function demands.
    unsafe { error.as_ref() }.map_or(0, |error| i32::from(error.is_temporary))
}

/// Destroys an error; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn formwork_error_destroy(error: *mut Error) {
    crate::guard::destroy(error);
}
