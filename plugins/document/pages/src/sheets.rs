//! PDF to spreadsheets: the tables of its pages.

use crate::model;
use crate::text::{Block, Cell, Table};
use formwork_sdk::{Error, Feature, OutputInfo, Result, Step, json};
use formwork_tables::workbook::{MOST_COLUMNS, MOST_ROWS, cell_text};
use formwork_tables::{number_of, part_name};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

/// A table as text.
type Sheet = Vec<Vec<String>>;

/// Does the step for `csv`: each table in a file of its own.
pub(crate) fn csv(step: &Step<'_>) -> Result<()> {
    let sheets = sheets(step)?;
    match sheets.as_slice() {
        [one] => step.write_output(values(one).as_bytes())?,
        many => {
            let document = step.input()?.name().into_owned();
            for (number, sheet) in many.iter().enumerate() {
                step.tick(number as u64, many.len() as u64)?;
                let name = part_name(&document, "table", number, many.len()) + ".csv";
                let mut output =
                    step.create_named_output(&OutputInfo { name: &name, ..OutputInfo::default() })?;
                output.append(values(sheet).as_bytes())?;
                output.close()?;
            }
        }
    }
    step.report(&json!({ "tables": sheets.len() }));
    Ok(())
}

/// Does the step for `xlsx`: each table in a sheet of its own.
pub(crate) fn xlsx(step: &Step<'_>) -> Result<()> {
    let sheets = sheets(step)?;
    let mut book = Workbook::new();
    let failed =
        |error: XlsxError| Error::unsupported(format!("the tables do not fit in a workbook: {error}"));
    // The same tables give the same bytes.
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    for (number, rows) in sheets.iter().enumerate() {
        step.tick(number as u64, sheets.len() as u64)?;
        let sheet = book.add_worksheet();
        sheet.set_name(format!("Table {}", number + 1)).map_err(failed)?;
        for (row, cells) in rows.iter().enumerate().take(MOST_ROWS as usize) {
            for (column, text) in cells.iter().enumerate().take(MOST_COLUMNS as usize) {
                let (row, column) = (row as u32, column as u16);
                match number_of(text) {
                    _ if text.is_empty() => {}
                    Some(number) => drop(sheet.write_number(row, column, number).map_err(failed)?),
                    None => {
                        sheet.write_string(row, column, cell_text(text)).map_err(failed)?;
                    }
                }
            }
        }
    }
    step.write_output(&book.save_to_buffer().map_err(failed)?)?;
    step.report(&json!({ "tables": sheets.len() }));
    Ok(())
}

/// All tables of the wanted pages; at least one.
fn sheets(step: &Step<'_>) -> Result<Vec<Sheet>> {
    let model = model::read(step, false)?;
    let tables = model.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(sheet(table)),
        _ => None,
    });
    let sheets: Vec<Sheet> = tables.collect();
    if sheets.is_empty() {
        return Err(Error::unsupported(
            "no table was found in these pages; txt, md and docx take all of their text",
        ));
    }
    step.lose(Feature::Text, "only tables were taken, the text around them was not");
    Ok(sheets)
}

fn sheet(table: &Table) -> Sheet {
    let columns = table.columns();
    let row = |row: &Vec<Cell>| {
        (0..columns).map(|place| row.get(place).map(Cell::text).unwrap_or_default()).collect()
    };
    table.rows.iter().map(row).collect()
}

/// Rows by RFC 4180.
fn values(sheet: &Sheet) -> String {
    let mut text = String::new();
    for cells in sheet {
        formwork_tables::row(cells, &mut text);
    }
    text
}
