//! Readers: a workbook, or a table of text, to sheets of cells.

mod csv;
mod meter;
mod ods;
mod package;
mod source;
mod xls;
mod xlsx;

pub(crate) use meter::{CELL, Meter};

use crate::value::Value;
use calamine::{Data, Range, SheetType, SheetVisible};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use formwork_tables::workbook::{MOST_COLUMNS, MOST_ROWS};

/// A cell that holds something.
pub(crate) struct Cell {
    pub(crate) row: u32,
    pub(crate) column: u32,
    pub(crate) value: Value,
}

/// A sheet: its cells by rows, then columns, each place once.
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    pub(crate) cells: Vec<Cell>,
}

/// A sheet as a workbook lists it.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    /// Why it has no cells: it is a chart, or program code.
    pub(crate) other: Option<Feature>,
}

/// What a file holds that its cells do not.
#[derive(Default)]
pub(crate) struct Lost {
    pub(crate) formulas: u64,
    pub(crate) has_macros: bool,
    /// Charts, drawings and pictures.
    pub(crate) drawings: u64,
    /// Fonts, colours, widths, number formats.
    pub(crate) has_looks: bool,
}

/// An opened file of any format that is read.
pub(crate) struct Book<'s> {
    pub(crate) listed: Vec<Listed>,
    pub(crate) lost: Lost,
    kind: Kind<'s>,
}

enum Kind<'s> {
    Xlsx(xlsx::Book<'s>),
    Xls(xls::Book),
    Ods(ods::Book<'s>),
    Table(csv::Table),
}

impl<'s> Book<'s> {
    /// Opens an input.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `password_required`; `limit_exceeded`; `cancelled`; `timeout`; `io`.
    pub(crate) fn open(step: &'s Step<'s>, input: Input<'s>) -> Result<Book<'s>> {
        let bytes = input.bytes()?;
        let mut lost = Lost { has_looks: input.format() != "csv", ..Lost::default() };
        let (listed, kind) = match input.format() {
            "xlsx" => {
                let (listed, book) = xlsx::open(step, bytes, &mut lost)?;
                (listed, Kind::Xlsx(book))
            }
            "xls" => {
                let (listed, book) = xls::open(step, &bytes, &mut lost)?;
                (listed, Kind::Xls(book))
            }
            "ods" => {
                let (listed, book) = ods::open(step, bytes, &mut lost)?;
                (listed, Kind::Ods(book))
            }
            "csv" => {
                let (listed, table) = csv::open(step, &bytes, &input.name())?;
                (listed, Kind::Table(table))
            }
            other => return Err(Error::unsupported(format!("sheets does not read {other}"))),
        };
        step.within("entries", listed.len() as u64, step.limits().entries)?;
        Ok(Book { listed, lost, kind })
    }

    /// The cells of a listed sheet.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`memory`); `cancelled`; `timeout`.
    pub(crate) fn sheet(&mut self, listed: &Listed, meter: &mut Meter<'_>) -> Result<Sheet> {
        let mut cells = Cells { meter, cells: Vec::new() };
        match &mut self.kind {
            Kind::Xlsx(book) => self.lost.formulas += book.fill(&listed.name, &mut cells)?,
            Kind::Xls(book) => book.fill(&listed.name, &mut cells)?,
            Kind::Ods(book) => book.fill(&listed.name, &mut cells)?,
            Kind::Table(table) => table.fill(&mut cells)?,
        }
        Ok(Sheet { name: listed.name.clone(), is_hidden: listed.is_hidden, cells: cells.sorted() })
    }
}

/// Cells of a sheet as they are read.
pub(crate) struct Cells<'m, 's> {
    meter: &'m mut Meter<'s>,
    cells: Vec<Cell>,
}

impl Cells<'_, '_> {
    fn add(&mut self, (row, column): (u32, u32), value: Option<Value>) -> Result<()> {
        let Some(value) = value else { return Ok(()) };
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Err(source::damaged("a cell lies outside of its sheet"));
        }
        self.meter.add(&value)?;
        self.cells.push(Cell { row, column, value });
        Ok(())
    }

    /// Takes over all of a range, whose memory was seen to fit.
    fn add_range(&mut self, range: &Range<Data>) -> Result<()> {
        let (top, left) = range.start().unwrap_or_default();
        for (row, column, data) in range.used_cells() {
            let place = (top.saturating_add(row as u32), left.saturating_add(column as u32));
            self.add(place, Value::of(data.clone()))?;
        }
        Ok(())
    }

    /// All cells in order; of those at one place the last.
    fn sorted(self) -> Vec<Cell> {
        let place = |cell: &Cell| (cell.row, cell.column);
        let mut cells = self.cells;
        if !cells.is_sorted_by_key(place) {
            cells.sort_by_key(place);
        }
        cells.dedup_by(|later, earlier| {
            let is_same = place(later) == place(earlier);
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        cells
    }
}

/// A sheet as the library lists it.
fn listed(sheet: &calamine::Sheet) -> Listed {
    let other = match sheet.typ {
        SheetType::ChartSheet => Some(Feature::Vector),
        SheetType::MacroSheet | SheetType::DialogSheet | SheetType::Vba => Some(Feature::Macros),
        SheetType::WorkSheet => None,
    };
    Listed { name: sheet.name.clone(), is_hidden: sheet.visible != SheetVisible::Visible, other }
}
