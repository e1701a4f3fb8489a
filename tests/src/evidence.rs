//! What foreign tools found of which cell of the matrix: `docs/evidence/cells.tsv`, written by full runs and read by
//! what derives `docs/MATRIX.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::conformance::Outcome;
use crate::{Result, place};

const HEAD: &str = "operation\tfrom\tto\tverdict\tjudge\tdate\n";
/// The verdict of a cell that passed; any other says why it did not.
pub const PASSED: &str = "passed";

/// A cell: its operation, the input's format and the output's; empty where an operation has none.
pub type Key = (String, String, String);

/// What is known of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// [`PASSED`], or why not.
    pub verdict: String,
    /// The foreign reader that had the last word.
    pub judge: String,
    /// The day it was found.
    pub date: String,
}

fn path() -> PathBuf {
    place::root().join("docs/evidence/cells.tsv")
}

/// Reads all that is known; nothing when there is no evidence yet.
pub fn read() -> BTreeMap<Key, Finding> {
    let text = fs::read_to_string(path()).unwrap_or_default();
    text.lines().skip(1).filter_map(parse).collect()
}

/// Whether a cell is known to pass.
pub fn has_passed(known: &BTreeMap<Key, Finding>, (operation, from, to): (&str, &str, &str)) -> bool {
    let key = (operation.to_owned(), from.to_owned(), to.to_owned());
    known.get(&key).is_some_and(|finding| finding.verdict == PASSED)
}

fn parse(line: &str) -> Option<(Key, Finding)> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [operation, from, to, verdict, judge, date] = columns.as_slice() else { return None };
    let own = |word: &&str| (*word).to_owned();
    Some((
        (own(operation), own(from), own(to)),
        Finding { verdict: own(verdict), judge: own(judge), date: own(date) },
    ))
}

/// Adds findings of today to what is known: `(cell, verdict, judge)`.
pub fn add(found: impl IntoIterator<Item = (Key, String, String)>) -> Result<()> {
    let today = Command::new("date").args(["-u", "+%F"]).output()?.stdout;
    let date = String::from_utf8_lossy(&today).trim().to_owned();
    let mut known = read();
    for (key, verdict, judge) in found {
        known.insert(key, Finding { verdict: plain(&verdict), judge, date: date.clone() });
    }
    let row = |((operation, from, to), finding): (&Key, &Finding)| {
        let Finding { verdict, judge, date } = finding;
        format!("{operation}\t{from}\t{to}\t{verdict}\t{judge}\t{date}\n")
    };
    let rows: String = known.iter().map(row).collect();
    fs::create_dir_all(place::root().join("docs/evidence"))?;
    Ok(fs::write(path(), HEAD.to_owned() + &rows)?)
}

/// What conversions found of their pairs. A pair passes when every file did that was tried, and was within the limits.
pub fn of_conversions(outcomes: &[Outcome]) -> Vec<(Key, String, String)> {
    let mut cells: BTreeMap<(&str, &str), (String, &str)> = BTreeMap::new();
    let beyond =
        |outcome: &&Outcome| outcome.fault.as_ref().is_some_and(|(_, why)| why.starts_with("limit_exceeded"));
    let within: Vec<&Outcome> = outcomes.iter().filter(|outcome| !beyond(outcome)).collect();
    let passes = |beyond: &Outcome| within.iter().any(|one| (one.from, one.to) == (beyond.from, beyond.to));
    for outcome in outcomes.iter().filter(|outcome| !beyond(outcome) || !passes(outcome)) {
        let cell =
            cells.entry((outcome.from, outcome.to)).or_insert((PASSED.to_owned(), outcome.suite.judge()));
        if let Some((fault, why)) = &outcome.fault {
            cell.0 = format!("{fault}: {why}");
        }
    }
    let own = str::to_owned;
    let row = |((from, to), (verdict, judge)): ((&str, &str), (String, &str))| {
        ((own("convert"), own(from), own(to)), verdict, own(judge))
    };
    cells.into_iter().map(row).collect()
}

/// A verdict in one short line without the paths of this machine.
fn plain(verdict: &str) -> String {
    let words = verdict.split_whitespace();
    let words = words.map(|word| if word.contains("/formwork-") { "FILE" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_six_columns_is_read_and_no_other() {
        let (key, finding) = parse("crop\tpng\tgif\tpassed\tpillow\t2026-01-01").unwrap();
        assert_eq!((key.1.as_str(), finding.verdict.as_str()), ("png", PASSED));
        assert!(parse("crop\tpng\tgif\tpassed").is_none());
    }

    #[test]
    fn verdicts_are_short_and_name_no_path() {
        assert_eq!(plain("no\n /dev/shm/formwork-x/out.png here"), "no FILE here");
        assert_eq!(plain(&"x".repeat(500)).len(), 120);
    }
}
