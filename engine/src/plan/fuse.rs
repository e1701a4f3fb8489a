//! Makes one step of several tasks, so that a file is decoded and encoded once.

use super::settings::{ENGINE_OPTIONS, settings};
use super::{Fused, Hop, Route};
use formwork_abi::describe::Capability;
use serde_json::{Map, Value};

/// A task whose result is only wanted by the next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Earlier<'q> {
    /// Its operation, as in `crop`.
    pub(crate) operation: &'q str,
    /// Its options as given.
    pub(crate) options: &'q Map<String, Value>,
    /// Further inputs go with it.
    pub(crate) accompanied: bool,
}

/// Lets the step of a route that does `operation` do the operations of earlier tasks in the same pass. `None` when
/// its plugin cannot do all of them, or not as they are asked for. `options` are those given for `operation`.
pub(crate) fn fuse<'e>(
    mut route: Route<'e>,
    operation: &str,
    options: &Map<String, Value>,
    earlier: &[Earlier<'_>],
) -> Option<Route<'e>> {
    let place = route.hops.iter().rposition(|hop| hop.cell.capability.operation == operation)?;
    // What is asked of the last task must not be done by a step before the earlier ones.
    let hastens = |hop: &Hop<'_>| options.keys().any(|name| hop.cell.option(name).is_some());
    let (before, rest) = route.hops.split_at_mut(place);
    let hop = rest.first_mut()?;
    if before.iter().any(hastens) {
        return None;
    }
    hop.fused = earlier.iter().map(|task| fused(hop, task)).collect::<Option<_>>()?;
    Some(route)
}

/// One earlier operation as the step's plugin does it.
fn fused<'e>(hop: &Hop<'e>, task: &Earlier<'_>) -> Option<Fused<'e>> {
    if !hop.cell.capability.fuses.iter().any(|name| name == task.operation) {
        return None;
    }
    let reads = |capability: &&Capability| {
        capability.operation == task.operation
            && capability.unavailable.is_none()
            && (!task.accompanied || !capability.companions.is_empty())
            && capability.from.iter().any(|id| id == hop.from.id)
    };
    let own = &hop.cell.plugin.description.capabilities;
    // Better the one that would have kept the format.
    let keeping =
        own.iter().filter(reads).find(|capability| capability.to.iter().any(|id| id == hop.from.id));
    let capability = keeping.or_else(|| own.iter().find(reads))?;
    let known = |name: &String| {
        ENGINE_OPTIONS.contains(&name.as_str()) || capability.options.iter().any(|spec| spec.name == *name)
    };
    if !task.options.keys().all(known) {
        return None;
    }
    // A wrong value is told by the task itself, when it runs alone.
    Some(Fused { capability, settings: settings(&capability.options, task.options).ok()? })
}
