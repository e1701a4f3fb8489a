//! Workbooks of Excel 5 to 2003 ([MS-XLS]).

mod compound;
mod records;
mod strings;

use super::source::Stopped;
use super::{Cells, Listed, Lost, listed};
use calamine::{Reader, Xls};
use compound::Compound;
use formwork_sdk::{Result, Step};

/// The streams a workbook may lie in, the newer one first.
const STREAMS: &[&str] = &["Workbook", "Book"];
/// The storage of program code.
const MACROS: &str = "_VBA_PROJECT_CUR";
/// The stream of an encrypted workbook of the newer kind.
const ENCRYPTED: &str = "EncryptedPackage";

pub(crate) struct Book {
    /// The library's, of which every sheet is in memory.
    book: Xls<std::io::Cursor<Vec<u8>>>,
    stopped: Stopped,
}

/// Opens a workbook.
pub(super) fn open(step: &Step<'_>, bytes: &[u8], lost: &mut Lost) -> Result<(Vec<Listed>, Book)> {
    let file = Compound::open(bytes)?;
    if file.has(ENCRYPTED) {
        return Err(super::source::protected());
    }
    let filtered = records::filter(step, &file.stream(STREAMS)?)?;
    lost.has_macros = file.has(MACROS);
    (lost.formulas, lost.drawings) = (filtered.formulas, filtered.drawings);
    let wrapped = compound::wrap(&filtered.stream)?;
    let stopped = Stopped::default();
    let book = stopped.guard(|| Xls::new(std::io::Cursor::new(wrapped)))?;
    let sheets = book.sheets_metadata().iter().map(listed).collect();
    Ok((sheets, Book { book, stopped }))
}

impl Book {
    pub(super) fn fill(&mut self, name: &str, cells: &mut Cells<'_, '_>) -> Result<()> {
        let Book { book, stopped } = self;
        let range = stopped.guard(|| book.worksheet_range(name))?;
        cells.add_range(&range)
    }
}

#[cfg(test)]
mod tests {
    use super::compound::wrap;
    use formwork_sdk::testing::{Job, Outcome};

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    /// Row, column and look, and what follows.
    fn cell(row: u16, column: u16, rest: &[u8]) -> Vec<u8> {
        [&row.to_le_bytes()[..], &column.to_le_bytes(), &[0, 0], rest].concat()
    }

    /// A workbook of one sheet, `S`, with these records, which lies at a place of its own or at the one given.
    fn convert(records: &[Vec<u8>], at: Option<u32>) -> Outcome {
        let begin = record(0x0809, &[0, 6, 5, 0, 0, 0, 0, 0]);
        // A code page that means nothing here.
        let page = record(0x0042, &[0xE4, 0x04]);
        let sheet = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 1, 0, b'S']].concat());
        let end = record(0x000A, &[]);
        let globals = |at| [begin.clone(), page.clone(), sheet(at), end.clone()].concat();
        let at = at.unwrap_or(globals(0).len() as u32);
        let stream = [globals(at), begin.clone(), records.concat(), end].concat();
        let job = Job::new("convert").input("a.xls", "xls", wrap(&stream).unwrap()).target("csv");
        job.run(crate::formwork_plugin_entry_v1)
    }

    fn formula(row: u16, value: [u8; 8]) -> Vec<u8> {
        // An expression that is no expression.
        record(0x0006, &cell(row, 0, &[&value[..], &[0; 6], &[9, 0, 0xFF, 0xFF]].concat()))
    }

    #[test]
    fn formulas_arrive_as_their_values() {
        let outcome = convert(
            &[
                formula(0, 2.5_f64.to_le_bytes()),
                formula(1, [1, 0, 1, 0, 0, 0, 0xFF, 0xFF]),
                formula(2, [2, 0, 7, 0, 0, 0, 0xFF, 0xFF]),
                formula(3, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
                record(0x0207, b"\x02\0\0hi"),
                formula(4, [3, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
                record(0x0203, &cell(5, 0, &7.0_f64.to_le_bytes())),
            ],
            None,
        );
        assert_eq!(outcome.expect_one(), b"2.5\r\nTRUE\r\n#DIV/0!\r\nhi\r\n\r\n7\r\n");
        assert!(outcome.lost("formulas"));
    }

    #[test]
    fn a_text_of_one_letter_is_the_value_of_a_formula_too() {
        let begin = |version| record(0x0809, &[0, version, 5, 0, 0, 0, 0, 0]);
        let sheet = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 1, b'S']].concat());
        let page = record(0x0042, &[0xE4, 0x04]);
        let globals = |at| [begin(5), page.clone(), sheet(at), record(0x000A, &[])].concat();
        let text = [formula(0, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), record(0x0207, b"\x01\x000")].concat();
        let stream = [globals(globals(0).len() as u32), begin(5), text, record(0x000A, &[])].concat();
        let job = Job::new("convert").input("a.xls", "xls", wrap(&stream).unwrap()).target("csv");
        assert_eq!(job.run(crate::formwork_plugin_entry_v1).expect_one(), b"0\r\n");
    }

    #[test]
    fn stated_sizes_and_places_are_not_believed() {
        let dimensions = record(0x0200, &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]);
        let one = record(0x0203, &cell(0, 0, &1.0_f64.to_le_bytes()));
        assert_eq!(convert(&[dimensions, one.clone()], None).expect_one(), b"1\r\n");
        assert_eq!(convert(std::slice::from_ref(&one), Some(u32::MAX)).expect_one(), b"");
        let far = record(0x0203, &cell(0xFFFF, 0xFFFF, &1.0_f64.to_le_bytes()));
        assert_eq!(convert(&[one, far], None).failure(), Some(("limit_exceeded", "memory")));
    }
}
