//! Records of a workbook stream ([MS-XLS] 2.1.4), and what of them is handed on.
//!
//! The library that reads workbooks gets a stream of only those records that say what is in cells, with formulas replaced by
//! their values. All else it knows of, as names, formulas and stated sizes, would only be a way to make it fail.

use super::compound::{long, word};
use super::strings::Lengths;
use crate::read::source::{damaged, protected};
use formwork_sdk::{Result, Step};

/// Kinds of records (2.3).
mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const FILE_PASS: u16 = 0x002F;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const MANY_RK: u16 = 0x00BD;
    pub(super) const RICH_LABEL: u16 = 0x00D6;
    pub(super) const LOOK: u16 = 0x00E0;
    pub(super) const DRAWING: u16 = 0x00EC;
    pub(super) const STRINGS: u16 = 0x00FC;
    pub(super) const SHARED_LABEL: u16 = 0x00FD;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const FLAG_OR_FAULT: u16 = 0x0205;
    pub(super) const STRING: u16 = 0x0207;
    pub(super) const RK: u16 = 0x027E;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// The version from which on text is Unicode, whatever code page is named (2.4.21).
const UNICODE: u16 = 0x0600;
/// Records between two looks at whether to go on.
const TICK: usize = 4096;
/// How many times its length a stream may be read in all: two sheets may not lie in the same place, but some do in part.
const ROUNDS: usize = 4;
/// Bytes that the library takes for a place of a sheet, and for a cell.
const PLACE: u64 = size_of::<calamine::Data>() as u64;
const CELL: u64 = size_of::<calamine::Cell<calamine::Data>>() as u64;

/// A record: its kind and what it says.
#[derive(Clone, Copy)]
struct Record<'r> {
    kind: u16,
    data: &'r [u8],
}

/// What of a stream is handed on, and what was seen meanwhile.
#[derive(Default)]
pub(super) struct Filtered {
    pub(super) stream: Vec<u8>,
    pub(super) formulas: u64,
    pub(super) drawings: u64,
    /// Bytes of memory that reading it takes.
    pub(super) memory: u64,
}

/// Filters a stream.
///
/// # Errors
///
/// `corrupt_input`; `password_required`; `limit_exceeded` (`memory`); `cancelled`; `timeout`.
pub(super) fn filter(step: &Step<'_>, stream: &[u8]) -> Result<Filtered> {
    let mut filter =
        Filter { step, whole: stream, read: 0, lengths: Lengths::of(&[]), out: Filtered::default() };
    let sheets = filter.globals()?;
    for sheet in sheets {
        filter.sheet(sheet)?;
    }
    Ok(filter.out)
}

struct Filter<'s> {
    step: &'s Step<'s>,
    whole: &'s [u8],
    /// Bytes that were looked at, some of them perhaps again.
    read: usize,
    lengths: Lengths,
    out: Filtered,
}

/// Where a sheet lies, and where that is said in the filtered stream.
struct Place {
    start: usize,
    told: usize,
    has_cells: bool,
}

/// The corners of what a sheet fills.
#[derive(Default)]
struct Bounds(Option<[u64; 4]>);

impl Bounds {
    fn add(&mut self, row: u16, column: u16) {
        let (row, column) = (u64::from(row), u64::from(column));
        let [top, left, bottom, right] = self.0.unwrap_or([row, column, row, column]);
        self.0 = Some([top.min(row), left.min(column), bottom.max(row), right.max(column)]);
    }

    fn area(&self) -> u64 {
        self.0.map_or(0, |[top, left, bottom, right]| (bottom - top + 1) * (right - left + 1))
    }
}

impl<'s> Filter<'s> {
    /// The next record behind a place, and the place behind it.
    fn record(&mut self, at: usize) -> Result<Option<(Record<'s>, usize)>> {
        let Some(head) = self.whole.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Ok(None);
        };
        let [a, b, c, d] = *head;
        let (kind, length) = (u16::from_le_bytes([a, b]), usize::from(u16::from_le_bytes([c, d])));
        let data = self.whole.get(at + 4..at + 4 + length).ok_or_else(|| damaged("a record is cut off"))?;
        self.read += 4 + length;
        if self.read > self.whole.len().saturating_mul(ROUNDS) {
            return Err(damaged("its sheets lie in one another"));
        }
        Ok(Some((Record { kind, data }, at + 4 + length)))
    }

    fn keep(&mut self, kind: u16, data: &[u8]) {
        // What is joined may be longer than a record: no program writes such a text.
        let Ok(length) = u16::try_from(data.len()) else { return };
        self.out.stream.extend(kind.to_le_bytes());
        self.out.stream.extend(length.to_le_bytes());
        self.out.stream.extend_from_slice(data);
    }

    /// What holds for the whole workbook, and where its sheets are.
    fn globals(&mut self) -> Result<Vec<Place>> {
        let (mut at, mut places, mut strings): (_, Vec<Place>, Vec<&[u8]>) = (0, Vec::new(), Vec::new());
        let (mut last, mut is_coded) = (0, true);
        while let Some((record, next)) = self.record(at)? {
            at = next;
            let Record { kind, data } = record;
            match kind {
                kind::FILE_PASS => return Err(protected()),
                kind::BEGIN => is_coded = word(data, 0) != Some(UNICODE),
                kind::SHEET => {
                    let start = long(data, 0).ok_or_else(|| damaged("a sheet lies nowhere"))? as usize;
                    let told = self.out.stream.len() + 4;
                    places.push(Place { start, told, has_cells: data.get(5) == Some(&0) });
                }
                kind::STRINGS => strings = vec![data],
                kind::CONTINUE if last == kind::STRINGS => strings.push(data),
                _ => {}
            }
            let is_kept = match kind {
                kind::BEGIN | kind::DATE_MODE | kind::FORMAT | kind::LOOK => true,
                // The library would use it for Unicode too.
                kind::CODE_PAGE => is_coded,
                kind::SHEET | kind::STRINGS => true,
                kind::CONTINUE => last == kind::STRINGS,
                _ => false,
            };
            if is_kept {
                self.keep(kind, data);
            }
            if kind == kind::END {
                break;
            }
            last = if kind == kind::CONTINUE { last } else { kind };
        }
        self.keep(kind::END, &[]);
        self.step.tick(0, 0)?;
        self.lengths = Lengths::of(&strings);
        Ok(places)
    }

    /// The cells of a sheet.
    fn sheet(&mut self, place: Place) -> Result<()> {
        let start = (self.out.stream.len() as u32).to_le_bytes();
        if let Some(told) = self.out.stream.get_mut(place.told..place.told + 4) {
            told.copy_from_slice(&start);
        }
        let (mut at, mut depth, mut records) = (place.start, 0_usize, 0_usize);
        let mut cells = Sheet::default();
        while let Some((record, next)) = self.record(at)?.filter(|_| place.has_cells) {
            at = next;
            records += 1;
            if records.is_multiple_of(TICK) {
                self.step.tick(0, 0)?;
                self.fits(&cells)?;
            }
            match record.kind {
                // What is nested are charts, which have cells of their own.
                kind::BEGIN => {
                    if depth == 0 {
                        self.keep(record.kind, record.data);
                    }
                    depth += 1;
                }
                kind::END if depth <= 1 => break,
                kind::END => depth -= 1,
                kind::DRAWING => self.out.drawings += 1,
                _ if depth == 1 => self.cell(record, &mut cells),
                _ => {}
            }
        }
        self.keep(kind::END, &[]);
        self.fits(&cells)?;
        self.out.memory += cells.memory();
        Ok(())
    }

    /// Sees that there is memory for what the library makes of all sheets up to here; one of them is copied.
    fn fits(&self, cells: &Sheet) -> Result<()> {
        let needed = self.out.memory.saturating_add(cells.memory().saturating_mul(2));
        self.step.within("memory", needed, self.step.limits().memory)
    }

    fn cell(&mut self, record: Record<'_>, sheet: &mut Sheet) {
        let Record { kind, data } = record;
        if kind == kind::STRING {
            return self.string(data, sheet);
        }
        let Some((row, column)) = word(data, 0).zip(word(data, 2)) else { return };
        let mut add = |column, text| {
            sheet.bounds.add(row, column);
            sheet.cells += 1;
            sheet.text += text;
        };
        match kind {
            kind::NUMBER | kind::FLAG_OR_FAULT | kind::RK => add(column, 0),
            // Letters may become three times as many bytes.
            kind::LABEL | kind::RICH_LABEL => add(column, data.len() as u64 * 3),
            kind::SHARED_LABEL => add(column, self.lengths.get(long(data, 6).unwrap_or(u32::MAX))),
            kind::MANY_RK => {
                // Each is six bytes: its look and its number.
                let count = data.len().saturating_sub(6) / 6;
                (0..count).for_each(|more| add(column.saturating_add(more as u16), 0));
            }
            kind::FORMULA => {
                self.out.formulas += 1;
                return self.formula(data, sheet);
            }
            _ => return,
        }
        self.keep(kind, data);
    }

    /// What the formula before it comes to, as a text in its place: a record has no more than 8,224 bytes of it.
    fn string(&mut self, data: &[u8], sheet: &mut Sheet) {
        let Some(place) = sheet.formula.take() else { return };
        let [a, b, c, d, ..] = place;
        sheet.bounds.add(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        sheet.cells += 1;
        sheet.text += data.len() as u64 * 3;
        self.keep(kind::LABEL, &[&place, data].concat());
    }

    /// The value of a formula as a record of its own kind (2.4.127, 2.5.133).
    fn formula(&mut self, data: &[u8], sheet: &mut Sheet) {
        let Some(([a, b, c, d, e, f], value)) =
            data.split_first_chunk::<6>().map(|(place, rest)| (*place, rest.first_chunk::<8>().copied()))
        else {
            return;
        };
        let place = [a, b, c, d, e, f];
        let Some(value) = value else { return };
        let kept = match value {
            [0, .., 0xFF, 0xFF] => return sheet.formula = Some(place),
            [what @ (1 | 2), _, value, .., 0xFF, 0xFF] => Some(vec![value, what - 1]),
            // An empty text.
            [3, .., 0xFF, 0xFF] => None,
            number => Some(number.to_vec()),
        };
        let Some(kept) = kept else { return };
        sheet.bounds.add(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        sheet.cells += 1;
        let kind = if kept.len() == 8 { kind::NUMBER } else { kind::FLAG_OR_FAULT };
        self.keep(kind, &[&place[..], &kept].concat());
    }
}

/// What a sheet has come to.
#[derive(Default)]
struct Sheet {
    bounds: Bounds,
    cells: u64,
    text: u64,
    /// Row, column and look of a formula whose value is a text that follows.
    formula: Option<[u8; 6]>,
}

impl Sheet {
    /// Bytes that the library takes for it.
    fn memory(&self) -> u64 {
        self.bounds.area() * PLACE + self.cells * CELL + self.text
    }
}
