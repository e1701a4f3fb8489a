//! `docs/MATRIX.md`: what the program lists, and what foreign tools found of it. Derived from the live matrix and
//! `docs/evidence/cells.tsv`; needs no corpus.

use std::collections::{BTreeMap, BTreeSet};

use formwork_tests::evidence::{self, Finding, Key};
use formwork_tests::{Result, operations};

const HEAD: &str = "# Matrix\n\nDerived by `cargo xtask regenerate`; do not edit. Rows are inputs. A format by its plain name passed: a real file \
                    was turned into it and foreign tools found what was due. **Bold** failed, *(in brackets)* was not tried. \
                    `cargo xtask conformance --evidence` (every file of a pair) and `--operations --evidence` (one of every cell) \
                    write `docs/evidence/cells.tsv`.\n";
/// The word for what has no format: any file, or whatever is inside.
const ANY: &str = "any";

/// What is known of a cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Passed,
    Failed,
    Untried,
}

/// Cells of one table: input, output and mark.
type Cells = Vec<(String, String, Mark)>;

/// The whole text.
pub(crate) fn text() -> Result<String> {
    let known = evidence::read();
    let cells = operations::listed()?.into_iter();
    let listed: BTreeSet<(String, Key)> =
        cells.map(|cell| (cell.plugin, (cell.operation, cell.from, cell.to))).collect();
    let mut tables: BTreeMap<(String, String), Cells> = BTreeMap::new();
    for (group, key) in &listed {
        let cells = tables.entry((key.0.clone(), group.clone())).or_default();
        cells.push((key.1.clone(), key.2.clone(), mark(known.get(key))));
    }
    let mut text = HEAD.to_owned()
        + "\n| operation | of | listed | passed | failed | not tried |\n|---|---|---|---|---|---|\n";
    let all: Cells = tables.values().flatten().cloned().collect();
    text += &counts("all", "", &all);
    text.extend(tables.iter().map(|((operation, group), cells)| counts(operation, group, cells)));
    text.extend(tables.iter().map(|((operation, group), cells)| table(operation, group, cells)));
    Ok(text + &failures(&listed, &known))
}

fn mark(finding: Option<&Finding>) -> Mark {
    match finding {
        None => Mark::Untried,
        Some(finding) if finding.verdict == evidence::PASSED => Mark::Passed,
        Some(_) => Mark::Failed,
    }
}

fn counts(operation: &str, group: &str, cells: &Cells) -> String {
    let count = |due: Mark| cells.iter().filter(|(_, _, mark)| *mark == due).count();
    let (passed, failed, untried) = (count(Mark::Passed), count(Mark::Failed), count(Mark::Untried));
    format!("| {operation} | {group} | {} | {passed} | {failed} | {untried} |\n", cells.len())
}

fn table(operation: &str, group: &str, cells: &Cells) -> String {
    let mut rows: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (from, to, mark) in cells {
        let to = name(to);
        rows.entry(name(from)).or_default().push(match mark {
            Mark::Passed => to.to_owned(),
            Mark::Failed => format!("**{to}**"),
            Mark::Untried => format!("*({to})*"),
        });
    }
    let rows: String = rows.iter().map(|(from, to)| format!("| {from} | {} |\n", to.join(" "))).collect();
    format!("\n## {operation}: {group}\n\n| from | to |\n|---|---|\n{rows}")
}

fn name(format: &str) -> &str {
    if format.is_empty() { ANY } else { format }
}

/// Why cells failed that are listed.
fn failures(listed: &BTreeSet<(String, Key)>, known: &BTreeMap<Key, Finding>) -> String {
    let failed = listed.iter().filter_map(|(_, key)| known.get(key).map(|finding| (key, finding)));
    let failed = failed.filter(|(_, finding)| finding.verdict != evidence::PASSED);
    let rows: String = failed
        .map(|((operation, from, to), finding)| {
            let why = finding.verdict.replace('|', "\\|");
            format!("| {operation} | {} | {} | {why} | {} |\n", name(from), name(to), finding.date)
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\n## What failed\n\n| operation | from | to | why | found |\n|---|---|---|---|---|\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_without_evidence_is_not_passed() {
        let finding = |verdict: &str| Finding {
            verdict: verdict.to_owned(),
            judge: String::new(),
            date: String::new(),
        };
        let marks = [mark(None), mark(Some(&finding("passed"))), mark(Some(&finding("size")))];
        let cells: Cells = marks.iter().map(|mark| ("png".to_owned(), "gif".to_owned(), *mark)).collect();
        assert_eq!(counts("crop", "image", &cells), "| crop | image | 3 | 1 | 1 | 1 |\n");
        assert!(table("crop", "image", &cells).contains("| png | *(gif)* gif **gif** |"));
    }
}
