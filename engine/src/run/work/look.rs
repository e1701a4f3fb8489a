//! Looks at inputs before anything is planned for them.

use super::super::control::Control;
use super::super::item::{Content, Item};
use super::super::{options, probe};
use super::{Work, takes_many};
use crate::detect::Detection;
use crate::engine::Parts;
use crate::plan::Amounts;
use crate::{Error, ErrorKind, Result, plan};
use formwork_formats::{Family, Feature, Format};
use serde_json::{Map, Value};
use std::time::Instant;

/// Inputs that have been looked at.
#[derive(Clone, Debug)]
pub(crate) struct Looked {
    /// One input, or all inputs of an operation that takes them at one go. Formats are noted in them.
    pub(crate) items: Vec<Item>,
    /// The formats that were known of them before.
    pub(crate) given: Vec<Option<&'static Format>>,
    /// What the first one was found to be, when it was asked.
    pub(crate) detection: Option<Detection>,
    /// Why the input could not be looked into, when it could not.
    pub(crate) problem: Option<Error>,
    /// The features it really holds, when a plugin told.
    pub(crate) features: Option<Vec<Feature>>,
    /// What a plugin told of the one it works on.
    pub(crate) facts: Map<String, Value>,
    /// Sentences for the user.
    pub(crate) warnings: Vec<String>,
    /// When that began.
    pub(crate) started: Instant,
}

impl Looked {
    /// What is known of all inputs.
    pub(crate) fn amounts(&self) -> Amounts {
        let bytes = self.items.iter().map(Item::length).fold(0, u64::saturating_add);
        Amounts::of(bytes, &self.facts)
    }

    /// The same, with what it costs some milliseconds to know: for plans, and for what a history learns.
    pub(crate) fn close_amounts(&self) -> Amounts {
        let packing = self.items.first().filter(|item| item.is_file()).map_or(0.0, Item::packing);
        Amounts { packing, ..self.amounts() }
    }

    /// The first input's format.
    pub(crate) fn format(&self) -> Option<&'static Format> {
        self.items.first().and_then(|item| item.format)
    }
}

/// Detects what the inputs of a task are, and probes the one it works on.
///
/// # Errors
///
/// `unsupported_format` for bytes that are no known format; `io`; `cancelled`; `timeout`.
pub(crate) fn look(parts: &Parts, work: &Work, items: Vec<Item>, control: &Control) -> Result<Looked> {
    let mut looked = Looked {
        given: items.iter().map(|item| item.format).collect(),
        items,
        detection: None,
        problem: None,
        features: None,
        facts: Map::new(),
        warnings: Vec::new(),
        started: crate::clock::now(),
    };
    for item in &mut looked.items {
        parts.carrier.adopt(item)?;
    }
    let together = takes_many(parts, &work.operation);
    detect(parts, work, &mut looked, together)?;
    let item = looked.items.first().ok_or_else(|| Error::invalid("there is no input"))?;
    if together {
        return Ok(looked);
    }
    if matches!(item.content, Content::Directory) {
        return Err(Error::invalid("a folder cannot be converted as one file")
            .with_hint("name an archive format as the target, or convert the files in it"));
    }
    let from = item.format.ok_or_else(|| unknown_format(item))?;
    if let Some(error) = looked.detection.as_ref().and_then(text_in_disguise) {
        return Err(error);
    }
    looked.warnings.extend(name_lies(item, looked.detection.as_ref()));
    let timeout = options::timeout(&[work], Some(from), None)?;
    let control = control.part_since(looked.started, Some(timeout), (0.0, 0.0));
    if let Some(expected) = item.expected.clone() {
        (looked.features, looked.facts) = (expected.features.clone(), expected.facts.clone());
        return Ok(looked);
    }
    match probe::facts(parts, item, parts.limits, &control) {
        Some(Ok(found)) => {
            looked.features = probe::features(&found.facts);
            looked.facts = found.facts;
        }
        // A header that cannot be read is no reason to refuse yet: the step itself will say so.
        Some(Err(error)) => looked.problem = Some(error),
        None => {}
    }
    Ok(looked)
}

/// Notes what the inputs are, as far as it matters to the operation.
fn detect(parts: &Parts, work: &Work, looked: &mut Looked, together: bool) -> Result<()> {
    let forced = work.options.get("input_format").and_then(Value::as_str);
    let forced = forced.map(|name| parts.registry.require_format(name)).transpose()?;
    let one_is_enough = together && !plan::is_picky(&parts.registry, &work.operation);
    for item in looked.items.iter_mut().filter(|item| item.is_file()) {
        item.format = forced.or(item.format);
        let is_there = item.expected.is_none();
        if is_there && (item.format.is_none() || (!together && forced.is_none())) {
            let found = probe::detect_item(item)?;
            looked.detection = looked.detection.take().or(found);
        }
        if one_is_enough {
            break;
        }
    }
    Ok(())
}

fn unknown_format(item: &Item) -> Error {
    if item.expected.is_some() {
        let what = "what it will be is known only when the task before it has run";
        return Error::new(ErrorKind::UnsupportedFormat, what);
    }
    let what = if item.length() == 0 { "the file is empty" } else { "its bytes are no format that is known" };
    let kind = if item.length() == 0 { ErrorKind::CorruptInput } else { ErrorKind::UnsupportedFormat };
    Error::new(kind, what).with_hint("if you know what it is, say so with the option `input_format`")
}

/// Text under the name of a picture, a song or an archive is not what was meant, as the page of an error that was saved
/// as a picture; there is a way to set it on pages, but nobody wants it.
fn text_in_disguise(detection: &Detection) -> Option<Error> {
    let (claimed, found) = (detection.claimed?, detection.format);
    let flows = found.family == Family::Document && !found.holds.contains(&Feature::Pages);
    (flows && claimed.family != Family::Document).then(|| {
        let what = format!("it is named like {}, but its bytes are {}", claimed.name, found.name);
        let hint = format!("if that is meant, set the option `input_format` to {}", found.id);
        Error::new(ErrorKind::CorruptInput, what).with_hint(hint)
    })
}

fn name_lies(item: &Item, detection: Option<&Detection>) -> Option<String> {
    let detection = detection?;
    let claimed = detection.claimed?;
    Some(format!(
        "{} is named like {}, but its bytes are {} ({}): treated as {}",
        crate::text::clean(&item.name),
        claimed.id,
        detection.format.id,
        detection.evidence,
        detection.format.id
    ))
}
