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

/// An operation that a step can do in the same pass before its own, and the options that may then be given, when
/// only some may: `crop`, `convert:width,height`.
fn read_word(word: &str) -> (&str, Option<&str>) {
    word.split_once(':').map_or((word, None), |(name, options)| (name, Some(options)))
}

/// Whether a word of what a step fuses is about an operation.
pub(crate) fn is_about(word: &str, operation: &str) -> bool {
    read_word(word).0 == operation
}

/// Whether a word of what a step fuses admits a task with the options it has.
fn admits(word: &str, task: &Earlier<'_>) -> bool {
    let (name, only) = read_word(word);
    let may = |option: &String| only.is_none_or(|only| only.split(',').any(|known| known == option));
    let free = |option: &String| ENGINE_OPTIONS.contains(&option.as_str()) || may(option);
    name == task.operation && task.options.keys().all(free)
}

/// One earlier operation as the step's plugin does it.
fn fused<'e>(hop: &Hop<'e>, task: &Earlier<'_>) -> Option<Fused<'e>> {
    if !hop.cell.capability.fuses.iter().any(|word| admits(word, task)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_named_options_are_admitted() {
        let admitted = |word: &str, options: Value| {
            let Value::Object(options) = options else { panic!("options") };
            admits(word, &Earlier { operation: "convert", options: &options, accompanied: false })
        };
        let word = "convert:width,height";
        assert!(admitted(word, json!({"width": 5, "threads": 1})) && admitted(word, json!({})));
        assert!(!admitted(word, json!({"width": 5, "quality": 9})));
        assert!(admitted("convert", json!({"quality": 9})));
        assert!(!admitted("converted", json!({})) && !admitted("crop", json!({})));
    }
}
