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
    let duration = |facts: &Map<String, Value>| facts.get("duration").and_then(Value::as_f64);
    if let (Some(told), Some(seen)) = (duration(told), duration(probed))
        && !is_same_duration(told, seen)
    {
        return wrong(format!("it should last {told} s, but lasts {seen} s"));
    }
    Ok(())
}

/// Whether two durations in seconds are the same, as far as formats can tell: they count in frames, packets or
/// blocks, and some guess from the bit rate.
fn is_same_duration(told: f64, seen: f64) -> bool {
    const SECONDS: f64 = 0.25;
    const PART: f64 = 0.02;
    (told - seen).abs() <= SECONDS.max(told.abs() * PART)
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
    found.id == target.id || outermost(found) == outermost(target)
}

/// The container a format is written in after all: 3ga is a use of 3gp, which is one of mp4.
fn outermost(format: &Format) -> &'static str {
    // As many steps as there are formats would be a circle.
    let mut id = format.id;
    let mut container = format.container;
    for _ in formwork_formats::all() {
        let Some(outer) = container else { break };
        id = outer;
        container = formwork_formats::by_id(outer).and_then(|row| row.container);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn format(id: &str) -> &'static Format {
        formwork_formats::by_id(id).unwrap()
    }

    #[test]
    fn uses_of_one_container_are_alike() {
        for (found, target) in
            [("3ga", "mp4"), ("mp4", "3ga"), ("3gp", "m4a"), ("mka", "mkv"), ("flac", "flac")]
        {
            assert!(is_same_kind(format(found), format(target)), "{found}, {target}");
        }
        for (found, target) in [("mp4", "mkv"), ("3ga", "avi"), ("ogg", "flac")] {
            assert!(!is_same_kind(format(found), format(target)), "{found}, {target}");
        }
    }

    #[test]
    fn durations_may_differ_a_little() {
        let item = Item::from_bytes("a.txt", b"some text".to_vec());
        let check = |told: Value, seen: Value| {
            let facts = |duration: &Value| json!({"duration": duration}).as_object().cloned().unwrap();
            check(&item, format("txt"), &facts(&told), Some(&facts(&seen)))
        };
        for (told, seen) in [(10.0, 10.24), (100.0, 98.1), (0.0, 0.2)] {
            check(json!(told), json!(seen)).unwrap();
        }
        for (told, seen) in [(10.0, 10.3), (100.0, 97.0), (1.0, 0.0)] {
            let error = check(json!(told), json!(seen)).unwrap_err();
            assert!(error.message.contains("should last"), "{error}");
        }
        for other in [json!(null), json!("10:00")] {
            check(json!(10.0), other.clone()).unwrap();
            check(other, json!(10.0)).unwrap();
        }
    }
}
