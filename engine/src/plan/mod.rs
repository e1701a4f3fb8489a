//! Chooses the way: which plugins, in which order, at which cost and loss. Pure: no I/O, no clock.

mod cost;
mod explain;
mod search;
mod settings;

use crate::matrix::{Cell, Setting};
use crate::registry::Registry;
use crate::{Error, ErrorKind, Result};
use formwork_formats::{Feature, Format};
use serde_json::{Map, Value, json};

/// The most steps a route may have.
pub const MAX_HOPS: usize = 4;

/// What a route is wanted for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The operation, as in `convert`.
    pub operation: String,
    /// The input's format.
    pub from: &'static Format,
    /// The wanted format; `None` for operations that write what they find.
    pub to: Option<&'static Format>,
    /// Options as given, by name.
    pub options: Map<String, Value>,
    /// Bytes of the input, for the cost model; 0 when unknown.
    pub bytes: u64,
    /// The features the input really holds, when it has been probed. Otherwise all its format can hold.
    pub features: Option<Vec<Feature>>,
    /// What the caller wishes.
    pub wishes: Wishes,
}

/// What a caller may wish of a route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// Plugins of which the route must use at least one, each; ids.
    pub pinned_plugins: Vec<String>,
    /// Plugins the route must not use; ids.
    pub banned_plugins: Vec<String>,
    /// Formats the route must not pass through; ids.
    pub banned_formats: Vec<String>,
    /// Features that must arrive: a route that loses one is no route.
    pub keep: Vec<Feature>,
}

/// One way from the input to the target.
#[derive(Clone, Debug)]
pub struct Route<'e> {
    /// The steps in order.
    pub hops: Vec<Hop<'e>>,
    /// What it is estimated to cost.
    pub estimate: Estimate,
}

/// One step of a route.
#[derive(Clone, Debug)]
pub struct Hop<'e> {
    /// Plugin and capability.
    pub cell: Cell<'e>,
    /// Format that goes in.
    pub from: &'static Format,
    /// Format that comes out; `None` when the operation writes what it finds.
    pub to: Option<&'static Format>,
    /// Options after checks and defaults.
    pub settings: Vec<Setting>,
    /// Features that do not pass this step, of those that reached it.
    pub losses: Vec<Feature>,
}

/// What a route is estimated to cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// CPU milliseconds.
    pub cpu_ms: f64,
    /// Peak bytes of memory.
    pub memory: u64,
    /// What the planner compares: milliseconds, plus a penalty for each loss and hop.
    pub weight: f64,
}

impl Route<'_> {
    /// Features the route loses, each once, in the order they are lost.
    pub fn losses(&self) -> Vec<Feature> {
        let mut losses = Vec::new();
        for feature in self.hops.iter().flat_map(|hop| &hop.losses) {
            if !losses.contains(feature) {
                losses.push(*feature);
            }
        }
        losses
    }

    /// The formats passed, as in `["heic", "raster", "webp"]`.
    pub fn formats(&self) -> Vec<&'static str> {
        // An operation that takes everything at one go has no one format to start from.
        let first = self.hops.first().filter(|hop| !hop.cell.capability.many_inputs);
        let first = first.map(|hop| hop.from.id);
        first.into_iter().chain(self.hops.iter().filter_map(|hop| hop.to).map(|format| format.id)).collect()
    }

    /// The route in words, one line a step.
    pub fn explain(&self) -> String {
        explain::route(self)
    }

    /// The route as JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "formats": self.formats(),
            "steps": self.hops.iter().map(Hop::to_json).collect::<Vec<_>>(),
            "losses": self.losses().iter().map(|feature| feature.word()).collect::<Vec<_>>(),
            "cost": {
                "cpu_ms": (self.estimate.cpu_ms * 10.0).round() / 10.0,
                "memory_bytes": self.estimate.memory,
                "weight": (self.estimate.weight * 10.0).round() / 10.0,
            },
        })
    }
}

impl Hop<'_> {
    fn to_json(&self) -> Value {
        let description = &self.cell.plugin.description;
        json!({
            "operation": self.cell.capability.operation,
            "from": self.from.id,
            "to": self.to.map(|format| format.id),
            "plugin": description.id,
            "plugin_version": description.version,
            "options": self.settings.iter().map(|set| (set.name.clone(), set.to_json())).collect::<Map<_, _>>(),
            "losses": self.losses.iter().map(|feature| feature.word()).collect::<Vec<_>>(),
        })
    }
}

/// Finds the best route.
///
/// # Errors
///
/// `unsupported_conversion` when there is none, `backend_missing` when something that is not installed
/// would make one, `invalid_request` when an option does not apply.
pub fn best<'e>(registry: &'e Registry, request: &Request) -> Result<Route<'e>> {
    let mut routes = top(registry, request, 1)?;
    Ok(routes.swap_remove(0))
}

/// Finds up to `count` routes, the best first; at least one.
///
/// # Errors
///
/// As for [`best`].
pub fn top<'e>(registry: &'e Registry, request: &Request, count: usize) -> Result<Vec<Route<'e>>> {
    let found = search::routes(registry, request, count.max(1), true);
    if found.is_empty() {
        return Err(explain::none(registry, request));
    }
    let mut refusal = None;
    let mut routes = Vec::new();
    for route in found {
        match settings::assign(route, &request.options) {
            Ok(route) => routes.push(route),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    match refusal {
        Some(error) if routes.is_empty() => Err(error),
        _ => Ok(routes),
    }
}

/// The options a request may set: those of all steps of its best route.
///
/// # Errors
///
/// As for [`best`].
pub fn options(registry: &Registry, request: &Request) -> Result<Vec<formwork_abi::options::OptionSpec>> {
    let bare = Request { options: Map::new(), ..request.clone() };
    let route = best(registry, &bare)?;
    let mut options: Vec<formwork_abi::options::OptionSpec> = Vec::new();
    // The last step's wording wins: that is the format the user asked for.
    for option in route.hops.iter().rev().flat_map(|hop| &hop.cell.capability.options) {
        if options.iter().all(|known| known.name != option.name) {
            options.push(option.clone());
        }
    }
    Ok(options)
}

/// Makes the error for a missing back end.
fn missing(install: &str, what: &str) -> Error {
    Error::new(ErrorKind::BackendMissing, format!("{what} is unavailable: {install}"))
        .with_hint(install.to_owned())
}

/// Makes the one-step route of an operation that takes all inputs at one go, whatever they are.
///
/// # Errors
///
/// `unsupported_conversion` when no plugin writes the target this way; `backend_missing`;
/// `invalid_request`.
pub(crate) fn gather<'e>(
    registry: &'e Registry,
    operation: &str,
    target: &'static Format,
    options: &Map<String, Value>,
) -> Result<Route<'e>> {
    let cells = || {
        let cells = crate::matrix::Matrix::new(registry).cells();
        cells.filter(|cell| cell.capability.operation == operation && cell.capability.many_inputs)
    };
    let Some(cell) = cells().find(|cell| cell.capability.to.iter().any(|id| id == target.id)) else {
        let targets: Vec<&str> =
            cells().flat_map(|cell| cell.capability.to.iter().map(String::as_str)).collect();
        let error = format!("`{operation}` cannot write {}", target.id);
        return Err(Error::new(ErrorKind::UnsupportedConversion, error)
            .with_hint(format!("it writes {}", targets.join(", "))));
    };
    if let Some(install) = &cell.capability.unavailable {
        return Err(missing(install, &format!("`{operation}` to {}", target.id)));
    }
    let cost = cell.capability.cost;
    let estimate = Estimate { cpu_ms: cost.fixed_ms, memory: 0, weight: cost.fixed_ms };
    let hop = Hop { cell, from: target, to: Some(target), settings: Vec::new(), losses: Vec::new() };
    settings::assign(Route { hops: vec![hop], estimate }, options)
}
