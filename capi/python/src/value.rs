//! Values on their way between Python and Rust.

use crate::error::or_raise;
use formwork::run::Item;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// What `json` of Python can write, as a value of ours.
pub(crate) fn from_python(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    let text: String = given.py().import("json")?.call_method1("dumps", (given,))?.extract()?;
    serde_json::from_str(&text).map_err(|error| PyTypeError::new_err(error.to_string()))
}

/// A mapping by names; nothing is an empty one.
pub(crate) fn mapping(given: Option<&Bound<'_, PyAny>>, name: &str) -> PyResult<Map<String, Value>> {
    match given.map(from_python).transpose()? {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(PyTypeError::new_err(format!("`{name}` is a mapping"))),
    }
}

/// A value of ours as Python has it.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (value.to_string(),))
}

/// An input: a path, bytes, or a pair of bytes and their name.
pub(crate) fn item(given: &Bound<'_, PyAny>, name: Option<&str>) -> PyResult<Item> {
    let py = given.py();
    if let Ok(pair) = given.cast::<PyTuple>() {
        let (bytes, name): (Bound<'_, PyAny>, String) = pair.extract()?;
        return item(&bytes, Some(&name));
    }
    let checked = |name: &str| or_raise(py, formwork::deliver::checked_name(name));
    if let Ok(bytes) = given.cast::<PyBytes>() {
        return Ok(Item::from_bytes(checked(name.unwrap_or("input"))?, bytes.as_bytes().to_vec()));
    }
    let path: PathBuf = given.extract()?;
    let own = path.file_name().map(|own| own.to_string_lossy().into_owned());
    let name = name.map(checked).transpose()?.or(own).unwrap_or_default();
    or_raise(py, py.detach(|| Item::from_path(&path, name, true)))
}
