//! `cargo xtask fuzz`: every target for its share of the time, and what was found.

mod build;
mod seeds;
mod target;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use formwork_tests::{Result, place};
use lexopt::prelude::*;
use target::{Outcome, Target};

const HELP: &str = "\
cargo xtask fuzz [options]
  --seconds N        for all targets together (60)
  --target PREFIX    only targets whose name starts so, as in image_read/ or archive_write/zip
  --jobs N           targets side by side (1)
  --asan             with AddressSanitizer, which needs a nightly toolchain
  --list             only lists the targets
Corpora stay in target/fuzz/corpus and grow with every run; finds are kept in target/fuzz/finds.";

/// What was asked for.
struct Choice {
    seconds: u64,
    prefix: String,
    jobs: usize,
    sanitize: bool,
    list: bool,
}

/// Builds the targets and fuzzes them; false when there is a find.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let mut choice = Choice { seconds: 60, prefix: String::new(), jobs: 1, sanitize: false, list: false };
    while let Some(word) = words.next()? {
        match word {
            Long("seconds") => choice.seconds = words.value()?.parse()?,
            Long("target") => choice.prefix = words.value()?.string()?,
            Long("jobs") => choice.jobs = words.value()?.parse::<usize>()?.max(1),
            Long("asan") => choice.sanitize = true,
            Long("list") => choice.list = true,
            Long("help") => {
                println!("{HELP}");
                return Ok(true);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let folder = place::target().join("fuzz");
    let programs = build::programs(&folder.join("build"), choice.sanitize)?;
    let mut targets = Vec::new();
    for program in &programs {
        targets.extend(Target::all_of(program, &folder)?);
    }
    targets.retain(|target| target.name.starts_with(&choice.prefix));
    if targets.is_empty() {
        return Err(format!("no target is called {}…; --list shows all", choice.prefix).into());
    }
    if choice.list {
        targets.iter().for_each(|target| println!("{}", target.name));
        return Ok(true);
    }
    let outcomes = fuzz(targets, &choice);
    report(&outcomes);
    Ok(outcomes.iter().all(|outcome| outcome.finds.is_empty()))
}

/// Fuzzes all targets, each for the same time; one's find does not end the others.
fn fuzz(targets: Vec<Target>, choice: &Choice) -> Vec<Outcome> {
    let share = choice.seconds * choice.jobs as u64 / targets.len() as u64;
    let share = Duration::from_secs(share.max(1));
    println!("{} targets, {} s each", targets.len(), share.as_secs());
    println!("{}", Outcome::HEAD);
    let queue = Mutex::new(VecDeque::from(targets));
    let done = Mutex::new(Vec::new());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    thread::scope(|scope| {
        for _ in 0..choice.jobs {
            scope.spawn(|| {
                while let Some(target) = next() {
                    let outcome = target.fuzz(share);
                    println!("{outcome}");
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn report(outcomes: &[Outcome]) {
    let executions: u64 = outcomes.iter().map(|outcome| outcome.executions).sum();
    let minutes = outcomes.iter().map(|outcome| outcome.cpu).sum::<Duration>().as_secs_f64() / 60.0;
    let finds: usize = outcomes.iter().map(|outcome| outcome.finds.len()).sum();
    println!("{} targets, {executions} executions, {minutes:.1} CPU-minutes, {finds} finds", outcomes.len());
    for outcome in outcomes.iter().filter(|outcome| !outcome.finds.is_empty()) {
        println!("\n{}: {}", outcome.name, outcome.complaint);
        for find in &outcome.finds {
            println!("  {}", outcome.replay(find));
        }
    }
}
