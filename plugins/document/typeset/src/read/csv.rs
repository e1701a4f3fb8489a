//! Tables of text: the first record names the columns.

use crate::tree::{Align, Block, Cell, Document, Table};
use formwork_sdk::{Error, Result, Step};
use formwork_tables::{Source, is_blank};

/// Bytes of memory that laying out one cell takes, as measured.
const CELL: u64 = 14 << 10;
/// The most columns: no paper takes more.
const COLUMNS: usize = 2_000;

/// Reads a table; `name` is the file's.
pub(super) fn read(step: &Step<'_>, bytes: &[u8], name: &str) -> Result<Document> {
    let source = Source::of(bytes, name)?;
    source.tell(step);
    let mut reader = source.reader();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let (mut cells, mut columns) = (0, 0);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| Error::corrupt(error.to_string()))? {
        if rows.len().is_multiple_of(1024) {
            step.tick(reader.position().byte(), source.text().len() as u64 * 2)?;
        }
        if is_blank(&record) {
            continue;
        }
        let filled = record.len() - record.iter().rev().take_while(|field| field.trim().is_empty()).count();
        columns = columns.max(filled);
        cells += filled as u64;
        step.within("entries", cells, step.limits().entries)?;
        step.within("memory", cells * CELL, step.limits().memory)?;
        step.within("entries", columns as u64, COLUMNS as u64)?;
        rows.push(record.iter().take(filled).map(|field| Cell::of(field.trim().to_owned())).collect());
    }
    if rows.is_empty() {
        return Ok(Document::default());
    }
    let heads = usize::from(step.options().flag("header") && rows.len() > 1);
    rows.iter_mut().take(heads).flatten().for_each(|cell| cell.head = true);
    let aligns = (0..columns).map(|column| align(&rows, heads, column)).collect();
    let table = Table { heads, rows, aligns, splits: true, ..Table::default() };
    Ok(Document { blocks: vec![Block::Table(table)], ..Document::default() })
}

/// Columns of numbers stand at the right, so that digits of one weight stand below each other.
fn align(rows: &[Vec<Cell>], heads: usize, column: usize) -> Align {
    let (mut numbers, mut others) = (0, 0);
    for cell in rows.iter().skip(heads).take(1000).filter_map(|row| row.get(column)) {
        let text = cell.text();
        match text.is_empty() {
            true => {}
            false if is_number(&text) => numbers += 1,
            false => others += 1,
        }
    }
    if numbers > others * 9 { Align::Right } else { Align::Start }
}

fn is_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let rest =
        text.trim_start_matches(['-', '+', '$', '€', '£', '−', '(']).trim_end_matches(['%', ')', '€', ' ']);
    digits > 0 && digits * 2 >= text.len() && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\'' | 'e' | 'E' | '-'))
        // Dates are read from the left.
        && rest.matches('-').count() < 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_dates_and_words() {
        for yes in ["1", "-1.5", "1,234.50", "12 %", "$5", "1e5", "(300)"] {
            assert!(is_number(yes), "{yes}");
        }
        for no in ["2026-11-26", "A1", "", "-", "v1.2.3 beta"] {
            assert!(!is_number(no), "{no}");
        }
    }
}
