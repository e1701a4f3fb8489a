//! Every pair of formats on every file: our program converts, foreign tools judge.
//!
//! A *case* is one file turned into one format. A *pair* works when at least one case of it passed. Inputs that
//! no foreign tool can read are left out, and said.

mod archives;
mod case;
pub(crate) mod compare;
mod documents;
mod media;
mod pairs;
mod pictures;
mod plan;
mod report;
mod targets;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

pub use case::{Case, Fault, Outcome};
pub(crate) use case::{NO_TABLE, first_of};
pub use pairs::Suite;
pub use report::Report;

use serde_json::Value;

use crate::judge::Judge;
use crate::place::Scratch;
use crate::run::Limits;
use crate::{Result, corpus, program};

/// What to run.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Which families.
    pub suites: Vec<Suite>,
    /// At most this many files a pair, small ones first; `None` for every file.
    pub sample: Option<usize>,
    /// Of video and sound every input and every target a few times, instead of every pair.
    pub cover: bool,
    /// Cases that run side by side.
    pub jobs: usize,
    /// How long one conversion may take.
    pub deadline: Duration,
    /// Only inputs of this format.
    pub from: Option<String>,
    /// Only this target.
    pub to: Option<String>,
    /// Only pairs of which there is no evidence yet that they pass.
    pub open: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Choice {
            suites: Suite::ALL.to_vec(),
            sample: Some(1),
            cover: false,
            jobs: 2,
            deadline: Duration::from_secs(120),
            from: None,
            to: None,
            open: false,
        }
    }
}

impl Choice {
    /// True when no single input or target was chosen.
    fn whole(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn covers(&self, suite: Suite) -> bool {
        self.cover && self.whole() && suite.is_media()
    }
}

/// Runs the chosen cases. `None` when the corpus or the foreign readers are missing, which is said on stderr.
pub fn run(choice: &Choice, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Option<Report>> {
    let Some(samples) = corpus::samples()? else {
        eprintln!("skipped: no corpus (set FORMWORK_CORPUS), so no pair was tried");
        return Ok(None);
    };
    let Some(mut judge) = Judge::start()? else { return Ok(None) };
    let scratch = Scratch::new("conformance")?;
    let plan = plan::make(choice, &samples, &mut judge, &scratch)?;
    drop(judge);
    let total = plan.cases.len();
    let queue = Mutex::new(plan.cases.into_iter().enumerate());
    let outcomes = Mutex::new(Vec::with_capacity(total));
    thread::scope(|scope| {
        let workers = (0..choice.jobs.max(1)).map(|number| {
            let folder = scratch.join(format!("worker-{number}"));
            let (queue, outcomes) = (&queue, &outcomes);
            scope.spawn(move || work(choice, folder, queue, outcomes, &|done| progress(done, total)))
        });
        let workers: Vec<_> = workers.collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })?;
    let outcomes = outcomes.into_inner().map_err(|_| "a worker panicked")?;
    Ok(Some(Report::new(choice, plan.skipped, missing(choice)?, outcomes)))
}

/// A pair of formats and the family it belongs to.
type Pair = (Suite, &'static str, &'static str);

/// The pairs that are asked for and that the program itself does not list as possible.
fn missing(choice: &Choice) -> Result<Vec<Pair>> {
    let mut missing = Vec::new();
    for suite in choice.suites.iter().filter(|_| choice.whole()) {
        for from in suite.inputs() {
            let call = program::call(["formats", "--from", from, "--json"], &Limits::default())?;
            let listed: Vec<Value> = serde_json::from_slice(&call.process.stdout).unwrap_or_default();
            let offers = |to: &str| listed.iter().any(|format| format["id"] == to);
            let absent = suite.outputs().iter().filter(|to| !offers(to));
            missing.extend(absent.map(|to| (*suite, *from, *to)));
        }
    }
    Ok(missing)
}

type Queue = Mutex<std::iter::Enumerate<std::vec::IntoIter<Case>>>;

fn work(
    choice: &Choice,
    folder: PathBuf,
    queue: &Queue,
    outcomes: &Mutex<Vec<Outcome>>,
    progress: &dyn Fn(usize),
) -> Result<()> {
    let Some(mut judge) = Judge::start()? else { return Err("the judge is gone".into()) };
    std::fs::create_dir_all(&folder)?;
    loop {
        let next = queue.lock().map_err(|_| "a worker panicked")?.next();
        let Some((number, case)) = next else { return Ok(()) };
        progress(number);
        let outcome = case.run(&folder, choice.deadline, &mut judge)?;
        outcomes.lock().map_err(|_| "a worker panicked")?.extend(outcome);
    }
}
