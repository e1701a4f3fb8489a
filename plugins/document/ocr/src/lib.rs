//! Makes scanned PDF files searchable.
//!
//! Each page without text is drawn, read by Tesseract as a process of its own, and gets what that read as invisible text
//! laid over it. The page itself stays as it is, byte for byte.

mod describe;
mod layer;
mod pages;
mod program;
mod reading;
mod run;
mod seen;

use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// The plugin `pdf.ocr`.
pub struct Ocr;

impl Plugin for Ocr {
    fn describe() -> Description {
        describe::describe()
    }

    fn run(step: &Step<'_>) -> Result<()> {
        run::run(step)
    }
}

export_plugin!(Ocr);
