use super::carrier::{Call, StepRequest};
use super::control::Control;
use super::host::StepContext;
use super::item::Item;
use super::sink::Sink;
use crate::Result;
use crate::detect::{self, Detection};
use crate::engine::Parts;
use formwork_abi::Limits;
use formwork_formats::Feature;
use serde_json::{Map, Value};

/// What a file is: its format by its bytes, and the facts a plugin read from its header.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The format, with the evidence; `None` when nothing fits.
    pub detection: Option<Detection>,
    /// Facts: width, height, frames, entries …
    pub facts: Map<String, Value>,
    /// Why there are no facts, when a plugin could not read the header.
    pub problem: Option<crate::Error>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

impl Probe {
    /// The features the file really holds, when a plugin told.
    pub fn features(&self) -> Option<Vec<Feature>> {
        features(&self.facts)
    }

    /// All of it as JSON: `format` and, unless that is null, `name`, `family`, `mime`, `confidence`, `evidence`,
    /// `claimed`, `encrypted`; `problem` when there is one, `warnings`, `facts`.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("format", self.detection.as_ref().map(|found| found.format.id).into());
        if let Some(found) = &self.detection {
            put("name", found.format.name.into());
            put("family", found.format.family.word().into());
            put("mime", found.format.mime.first().copied().into());
            put("confidence", format!("{:?}", found.confidence).to_ascii_lowercase().into());
            put("evidence", found.evidence.clone().into());
            put("claimed", found.claimed.map(|format| format.id).into());
            put("encrypted", found.encrypted.into());
        }
        if let Some(problem) = &self.problem {
            put("problem", problem.to_json());
        }
        put("warnings", self.warnings.clone().into());
        put("facts", Value::Object(self.facts.clone()));
        object.into()
    }
}

/// The features that facts tell of, when they do.
pub(crate) fn features(facts: &Map<String, Value>) -> Option<Vec<Feature>> {
    let words = facts.get("features")?.as_array()?;
    Some(words.iter().filter_map(Value::as_str).filter_map(Feature::from_word).collect())
}

/// Detects what an item is, unless its format is known already, and notes it in the item.
pub(crate) fn detect_item(item: &mut Item) -> Result<Option<Detection>> {
    let found = detect::detect(&*item, Some(&item.name))
        .map_err(|error| crate::Error::io("cannot read", &error).with_context("input", item.name.clone()))?;
    if item.format.is_none() {
        item.format = found.as_ref().map(|detection| detection.format);
    }
    Ok(found)
}

/// Asks a plugin for the facts of an item whose format is known. `None` when no plugin probes it.
pub(crate) fn facts(
    parts: &Parts,
    item: &Item,
    limits: Limits,
    control: &Control,
) -> Option<Result<super::Found>> {
    let format = item.format?;
    let plugin = parts.registry.prober(format.id)?;
    let sink = Sink::spooling(&limits, u64::MAX, parts.files.clone());
    let inputs = std::slice::from_ref(item);
    let request = StepRequest { target: "", operations: &[], inputs, limits };
    let context = StepContext::new(inputs, &sink, control, (0.0, 0.0));
    let result = parts.carrier.call(plugin, Call::Probe, &request, &context);
    Some(result.map(|()| context.into_found()))
}

/// Detects and probes an item.
pub(crate) fn probe(parts: &Parts, item: &mut Item, control: &Control) -> Result<Probe> {
    let detection = detect_item(item)?;
    let mut probe = Probe { detection, facts: Map::new(), problem: None, warnings: Vec::new() };
    match facts(parts, item, parts.limits, control) {
        Some(Ok(found)) => (probe.facts, probe.warnings) = (found.facts, found.warnings),
        Some(Err(error)) => probe.problem = Some(error),
        None => {}
    }
    Ok(probe)
}
