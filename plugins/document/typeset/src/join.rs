//! `merge`: the rows of several tables one below the other.
//!
//! The first row of each table names its columns. A table that shares a name with those before it is joined by names: its
//! fields go below those of the same name, in whatever order, and columns that are new stand behind those there are. All
//! rows of a table that shares no name are kept as they stand. The heads are looked at first, so that rows need not wait
//! in memory for columns that a later table brings.

use formwork_sdk::{Error, Input, Result, Step, json};
use formwork_tables::{Source, is_blank};
use std::collections::HashMap;
use std::io::Write;

/// Rows between two looks at whether to go on.
const TICK: u64 = 1024;

/// Merges all inputs into one table, in UTF-8 and by RFC 4180.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let (mut columns, mut places) = (Columns::default(), Vec::new());
    let total = step.input_count() as u64 * 2;
    for (number, input) in step.inputs().enumerate() {
        step.tick(number as u64, total)?;
        let source = read(input)?;
        source.tell(step);
        let place = head(&source)?.and_then(|head| columns.join(&head));
        if place.is_none() && !columns.names.is_empty() {
            let text = "has none of the columns of the tables before it: its rows stand below as they are";
            step.warn_about(input.name(), text);
        }
        places.push(place);
    }
    let mut output = step.create_output()?;
    let mut writer =
        csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(&mut output);
    let mut table = Joined { step, columns: columns.names.len(), rows: 0 };
    if !columns.names.is_empty() {
        table.write(columns.names.iter().map(String::as_str), &mut writer)?;
    }
    for (number, (input, place)) in step.inputs().zip(places).enumerate() {
        step.tick(step.input_count() as u64 + number as u64, total)?;
        table.add(&read(input)?, place.as_deref(), &mut writer)?;
    }
    writer.flush()?;
    drop(writer);
    output.close()?;
    step.report(&json!({ "rows": table.rows }));
    Ok(())
}

fn read(input: Input<'_>) -> Result<Source> {
    Source::of(&input.bytes()?, &input.name())
}

fn broken(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Error::corrupt(format!("{other:?}")),
    }
}

/// The first record that says something: the names of the columns.
fn head(source: &Source) -> Result<Option<csv::StringRecord>> {
    let mut records = source.reader().into_records();
    let named = |record: &std::result::Result<csv::StringRecord, _>| {
        record.as_ref().map_or(true, |record| !is_blank(record))
    };
    records.find(named).transpose().map_err(broken)
}

/// A name, and which of those that are alike in one table.
type Column = (String, usize);

/// The columns of all tables, in the order they first appear.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    places: HashMap<Column, usize>,
}

impl Columns {
    /// Adds a table's columns, and says where each of them stands; nothing when it shares no name with those there are.
    fn join(&mut self, head: &csv::StringRecord) -> Option<Vec<usize>> {
        let mut alike: HashMap<&str, usize> = HashMap::new();
        let mut own: Vec<Column> = Vec::with_capacity(head.len());
        for name in head.iter().map(str::trim) {
            let number = alike.entry(name).or_default();
            own.push((name.to_owned(), *number));
            *number += 1;
        }
        let shares = own.iter().any(|column| !column.0.is_empty() && self.places.contains_key(column));
        let is_same = own.iter().map(|(name, _)| name).eq(&self.names);
        if !self.names.is_empty() && !shares && !is_same {
            return None;
        }
        Some(own.into_iter().map(|column| self.place(column)).collect())
    }

    fn place(&mut self, column: Column) -> usize {
        let next = self.names.len();
        let name = column.0.clone();
        let place = *self.places.entry(column).or_insert(next);
        if place == next {
            self.names.push(name);
        }
        place
    }
}

struct Joined<'s> {
    step: &'s Step<'s>,
    columns: usize,
    rows: u64,
}

impl Joined<'_> {
    /// Appends the rows of a table whose columns have these places; without places, all as they stand.
    fn add(
        &mut self,
        source: &Source,
        places: Option<&[usize]>,
        writer: &mut csv::Writer<impl Write>,
    ) -> Result<()> {
        let mut reader = source.reader();
        let mut record = csv::StringRecord::new();
        let mut is_head = places.is_some();
        while reader.read_record(&mut record).map_err(broken)? {
            if is_blank(&record) || std::mem::take(&mut is_head) {
                continue;
            }
            let Some(places) = places else {
                self.write(&record, writer)?;
                continue;
            };
            let mut fields = vec![""; self.columns];
            for (place, field) in places.iter().zip(&record) {
                if let Some(wanted) = fields.get_mut(*place) {
                    *wanted = field;
                }
            }
            // Fields beyond the columns stay behind them.
            self.write(fields.into_iter().chain(record.iter().skip(places.len())), writer)?;
        }
        Ok(())
    }

    fn write<'f>(
        &mut self,
        fields: impl IntoIterator<Item = &'f str>,
        writer: &mut csv::Writer<impl Write>,
    ) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(TICK) {
            self.step.tick(0, 0)?;
        }
        writer.write_record(fields).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the columns of the last table stand, and all columns.
    fn join(heads: &[&[&str]]) -> (Option<Vec<usize>>, Vec<String>) {
        let mut columns = Columns::default();
        let joined = heads.iter().map(|head| columns.join(&csv::StringRecord::from(head.to_vec())));
        let places = joined.last().unwrap();
        (places, columns.names)
    }

    #[test]
    fn columns_are_found_by_their_names() {
        assert_eq!(join(&[&["a", "b"], &["a", "b"]]).0, Some(vec![0, 1]));
        assert_eq!(join(&[&["a", "b"], &[" b", "a "]]).0, Some(vec![1, 0]));
        assert_eq!(join(&[&["a", "a"], &["a", "a"]]).0, Some(vec![0, 1]));
        assert_eq!(join(&[&["", "x"], &["", "y"]]).0, None);
        assert_eq!(join(&[&["", ""], &["", ""]]).0, Some(vec![0, 1]));
    }

    #[test]
    fn new_columns_stand_behind_those_there_are() {
        let (places, columns) = join(&[&["a", "b"], &["c", "a"], &["d", "b", "c"]]);
        assert_eq!((places, columns.join(" ")), (Some(vec![3, 1, 2]), "a b c d".into()));
        let (places, columns) = join(&[&["a", "b"], &["x", "y"], &["b"]]);
        assert_eq!((places, columns.join(" ")), (Some(vec![1]), "a b".into()));
    }
}
