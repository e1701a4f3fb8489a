//! Results in memory.

use crate::error::or_raise;
use crate::value::to_python;
use formwork::Error;
use formwork::deliver::Receipt;
use formwork::detect::Source;
use formwork::run::Item;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::fs::File;
use std::path::PathBuf;

/// One file that came out.
#[pyclass(frozen, module = "formwork")]
pub(crate) struct Output {
    item: Item,
    receipt: Option<Receipt>,
}

impl Output {
    pub(crate) fn new(item: Item, receipt: Option<Receipt>) -> Output {
        Output { item, receipt }
    }
}

#[pymethods]
impl Output {
    /// Its name, with an extension; a `/` in it stands for a folder.
    #[getter]
    fn name(&self) -> &str {
        &self.item.name
    }

    /// The id of its format, as `png`; None for what has none.
    #[getter]
    fn format(&self) -> Option<&'static str> {
        self.item.format.map(|format| format.id)
    }

    /// Its media type, as `image/png`.
    #[getter]
    fn media_type(&self) -> &'static str {
        let known = self.item.format.and_then(|format| format.mime.first().copied());
        known.unwrap_or("application/octet-stream")
    }

    /// What was done, of conversions; None of a job's results, whose report has all receipts.
    #[getter]
    fn receipt<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.receipt.as_ref().map(|receipt| to_python(py, &receipt.to_json())).transpose()
    }

    /// Up to `length` bytes from `offset` on; empty at the end.
    #[pyo3(signature = (offset = 0, length = None))]
    fn read<'py>(&self, py: Python<'py>, offset: u64, length: Option<u64>) -> PyResult<Bound<'py, PyBytes>> {
        let left = self.item.length().saturating_sub(offset);
        let mut bytes = vec![0; usize::try_from(length.unwrap_or(left).min(left))?];
        let mut at = 0;
        while at < bytes.len() {
            let read = py.detach(|| self.item.read_at(offset + at as u64, &mut bytes[at..]));
            match or_raise(py, read.map_err(|error| Error::io("cannot read the result", &error)))? {
                0 => bytes.truncate(at),
                count => at += count,
            }
        }
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes it to a file, which must not be there.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        Ok(py.detach(|| self.item.copy_to(&mut File::create_new(path)?))?)
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py, 0, None)
    }

    fn __len__(&self) -> PyResult<usize> {
        Ok(usize::try_from(self.item.length())?)
    }

    fn __repr__(&self) -> String {
        format!("<formwork.Output {:?}, {} bytes>", self.item.name, self.item.length())
    }
}
