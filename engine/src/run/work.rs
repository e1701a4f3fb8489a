//! One working task: from its inputs through a route to checked outputs.

use super::carrier::{Call, StepRequest};
use super::control::Control;
use super::host::{Found, StepContext};
use super::item::{Content, Item};
use super::probe;
use super::sink::Sink;
use crate::deliver::{self, FileRecord, Loss, Receipt, Staging, names};
use crate::detect::Detection;
use crate::engine::Parts;
use crate::matrix::Matrix;
use crate::plan::{self, Hop, Request, Route, Wishes};
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use formwork_formats::{Feature, Format};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Instant;

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

/// A route for some inputs, with what was learned on the way to it.
pub(crate) struct Planned<'e> {
    pub(crate) routes: Vec<Route<'e>>,
    pub(crate) detection: Option<Detection>,
    pub(crate) problem: Option<Error>,
    pub(crate) warnings: Vec<String>,
    target: Option<&'static Format>,
}

/// Detects and probes the first input, and chooses routes.
pub(crate) fn plan_for<'e>(
    parts: &'e Parts,
    work: &Work,
    items: &mut [Item],
    control: &Control,
    count: usize,
) -> Result<Planned<'e>> {
    let mut warnings = Vec::new();
    let forced = work.options.get("input_format").and_then(Value::as_str);
    let forced = forced.map(|name| parts.registry.require_format(name)).transpose()?;
    let together = takes_many(parts, &work.operation);
    let mut detection = None;
    for item in items.iter_mut().filter(|item| item.is_file()) {
        item.format = forced.or(item.format);
        if item.format.is_none() || (!together && forced.is_none()) {
            detection = detection.or(probe::detect_item(item)?);
        }
        if together {
            break;
        }
    }
    let target = work.output_format.as_deref().map(|name| parts.registry.require_format(name)).transpose()?;
    if together {
        let route = gather_route(parts, work, target)?;
        return Ok(Planned { routes: vec![route], detection, problem: None, warnings, target });
    }
    let item = items.first().ok_or_else(|| Error::invalid("there is no input"))?;
    if matches!(item.content, Content::Directory) {
        return Err(Error::invalid("a folder cannot be converted as one file")
            .with_hint("name an archive format as the target, or convert the files in it"));
    }
    let from = item.format.ok_or_else(|| unknown_format(item))?;
    warnings.extend(name_lies(item, detection.as_ref()));
    let (problem, features) = look_inside(parts, item, control);
    let request = Request {
        operation: work.operation.clone(),
        from,
        to: target.or_else(|| keeps_format(parts, &work.operation, from)),
        options: work.options.clone(),
        bytes: item.length(),
        features,
        wishes: work.wishes.clone(),
    };
    let routes = plan::top(&parts.registry, &request, count)?;
    Ok(Planned { routes, detection, problem, warnings, target: request.to })
}

/// Whether an operation takes all inputs at one go, as `archive` does.
pub(crate) fn takes_many(parts: &Parts, operation: &str) -> bool {
    Matrix::new(&parts.registry)
        .cells()
        .any(|cell| cell.capability.operation == operation && cell.capability.many_inputs)
}

/// The route of an operation that takes whatever is handed over: one step.
fn gather_route<'e>(parts: &'e Parts, work: &Work, target: Option<&'static Format>) -> Result<Route<'e>> {
    let target =
        target.ok_or_else(|| Error::invalid(format!("`{}` needs a target format", work.operation)))?;
    plan::gather(&parts.registry, &work.operation, target, &work.options)
}

/// The target of an operation without `output_format`: the input's own format, unless the operation
/// writes what it finds.
fn keeps_format(parts: &Parts, operation: &str, from: &'static Format) -> Option<&'static Format> {
    let mut cells = Matrix::new(&parts.registry).cells();
    let finds = cells.any(|cell| cell.capability.operation == operation && cell.capability.to.is_empty());
    (!finds).then_some(from)
}

fn unknown_format(item: &Item) -> Error {
    let what = if item.length() == 0 { "the file is empty" } else { "its bytes are no format that is known" };
    let kind = if item.length() == 0 { ErrorKind::CorruptInput } else { ErrorKind::UnsupportedFormat };
    Error::new(kind, what).with_hint("if you know what it is, say so with --set input_format=NAME")
}

fn name_lies(item: &Item, detection: Option<&Detection>) -> Option<String> {
    let detection = detection?;
    let claimed = detection.claimed?;
    Some(format!(
        "{} is named like {}, but its bytes are {} ({}): treated as {}",
        crate::text::clean(&item.name),
        claimed.id,
        detection.format.id,
        detection.evidence,
        detection.format.id
    ))
}

fn look_inside(parts: &Parts, item: &Item, control: &Control) -> (Option<Error>, Option<Vec<Feature>>) {
    match probe::facts(parts, item, parts.limits, control) {
        Some(Ok(found)) => {
            let probe =
                probe::Probe { detection: None, facts: found.facts, problem: None, warnings: Vec::new() };
            (None, probe.features())
        }
        // A header that cannot be read is no reason to refuse yet: the step itself will say so.
        Some(Err(error)) => (Some(error), None),
        None => (None, None),
    }
}

/// Runs a task on its inputs and returns checked outputs with the receipt.
pub(crate) fn run(
    parts: &Parts,
    work: &Work,
    mut items: Vec<Item>,
    staging: Option<Arc<Staging>>,
    threads: u32,
    control: &Control,
) -> Result<(Vec<Item>, Receipt)> {
    let started = Instant::now();
    for item in &mut items {
        parts.carrier.adopt(item)?;
    }
    let planned = plan_for(parts, work, &mut items, control, 1)?;
    let route =
        planned.routes.first().ok_or_else(|| Error::new(ErrorKind::Internal, "a plan without a route"))?;
    let mut receipt =
        Receipt { warnings: planned.warnings, isolation: lowest_level(parts, route), ..Receipt::default() };
    for item in &items {
        receipt.inputs.push(FileRecord::of(item, parts.hashes)?);
    }
    let first = items.first().map(|item| (item.name.clone(), item.format));
    let limits = Limits { threads, ..parts.limits };
    let mut facts = Map::new();
    let mut worker_bytes = 0;
    let mut done = 0.0;
    for (number, hop) in route.hops.iter().enumerate() {
        control.check()?;
        let last = number + 1 == route.hops.len();
        let staging = staging.as_ref().filter(|_| last);
        let share = hop.cell.capability.cost.fixed_ms.max(1.0) / route.estimate.cpu_ms.max(1.0);
        let share = if last { 1.0 - done } else { share.min(1.0 - done) };
        let (outputs, found) = run_hop(parts, hop, items, limits, staging, control, (done, share))?;
        done += share;
        items = outputs;
        facts = found.facts;
        worker_bytes = worker_bytes.max(found.worker_bytes);
        receipt.warnings.extend(found.warnings);
        note_losses(&mut receipt.losses, found.losses, hop);
    }
    name_outputs(&mut items, first, planned.target);
    if let Some(target) = planned.target {
        check_outputs(parts, &items, target, &facts, control)?;
    }
    for item in &items {
        receipt.outputs.push(FileRecord::of(item, parts.hashes)?);
    }
    receipt.route = route.to_json();
    receipt.elapsed_ms = started.elapsed().as_secs_f64() * 1000.0;
    receipt.peak_bytes = crate::engine::peak_memory_of("self").saturating_add(worker_bytes);
    Ok((items, receipt))
}

/// The level every step of a route really gets.
fn lowest_level(parts: &Parts, route: &Route<'_>) -> u8 {
    route.hops.iter().map(|hop| parts.carrier.level(hop.cell.plugin)).min().unwrap_or(0)
}

fn run_hop(
    parts: &Parts,
    hop: &Hop<'_>,
    inputs: Vec<Item>,
    limits: Limits,
    staging: Option<&Arc<Staging>>,
    control: &Control,
    share: (f64, f64),
) -> Result<(Vec<Item>, Found)> {
    let sink = match staging {
        Some(staging) => Sink::staging(&limits, staging.clone()),
        None => Sink::memory(&limits, parts.spill_over, parts.temporary.clone()),
    };
    let operations = [(hop.cell.capability.operation.as_str(), hop.settings.as_slice())];
    let target = hop.to.map_or("", |format| format.id);
    let request = StepRequest { target, operations: &operations, inputs: &inputs, limits };
    let context = StepContext::new(&inputs, &sink, control, share);
    parts
        .carrier
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
    if let ([input], [output]) = (inputs.as_slice(), items.as_mut_slice()) {
        // Between steps the name travels along, so that archives can name their one entry.
        if output.name.is_empty() && hop.to.is_none_or(|format| format.internal) {
            output.name.clone_from(&input.name);
        }
    }
    Ok((items, found))
}

/// Notes what a step lost: what the plugin told, and the certain loss of exact samples.
fn note_losses(losses: &mut Vec<Loss>, told: Vec<(Feature, String)>, hop: &Hop<'_>) {
    let silent = told.iter().all(|(feature, _)| *feature != Feature::Quality);
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

fn check_outputs(
    parts: &Parts,
    items: &[Item],
    target: &'static Format,
    told: &Map<String, Value>,
    control: &Control,
) -> Result<()> {
    let single = items.len() == 1;
    // What was just made may be packed as tightly as it can be; only strangers' files may not.
    let limits = Limits { ratio: u64::MAX, ..parts.limits };
    for item in items.iter().filter(|item| item.is_file()) {
        let target = item.format.unwrap_or(target);
        let probed = match probe::facts(parts, item, limits, control) {
            Some(Ok(found)) => Some(found.facts),
            Some(Err(error)) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Timeout) => {
                return Err(error);
            }
            Some(Err(error)) => {
                let message = format!("the finished {} cannot be read back: {}", target.id, error.message);
                return Err(Error::new(ErrorKind::PluginFault, message));
            }
            None => None,
        };
        let told = if single { told } else { &Map::new() };
        deliver::check(item, target, told, probed.as_ref())?;
    }
    Ok(())
}
