//! `cargo xtask conformance`: the table of pairs working and files passed.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use formwork_tests::conformance::{self, Choice, Suite};
use formwork_tests::{Result, evidence, operations, place};
use lexopt::prelude::*;

const HELP: &str = "\
cargo xtask conformance [options]
  --family FAMILY          only image, archive, video, audio, pdf or text; may be given more than once
  --sample N               at most N files a pair, instead of every file
  --quick                  one file a pair; of video and audio every input and target, not every pair
  --jobs N                 cases side by side (2)
  --from FORMAT            only this input
  --to FORMAT              only this target
  --timeout SECONDS        for one conversion (120)
  --floor PERCENT          fail below this share of files passed (98)
  --evidence               also write what was found to docs/evidence, for docs/MATRIX.md
  --open                   only what no evidence says passed
  --operations             every cell of the matrix with one file each, instead of every pair with its files;
                           with these:
      --only OPERATION     only this one
      --budget SECONDS     begin no cell after this long
The result is also written to target/conformance/*.tsv.";

/// Runs the suite; false when too little passed, or anything crashed, hung or failed without a reason.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let mut choice = Choice { sample: None, ..Choice::default() };
    let mut floor = 98.0;
    let mut suites = Vec::new();
    let (mut others, mut only, mut budget, mut keep) = (false, None, None, false);
    while let Some(word) = words.next()? {
        match word {
            Long("family") => {
                let family = words.value()?.string()?;
                let known = "--family takes image, archive, video, audio, pdf or text";
                suites.push(Suite::from_word(&family).ok_or(known)?);
            }
            Long("sample") => choice.sample = Some(words.value()?.parse()?),
            Long("quick") => (choice.sample, choice.cover) = (Some(1), true),
            Long("jobs") => choice.jobs = words.value()?.parse()?,
            Long("from") => choice.from = Some(words.value()?.string()?),
            Long("to") => choice.to = Some(words.value()?.string()?),
            Long("timeout") => choice.deadline = Duration::from_secs(words.value()?.parse()?),
            Long("floor") => floor = words.value()?.parse()?,
            Long("evidence") => keep = true,
            Long("open") => choice.open = true,
            Long("operations") => others = true,
            Long("only") => only = Some(words.value()?.string()?),
            Long("budget") => budget = Some(Duration::from_secs(words.value()?.parse()?)),
            Long("help") => {
                println!("{HELP}");
                return Ok(true);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if others {
        let Choice { cover: quick, jobs, deadline, open, from, to, .. } = choice;
        return cells(&operations::Choice { quick, only, from, to, jobs, deadline, budget, open }, keep);
    }
    if !suites.is_empty() {
        choice.suites = suites;
    }
    let terminal = std::io::stderr().is_terminal();
    let progress = |done: usize, total: usize| {
        if terminal {
            // A progress line that cannot be shown is no failure.
            let _ = write!(std::io::stderr(), "\r{done}/{total} ");
        }
    };
    let Some(report) = conformance::run(&choice, &progress)? else { return Ok(true) };
    let folder = place::target().join("conformance");
    report.write(&folder)?;
    if keep {
        evidence::add(evidence::of_conversions(report.outcomes()))?;
    }
    println!("{report}");
    let grave = report.grave().count();
    let percent = report.percent();
    println!(
        "{percent:.1} % of files passed, {grave} crashes, hangs or mute failures; details in {}",
        folder.display()
    );
    Ok(grave == 0 && percent >= floor)
}

/// Runs the operations; false when a cell that is listed failed. A quick run looks for new faults: those that
/// `docs/MATRIX.md` already names are printed, and are the business of a full one.
fn cells(choice: &operations::Choice, keep: bool) -> Result<bool> {
    let Some(report) = operations::run(choice)? else { return Ok(true) };
    println!("{report}");
    let known = evidence::read();
    let is_known = |cell: &operations::Cell| {
        let key = (cell.operation.clone(), cell.from.clone(), cell.to.clone());
        choice.quick && known.get(&key).is_some_and(|finding| finding.verdict != evidence::PASSED)
    };
    let new = report.failed().filter(|outcome| !is_known(&outcome.cell)).count();
    if keep {
        let found = report.outcomes().iter().filter_map(|outcome| {
            let operations::Cell { operation, from, to, .. } = outcome.cell.clone();
            Some(((operation, from, to), outcome.verdict.clone().ok()?, outcome.judge.clone()))
        });
        evidence::add(found)?;
    }
    Ok(new == 0)
}
