//! What an option asks for that a plugin in the role `finish` does to the result of a route, as to make a PDF fast to
//! show on the web.

use super::{Hop, Route, Wishes, cost, missing};
use crate::matrix::{Cell, Matrix};
use crate::registry::Registry;
use crate::{Error, Result};
use formwork_abi::options::OptionSpec;
use serde_json::{Map, Value};

/// What its capability says of a plugin that can do this.
const ROLE: &str = "finish";

/// Lets a route go on with what the options ask for that its own steps do not know; what they ask not to be done is
/// taken out of them.
///
/// # Errors
///
/// `backend_missing` when that is not installed, `invalid_request` when its plugin is banned.
pub(super) fn finish<'e>(
    registry: &'e Registry,
    mut route: Route<'e>,
    given: &mut Map<String, Value>,
    wishes: &Wishes,
) -> Result<Route<'e>> {
    let names: Vec<String> = given.keys().cloned().collect();
    for name in &names {
        let known = route.hops.iter().any(|hop| hop.cell.option(name).is_some());
        let is_asked_by_it = |cell: &Cell<'_>| switch(*cell).is_some_and(|option| option.name == *name);
        let cells = finishers(registry, &route).filter(|cell| !known && is_asked_by_it(cell));
        let is_free = |cell: &Cell<'_>| !wishes.banned_plugins.iter().any(|id| id == cell.plugin.id());
        let best = cells.max_by_key(|cell| (is_free(cell), cell.is_available()));
        let Some(cell) = best else { continue };
        if given.get(name).is_some_and(|value| *value == false || value == "false") {
            given.remove(name);
            continue;
        }
        if !is_free(&cell) {
            let what = format!("the option `{name}` takes the plugin {}, which is banned", cell.plugin.id());
            return Err(Error::invalid(what).with_hint("leave the option out, or lift the ban"));
        }
        if let Some(install) = &cell.capability.unavailable {
            return Err(missing(install, &format!("the option `{name}`")));
        }
        let Some(format) = route.hops.last().and_then(|hop| hop.to) else { continue };
        let hop =
            Hop { cell, from: format, to: Some(format), settings: vec![], losses: vec![], fused: vec![] };
        route.estimate = cost::add(route.estimate, cell, Some(format), &[], 0, true);
        route.hops.push(hop);
    }
    Ok(route)
}

/// What can be asked for beside the options of a route's own steps.
pub(super) fn options<'e>(
    registry: &'e Registry,
    route: &Route<'e>,
) -> impl Iterator<Item = &'e OptionSpec> + use<'e> {
    finishers(registry, route).filter_map(switch)
}

/// The option that asks for it: the first.
fn switch(cell: Cell<'_>) -> Option<&OptionSpec> {
    cell.capability.options.first()
}

fn finishers<'e>(registry: &'e Registry, route: &Route<'e>) -> impl Iterator<Item = Cell<'e>> + use<'e> {
    let format = route.hops.last().and_then(|hop| hop.to).map_or("", |format| format.id);
    let cells = Matrix::new(registry).cells().filter(|cell| cell.capability.role == ROLE);
    cells.filter(move |cell| {
        let has = |ids: &[String]| ids.iter().any(|id| id == format);
        has(&cell.capability.from) && has(&cell.capability.to)
    })
}
