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

use crate::read::{CELL, Meter, Sheet};
use crate::sheets;
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

/// Writes the wanted sheets one below the other, each under its name unless it stands alone.
fn below_each_other(
    step: &Step<'_>,
    name: impl Fn(&str, &mut String),
    table: impl Fn(&Step<'_>, &Sheet, &mut Text<'_>) -> Result<()>,
) -> Result<()> {
    let sheets = sheets::wanted(step, &mut Meter::new(step, CELL))?;
    let mut text = Text::new(step.create_output()?);
    for (number, sheet) in sheets.iter().enumerate() {
        if sheets.len() > 1 {
            text.text.push_str(if number > 0 { "\n" } else { "" });
            name(&sheet.name, &mut text.text);
            text.text.push_str("\n\n");
        }
        table(step, sheet, &mut text)?;
    }
    text.close()?;
    report(step, &sheets);
    Ok(())
}

/// Tells the names of what was written.
fn report(step: &Step<'_>, sheets: &[Sheet]) {
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    step.report(&json!({ "sheets": names }));
}
