//! Failures as exceptions.

use crate::value::to_python;
use formwork::{Error, ErrorKind};
use pyo3::prelude::*;

/// The exception `formwork.FormworkError` that tells of a failure.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let exception = || -> PyResult<Bound<'_, PyAny>> {
        let class = py.import("formwork._error")?.getattr("FormworkError")?;
        class.call1((error.to_string(), to_python(py, &error.to_json())?, http(error.kind)))
    };
    exception().map_or_else(|otherwise| otherwise, PyErr::from_value)
}

/// As [`raised`], for results.
pub(crate) fn or_raise<T>(py: Python<'_>, outcome: formwork::Result<T>) -> PyResult<T> {
    outcome.map_err(|error| raised(py, &error))
}

/// The status code of HTTP a server may answer with, as `formwork_status_http` of the C API says.
fn http(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidRequest => 400,
        ErrorKind::UnsupportedFormat => 415,
        ErrorKind::UnsupportedConversion | ErrorKind::CorruptInput | ErrorKind::PasswordRequired => 422,
        ErrorKind::LimitExceeded => 413,
        ErrorKind::Timeout => 504,
        ErrorKind::Cancelled => 409,
        ErrorKind::BackendMissing => 501,
        ErrorKind::PluginFault => 502,
        ErrorKind::IsolationUnavailable => 503,
        _ => 500,
    }
}
