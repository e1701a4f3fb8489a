//! Office Open XML (ISO/IEC 29500).

use super::package::Package;
use super::source::{Source, Stopped, damaged, protected};
use super::{Cells, Listed, Lost, listed};
use crate::value::Value;
use calamine::{Reader, Xlsx};
use formwork_sdk::{Result, Step};
use quick_xml::events::Event;
use std::borrow::Cow;
use std::io::{BufReader, Read};

/// What a compound file begins with ([MS-CFB] 2.2): the wrapping of an encrypted package.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes of the shortest entry of the table of strings: `<si/>`.
const SHORTEST: u64 = 5;
/// Cells between two looks at whether the library is to go on: it reads in pieces, and looks at each.
const ROUND: usize = 1024;

pub(crate) struct Book<'s> {
    book: Box<Xlsx<Source<'s>>>,
    stopped: Stopped,
}

/// Opens a workbook.
pub(super) fn open<'s>(
    step: &'s Step<'s>,
    bytes: Cow<'s, [u8]>,
    lost: &mut Lost,
) -> Result<(Vec<Listed>, Book<'s>)> {
    if bytes.starts_with(COMPOUND) {
        return Err(protected());
    }
    let mut package = Package::open(step, &bytes)?;
    check_strings(&mut package)?;
    lost.has_macros = !package.places(|name| name.ends_with("vbaproject.bin")).is_empty();
    let drawings = package.places(|name| {
        let part = name.rsplit('/').nth(1);
        matches!(part, Some("charts" | "media")) && !name.ends_with(".rels")
    });
    lost.drawings = drawings.len() as u64;
    drop(package);
    let source = Source::new(step, bytes);
    let stopped = source.stopped();
    let book = Box::new(stopped.guard(|| Xlsx::new(source))?);
    let sheets = book.sheets_metadata().iter().map(listed).collect();
    Ok((sheets, Book { book, stopped }))
}

impl Book<'_> {
    /// Reads the cells of a sheet; returns how many of them are formulas.
    pub(super) fn fill(&mut self, name: &str, cells: &mut Cells<'_, '_>) -> Result<u64> {
        let Book { book, stopped } = self;
        let mut reader = stopped.guard(|| book.worksheet_cells_reader(name))?;
        let (mut formulas, mut round, mut is_over) = (0, Vec::with_capacity(ROUND), false);
        while !is_over {
            // Catching what the library may panic at costs little for many cells.
            stopped.guard(|| {
                while round.len() < ROUND {
                    let Some(cell) = reader.next_cell_with_formula_metadata()? else {
                        is_over = true;
                        break;
                    };
                    formulas += u64::from(cell.formula.is_some());
                    round.push((cell.pos, Value::of_ref(cell.value)));
                }
                Ok::<_, calamine::XlsxError>(())
            })?;
            for (place, value) in round.drain(..) {
                cells.add(place, value)?;
            }
        }
        Ok(formulas)
    }
}

/// Sees that no table of strings says it has more than it can have: the library takes memory for as many.
fn check_strings(package: &mut Package<'_>) -> Result<()> {
    for place in package.places(|name| name.ends_with("sharedstrings.xml")) {
        let most = package.unpacked() / SHORTEST;
        if let Some(told) = told_strings(package.part(place)?)?.filter(|told| *told > most) {
            return Err(damaged(format!(
                "its table of strings is to have {told} entries, and is too short for them"
            )));
        }
    }
    Ok(())
}

/// How many strings a table says it has.
fn told_strings(part: impl Read) -> Result<Option<u64>> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(start) | Event::Empty(start) if start.local_name().as_ref() == "sst" => {
                let mut all = start.attributes();
                let told =
                    all.with_checks(false).flatten().filter(|count| count.key.as_ref() == "uniqueCount");
                return Ok(told.filter_map(|count| count.value.parse().ok()).max());
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}
