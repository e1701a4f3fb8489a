//! `merge`: the rows of several tables one below the other.
//!
//! The first row of the first table names the columns. Where a later table names the same ones, in whatever order, its
//! fields go below them and the names are not repeated; otherwise all of its rows are kept as they stand.

use crate::read;
use formwork_sdk::{Error, Input, Result, Step, json};
use std::io::Write;

/// Rows between two looks at whether to go on.
const TICK: u64 = 1024;

/// Merges all inputs into one table, in UTF-8 and by RFC 4180.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut output = step.create_output()?;
    let mut table = Joined { step, head: Vec::new(), rows: 0 };
    let mut writer =
        csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(&mut output);
    for (number, input) in step.inputs().enumerate() {
        step.tick(number as u64, step.input_count() as u64)?;
        table.add(input, &mut writer)?;
    }
    writer.flush()?;
    drop(writer);
    output.close()?;
    step.report(&json!({ "rows": table.rows }));
    Ok(())
}

struct Joined<'s> {
    step: &'s Step<'s>,
    /// Names of the columns.
    head: Vec<String>,
    rows: u64,
}

impl Joined<'_> {
    /// Appends the rows of a table.
    fn add(&mut self, input: Input<'_>, writer: &mut csv::Writer<impl Write>) -> Result<()> {
        let name = input.name();
        let table = read::table(self.step, &input.bytes()?, &name)?;
        let mut reader = table.reader();
        let mut record = csv::StringRecord::new();
        let (mut order, mut is_first) = (None, true);
        while reader.read_record(&mut record).map_err(|error| Error::corrupt(error.to_string()))? {
            if record.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            let is_head = std::mem::take(&mut is_first) && !self.head.is_empty();
            if is_head {
                order = order_of(&self.head, &record);
                if order.is_some() {
                    continue;
                }
                let text = "has other columns than the first table: its rows stand below as they are";
                self.step.warn_about(&name, text);
            }
            self.write(&record, order.as_deref(), writer)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        record: &csv::StringRecord,
        order: Option<&[usize]>,
        writer: &mut csv::Writer<impl Write>,
    ) -> Result<()> {
        if self.head.is_empty() {
            self.head = record.iter().map(|field| field.trim().to_owned()).collect();
        }
        self.rows += 1;
        if self.rows.is_multiple_of(TICK) {
            self.step.tick(0, 0)?;
        }
        let written = match order {
            None => writer.write_record(record),
            // Fields beyond the columns stay behind them.
            Some(order) => {
                let beyond = record.iter().skip(order.len());
                let placed = order.iter().map(|column| record.get(*column).unwrap_or_default());
                writer.write_record(placed.chain(beyond))
            }
        };
        written.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            other => Error::corrupt(format!("{other:?}")),
        })
    }
}

/// Where each column of `head` stands in another table's head; nothing when it has other columns.
fn order_of(head: &[String], record: &csv::StringRecord) -> Option<Vec<usize>> {
    let place = |name: &String| record.iter().position(|field| field.trim() == name);
    let order: Vec<usize> = head.iter().map(place).collect::<Option<_>>()?;
    let mut places = order.clone();
    places.sort_unstable();
    places.dedup();
    // Two columns of one name cannot be told apart, unless both tables have them in the same order.
    let is_same = record.iter().map(str::trim).eq(head.iter().map(String::as_str));
    match is_same {
        true => Some((0..head.len()).collect()),
        false => (places.len() == head.len() && record.len() == head.len()).then_some(order),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(head: &[&str], other: &[&str]) -> Option<Vec<usize>> {
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        order_of(&head, &csv::StringRecord::from(other.to_vec()))
    }

    #[test]
    fn columns_are_found_by_their_names() {
        assert_eq!(order(&["a", "b"], &["a", "b"]), Some(vec![0, 1]));
        assert_eq!(order(&["a", "b"], &[" b", "a "]), Some(vec![1, 0]));
        assert_eq!(order(&["a", "a"], &["a", "a"]), Some(vec![0, 1]));
        assert_eq!(order(&["a", "b"], &["a", "c"]), None);
        assert_eq!(order(&["a", "b"], &["a", "b", "c"]), None);
    }
}
