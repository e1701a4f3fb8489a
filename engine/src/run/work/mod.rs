//! Working tasks: from their inputs through a route to checked outputs.
//!
//! A task is [`look`]ed at (what its input is), then [`plan`]ned (which route), then [`run`]. Tasks that are
//! fused take this way together, as one [`Order`].

mod check;
mod companions;
mod goals;
mod likeness;
mod look;
mod order;
mod piece;
mod preset;
mod rescue;
mod smaller;
mod spread;
mod walk;

pub(crate) use look::{Looked, look};
pub(crate) use order::{Order, Planned, may_fuse, plan, takes_many};
pub(crate) use piece::Piece;

use super::control::Control;
use super::item::Item;
use crate::cache::Chain;
use crate::deliver::{self, FileRecord, Receipt, Staging, names};
use crate::engine::Parts;
use crate::plan::Wishes;
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use formwork_formats::Format;
pub(crate) use rescue::{Rescue, may_be_rescued};
use serde_json::{Map, Value};
use std::sync::Arc;
use walk::Walk;
pub(crate) use walk::lowest_level;

/// What a task asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// The operation, as in `convert`.
    pub operation: String,
    /// The wanted format by id, alias or extension; `None` keeps the input's, or writes what is found.
    pub output_format: Option<String>,
    /// Options by name.
    pub options: Map<String, Value>,
    /// The name of a preset that gives further options.
    pub preset: Option<String>,
    /// What the caller wishes of the route.
    pub wishes: Wishes,
}

/// Runs what is planned and returns checked outputs with the receipt.
pub(crate) fn run(
    parts: &Parts,
    order: &Order<'_>,
    looked: Looked,
    planned: &Planned<'_>,
    staging: Option<Arc<Staging>>,
    threads: u32,
    control: &Control,
) -> Result<(Vec<Item>, Receipt)> {
    let amounts = if parts.history.is_some() { looked.close_amounts() } else { looked.amounts() };
    let Looked { items, given, started, warnings, .. } = looked;
    let route =
        planned.routes.first().ok_or_else(|| Error::new(ErrorKind::Internal, "a plan without a route"))?;
    // What a search tries on its way is not what was asked for.
    let chain =
        if route.goals.is_empty() { Chain::of(parts, order, (&items, &given), route, control) } else { None };
    if let Some(finished) = chain.as_ref().and_then(|chain| chain.finished(started)) {
        return Ok(finished);
    }
    control.expect(parts.foresee(route, &amounts).elapsed_ms);
    let inputs = records(parts, &items, chain.as_ref())?;
    let mut receipt = Receipt { inputs, warnings, ..Receipt::default() };
    let input = items.first().cloned();
    let first = input.as_ref().map(|item| (item.name.clone(), item.format));
    let limits = Limits { threads, ..parts.limits };
    let banned = &order.split()?.0.wishes.banned_plugins;
    let walk = Walk { parts, limits, control, span: (0.0, 1.0), banned };
    let companions = companions::bring(&walk, order, route)?;
    receipt.inputs.extend(companions.inputs);
    receipt.warnings.extend(companions.warnings);
    let gathered = companions::gather(&walk, route, items)?;
    receipt.warnings.extend(gathered.warnings);
    let along = walk::Along {
        companions: &companions.items,
        staging: staging.as_ref(),
        chain: chain.as_ref(),
        ..walk::Along::default()
    };
    let reached;
    let (mut arrived, route) = if route.goals.is_empty() {
        let mut arrived = walk.along(route, gathered.items, along)?;
        smaller::keep(order, input.as_ref(), planned.target, &mut arrived);
        (arrived, route)
    } else {
        let (arrived, found, told) = goals::reach(&walk, route, &gathered.items, along)?;
        receipt.goals = told;
        reached = found;
        (arrived, &reached)
    };
    receipt.isolation = walk::lowest_level(parts, route).min(companions.isolation).min(gathered.isolation);
    receipt.warnings.append(&mut arrived.warnings);
    receipt.losses = arrived.losses;
    name_outputs(&mut arrived.items, first, planned.target);
    if let Some(target) = planned.target {
        check::outputs(parts, &arrived.items, target, &arrived.facts, control)?;
    }
    for item in &arrived.items {
        receipt.outputs.push(FileRecord::of(item, parts.hashes)?);
        item.release();
    }
    receipt.route = route.to_json();
    receipt.plugins.extend(companions.plugins);
    receipt.plugins.extend(gathered.plugins);
    deliver::note_plugins(&mut receipt.plugins, route);
    let worker_bytes = arrived.worker_bytes.max(companions.worker_bytes).max(gathered.worker_bytes);
    Rescue::tell(arrived.rescues, &mut receipt);
    receipt.reused_steps = arrived.reused;
    receipt.resumed = arrived.reused + arrived.found_parts > 0 && control.resumes();
    if let Some(chain) = &chain {
        chain.keep(&arrived.items, &receipt, worker_bytes, started);
    }
    receipt.measure(started, worker_bytes);
    if arrived.reused == 0 && route.goals.is_empty() {
        parts.note(route, &amounts, &receipt.measured());
    }
    Ok((arrived.items, receipt))
}

/// Describes inputs for a receipt; those the cache has hashed are not read once more.
fn records(parts: &Parts, items: &[Item], chain: Option<&Chain<'_>>) -> Result<Vec<FileRecord>> {
    let record = |(place, item): (usize, &Item)| {
        let known = chain.and_then(|chain| chain.hash_of(place)).filter(|_| parts.hashes);
        match known {
            Some(hash) => Ok(FileRecord::known(item, Some(hash))),
            None => FileRecord::of(item, parts.hashes),
        }
    };
    items.iter().enumerate().map(record).collect()
}

/// Gives the main output its name: the first input's with the new extension.
fn name_outputs(
    items: &mut [Item],
    first: Option<(String, Option<&'static Format>)>,
    target: Option<&'static Format>,
) {
    let (Some((name, from)), Some(target)) = (first, target) else { return };
    let base = name.rsplit('/').next().unwrap_or(&name);
    for item in items.iter_mut().filter(|item| item.is_file()) {
        item.format = item.format.or(Some(target));
        if item.name.is_empty() {
            item.name = names::with_extension(base, from, target);
        }
    }
}
