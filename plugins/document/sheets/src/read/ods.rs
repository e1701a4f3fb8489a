//! OpenDocument spreadsheets (ISO/IEC 26300).

use super::package::Package;
use super::source::{Source, Stopped, damaged, protected};
use super::{Cells, Listed, Lost, listed};
use calamine::{Ods, Reader};
use formwork_sdk::{Result, Step};
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::io::{BufReader, Read};

/// Events of XML between two looks at whether to go on.
const TICK: u64 = 4096;
/// Bytes that the library takes for a place of a sheet: its value and its formula.
const PLACE: u64 = (size_of::<calamine::Data>() + size_of::<String>()) as u64;

pub(crate) struct Book<'s> {
    /// The library's, of which every sheet is in memory.
    book: Ods<Source<'s>>,
    stopped: Stopped,
}

/// Opens a workbook.
pub(super) fn open<'s>(
    step: &'s Step<'s>,
    bytes: Cow<'s, [u8]>,
    lost: &mut Lost,
) -> Result<(Vec<Listed>, Book<'s>)> {
    let mut package = Package::open(step, &bytes)?;
    if is_encrypted(&mut package)? {
        return Err(protected());
    }
    for place in package.places(|name| name == "content.xml") {
        lost.formulas += measure(step, package.part(place)?)?;
    }
    lost.has_macros =
        !package.places(|name| name.starts_with("basic/") && !name.ends_with("-lc.xml")).is_empty();
    let drawings = package.places(|name| {
        name.starts_with("pictures/") || name.starts_with("object ") && name.ends_with("/content.xml")
    });
    lost.drawings = drawings.len() as u64;
    drop(package);
    let source = Source::new(step, bytes);
    let stopped = source.stopped();
    let book = stopped.guard(|| Ods::new(source))?;
    let sheets = book.sheets_metadata().iter().map(listed).collect();
    Ok((sheets, Book { book, stopped }))
}

impl Book<'_> {
    pub(super) fn fill(&mut self, name: &str, cells: &mut Cells<'_, '_>) -> Result<()> {
        let Book { book, stopped } = self;
        let range = stopped.guard(|| book.worksheet_range(name))?;
        cells.add_range(&range)
    }
}

/// Whether the manifest says how a part was encrypted (OpenDocument 1.3 part 2, 4.4).
fn is_encrypted(package: &mut Package<'_>) -> Result<bool> {
    const TOLD: &[u8] = b"encryption-data";
    let mut listed = Vec::new();
    for place in package.places(|name| name == "meta-inf/manifest.xml") {
        package.part(place)?.read_to_end(&mut listed).map_err(damaged)?;
    }
    Ok(listed.windows(TOLD.len()).any(|word| word == TOLD))
}

/// Sees that there is memory for what the library makes of all tables: it repeats what is said to be repeated. Returns how
/// many cells are formulas.
fn measure(step: &Step<'_>, content: impl Read) -> Result<u64> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(content));
    // As the library has it.
    xml.config_mut().check_end_names = false;
    xml.config_mut().expand_empty_elements = true;
    let (mut buffer, mut events) = (Vec::new(), 0_u64);
    let mut measure = Measure::default();
    loop {
        buffer.clear();
        let event = xml.read_event_into(&mut buffer).map_err(damaged)?;
        events += 1;
        if events.is_multiple_of(TICK) {
            step.tick(0, 0)?;
        }
        match event {
            Event::Start(start) => measure.start(&start),
            Event::End(end) => measure.end(end.name().as_ref()),
            Event::Text(text) => measure.text += text.len() as u64,
            Event::CData(text) => measure.text += text.len() as u64,
            Event::Eof => return Ok(measure.formulas),
            _ => {}
        }
        step.within("memory", measure.memory(), step.limits().memory)?;
    }
}

/// What the tables of a file come to.
#[derive(Default)]
struct Measure {
    formulas: u64,
    /// Bytes that tables before this one take.
    before: u64,
    /// Rows and columns of this one, up to the last that holds something, and rows behind that.
    rows: u64,
    columns: u64,
    blank: u64,
    /// How often this row is repeated, and its cells, up to the last that holds something, and those behind that.
    repeated: u64,
    cells: u64,
    empty: u64,
    /// Cells that rows take before they are repeated.
    single: u64,
    /// How often this cell is repeated, and whether it holds something; its text.
    again: u64,
    filled: bool,
    text: u64,
    /// Bytes of text of this row, and of all rows.
    row_text: u64,
    all_text: u64,
}

impl Measure {
    fn memory(&self) -> u64 {
        let area = self.rows.saturating_mul(self.columns);
        // What is at last of each table is there twice while it is handed on.
        let places = area.saturating_mul(2).saturating_add(self.single).saturating_add(self.cells);
        let text = self.all_text.saturating_mul(2).saturating_add(self.row_text);
        places.saturating_mul(PLACE).saturating_add(text).saturating_add(self.before)
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        match start.name().as_ref() {
            "table:table" => {
                let before = self.memory();
                *self = Measure { formulas: self.formulas, before, ..Measure::default() };
            }
            "table:table-row" => {
                self.repeated = repeats(start, "table:number-rows-repeated");
                (self.cells, self.empty, self.row_text) = (0, 0, 0);
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.again = repeats(start, "table:number-columns-repeated");
                (self.text, self.filled) = (start.len() as u64, false);
                for value in start.attributes().with_checks(false).flatten() {
                    let is_formula = value.key.as_ref() == "table:formula";
                    self.formulas += u64::from(is_formula);
                    self.filled |= is_formula || value.key.as_ref().starts_with("office:");
                }
            }
            // Spaces that are only counted.
            "text:s" => self.text = self.text.saturating_add(repeats(start, "text:c")),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "table:table-cell" | "table:covered-table-cell" if self.filled => {
                self.cells = self.cells.saturating_add(self.empty).saturating_add(self.again);
                self.row_text = self.row_text.saturating_add(self.text.saturating_mul(self.again));
                self.empty = 0;
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.empty = self.empty.saturating_add(self.again)
            }
            "table:table-row" if self.cells > 0 => {
                self.rows = self.rows.saturating_add(self.blank).saturating_add(self.repeated);
                self.columns = self.columns.max(self.cells);
                self.single = self.single.saturating_add(self.cells);
                self.all_text = self.all_text.saturating_add(self.row_text.saturating_mul(self.repeated));
                (self.blank, self.cells, self.row_text) = (0, 0, 0);
            }
            "table:table-row" => self.blank = self.blank.saturating_add(self.repeated),
            _ => {}
        }
    }
}

/// How often something is repeated.
fn repeats(start: &BytesStart<'_>, name: &str) -> u64 {
    let mut all = start.attributes();
    let found = all.with_checks(false).flatten().find(|value| value.key.as_ref() == name);
    found.and_then(|value| value.value.trim().parse().ok()).unwrap_or(1)
}
