//! Every cell of the matrix, conversions among them: our program does it on a real file, foreign tools judge.
//!
//! Cells come from the program itself; what an operation is asked comes from one table. An operation without a row
//! there fails.

mod case;
mod cells;
mod converted;
mod inputs;
mod table;

use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

pub use case::Outcome;
pub use cells::{Cell, ask, families, listed};

use crate::judge::Judge;
use crate::place::Scratch;
use crate::{Result, corpus, evidence};

/// What to run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// A few cells of every operation.
    pub quick: bool,
    /// Only this operation.
    pub only: Option<String>,
    /// Only inputs of this format.
    pub from: Option<String>,
    /// Only this target.
    pub to: Option<String>,
    /// Cells side by side.
    pub jobs: usize,
    /// How long one cell may take.
    pub deadline: Duration,
    /// No cell is begun after this long.
    pub budget: Option<Duration>,
    /// Only cells of which there is no evidence yet that they pass.
    pub open: bool,
}

/// Everything one run found.
#[derive(Debug)]
pub struct Report {
    listed: Vec<Cell>,
    outcomes: Vec<Outcome>,
}

/// Runs the chosen cells. `None` when the corpus or the foreign readers are missing, which is said on stderr.
pub fn run(choice: &Choice) -> Result<Option<Report>> {
    let Some(samples) = corpus::samples()? else {
        eprintln!("skipped: no corpus (set FORMWORK_CORPUS), so no operation was tried");
        return Ok(None);
    };
    if Judge::start()?.is_none() {
        return Ok(None);
    }
    let known = if choice.open { evidence::read() } else { Default::default() };
    let chosen = |choice: &Option<String>, word: &String| choice.as_ref().is_none_or(|only| only == word);
    let wanted = |cell: &Cell| {
        chosen(&choice.only, &cell.operation)
            && chosen(&choice.from, &cell.from)
            && chosen(&choice.to, &cell.to)
            && !evidence::has_passed(&known, (&cell.operation, &cell.from, &cell.to))
    };
    let listed: Vec<Cell> = cells::listed()?.into_iter().filter(wanted).collect();
    let families = families()?;
    let scratch = Scratch::new("operations")?;
    let queue = Mutex::new(cells::deal(listed.clone(), choice.quick).into_iter());
    let outcomes = Mutex::new(Vec::new());
    let begun = Instant::now();
    let work = |folder: PathBuf| -> Result<()> {
        let Some(mut judge) = Judge::start()? else { return Err("the judge is gone".into()) };
        std::fs::create_dir_all(&folder)?;
        let mut inputs = inputs::Inputs::new(&samples, &families, folder);
        loop {
            let next = queue.lock().map_err(|_| "a worker panicked")?.next();
            let Some(cell) = next.filter(|_| choice.budget.is_none_or(|most| begun.elapsed() < most)) else {
                return Ok(());
            };
            let outcome = case::run(&cell, choice.deadline, &mut inputs, &mut judge);
            outcomes.lock().map_err(|_| "a worker panicked")?.push(outcome);
        }
    };
    thread::scope(|scope| {
        let folders = (0..choice.jobs.max(1)).map(|number| scratch.join(format!("worker-{number}")));
        let workers: Vec<_> = folders.map(|folder| scope.spawn(|| work(folder))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })?;
    let outcomes = outcomes.into_inner().map_err(|_| "a worker panicked")?;
    Ok(Some(Report { listed, outcomes }))
}

impl Report {
    /// What was tried.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Cells that did not pass.
    pub fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.verdict.is_ok() && !outcome.passed())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<_> = self.listed.iter().map(|cell| (&cell.plugin, &cell.operation)).collect();
        groups.sort();
        groups.dedup();
        for outcome in &self.outcomes {
            match &outcome.verdict {
                Err(why) => writeln!(f, "not tried {}: {why}", outcome.cell.say())?,
                Ok(why) if !outcome.passed() => writeln!(f, "FAILED {}: {why}", outcome.cell.say())?,
                Ok(_) => {}
            }
        }
        for (plugin, operation) in groups {
            let of = |cell: &Cell| cell.plugin == *plugin && cell.operation == *operation;
            let listed = self.listed.iter().filter(|cell| of(cell)).count();
            let tried: Vec<_> =
                self.outcomes.iter().filter(|found| of(&found.cell) && found.verdict.is_ok()).collect();
            let passed = tried.iter().filter(|found| found.passed()).count();
            writeln!(
                f,
                "{plugin:<9} {operation:<23} passed {passed:>4} / tried {:>4} / listed {listed:>4}",
                tried.len()
            )?;
        }
        let passed = self.outcomes.iter().filter(|outcome| outcome.passed()).count();
        write!(f, "operations: cells passed {passed} / listed {}", self.listed.len())
    }
}
