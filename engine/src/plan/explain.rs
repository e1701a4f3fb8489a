//! Says in words why a route was chosen, or why there is none.

use super::{MAX_HOPS, Request, Route, missing, search};
use crate::matrix::Matrix;
use crate::registry::Registry;
use crate::{Error, ErrorKind};
use std::fmt::Write;

/// One line a step.
pub(super) fn route(route: &Route<'_>) -> String {
    let mut text = String::new();
    for (number, hop) in route.hops.iter().enumerate() {
        let target = hop.to.map_or("what is inside", |format| format.id);
        let capability = &hop.cell.capability;
        let fused = hop.fused.iter().map(|fused| fused.capability.operation.as_str());
        let operations: Vec<&str> = fused.chain([capability.operation.as_str()]).collect();
        let _ = write!(text, "{}. {} {} -> {target}", number + 1, operations.join(" + "), hop.from.id);
        let _ = write!(text, "  with {} {}", hop.cell.plugin.id(), hop.cell.plugin.description.version);
        let settings: Vec<String> =
            hop.settings.iter().map(|set| format!("{}={}", set.name, plain(&set.to_json()))).collect();
        if !settings.is_empty() {
            let _ = write!(text, "  ({})", settings.join(" "));
        }
        let lost: Vec<&str> = hop.losses.iter().map(|feature| feature.word()).collect();
        if !lost.is_empty() {
            let _ = write!(text, "  loses {}", lost.join(", "));
        }
        text.push('\n');
    }
    text
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Explains why there is no route: a missing back end, a wish that cannot be met, or really none.
pub(super) fn none(registry: &Registry, request: &Request) -> Error {
    let what = what(request);
    if let Some(route) = search::routes(registry, request, 1, false).first() {
        let install = route.hops.iter().find_map(|hop| hop.cell.capability.unavailable.as_deref());
        return missing(install.unwrap_or("see `formwork doctor`"), &what);
    }
    let alone = Request { accompanied: false, ..request.clone() };
    if request.accompanied && !search::routes(registry, &alone, 1, true).is_empty() {
        return Error::invalid(format!("{what} takes one input and no further ones"))
            .with_hint("leave the further inputs out, or do it for each by itself");
    }
    let free = Request { wishes: super::Wishes::default(), ..request.clone() };
    if request.wishes != free.wishes
        && let Some(route) = search::routes(registry, &free, 1, true).first()
    {
        let lost: Vec<&str> = route.losses().iter().map(|feature| feature.word()).collect();
        return Error::new(
            ErrorKind::UnsupportedConversion,
            format!("{what} has no route under these wishes"),
        )
        .with_hint(format!(
            "without them it goes {} and loses [{}]",
            route.formats().join(" -> "),
            lost.join(", ")
        ));
    }
    let error = Error::new(ErrorKind::UnsupportedConversion, format!("{what} is not possible"));
    error.with_hint(instead(registry, request))
}

fn what(request: &Request) -> String {
    match request.to {
        Some(to) if request.operation == "convert" => format!("converting {} to {}", request.from.id, to.id),
        Some(to) => format!("`{}` from {} to {}", request.operation, request.from.id, to.id),
        None => format!("`{}` of {}", request.operation, request.from.id),
    }
}

fn instead(registry: &Registry, request: &Request) -> String {
    let matrix = Matrix::new(registry);
    if request.operation != "convert" {
        let readers: Vec<&str> = matrix
            .cells()
            .filter(|cell| cell.capability.operation == request.operation)
            .flat_map(|cell| cell.capability.from.iter().map(String::as_str))
            .filter(|id| registry.format(id).is_some_and(|format| !format.internal))
            .collect();
        return if readers.is_empty() {
            let known: Vec<&str> = matrix.operations().into_iter().collect();
            format!("operations on this machine: {}", known.join(", "))
        } else {
            let mut readers = readers;
            readers.sort_unstable();
            readers.dedup();
            format!("`{}` reads {}", request.operation, readers.join(", "))
        };
    }
    if request.to.is_some_and(|to| to.id == request.from.id) {
        let name = request.from.name;
        return format!("the input is one already ({name}); `optimize` and other operations change it");
    }
    let targets: Vec<&str> = matrix.targets(request.from.id, MAX_HOPS, true).into_iter().collect();
    if targets.is_empty() {
        format!(
            "no plugin on this machine reads {}; `formwork doctor` shows what is installed",
            request.from.id
        )
    } else {
        format!("{} can become {}", request.from.id, targets.join(", "))
    }
}
