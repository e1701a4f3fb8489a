//! Exit codes after sysexits.h.

use formwork::{Error, ErrorKind};

pub(crate) const OK: u8 = 0;
/// Some of a batch failed.
pub(crate) const SOME_FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 64;
pub(crate) const DATA: u8 = 65;
pub(crate) const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SOFTWARE: u8 = 70;
const CANNOT_CREATE: u8 = 73;
const IO: u8 = 74;
const TEMPORARY: u8 = 75;
const NO_PERMISSION: u8 = 77;
pub(crate) const INTERRUPTED: u8 = 130;

/// The code for an error.
pub(crate) fn code(error: &Error) -> u8 {
    let about = |key: &str| error.context.iter().any(|(known, _)| *known == key);
    match error.kind {
        ErrorKind::InvalidRequest => USAGE,
        ErrorKind::UnsupportedFormat
        | ErrorKind::UnsupportedConversion
        | ErrorKind::CorruptInput
        | ErrorKind::LimitExceeded => DATA,
        ErrorKind::PasswordRequired => NO_PERMISSION,
        ErrorKind::BackendMissing | ErrorKind::IsolationUnavailable => UNAVAILABLE,
        ErrorKind::Timeout => TEMPORARY,
        ErrorKind::Cancelled => INTERRUPTED,
        ErrorKind::Io if about("output") => CANNOT_CREATE,
        ErrorKind::Io if error.message.contains("Permission denied") => NO_PERMISSION,
        ErrorKind::Io if about("input") => NO_INPUT,
        ErrorKind::Io => IO,
        _ => SOFTWARE,
    }
}
