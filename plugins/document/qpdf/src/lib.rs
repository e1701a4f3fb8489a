//! A second opinion on PDF files: what the plugin `pdf` cannot open, qpdf may write anew, as a process of its own. It
//! also linearizes, so that a browser shows the first page before the rest has come.
//!
//! A plugin apart, so that the one that reads all PDF files needs no right to start programs.

mod describe;
mod run;

use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// The plugin `pdf.qpdf`.
pub struct Qpdf;

impl Plugin for Qpdf {
    fn describe() -> Description {
        describe::describe()
    }

    fn run(step: &Step<'_>) -> Result<()> {
        run::run(step)
    }
}

export_plugin!(Qpdf);
