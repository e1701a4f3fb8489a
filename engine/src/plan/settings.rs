//! Gives each step of a route its options.

use super::Route;
use crate::matrix::{Setting, check_option, default_setting};
use crate::{Error, Result};
use formwork_abi::options::OptionSpec;
use serde_json::{Map, Value};

/// Options that belong to the engine and apply to every operation.
pub(crate) const ENGINE_OPTIONS: &[&str] = &["threads", "timeout", "input_format"];

/// Hands every given option to the steps that declare it, and fills in defaults.
///
/// # Errors
///
/// `invalid_request` when a value is out of range, or when no step knows an option.
pub(super) fn assign<'e>(mut route: Route<'e>, given: &Map<String, Value>) -> Result<Route<'e>> {
    let declared = |name: &str| route.hops.iter().any(|hop| hop.cell.option(name).is_some());
    if let Some(name) = given.keys().find(|name| !ENGINE_OPTIONS.contains(&name.as_str()) && !declared(name))
    {
        return Err(unknown(&route, name));
    }
    let mut rest = given.clone();
    for hop in &mut route.hops {
        hop.settings = settings(&hop.cell.capability.options, &rest)?;
        // Pages are those of the file itself: what comes out of the step that took them is counted anew.
        if hop.cell.option("pages").is_some() {
            rest.remove("pages");
        }
    }
    Ok(route)
}

/// The values of declared options: those given, checked, and defaults.
///
/// # Errors
///
/// `invalid_request` when a value is out of range.
pub(super) fn settings(declared: &[OptionSpec], given: &Map<String, Value>) -> Result<Vec<Setting>> {
    let values = declared.iter().filter_map(|spec| match given.get(&spec.name) {
        Some(value) => Some(check_option(spec, value)),
        None => default_setting(spec).map(Ok),
    });
    values.collect()
}

fn unknown(route: &Route<'_>, name: &str) -> Error {
    let mut known: Vec<&str> = route
        .hops
        .iter()
        .flat_map(|hop| &hop.cell.capability.options)
        .map(|spec| spec.name.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    let way = route.formats().join(" to ");
    let error = Error::invalid(format!("there is no option `{name}` for {way}"));
    if known.is_empty() { error } else { error.with_hint(format!("it takes {}", known.join(", "))) }
}
