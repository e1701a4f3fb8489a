//! What pages of PDF files look like and say: drawn as pictures, read as text (ISO 32000-2).
//!
//! PDFium does the work; it is a C++ library that is loaded when this plugin is, and only ever used by one thread
//! at a time. Without it, `hayro` draws. JavaScript and actions of a document are never run: nothing here asks for
//! them, and the library is built without an engine for them.

mod describe;
mod document;
mod docx;
mod draw;
mod encode;
mod epub;
mod flow;
mod html;
mod library;
mod likeness;
mod md;
mod model;
mod names;
mod odt;
mod office;
mod outline;
mod package;
mod packed;
mod plain;
mod probe;
mod raster;
mod reading;
mod sheets;
mod size;
mod slides;
mod text;
mod txt;

use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin `pdf.pages`.
pub struct Pages;

impl Plugin for Pages {
    fn prepare() {
        // What is wrong with the library is said when it is needed.
        let _ = library::get();
    }

    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        probe::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.target() {
            "raster" => draw::run(step),
            "txt" => txt::run(step),
            "md" => md::run(step),
            "html" => html::run(step),
            "docx" => docx::run(step),
            "odt" => odt::run(step),
            "epub" => epub::run(step),
            "pptx" => slides::run(step),
            "csv" => sheets::csv(step),
            "xlsx" => sheets::xlsx(step),
            other => Err(Error::unsupported(format!("this plugin does not write {other}"))),
        }
    }
}

export_plugin!(Pages);
