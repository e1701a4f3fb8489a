//! Chooses the way: which plugins, in which order, at which cost and loss. Pure: no I/O, no clock.

mod cost;
mod explain;
mod finish;
mod fuse;
mod gather;
mod goals;
mod job;
pub mod predict;
mod search;
mod settings;

pub(crate) use fuse::{Earlier, fuse, is_about};
pub(crate) use gather::{Gathering, gather, is_picky};
pub(crate) use goals::{Goals, NAMES as GOALS, Profile};
pub use job::{JobPlan, PiecePlan, StepPlan, TaskPlan};
pub use predict::{Amounts, Prediction};
pub(crate) use settings::ENGINE_OPTIONS;

use crate::matrix::{Cell, Setting};
use crate::registry::Registry;
use crate::{Error, ErrorKind, Result};
use formwork_abi::describe::Capability;
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
    /// Further inputs go with this one, as the picture of a watermark: only a step that takes companions will do.
    pub accompanied: bool,
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
    /// What it will take and give, when that was asked for.
    pub prediction: Option<Prediction>,
    /// What the result must be, as far as the engine itself sees to it.
    pub(crate) goals: Goals,
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
    /// Operations of earlier tasks that are done in the same pass before this one, in order.
    pub fused: Vec<Fused<'e>>,
}

/// An operation that a step does beside its own.
#[derive(Clone, Debug)]
pub struct Fused<'e> {
    /// What its plugin says of it.
    pub capability: &'e Capability,
    /// Options after checks and defaults.
    pub settings: Vec<Setting>,
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

    /// The place of the step that takes further inputs, when one does.
    pub(crate) fn accompanied_step(&self) -> Option<usize> {
        self.hops.iter().position(Hop::takes_companions)
    }

    /// The route in words, one line a step.
    pub fn explain(&self) -> String {
        explain::route(self)
    }

    /// The route as JSON.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "formats": self.formats(),
            "steps": self.hops.iter().map(Hop::to_json).collect::<Vec<_>>(),
            "losses": self.losses().iter().map(|feature| feature.word()).collect::<Vec<_>>(),
            "cost": {
                "cpu_ms": (self.estimate.cpu_ms * 10.0).round() / 10.0,
                "memory_bytes": self.estimate.memory,
                "weight": (self.estimate.weight * 10.0).round() / 10.0,
            },
        });
        if let Some(prediction) = &self.prediction {
            json["predicted"] = prediction.to_json();
        }
        json
    }
}

impl Hop<'_> {
    /// Formats of the further inputs that each operation of this step takes, its own last.
    pub(crate) fn companions_by_operation(&self) -> impl Iterator<Item = &[String]> {
        let fused = self.fused.iter().map(|fused| fused.capability);
        fused.chain([self.cell.capability]).map(|capability| match capability.operation.as_str() {
            // See `Matrix::takes_companions`.
            "convert" => &[],
            _ if capability.many_inputs => &[],
            _ => capability.companions.as_slice(),
        })
    }

    fn takes_companions(&self) -> bool {
        self.companions_by_operation().any(|takes| !takes.is_empty())
    }

    fn to_json(&self) -> Value {
        let description = &self.cell.plugin.description;
        let mut json = json!({
            "operation": self.cell.capability.operation,
            "from": self.from.id,
            "to": self.to.map(|format| format.id),
            "plugin": description.id,
            "plugin_version": description.version,
            "options": options_json(&self.settings),
            "losses": self.losses.iter().map(|feature| feature.word()).collect::<Vec<_>>(),
        });
        if !self.fused.is_empty() {
            json["fused"] = self.fused.iter().map(Fused::to_json).collect();
        }
        json
    }
}

impl Fused<'_> {
    fn to_json(&self) -> Value {
        json!({"operation": self.capability.operation, "options": options_json(&self.settings)})
    }
}

fn options_json(settings: &[Setting]) -> Value {
    settings.iter().map(|set| (set.name.clone(), set.to_json())).collect::<Map<_, _>>().into()
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
        let mut given = request.options.clone();
        let aimed = goals::take(&route, &mut given).map(|goals| Route { goals, ..route });
        let finished = aimed.and_then(|route| finish::finish(registry, route, &mut given, &request.wishes));
        match finished.and_then(|route| settings::assign(route, &given)) {
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
    let own = route.hops.iter().rev().flat_map(|hop| &hop.cell.capability.options);
    for option in own.chain(finish::options(registry, &route)) {
        if options.iter().all(|known| known.name != option.name) {
            options.push(option.clone());
        }
    }
    let goals = goals::options(&route).into_iter();
    let unknown: Vec<_> = goals.filter(|goal| options.iter().all(|known| known.name != goal.name)).collect();
    options.extend(unknown);
    Ok(options)
}

/// Makes the error for a missing back end.
fn missing(install: &str, what: &str) -> Error {
    Error::new(ErrorKind::BackendMissing, format!("{what} is unavailable: {install}"))
        .with_hint(install.to_owned())
}
