//! The figures: pairs working of pairs asked, cases passed of cases tried, and every failure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use super::case::{Fault, Outcome};
use super::{Choice, Pair, Suite};
use crate::Result;

/// Columns of a table that fit a screen.
const COLUMNS: usize = 23;

/// Everything one run found.
#[derive(Debug)]
pub struct Report {
    suites: Vec<Suite>,
    whole: bool,
    skipped: Vec<(String, String)>,
    missing: Vec<Pair>,
    outcomes: Vec<Outcome>,
}

/// The figures of one family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Pairs asked for.
    pub asked: usize,
    /// Pairs for which the corpus has a file that some foreign tool reads.
    pub tried: usize,
    /// Pairs with at least one passed case.
    pub working: usize,
    /// Cases tried.
    pub cases: usize,
    /// Cases passed.
    pub passed: usize,
    /// Cases that the program refused, with a reason.
    pub refused: usize,
    /// Cases whose target keeps every sample.
    pub lossless: usize,
    /// Those of them in which every sample is that of the input.
    pub exact: usize,
}

impl Report {
    pub(super) fn new(
        choice: &Choice,
        skipped: Vec<(String, String)>,
        missing: Vec<Pair>,
        mut outcomes: Vec<Outcome>,
    ) -> Report {
        outcomes.sort_by(|a, b| (a.from, a.to, &a.file).cmp(&(b.from, b.to, &b.file)));
        Report { suites: choice.suites.clone(), whole: choice.whole(), skipped, missing, outcomes }
    }

    /// Every case, ordered by pair and file.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The figures of one family.
    pub fn figures(&self, suite: Suite) -> Figures {
        let cases: Vec<_> = self.outcomes.iter().filter(|outcome| outcome.suite == suite).collect();
        let pairs = |keep: &dyn Fn(&Outcome) -> bool| {
            let pairs =
                cases.iter().filter(|outcome| keep(outcome)).map(|outcome| (outcome.from, outcome.to));
            pairs.collect::<BTreeSet<_>>().len()
        };
        let count = |keep: &dyn Fn(&Outcome) -> bool| cases.iter().filter(|outcome| keep(outcome)).count();
        let tried = pairs(&|_| true);
        Figures {
            asked: if self.whole { suite.inputs().len() * suite.outputs().len() } else { tried },
            tried,
            working: pairs(&|outcome| outcome.fault.is_none()),
            cases: cases.len(),
            passed: count(&|outcome| outcome.fault.is_none()),
            refused: count(&|outcome| matches!(outcome.fault, Some((Fault::Refused, _)))),
            lossless: count(&|outcome| outcome.exact.is_some()),
            exact: count(&|outcome| outcome.exact == Some(true)),
        }
    }

    /// The share of cases passed over all families, in percent.
    pub fn percent(&self) -> f64 {
        let passed = self.outcomes.iter().filter(|outcome| outcome.fault.is_none()).count();
        #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand are exact")]
        let percent = 100.0 * passed as f64 / self.outcomes.len().max(1) as f64;
        percent
    }

    /// Cases that ended in a way that is never right: crashes, hangs, failures without a reason.
    pub fn grave(&self) -> impl Iterator<Item = &Outcome> {
        let grave =
            |fault: Fault| matches!(fault, Fault::Crash | Fault::Hang | Fault::Mute | Fault::NoOutput);
        self.outcomes
            .iter()
            .filter(move |outcome| outcome.fault.as_ref().is_some_and(|(fault, _)| grave(*fault)))
    }

    /// Writes `cases.tsv`, `failures.tsv` and `skipped.tsv` into `folder`.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let row = |outcome: &Outcome| {
            let (fault, why) = match &outcome.fault {
                None => ("passed".to_owned(), String::new()),
                Some((fault, why)) => (fault.to_string(), why.replace(['\t', '\n'], " ")),
            };
            let (ms, mib) = (outcome.wall.as_millis(), outcome.peak_bytes >> 20);
            format!("{}\t{}\t{}\t{fault}\t{ms}\t{mib}\t{why}\n", outcome.from, outcome.to, outcome.file)
        };
        let head = "from\tto\tfile\tresult\tms\tMiB\twhy\n";
        let all: String = self.outcomes.iter().map(row).collect();
        let failed: String =
            self.outcomes.iter().filter(|outcome| outcome.fault.is_some()).map(row).collect();
        let skipped: String = self.skipped.iter().map(|(file, why)| format!("{file}\t{why}\n")).collect();
        fs::write(folder.join("cases.tsv"), format!("{head}{all}"))?;
        fs::write(folder.join("failures.tsv"), format!("{head}{failed}"))?;
        Ok(fs::write(folder.join("skipped.tsv"), format!("file\twhy\n{skipped}"))?)
    }

    fn matrix(&self, f: &mut fmt::Formatter<'_>, suite: Suite) -> fmt::Result {
        let mut cells: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        for outcome in self.outcomes.iter().filter(|outcome| outcome.suite == suite) {
            let cell = cells.entry((outcome.from, outcome.to)).or_default();
            cell.0 += usize::from(outcome.fault.is_none());
            cell.1 += 1;
        }
        // Rows and columns without any case are left out, so that one pair prints as one cell.
        let shown = |at: &dyn Fn(&(&str, &str)) -> bool| self.whole || cells.keys().any(at);
        let rows = suite.inputs().iter().filter(|from| shown(&|cell| cell.0 == **from));
        let columns: Vec<_> = suite.outputs().iter().filter(|to| shown(&|cell| cell.1 == **to)).collect();
        writeln!(f, "{}: passed/tried; + all of one or more, - no file", suite.word())?;
        for columns in columns.chunks(COLUMNS) {
            let head = columns.iter().fold(String::new(), |line, to| format!("{line} {to:>5}"));
            writeln!(f, "{:>8}{head}", "")?;
            for from in rows.clone() {
                let mut line = String::new();
                for to in columns {
                    write!(line, " {:>5}", cell(cells.get(&(*from, **to))))?;
                }
                writeln!(f, "{from:>8}{line}")?;
            }
        }
        Ok(())
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>, suite: Suite) -> fmt::Result {
        let figures = self.figures(suite);
        let Figures { asked, tried, working, cases, passed, refused, lossless, exact } = figures;
        let word = suite.word();
        writeln!(f, "{word}: pairs working {working} / asked {asked} ({tried} have a file to try)")?;
        let missing: Vec<_> = self.missing.iter().filter(|pair| pair.0 == suite).collect();
        if !missing.is_empty() {
            let shown: Vec<_> = missing.iter().take(8).map(|(_, from, to)| format!("{from}→{to}")).collect();
            let more = if missing.len() > shown.len() { ", …" } else { "" };
            writeln!(f, "{word}: pairs not in the matrix {}: {}{more}", missing.len(), shown.join(", "))?;
        }
        writeln!(f, "{word}: files passed {passed} / tried {cases}; refused with a reason {refused}")?;
        if lossless > 0 {
            writeln!(f, "{word}: lossless targets exact {exact} / tried {lossless}")?;
        }
        Ok(())
    }

    /// Failures, those of one cause together, most frequent first.
    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut causes: BTreeMap<(Fault, String), Vec<&Outcome>> = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Some((fault, why)) = &outcome.fault {
                causes.entry((*fault, cause(why, outcome))).or_default().push(outcome);
            }
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
        for ((fault, why), cases) in causes {
            let shown: Vec<_> =
                cases.iter().take(4).map(|case| format!("{}→{} {}", case.from, case.to, case.file)).collect();
            let more = if cases.len() > shown.len() { ", …" } else { "" };
            writeln!(f, "{:5} {fault:<10} {why}\n      {}{more}", cases.len(), shown.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for suite in &self.suites {
            self.matrix(f, *suite)?;
            writeln!(f)?;
        }
        self.failures(f)?;
        for suite in &self.suites {
            self.summary(f, *suite)?;
        }
        write!(f, "inputs left out because no foreign tool reads them: {}", self.skipped.len())
    }
}

fn cell(count: Option<&(usize, usize)>) -> String {
    match count {
        None => "-".to_owned(),
        Some((passed, tried)) if passed == tried => "+".to_owned(),
        Some((passed, tried)) => format!("{passed}/{tried}"),
    }
}

/// The words of a complaint without its numbers, paths and formats, so that like failures meet.
fn cause(why: &str, outcome: &Outcome) -> String {
    let plain = |word: &str| match word {
        word if word.contains('/') => "PATH".to_owned(),
        word if word == outcome.from => "FROM".to_owned(),
        word if word == outcome.to => "TO".to_owned(),
        word => word.to_owned(),
    };
    let words: Vec<String> = why.split(' ').map(plain).collect();
    let mut short = String::new();
    for c in words.join(" ").chars().take(160) {
        match c.is_ascii_digit() {
            true if short.ends_with('#') => {}
            true => short.push('#'),
            false => short.push(c),
        }
    }
    short
}
