//! The engine for Python: what `import formwork` loads.
//!
//! Whatever may take a moment lets go of the interpreter's lock, so that Python threads convert side by side.

mod engine;
mod error;
mod job;
mod output;
mod value;

use pyo3::prelude::*;

/// The functions and classes the package `formwork` hands on.
#[pymodule]
fn _formwork(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<job::Job>()?;
    module.add_class::<output::Output>()
}
