//! What is done at one go, and the routes for it.

use super::{Looked, Work, preset};
use crate::engine::Parts;
use crate::matrix::{Cell, Matrix};
use crate::plan::{self, Earlier, Gathering, Request, Route, Wishes};
use crate::run::Item;
use crate::{Error, Result};
use formwork_formats::Format;

/// A task, or several that are fused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order<'o> {
    /// What each task asks for, in the order they apply; at least one.
    pub(crate) works: &'o [&'o Work],
    /// Further inputs of each.
    pub(crate) companions: &'o [Vec<Item>],
}

/// Routes for an order.
#[derive(Debug)]
pub(crate) struct Planned<'e> {
    /// The best first; at least one.
    pub(crate) routes: Vec<Route<'e>>,
    /// The format they write; `None` when the operation writes what it finds.
    pub(crate) target: Option<&'static Format>,
}

impl Order<'_> {
    /// The task whose operation names the step, and those that are done in the same pass before it.
    ///
    /// # Errors
    ///
    /// `internal` for an order of nothing.
    pub(super) fn split(&self) -> Result<(&Work, &[&Work])> {
        let split = self.works.split_last();
        let (last, earlier) = split.ok_or_else(|| Error::new(crate::ErrorKind::Internal, "nothing to do"))?;
        Ok((last, earlier))
    }

    fn is_accompanied(&self, place: usize) -> bool {
        self.companions.get(place).is_some_and(|further| !further.is_empty())
    }
}

/// Chooses up to `count` routes for inputs that have been looked at.
///
/// # Errors
///
/// As [`plan::top`]; `unsupported_conversion` as well when the tasks of the order cannot be fused.
pub(crate) fn plan<'e>(
    parts: &'e Parts,
    order: &Order<'_>,
    looked: &Looked,
    count: usize,
) -> Result<Planned<'e>> {
    let works = order.works.iter().map(|work| preset::complete(parts, work, looked));
    let works = works.collect::<Result<Vec<_>>>()?;
    let works: Vec<&Work> = works.iter().map(AsRef::as_ref).collect();
    let order = &Order { works: &works, ..*order };
    let (work, earlier) = order.split()?;
    let target = work.output_format.as_deref().map(|name| parts.registry.require_format(name)).transpose()?;
    if takes_many(parts, &work.operation) {
        let inputs: Vec<_> = looked.items.iter().map(|item| (item.name.as_str(), item.format)).collect();
        let gathering = Gathering {
            operation: &work.operation,
            inputs: &inputs,
            target,
            options: &work.options,
            wishes: &work.wishes,
        };
        let route = plan::gather(&parts.registry, &gathering)?;
        let target = route.hops.first().and_then(|hop| hop.to);
        return Ok(Planned { routes: vec![route], target });
    }
    let no_format =
        || Error::new(crate::ErrorKind::Internal, "an input of an unknown format was planned for");
    let from = looked.format().ok_or_else(no_format)?;
    let request = Request {
        operation: work.operation.clone(),
        from,
        to: target.or_else(|| keeps_format(parts, &work.operation, from)),
        options: work.options.clone(),
        bytes: looked.items.first().map_or(0, Item::length),
        features: looked.features.clone(),
        accompanied: order.is_accompanied(earlier.len()),
        wishes: work.wishes.clone(),
    };
    let mut routes = plan::top(&parts.registry, &request, count)?;
    if !earlier.is_empty() {
        routes = routes.into_iter().filter_map(|route| fused(parts, order, route, from)).collect();
    }
    if routes.is_empty() {
        return Err(Error::new(
            crate::ErrorKind::UnsupportedConversion,
            "these tasks cannot be done in one pass",
        ));
    }
    Ok(Planned { routes, target: request.to })
}

/// Lets a route do the earlier tasks of an order too. `from` is the format of the input, which all of them keep.
fn fused<'e>(parts: &Parts, order: &Order<'_>, route: Route<'e>, from: &'static Format) -> Option<Route<'e>> {
    let (last, earlier) = order.split().ok()?;
    let keeps = |work: &&Work| match &work.output_format {
        Some(name) => parts.registry.format(name).is_some_and(|format| format.id == from.id),
        None => keeps_format(parts, &work.operation, from).is_some(),
    };
    // What is wished of an earlier task's own route cannot be promised of another one.
    let is_free = |work: &&Work| work.wishes == Wishes::default();
    let knows_its_input = |work: &&Work| !work.options.contains_key("input_format");
    let alike = earlier.iter().all(|work| keeps(work) && is_free(work))
        && order.works.iter().skip(1).all(knows_its_input)
        && order.works.iter().all(|work| !takes_many(parts, &work.operation));
    if !alike {
        return None;
    }
    let tasks: Vec<Earlier<'_>> = (earlier.iter().enumerate())
        .map(|(place, work)| Earlier {
            operation: &work.operation,
            options: &work.options,
            accompanied: order.is_accompanied(place),
        })
        .collect();
    plan::fuse(route, &last.operation, &last.options, &tasks)
}

/// Whether some plugin could do one operation in the same pass before another.
pub(crate) fn may_fuse(parts: &Parts, operation: &str, before: &str) -> bool {
    any_cell(parts, operation, |cell| cell.capability.fuses.iter().any(|word| plan::is_about(word, before)))
}

/// Whether an operation takes all inputs at one go, as `archive` does.
pub(crate) fn takes_many(parts: &Parts, operation: &str) -> bool {
    any_cell(parts, operation, |cell| cell.capability.many_inputs)
}

fn any_cell(parts: &Parts, operation: &str, is: impl Fn(Cell<'_>) -> bool) -> bool {
    Matrix::new(&parts.registry).cells().any(|cell| cell.capability.operation == operation && is(cell))
}

/// The target of an operation without `output_format`: the input's own format, unless the operation
/// writes what it finds.
pub(super) fn keeps_format(parts: &Parts, operation: &str, from: &'static Format) -> Option<&'static Format> {
    (!any_cell(parts, operation, |cell| cell.capability.to.is_empty())).then_some(from)
}
