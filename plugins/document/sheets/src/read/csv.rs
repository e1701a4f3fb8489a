//! A table of text as the one sheet of a book.

use super::{Cells, Listed};
use crate::value::Value;
use formwork_sdk::{Error, Result, Step};
use formwork_tables::workbook::{MOST_COLUMNS, MOST_ROWS};
use formwork_tables::{Source, number_of};

pub(crate) struct Table(Source);

/// Decodes a table; its sheet is called after the file.
pub(super) fn open(step: &Step<'_>, bytes: &[u8], name: &str) -> Result<(Vec<Listed>, Table)> {
    let source = Source::of(bytes, name)?;
    source.tell(step);
    let file = name.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let sheet = Listed { name: stem.to_owned(), is_hidden: false, other: None };
    Ok((vec![sheet], Table(source)))
}

impl Table {
    pub(super) fn fill(&self, cells: &mut Cells<'_, '_>) -> Result<()> {
        let mut reader = self.0.reader();
        let mut record = ::csv::StringRecord::new();
        let mut row = 0;
        while reader.read_record(&mut record).map_err(|error| Error::corrupt(error.to_string()))? {
            cells.meter.step().tick(0, 0)?;
            for (column, field) in record.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
                let value = number_of(field).map_or_else(|| Value::Text(field.to_owned()), Value::Number);
                let column = u32::try_from(column).unwrap_or(u32::MAX);
                cells.add((row, column), Some(value)).map_err(|error| too_large(error, row, column))?;
            }
            row += 1;
        }
        Ok(())
    }
}

/// A table has no bounds of its own: those of a sheet are the target's.
fn too_large(error: Error, row: u32, column: u32) -> Error {
    if row < MOST_ROWS && column < MOST_COLUMNS {
        return error;
    }
    Error::unsupported(format!(
        "a sheet holds {MOST_ROWS} rows of {MOST_COLUMNS} cells, and this table has more: split it first"
    ))
}
