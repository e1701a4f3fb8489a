//! Chooses the cases: reads every input with a foreign tool first, then deals files to pairs.

use std::path::PathBuf;
use std::sync::Arc;

use super::case::{Case, Expected, Input};
use super::{Choice, Suite};
use crate::Result;
use crate::corpus::Sample;
use crate::evidence;
use crate::judge::Judge;
use crate::place::Scratch;
use crate::random::Random;

/// The cases to run, cheap ones first.
pub(super) struct Plan {
    pub(super) cases: Vec<Case>,
    /// Inputs that no foreign tool reads, and why.
    pub(super) skipped: Vec<(String, String)>,
}

/// Pictures up to this size are tried against every target in a sample.
const SMALL_PIXELS: u64 = 1_500_000;
/// What a bigger picture is tried against in a sample: targets that are written fast.
const FAST_TARGETS: &[&str] = &["jpg", "webp", "png"];
/// Archives that unpack to more than this are left out of a sample.
const SMALL_BYTES: u64 = 8 << 20;
/// Pixels of all frames, or samples, up to which video and sound are in a sample: a second or two.
const SMALL_MEDIA: u64 = 12_000_000;
/// What a page costs beside its words.
const PAGE_COST: u64 = 500;
/// Documents up to this cost are in a sample: some ten pages.
const SMALL_DOCUMENT: u64 = 10_000;
/// How often every target is tried at least when not every pair is.
const COVER: usize = 3;

pub(super) fn make(
    choice: &Choice,
    samples: &[Sample],
    judge: &mut Judge,
    scratch: &Scratch,
) -> Result<Plan> {
    let mut plan = Plan { cases: Vec::new(), skipped: Vec::new() };
    for suite in &choice.suites {
        let mut inputs = Vec::new();
        for sample in samples.iter().filter(|sample| suite.takes(sample)) {
            let roles = suite.roles(sample);
            let wanted = |role: &&str| choice.from.as_deref().is_none_or(|from| from == *role);
            for role in roles.into_iter().filter(wanted) {
                match read(*suite, sample, role, judge, scratch)? {
                    Ok(input) => inputs.push(input),
                    Err(reason) => plan.skipped.push((sample.name().to_owned(), reason)),
                }
            }
        }
        inputs.sort_by_key(|input| input.cost);
        plan.cases.extend(match choice.covers(*suite) {
            true => cover(*suite, &inputs),
            false => deal(*suite, choice, &inputs),
        });
    }
    plan.cases.sort_by_key(|case| case.input.cost);
    Ok(plan)
}

/// Reads an input with a foreign tool; the inner error is why none can.
fn read(
    suite: Suite,
    sample: &Sample,
    role: &'static str,
    judge: &mut Judge,
    scratch: &Scratch,
) -> Result<Result<Input, String>> {
    let format = sample.format.as_str();
    let expected = match suite {
        Suite::Image => judge.picture(&sample.path, format).map(Expected::Picture),
        Suite::Archive => judge.archive(&sample.path, format).map(Expected::Archive),
        Suite::Video | Suite::Audio => judge.streams(&sample.path, format).map(Expected::Media),
        Suite::Pdf | Suite::Text => judge.pages(&sample.path, format).map(Expected::Document),
    };
    let expected = match expected {
        Ok(expected) => expected,
        Err(reason) => return Ok(Err(reason.to_string())),
    };
    let cost = match &expected {
        Expected::Picture(picture) => picture.pixels() * u64::from(picture.frames.max(1)),
        Expected::Archive(contents) => {
            contents.views.iter().map(|view| view.iter().map(|member| member.size).sum()).max().unwrap_or(0)
        }
        Expected::Media(streams) => streams.cost,
        Expected::Document(pages) => pages.words + pages.pages * PAGE_COST,
    };
    let path = place(sample, role, scratch)?;
    Ok(Ok(Input { path, name: sample.name().to_owned(), format: role, cost, expected }))
}

/// Returns where the input lies. A raw that goes by no maker's name is copied to have that name.
fn place(sample: &Sample, role: &str, scratch: &Scratch) -> Result<PathBuf> {
    if role == sample.format || role != "raw" {
        return Ok(sample.path.clone());
    }
    let path = scratch.join(sample.name()).with_extension("raw");
    std::fs::copy(&sample.path, &path)?;
    Ok(path)
}

fn deal(suite: Suite, choice: &Choice, inputs: &[Input]) -> Vec<Case> {
    let inputs: Vec<Arc<Input>> = inputs.iter().cloned().map(Arc::new).collect();
    let mut cases = Vec::new();
    let known = if choice.open { evidence::read() } else { Default::default() };
    for from in suite.inputs() {
        let files: Vec<_> = inputs.iter().filter(|input| input.format == *from).collect();
        let is_wanted = |to: &str| choice.to.as_deref().is_none_or(|wanted| wanted == to);
        let is_open = |to: &str| !evidence::has_passed(&known, ("convert", from, to));
        let targets = suite.outputs().iter().enumerate();
        for (number, to) in targets.filter(|(_, to)| is_wanted(to) && is_open(to)) {
            let files: Vec<_> = files.iter().copied().filter(|input| input.fits(to)).collect();
            let chosen = match choice.sample {
                None => files,
                Some(most) => pick(suite, &files, to, number, most),
            };
            cases.extend(chosen.into_iter().map(|input| Case { suite, input: input.clone(), to }));
        }
    }
    cases
}

/// Deals the files of one input round robin over its targets, so that a sample of few still meets them all.
fn pick<'a>(
    suite: Suite,
    files: &[&'a Arc<Input>],
    to: &str,
    number: usize,
    most: usize,
) -> Vec<&'a Arc<Input>> {
    let small = |input: &Input| match suite {
        Suite::Image => input.cost <= SMALL_PIXELS || FAST_TARGETS.contains(&to),
        Suite::Archive => input.cost <= SMALL_BYTES,
        Suite::Video | Suite::Audio => input.cost <= SMALL_MEDIA,
        Suite::Pdf | Suite::Text => input.cost <= SMALL_DOCUMENT,
    };
    let mut fit: Vec<_> = files.iter().copied().filter(|input| small(input)).collect();
    if fit.is_empty() {
        fit.extend(files.iter().copied().take(1));
    }
    (0..most.min(fit.len())).map(|turn| fit[(number * most + turn) % fit.len()]).collect()
}

/// Deals inputs to targets as cards are dealt, so that every input is tried, and every target a few times. Which
/// ones meet is the same each time.
fn cover(suite: Suite, inputs: &[Input]) -> Vec<Case> {
    let inputs: Vec<Arc<Input>> = inputs.iter().cloned().map(Arc::new).collect();
    let mut cases = Vec::new();
    let mut hand: Vec<&str> = Vec::new();
    for round in 0..COVER {
        let mut random = Random::new(round as u64 + 1);
        for (number, to) in suite.outputs().iter().enumerate() {
            let fits = |from: &&str| inputs.iter().any(|input| input.format == *from && input.fits(to));
            if !hand.iter().any(fits) {
                hand.extend(suite.inputs());
                random.shuffle(&mut hand);
            }
            let Some(place) = hand.iter().position(fits) else { continue };
            let from = hand.swap_remove(place);
            let files: Vec<_> =
                inputs.iter().filter(|input| input.format == from && input.fits(to)).collect();
            let chosen = pick(suite, &files, to, round + number, 1);
            cases.extend(chosen.into_iter().map(|input| Case { suite, input: input.clone(), to }));
        }
    }
    cases
}
