//! Sheets to tables of text (RFC 4180, in UTF-8), each in a file of its own.

use super::{Text, report};
use crate::read::{CELL, Meter, Sheet};
use crate::sheets::{self, Area};
use formwork_sdk::{OutputInfo, Result, Step, Writer};
use formwork_tables::{part_name, row};

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut meter = Meter::new(step, CELL);
    let mut sheets = sheets::wanted(step, &mut meter)?;
    let all = sheets.len();
    if all > 1 {
        sheets.retain(|sheet| !sheet.cells.is_empty());
    }
    if sheets.len() < all {
        step.warn(format!("{} empty sheets became no files", all - sheets.len()));
    }
    match sheets.as_slice() {
        [] => step.write_output(b"")?,
        [one] => write(step, one, step.create_output()?)?,
        many => {
            let document = step.input()?.name().into_owned();
            for (number, sheet) in many.iter().enumerate() {
                let name = part_name(&document, "sheet", number, many.len()) + ".csv";
                let output =
                    step.create_named_output(&OutputInfo { name: &name, ..OutputInfo::default() })?;
                write(step, sheet, output)?;
            }
        }
    }
    report(step, &sheets);
    Ok(())
}

/// Writes all rows and columns from the first cell of the sheet on.
fn write(step: &Step<'_>, sheet: &Sheet, output: Writer<'_>) -> Result<()> {
    let mut text = Text::new(output);
    if let Some(area) = sheet.area() {
        sheet.rows(step, Area { top: 0, left: 0, ..area }, 1, |fields| {
            row(fields, &mut text.text);
            text.flush()
        })?;
    }
    text.close()
}
