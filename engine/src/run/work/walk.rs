//! Takes items through the steps of a route.

use super::super::carrier::{Call, StepRequest};
use super::super::control::Control;
use super::super::host::{Found, StepContext};
use super::super::item::Item;
use super::super::sink::Sink;
use super::rescue::{self, Rescue};
use crate::cache::{Chain, Said, StepPieces};
use crate::deliver::{Loss, Staging, names};
use crate::engine::Parts;
use crate::matrix::Setting;
use crate::plan::{Hop, Route};
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use formwork_formats::Feature;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// How routes are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'w> {
    pub(super) parts: &'w Parts,
    pub(super) limits: Limits,
    pub(super) control: &'w Control,
    /// The part of the progress that the whole route is: start and span.
    pub(super) span: (f64, f64),
    /// Plugins the caller does not want; ids.
    pub(super) banned: &'w [String],
}

/// What came out at the end, and what was said on the way.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    pub(super) items: Vec<Item>,
    /// Facts of the last step.
    pub(super) facts: Map<String, Value>,
    pub(super) warnings: Vec<String>,
    pub(super) losses: Vec<Loss>,
    /// Greatest resident memory of a worker on the way.
    pub(super) worker_bytes: u64,
    /// Steps that were found in the result cache.
    pub(super) reused: usize,
    /// Parts of a step's outputs, or pieces of its work, that were found in the job's journal.
    pub(super) found_parts: usize,
    /// What was written anew on the way.
    pub(super) rescues: Vec<Rescue>,
}

/// What goes along a route with the items.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Along<'a> {
    /// They go into the step that takes some, in order.
    pub(super) companions: &'a [Item],
    /// Where results grow; without it in memory.
    pub(super) staging: Option<&'a Arc<Staging>>,
    /// The step of whose outputs a part is wanted, and which.
    pub(super) part: Option<(usize, &'a Setting)>,
    /// Names of outputs that are taken, when the items are some of many.
    pub(super) names: Option<&'a Arc<Mutex<HashSet<String>>>>,
    /// Where what comes out of each step is kept; only while all items go together.
    pub(super) chain: Option<&'a Chain<'a>>,
}

impl Walk<'_> {
    /// Takes items through a route.
    pub(super) fn along(&self, route: &Route<'_>, items: Vec<Item>, along: Along<'_>) -> Result<Arrived> {
        let steps = route.hops.len();
        let parted = route.hops.iter().position(|hop| hop.cell.capability.in_parts).unwrap_or(steps);
        let mut arrived = along.chain.and_then(|chain| Arrived::resumed(chain, parted)).unwrap_or_default();
        if arrived.reused == 0 {
            arrived.items = items;
        }
        self.steps(route, arrived.reused..parted, &mut arrived, along)?;
        match arrived.items.as_slice() {
            [item] if parted < steps => {
                let item = item.clone();
                self.spread(route, parted, &item, arrived, along)
            }
            _ => {
                self.steps(route, parted..steps, &mut arrived, along)?;
                Ok(arrived)
            }
        }
    }

    /// Takes what has arrived through some steps of a route.
    pub(super) fn steps(
        &self,
        route: &Route<'_>,
        steps: Range<usize>,
        arrived: &mut Arrived,
        along: Along<'_>,
    ) -> Result<()> {
        let accompanied = route.accompanied_step();
        let share =
            |hop: &Hop<'_>| hop.cell.capability.cost.fixed_ms.max(1.0) / route.estimate.cpu_ms.max(1.0);
        let mut done = 0.0;
        let mut kept = Instant::now();
        for (number, hop) in route.hops.iter().enumerate().take(steps.end) {
            let last = number + 1 == route.hops.len();
            let share = if last { 1.0 - done } else { share(hop).min(1.0 - done) };
            if number >= steps.start {
                self.control.check()?;
                let step = Step {
                    walk: self,
                    hop,
                    last,
                    companions: if accompanied == Some(number) { along.companions } else { &[] },
                    staging: along.staging.filter(|_| last),
                    part: along.part.filter(|(parted, _)| *parted == number).map(|(_, part)| part),
                    names: along.names,
                    pieces: along.chain.map(|chain| (chain, number)),
                };
                let found = step.on(arrived, (done, share))?;
                arrived.add(found, hop, number);
                if !last && along.chain.is_some_and(|chain| arrived.keep(chain, number + 1, kept)) {
                    kept = Instant::now();
                }
            }
            done += share;
        }
        Ok(())
    }
}

impl Arrived {
    /// The longest beginning of a route that is in the cache, of at most so many steps.
    fn resumed(chain: &Chain<'_>, most: usize) -> Option<Arrived> {
        let (reused, items, said) = chain.resume(most)?;
        Some(Arrived { reused, ..Arrived::kept(items, said) })
    }

    /// What was kept of an earlier run.
    pub(super) fn kept(items: Vec<Item>, said: Said) -> Arrived {
        Arrived {
            items,
            losses: said.losses(),
            facts: said.facts,
            warnings: said.warnings,
            worker_bytes: said.worker_bytes,
            rescues: said.rescues,
            ..Arrived::default()
        }
    }

    /// What is to be kept of this one beside the items.
    pub(super) fn said(&self) -> Said {
        let mut said = Said::new(&self.warnings, &self.losses);
        (said.facts, said.worker_bytes) = (self.facts.clone(), self.worker_bytes);
        said.rescues.clone_from(&self.rescues);
        said
    }

    /// Keeps what there is after some steps; `since` is when that was done before.
    fn keep(&self, chain: &Chain<'_>, steps: usize, since: Instant) -> bool {
        chain.keep_step(steps, &self.items, self.said(), since.elapsed())
    }

    /// Notes what was said in a step.
    fn add(&mut self, found: Found, hop: &Hop<'_>, number: usize) {
        self.facts = found.facts;
        self.worker_bytes = self.worker_bytes.max(found.worker_bytes);
        self.warnings.extend(found.warnings);
        self.found_parts += found.pieces;
        let rescues = found.rescues.into_iter().map(|rescue| rescue.at(number));
        Rescue::note(&mut self.rescues, rescues.collect());
        let exact = self.facts.get("exact").and_then(Value::as_bool).unwrap_or(false);
        note_losses(&mut self.losses, found.losses, hop, exact);
    }
}

/// The level every step of a route really gets.
pub(crate) fn lowest_level(parts: &Parts, route: &Route<'_>) -> u8 {
    route.hops.iter().map(|hop| parts.carrier.level(hop.cell.plugin)).min().unwrap_or(0)
}

/// One step of a route.
struct Step<'s, 'w> {
    walk: &'s Walk<'w>,
    hop: &'s Hop<'s>,
    last: bool,
    companions: &'s [Item],
    staging: Option<&'s Arc<Staging>>,
    part: Option<&'s Setting>,
    names: Option<&'s Arc<Mutex<HashSet<String>>>>,
    /// Where pieces of its work are kept, and the number of the step there.
    pieces: Option<(&'s Chain<'s>, usize)>,
}

impl Step<'_, '_> {
    /// Does the step on what has arrived so far: at one go, or once for each item.
    fn on(&self, arrived: &mut Arrived, (start, span): (f64, f64)) -> Result<Found> {
        let items = std::mem::take(&mut arrived.items);
        let single = items.len() == 1 && (self.names.is_none() || self.part.is_some());
        if single || self.hop.cell.capability.many_inputs {
            let (outputs, found) = self.run(items, || self.sink(), (start, span), 0)?;
            arrived.items = outputs;
            return Ok(found);
        }
        let mut all = Found::default();
        let names = self.names.cloned().unwrap_or_default();
        let part = span / items.len() as f64;
        for (number, item) in items.into_iter().enumerate() {
            self.walk.control.check()?;
            let main = names::in_series(&item.name, item.format, self.hop.to);
            let sink = || self.sink().in_series(main.clone(), names.clone());
            let share = (start + part * number as f64, part);
            let (outputs, found) = self.run(vec![item], sink, share, number)?;
            arrived.items.extend(outputs);
            all.add(found);
        }
        Ok(all)
    }

    fn sink(&self) -> Sink {
        let Walk { parts, limits, .. } = self.walk;
        match self.staging {
            Some(staging) => Sink::staging(limits, staging.clone()),
            None => Sink::spooling(limits, parts.spill_over, parts.files.clone()),
        }
    }

    /// Runs the step; once more when its inputs could be mended. `turn` tells its runs apart.
    fn run(
        &self,
        mut inputs: Vec<Item>,
        sink: impl Fn() -> Sink,
        share: (f64, f64),
        turn: usize,
    ) -> Result<(Vec<Item>, Found)> {
        let only = if inputs.len() == 1 { inputs.first().map(|item| item.name.clone()) } else { None };
        inputs.extend(self.companions.iter().cloned());
        let attempt = sink();
        let found = match self.attempt(&inputs, &attempt, share, &format!("{turn}")) {
            Err(failure) if attempt.is_untouched() => {
                let rescued = rescue::rescue(self.walk, self.hop, &inputs, failure.clone())?;
                let attempt = sink();
                // What is wrong with a file is better said of the file than of what was made of it.
                let mut found = self
                    .attempt(&rescued.items, &attempt, share, &format!("{turn} mended"))
                    .map_err(|error| if error.kind == ErrorKind::CorruptInput { failure } else { error })?;
                found.precede(rescued.found);
                return Ok((self.outputs(attempt, only)?, found));
            }
            other => other?,
        };
        Ok((self.outputs(attempt, only)?, found))
    }

    fn attempt(&self, inputs: &[Item], sink: &Sink, share: (f64, f64), turn: &str) -> Result<Found> {
        let (hop, Walk { parts, limits, control, span, .. }) = (self.hop, *self.walk);
        let fused = hop.fused.iter().map(|one| (one.capability.operation.as_str(), one.settings.as_slice()));
        let settings: Vec<Setting> = hop.settings.iter().chain(self.part).cloned().collect();
        let own = (hop.cell.capability.operation.as_str(), settings.as_slice());
        let operations: Vec<_> = fused.chain([own]).collect();
        let target = hop.to.map_or("", |format| format.id);
        let request = StepRequest { target, operations: &operations, inputs, limits };
        let share = (span.0 + span.1 * share.0, span.1 * share.1);
        let pieces =
            self.pieces.and_then(|(chain, number)| StepPieces::of(chain, number, turn, limits.output));
        let context = StepContext::new(inputs, sink, control, share).keeping(pieces);
        (parts.carrier)
            .call(hop.cell.plugin, Call::Run, &request, &context)
            .map_err(|error| error.with_context("plugin", hop.cell.plugin.id()))?;
        Ok(context.into_found())
    }

    /// What was written, with formats and names.
    fn outputs(&self, sink: Sink, only: Option<String>) -> Result<Vec<Item>> {
        let hop = self.hop;
        let mut items = sink.into_items()?;
        if items.is_empty() && hop.to.is_some() {
            let error = format!("the plugin {} wrote nothing", hop.cell.plugin.id());
            return Err(Error::new(ErrorKind::PluginFault, error));
        }
        for item in items.iter_mut().filter(|item| item.is_file() && item.format.is_none()) {
            item.format = hop.to;
        }
        if let (Some(name), [output]) = (only, items.as_mut_slice()) {
            // Between steps the name travels along, so that archives can name their one entry, and pages their document.
            let internal = hop.to.is_none_or(|format| format.internal);
            if output.name.is_empty() && (internal || !self.last) {
                output.name = name;
            }
        }
        Ok(items)
    }
}

/// Notes what a step lost: what the plugin told, and the certain loss of samples that it does not say are `exact`.
fn note_losses(losses: &mut Vec<Loss>, told: Vec<(Feature, String)>, hop: &Hop<'_>, exact: bool) {
    let silent = !exact && told.iter().all(|(feature, _)| *feature != Feature::Quality);
    let certain =
        silent && hop.losses.contains(&Feature::Quality) && hop.cell.capability.operation == "convert";
    let detail = format!("re-encoded as {}", hop.to.map_or("", |format| format.name));
    let certain = certain.then_some((Feature::Quality, detail));
    for (feature, detail) in told.into_iter().chain(certain) {
        if losses.iter().all(|loss| loss.feature != feature || loss.detail != detail) {
            losses.push(Loss { feature, detail });
        }
    }
}
