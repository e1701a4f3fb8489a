//! Writers: sheets to files.

mod csv;
mod html;
mod md;
mod txt;
mod xlsx;

pub(crate) use csv::run as csv;
pub(crate) use html::run as html;
pub(crate) use md::run as md;
pub(crate) use txt::run as txt;
pub(crate) use xlsx::run as xlsx;

use crate::read::Sheet;
use formwork_sdk::{Result, Step, Writer, json};

/// Bytes of text that are handed on at a time.
const PIECE: usize = 64 << 10;

/// A file of text that is written piece by piece.
struct Text<'s> {
    output: Writer<'s>,
    /// What was not handed on yet.
    text: String,
}

impl<'s> Text<'s> {
    fn new(output: Writer<'s>) -> Text<'s> {
        Text { output, text: String::new() }
    }

    /// Hands on what there is, when it is enough.
    fn flush(&mut self) -> Result<()> {
        if self.text.len() >= PIECE {
            self.output.append(self.text.as_bytes())?;
            self.text.clear();
        }
        Ok(())
    }

    fn close(mut self) -> Result<()> {
        self.output.append(self.text.as_bytes())?;
        self.output.close()
    }
}

/// Tells the names of what was written.
fn report(step: &Step<'_>, sheets: &[Sheet]) {
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    step.report(&json!({ "sheets": names }));
}
