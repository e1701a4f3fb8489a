//! Looks at a finished output before it is handed over.

use crate::run::Item;
use crate::{Error, ErrorKind, Result, detect};
use formwork_formats::Format;
use serde_json::{Map, Value};

/// Facts that must be the same when the plugin that wrote them and the one that reads them both tell.
const COMPARED: &[&str] = &["width", "height", "frames", "pages", "entries"];

/// Checks that an output is what it should be: not empty, of the target's format by its bytes, and with
/// the facts its writer told.
///
/// # Errors
///
/// `plugin_fault`: the output is wrong and must not be delivered.
pub(crate) fn check(
    item: &Item,
    target: &Format,
    told: &Map<String, Value>,
    probed: Option<&Map<String, Value>>,
) -> Result<()> {
    let wrong = |what: String| {
        Err(Error::new(
            ErrorKind::PluginFault,
            format!("the finished {} was checked and is wrong: {what}", target.id),
        )
        .with_hint("this is a fault of the plugin, not of the input; please report it"))
    };
    if item.length() == 0 && !may_be_empty(target) {
        return wrong("it is empty".into());
    }
    let found = detect::detect(item, Some(&item.name))
        .map_err(|error| Error::io("cannot re-open the output", &error))?;
    let found = found.map(|detection| detection.format);
    if !found.is_some_and(|found| is_same_kind(found, target)) && !has_no_evidence(target) {
        return wrong(format!("its bytes are {}", found.map_or("unknown", |format| format.id)));
    }
    let Some(probed) = probed else { return Ok(()) };
    for fact in COMPARED {
        if let (Some(told), Some(seen)) = (told.get(*fact), probed.get(*fact))
            && told != seen
        {
            return wrong(format!("its {fact} should be {told}, but is {seen}"));
        }
    }
    Ok(())
}

/// Formats of which nothing is a valid file.
fn may_be_empty(target: &Format) -> bool {
    matches!(target.id, "txt" | "csv" | "md")
}

/// Formats without any mark in their bytes.
fn has_no_evidence(target: &Format) -> bool {
    target.signatures.is_empty() && target.container.is_none()
}

/// Whether detection may give one for the other: the same row, or uses of the same container.
fn is_same_kind(found: &Format, target: &Format) -> bool {
    let root = |format: &Format| format.container.unwrap_or(format.id).to_owned();
    found.id == target.id || root(found) == root(target)
}
