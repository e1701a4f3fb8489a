//! Takes items through the steps of a route.

use super::super::carrier::{Call, StepRequest};
use super::super::control::Control;
use super::super::host::{Found, StepContext};
use super::super::item::Item;
use super::super::sink::Sink;
use crate::deliver::{Loss, Staging, names};
use crate::engine::Parts;
use crate::plan::{Hop, Route};
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use formwork_formats::Feature;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};

/// How routes are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'w> {
    pub(super) parts: &'w Parts,
    pub(super) limits: Limits,
    pub(super) control: &'w Control,
    /// The part of the progress that the whole route is: start and span.
    pub(super) span: (f64, f64),
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
}

impl Walk<'_> {
    /// Takes items through a route. `companions` go into its step that takes some, in order. Results grow in
    /// `staging` when there is one, else in memory.
    pub(super) fn along(
        &self,
        route: &Route<'_>,
        items: Vec<Item>,
        companions: &[Item],
        staging: Option<&Arc<Staging>>,
    ) -> Result<Arrived> {
        let mut arrived = Arrived { items, ..Arrived::default() };
        let accompanied = route.accompanied_step();
        let mut done = 0.0;
        for (number, hop) in route.hops.iter().enumerate() {
            self.control.check()?;
            let last = number + 1 == route.hops.len();
            let share = hop.cell.capability.cost.fixed_ms.max(1.0) / route.estimate.cpu_ms.max(1.0);
            let share = if last { 1.0 - done } else { share.min(1.0 - done) };
            let step = Step {
                walk: self,
                hop,
                companions: if accompanied == Some(number) { companions } else { &[] },
                staging: staging.filter(|_| last),
            };
            let found = step.on(&mut arrived, (done, share))?;
            done += share;
            arrived.facts = found.facts;
            arrived.worker_bytes = arrived.worker_bytes.max(found.worker_bytes);
            arrived.warnings.extend(found.warnings);
            let exact = arrived.facts.get("exact").and_then(Value::as_bool).unwrap_or(false);
            note_losses(&mut arrived.losses, found.losses, hop, exact);
        }
        Ok(arrived)
    }
}

/// The level every step of a route really gets.
pub(super) fn lowest_level(parts: &Parts, route: &Route<'_>) -> u8 {
    route.hops.iter().map(|hop| parts.carrier.level(hop.cell.plugin)).min().unwrap_or(0)
}

/// One step of a route.
struct Step<'s, 'w> {
    walk: &'s Walk<'w>,
    hop: &'s Hop<'s>,
    companions: &'s [Item],
    staging: Option<&'s Arc<Staging>>,
}

impl Step<'_, '_> {
    /// Does the step on what has arrived so far: at one go, or once for each item.
    fn on(&self, arrived: &mut Arrived, (start, span): (f64, f64)) -> Result<Found> {
        let items = std::mem::take(&mut arrived.items);
        if items.len() == 1 || self.hop.cell.capability.many_inputs {
            let (outputs, found) = self.run(items, self.sink(), (start, span))?;
            arrived.items = outputs;
            return Ok(found);
        }
        let mut all = Found::default();
        let names: Arc<Mutex<HashSet<String>>> = Arc::default();
        let part = span / items.len() as f64;
        for (number, item) in items.into_iter().enumerate() {
            self.walk.control.check()?;
            let main = names::in_series(&item.name, item.format, self.hop.to);
            let sink = self.sink().in_series(main, names.clone());
            let (outputs, found) = self.run(vec![item], sink, (start + part * number as f64, part))?;
            arrived.items.extend(outputs);
            all.add(found);
        }
        Ok(all)
    }

    fn sink(&self) -> Sink {
        let Walk { parts, limits, .. } = self.walk;
        match self.staging {
            Some(staging) => Sink::staging(limits, staging.clone()),
            None => Sink::memory(limits, parts.spill_over, parts.temporary.clone()),
        }
    }

    fn run(&self, mut inputs: Vec<Item>, sink: Sink, share: (f64, f64)) -> Result<(Vec<Item>, Found)> {
        let (hop, Walk { parts, limits, control, span }) = (self.hop, *self.walk);
        let only = if inputs.len() == 1 { inputs.first().map(|item| item.name.clone()) } else { None };
        inputs.extend(self.companions.iter().cloned());
        let fused = hop.fused.iter().map(|one| (one.capability.operation.as_str(), one.settings.as_slice()));
        let own = (hop.cell.capability.operation.as_str(), hop.settings.as_slice());
        let operations: Vec<_> = fused.chain([own]).collect();
        let target = hop.to.map_or("", |format| format.id);
        let request = StepRequest { target, operations: &operations, inputs: &inputs, limits };
        let share = (span.0 + span.1 * share.0, span.1 * share.1);
        let context = StepContext::new(&inputs, &sink, control, share);
        (parts.carrier)
            .call(hop.cell.plugin, Call::Run, &request, &context)
            .map_err(|error| error.with_context("plugin", hop.cell.plugin.id()))?;
        let found = context.into_found();
        let mut items = sink.into_items()?;
        if items.is_empty() && hop.to.is_some() {
            let error = format!("the plugin {} wrote nothing", hop.cell.plugin.id());
            return Err(Error::new(ErrorKind::PluginFault, error));
        }
        for item in items.iter_mut().filter(|item| item.is_file() && item.format.is_none()) {
            item.format = hop.to;
        }
        if let (Some(name), [output]) = (only, items.as_mut_slice()) {
            // Between steps the name travels along, so that archives can name their one entry.
            if output.name.is_empty() && hop.to.is_none_or(|format| format.internal) {
                output.name = name;
            }
        }
        Ok((items, found))
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
