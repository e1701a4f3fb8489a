//! Failures as exceptions.

use crate::value::to_python;
use formwork::Error;
use pyo3::prelude::*;

/// The exception `formwork.FormworkError` that tells of a failure.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let exception = || -> PyResult<Bound<'_, PyAny>> {
        let class = py.import("formwork._error")?.getattr("FormworkError")?;
        class.call1((error.to_string(), to_python(py, &error.to_json())?, formwork::http_status(error.kind)))
    };
    exception().map_or_else(|otherwise| otherwise, PyErr::from_value)
}

/// As [`raised`], for results.
pub(crate) fn or_raise<T>(py: Python<'_>, outcome: formwork::Result<T>) -> PyResult<T> {
    outcome.map_err(|error| raised(py, &error))
}
