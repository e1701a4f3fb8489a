//! Operations that take all inputs at one go, as `archive` and `merge` do. What a capability does not take but names
//! companions for is converted to one of those first.

use super::{Estimate, Goals, Hop, Request, Route, Wishes, finish, missing, settings};
use crate::matrix::{Cell, Matrix};
use crate::registry::Registry;
use crate::{Error, ErrorKind, Result};
use formwork_abi::describe::Capability;
use formwork_formats::Format;
use serde_json::{Map, Value};

/// What is to be gathered into one.
#[derive(Debug)]
pub(crate) struct Gathering<'q> {
    /// The operation, as in `merge`.
    pub(crate) operation: &'q str,
    /// Name and format of each input; formats may be unknown to an operation that takes anything.
    pub(crate) inputs: &'q [(&'q str, Option<&'static Format>)],
    /// The wanted format; `None` is the first input's, for an operation that reads it.
    pub(crate) target: Option<&'static Format>,
    /// Options by name.
    pub(crate) options: &'q Map<String, Value>,
    /// What the caller wishes.
    pub(crate) wishes: &'q Wishes,
}

/// Makes the one-step route.
///
/// # Errors
///
/// `unsupported_conversion` when no plugin writes the target this way, or takes these inputs together;
/// `backend_missing`; `invalid_request`.
pub(crate) fn gather<'e>(registry: &'e Registry, wanted: &Gathering<'_>) -> Result<Route<'e>> {
    let mut cells: Vec<Cell<'e>> = cells(registry, wanted.operation).collect();
    if wanted.inputs.len() == 1 {
        cells.extend(alone(registry, wanted.operation));
    }
    let target = target(&cells, wanted)?;
    let writing: Vec<Cell<'e>> =
        cells.iter().copied().filter(|cell| has(&cell.capability.to, target)).collect();
    if writing.is_empty() {
        let targets: Vec<&str> =
            cells.iter().flat_map(|cell| cell.capability.to.iter().map(String::as_str)).collect();
        let error = format!("`{}` cannot write {}", wanted.operation, target.id);
        return Err(Error::new(ErrorKind::UnsupportedConversion, error)
            .with_hint(format!("it writes {}", targets.join(", "))));
    }
    let fitting = || writing.iter().filter(|cell| misfit(**cell, wanted).is_none());
    let converting = || writing.iter().filter(|cell| can_convert(registry, **cell, wanted));
    let available = fitting().chain(converting()).find(|cell| cell.is_available());
    let Some(cell) = available.or_else(|| fitting().chain(converting()).next()).copied() else {
        return Err(no_fit(registry, &writing, wanted, target));
    };
    if let Some(install) = &cell.capability.unavailable {
        return Err(missing(install, &format!("`{}` to {}", wanted.operation, target.id)));
    }
    let cost = cell.capability.cost;
    let estimate = Estimate { cpu_ms: cost.fixed_ms, memory: 0, weight: cost.fixed_ms };
    // What takes several of anything has no one format to start from.
    let first = wanted.inputs.first().and_then(|(_, format)| *format);
    let takes = &cell.capability.from;
    let is_one = takes.is_empty() && wanted.inputs.len() == 1;
    let from = first.filter(|first| is_one || has(takes, first)).unwrap_or(target);
    let hop =
        Hop { cell, from, to: Some(target), settings: Vec::new(), losses: Vec::new(), fused: Vec::new() };
    let mut given = wanted.options.clone();
    let route = finish::finish(
        registry,
        Route { hops: vec![hop], estimate, prediction: None, goals: Goals::default() },
        &mut given,
        wanted.wishes,
    )?;
    settings::assign(route, &given)
}

/// Whether an operation looks at what its inputs are; one that does not takes anything.
pub(crate) fn is_picky(registry: &Registry, operation: &str) -> bool {
    cells(registry, operation).any(|cell| !cell.capability.from.is_empty())
}

fn cells<'e>(registry: &'e Registry, operation: &str) -> impl Iterator<Item = Cell<'e>> {
    let cells = Matrix::new(registry).cells();
    cells.filter(move |cell| cell.capability.operation == operation && cell.capability.many_inputs)
}

/// What takes anything, but one at a time: a stream that holds one file.
fn alone<'e>(registry: &'e Registry, operation: &str) -> impl Iterator<Item = Cell<'e>> {
    let cells = Matrix::new(registry).cells();
    cells.filter(move |cell| {
        let Capability { operation: own, from, many_inputs, .. } = cell.capability;
        own == operation && from.is_empty() && !many_inputs
    })
}

fn has(ids: &[String], format: &Format) -> bool {
    ids.iter().any(|id| id == format.id)
}

fn target(cells: &[Cell<'_>], wanted: &Gathering<'_>) -> Result<&'static Format> {
    let first = wanted.inputs.first().and_then(|(_, format)| *format);
    let read = first.filter(|first| cells.iter().any(|cell| has(&cell.capability.from, first)));
    wanted
        .target
        .or(read)
        .ok_or_else(|| Error::invalid(format!("`{}` needs a target format", wanted.operation)))
}

/// The first input that a cell does not take.
fn misfit<'q>(cell: Cell<'_>, wanted: &Gathering<'q>) -> Option<&'q (&'q str, Option<&'static Format>)> {
    let from = &cell.capability.from;
    let fits = |format: Option<&Format>| format.is_some_and(|format| has(from, format));
    wanted.inputs.iter().find(|(_, format)| !from.is_empty() && !fits(*format))
}

/// Whether all inputs that a cell does not take can become what it takes.
fn can_convert(registry: &Registry, cell: Cell<'_>, wanted: &Gathering<'_>) -> bool {
    let fits = |format: Option<&'static Format>| format.is_some_and(|format| reaches(registry, cell, format));
    !cell.capability.companions.is_empty() && wanted.inputs.iter().all(|(_, format)| fits(*format))
}

/// Whether a cell takes a format, as it is or converted.
fn reaches(registry: &Registry, cell: Cell<'_>, format: &'static Format) -> bool {
    let Capability { from, companions, .. } = cell.capability;
    has(from, format) || companions.iter().any(|id| can_become(registry, format, id))
}

fn can_become(registry: &Registry, from: &'static Format, to: &str) -> bool {
    let request = Request {
        operation: "convert".into(),
        from,
        to: registry.format(to),
        options: Map::new(),
        bytes: 0,
        features: None,
        accompanied: false,
        wishes: Wishes::default(),
    };
    super::best(registry, &request).is_ok()
}

/// Says which input does not go with the others, by the cell that takes the most of them.
fn no_fit(registry: &Registry, writing: &[Cell<'_>], wanted: &Gathering<'_>, target: &Format) -> Error {
    let taken = |cell: &Cell<'_>| {
        let fits = |format: &Format| has(&cell.capability.from, format);
        wanted.inputs.iter().filter(|(_, format)| format.is_some_and(fits)).count()
    };
    // Of equals the first.
    let best = writing.iter().rev().max_by_key(|cell| taken(cell));
    // What would be converted is not the one to name, unless there is no other.
    let fails = |cell: Cell<'_>| {
        let mut inputs = wanted.inputs.iter();
        inputs.find(|(_, format)| !format.is_some_and(|format| reaches(registry, cell, format)))
    };
    let misfit = best.and_then(|cell| Some((cell, fails(*cell).or_else(|| misfit(*cell, wanted))?)));
    let Some((cell, (name, format))) = misfit else {
        return Error::new(ErrorKind::Internal, "inputs that fit were refused");
    };
    let is = format.map_or("of an unknown format", |format| format.id);
    let message = format!(
        "`{}` to {} does not take {}, which is {is}",
        wanted.operation,
        target.id,
        crate::clean(name)
    );
    Error::new(ErrorKind::UnsupportedConversion, message).with_hint(
        match cell.capability.companions.as_slice() {
            [] => format!("it takes {}", cell.capability.from.join(", ")),
            _ => format!("it takes {}, and what can be converted to it", cell.capability.from.join(", ")),
        },
    )
}
