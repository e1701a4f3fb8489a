//! Tables of text: what stands between the fields is found out, the first record names the columns.

use crate::encoding;
use crate::tree::{Align, Block, Cell, Document, Table};
use formwork_sdk::{Error, Result, Step};

/// What may stand between fields, likeliest first.
const DELIMITERS: &[u8] = b",;\t|";
/// Text that is looked at to find out which.
const SAMPLE: usize = 64 << 10;
/// Records that are.
const RECORDS: usize = 200;
/// Bytes of memory that laying out one cell takes, as measured.
const CELL: u64 = 14 << 10;
/// The most columns: no paper takes more.
const COLUMNS: usize = 2_000;

/// The text of a table, and what stands between its fields.
pub(crate) struct Source {
    text: String,
    delimiter: u8,
}

impl Source {
    /// Its records, the first one among them.
    pub(crate) fn reader(&self) -> csv::Reader<&[u8]> {
        reader(&self.text, self.delimiter)
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// Decodes a table and finds out what stands between its fields; `name` is the file's.
pub(crate) fn source(step: &Step<'_>, bytes: &[u8], name: &str) -> Result<Source> {
    let decoded = encoding::decode(bytes, None)?;
    super::tell_encoding(step, &decoded);
    let (named, text) = named_delimiter(&decoded.text);
    let delimiter = named.unwrap_or_else(|| delimiter(text, name));
    Ok(Source { text: text.to_owned(), delimiter })
}

/// Reads a table; `name` is the file's.
pub(super) fn read(step: &Step<'_>, bytes: &[u8], name: &str) -> Result<Document> {
    let source = source(step, bytes, name)?;
    let (text, mut reader) = (&source.text, source.reader());
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let (mut cells, mut columns) = (0, 0);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| Error::corrupt(error.to_string()))? {
        if rows.len().is_multiple_of(1024) {
            step.tick(reader.position().byte(), text.len() as u64 * 2)?;
        }
        if record.iter().all(|field| field.trim().is_empty()) {
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

/// The first line of files for Excel may name the delimiter.
fn named_delimiter(text: &str) -> (Option<u8>, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    match line.trim().strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) if delimiter.is_ascii() => (Some(*delimiter), rest),
        _ => (None, text),
    }
}

/// The one that cuts most records into the same number of fields, two or more.
fn delimiter(text: &str, name: &str) -> u8 {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let claimed = match extension.as_deref() {
        Some("tsv" | "tab") => b'\t',
        Some("psv") => b'|',
        _ => b',',
    };
    let end = (0..=SAMPLE.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let sample = text.get(..end).unwrap_or(text);
    let score = |delimiter: u8| {
        let fits = agreement(sample, delimiter) + usize::from(delimiter == claimed);
        (fits, DELIMITERS.iter().rev().position(|known| *known == delimiter))
    };
    let found = DELIMITERS.iter().copied().max_by_key(|delimiter| score(*delimiter));
    found.filter(|delimiter| agreement(sample, *delimiter) > 0).unwrap_or(claimed)
}

/// How well a delimiter fits, in thousandths of the records, with a little for more columns.
fn agreement(sample: &str, delimiter: u8) -> usize {
    let counts: Vec<usize> = reader(sample, delimiter)
        .records()
        .take(RECORDS)
        .map_while(|record| record.ok())
        .map(|record| record.len())
        .collect();
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    let usual = sorted
        .chunk_by(|a, b| a == b)
        .filter(|group| group.first() > Some(&1))
        .max_by_key(|group| group.len());
    let Some(group) = usual else { return 0 };
    group.len() * 1000 / counts.len() + group.first().copied().unwrap_or(0).min(50)
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
    fn delimiters_are_found_out() {
        for (text, found) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3\n", b';'),
            ("a\tb\n1, and more\t2\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("\"a;b\",c\n\"d;e;f\",g\n", b','),
            ("only one column\nhere\n", b','),
        ] {
            assert_eq!(char::from(delimiter(text, "x.csv")), char::from(found), "{text}");
        }
        assert_eq!(delimiter("one column", "x.tsv"), b'\t');
        assert_eq!(named_delimiter("sep=;\na,b;c"), (Some(b';'), "a,b;c"));
    }

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
