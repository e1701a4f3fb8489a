//! Tables as text, for the plugins that read or write them: how a file is coded, what stands between its fields, what in
//! it is a number, how rows are written, what the files of a series are called, and how much a sheet holds.

pub mod encoding;
mod number;
mod series;
pub mod workbook;
mod write;

pub use number::number_of;
pub use series::part_name;
pub use write::row;

use encoding::Decoded;
use formwork_sdk::{Result, Step};

/// What may stand between fields, likeliest first.
const DELIMITERS: &[u8] = b",;\t|";
/// Text that is looked at to find out which.
const SAMPLE: usize = 64 << 10;
/// Records that are.
const RECORDS: usize = 200;

/// The text of a table, and what stands between its fields.
pub struct Source {
    decoded: Decoded,
    /// Where the records begin: a line before them may name the delimiter.
    start: usize,
    delimiter: u8,
}

impl Source {
    /// Decodes a table and finds out what stands between its fields; `name` is the file's.
    ///
    /// # Errors
    ///
    /// `corrupt_input` for what is no text.
    pub fn of(bytes: &[u8], name: &str) -> Result<Source> {
        let decoded = encoding::decode(bytes, None)?;
        let (named, text) = named_delimiter(&decoded.text);
        let delimiter = named.unwrap_or_else(|| delimiter(text, name));
        let start = decoded.text.len() - text.len();
        Ok(Source { decoded, start, delimiter })
    }

    /// Says what was guessed and what was broken.
    pub fn tell(&self, step: &Step<'_>) {
        tell_encoding(step, &self.decoded);
    }

    /// All records as text.
    pub fn text(&self) -> &str {
        self.decoded.text.get(self.start..).unwrap_or_default()
    }

    /// Its records, the first one among them.
    pub fn reader(&self) -> csv::Reader<&[u8]> {
        reader(self.text(), self.delimiter)
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// True for a record that says nothing.
pub fn is_blank(record: &csv::StringRecord) -> bool {
    record.iter().all(|field| field.trim().is_empty())
}

/// Says what was guessed and what was broken.
pub fn tell_encoding(step: &Step<'_>, decoded: &Decoded) {
    if let Some(name) = decoded.guessed {
        step.warn(format!("the file does not say how its letters are coded; it was read as {name}"));
    }
    if decoded.damaged {
        step.warn("some bytes are no letters in the file's encoding; they stand as \u{FFFD}");
    }
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
}
