//! Sheets to a workbook of Office Open XML; those of several files in one (`merge`).

use super::report;
use crate::names::Names;
use crate::read::{CELL, Meter, Sheet};
use crate::sheets;
use crate::value::{DAY, Day, Value};
use formwork_sdk::{Error, Feature, Result, Step};
use formwork_tables::workbook::{LONGEST_CELL, cell_text};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

/// Bytes of memory that a cell takes while a workbook is written, as measured.
const WRITTEN: u64 = 250;
/// How dates and times look.
const DATE: &str = "yyyy-mm-dd";
const MOMENT: &str = "yyyy-mm-dd hh:mm:ss";
const TIME: &str = "[hh]:mm:ss";

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut meter = Meter::new(step, CELL + WRITTEN);
    let mut all = Vec::new();
    if step.operation() == "merge" {
        for (number, input) in step.inputs().enumerate() {
            step.tick(number as u64, step.input_count() as u64 + 1)?;
            let name = input.name();
            let sheets = sheets::all(input, &mut meter).map_err(|error| in_file(error, &name))?;
            all.extend(sheets);
        }
    } else {
        all = sheets::wanted(step, &mut meter)?;
    }
    let mut names = Names::default();
    all.iter_mut().for_each(|sheet| sheet.name = names.give(&sheet.name));
    step.write_output(&book(step, &all)?)?;
    report(step, &all);
    Ok(())
}

/// Says which of several inputs an error is about.
fn in_file(mut error: Error, name: &str) -> Error {
    error.message = format!("{name}: {}", error.message);
    error
}

fn failed(error: XlsxError) -> Error {
    Error::unsupported(format!("the sheets do not fit in a workbook: {error}"))
}

fn book(step: &Step<'_>, sheets: &[Sheet]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    // The same sheets give the same bytes.
    let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    let looks = Looks::new();
    let shown = sheets.iter().position(|sheet| !sheet.is_hidden);
    for (number, sheet) in sheets.iter().enumerate() {
        step.tick(number as u64, sheets.len() as u64 + 1)?;
        let page = book.add_worksheet();
        page.set_name(&sheet.name).map_err(failed)?;
        // One has to be seen.
        if shown == Some(number) {
            page.set_active(true);
            page.set_first_tab(true);
        }
        page.set_hidden(sheet.is_hidden && shown.is_some());
        fill(step, sheet, page, &looks)?;
    }
    if sheets.is_empty() {
        book.add_worksheet();
    }
    book.save_to_buffer().map_err(failed)
}

/// The looks of cells that need one to say what they are.
struct Looks {
    date: Format,
    moment: Format,
    time: Format,
}

impl Looks {
    fn new() -> Looks {
        let of = |format: &str| Format::new().set_num_format(format);
        Looks { date: of(DATE), moment: of(MOMENT), time: of(TIME) }
    }
}

fn fill(step: &Step<'_>, sheet: &Sheet, page: &mut Worksheet, looks: &Looks) -> Result<()> {
    let mut cut = 0_u64;
    for (number, cell) in sheet.cells.iter().enumerate() {
        if number.is_multiple_of(1024) {
            step.tick(number as u64, sheet.cells.len() as u64)?;
        }
        let (row, column) = (cell.row, cell.column as u16);
        let written = match &cell.value {
            // Never a formula, whatever it begins with.
            Value::Text(text) | Value::Fault(text) if text.is_empty() => continue,
            Value::Text(text) | Value::Fault(text) => {
                let short = cell_text(text);
                cut += u64::from(short.len() < text.len());
                page.write_string(row, column, short)
            }
            Value::Number(number) if number.is_finite() => page.write_number(row, column, *number),
            Value::Number(number) => page.write_string(row, column, number.to_string()),
            Value::Flag(flag) => page.write_boolean(row, column, *flag),
            Value::Time(time) => {
                page.write_number_with_format(row, column, *time as f64 / DAY as f64, &looks.time)
            }
            Value::Day(day, time) => match serial(*day, *time) {
                Some(moment) => {
                    let look = if *time == 0 { &looks.date } else { &looks.moment };
                    page.write_datetime_with_format(row, column, &moment, look)
                }
                // Days that no workbook knows, as those before 1900.
                None => page.write_string(row, column, cell.value.text()),
            },
        };
        written.map_err(failed)?;
    }
    if cut > 0 {
        step.lose(
            Feature::Text,
            format!("{cut} cells hold more than {LONGEST_CELL} letters, the rest was cut off"),
        );
    }
    Ok(())
}

fn serial(day: Day, time: i64) -> Option<ExcelDateTime> {
    let date = ExcelDateTime::from_ymd(day.year, day.month, day.day).ok()?;
    let (minutes, milliseconds) = (time / 60_000, time % 60_000);
    let (hour, minute) = (u16::try_from(minutes / 60).ok()?, u8::try_from(minutes % 60).ok()?);
    date.and_hms(hour, minute, milliseconds as f64 / 1000.0).ok()
}
