//! Spreadsheets: workbooks and tables of text, read as sheets of cells, and written as workbooks, tables and pages.
//!
//! What a cell shows is taken, not how it came to it: formulas arrive as their values. `calamine` reads workbooks, behind
//! checks of its own for each format, because it takes memory for what a file says of itself; `rust_xlsxwriter` writes them.

mod describe;
mod names;
mod read;
mod sheets;
mod value;
mod write;

use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin `sheets`.
pub struct Sheets;

impl Plugin for Sheets {
    fn describe() -> Description {
        describe::describe()
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.target() {
            "csv" => write::csv(step),
            "xlsx" => write::xlsx(step),
            "html" => write::html(step),
            "md" => write::md(step),
            "txt" => write::txt(step),
            other => Err(Error::unsupported(format!("sheets does not write {other}"))),
        }
    }
}

export_plugin!(Sheets);
