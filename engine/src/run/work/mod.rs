//! Working tasks: from their inputs through a route to checked outputs.
//!
//! A task is [`look`]ed at (what its input is), then [`plan`]ned (which route), then [`run`]. Tasks that are
//! fused take this way together, as one [`Order`].

mod check;
mod companions;
mod look;
mod order;
mod piece;
mod rescue;
mod spread;
mod walk;

pub(crate) use look::{Looked, look};
pub(crate) use order::{Order, Planned, may_fuse, plan, takes_many};
pub(crate) use piece::Piece;

use super::control::Control;
use super::item::Item;
use crate::deliver::{FileRecord, Receipt, Staging, names};
use crate::engine::Parts;
use crate::plan::Wishes;
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use formwork_formats::Format;
use serde_json::{Map, Value};
use std::sync::Arc;
use walk::Walk;

/// What a task asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// The operation, as in `convert`.
    pub operation: String,
    /// The wanted format by id, alias or extension; `None` keeps the input's, or writes what is found.
    pub output_format: Option<String>,
    /// Options by name.
    pub options: Map<String, Value>,
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
    let Looked { items, started, warnings, .. } = looked;
    let route =
        planned.routes.first().ok_or_else(|| Error::new(ErrorKind::Internal, "a plan without a route"))?;
    let mut receipt = Receipt { warnings, ..Receipt::default() };
    for item in &items {
        receipt.inputs.push(FileRecord::of(item, parts.hashes)?);
    }
    let first = items.first().map(|item| (item.name.clone(), item.format));
    let limits = Limits { threads, ..parts.limits };
    let walk = Walk { parts, limits, control, span: (0.0, 1.0) };
    let companions = companions::bring(&walk, order, route)?;
    receipt.inputs.extend(companions.inputs);
    receipt.warnings.extend(companions.warnings);
    let gathered = companions::gather(&walk, route, items)?;
    receipt.warnings.extend(gathered.warnings);
    let along =
        walk::Along { companions: &companions.items, staging: staging.as_ref(), ..walk::Along::default() };
    let mut arrived = walk.along(route, gathered.items, along)?;
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
    receipt.elapsed_ms = started.elapsed().as_secs_f64() * 1000.0;
    let worker_bytes = arrived.worker_bytes.max(companions.worker_bytes).max(gathered.worker_bytes);
    receipt.peak_bytes = crate::engine::peak_memory_of("self").saturating_add(worker_bytes);
    Ok((arrived.items, receipt))
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
