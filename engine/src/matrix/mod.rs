//! What can become what: the capabilities of all plugins, asked by operation and format.

mod options;

pub(crate) use options::default_setting;
pub use options::{Setting, SettingValue, check_option};

use crate::registry::{Plugin, Registry};
use formwork_abi::describe::Capability;
use formwork_abi::options::OptionSpec;
use formwork_formats::{Family, Feature, Format};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A view of the registry's capabilities.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'e> {
    registry: &'e Registry,
}

/// One capability with its plugin.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'e> {
    /// The plugin that has it.
    pub plugin: &'e Plugin,
    /// What it can do.
    pub capability: &'e Capability,
}

impl Cell<'_> {
    /// Whether a feature arrives, given whether a lossless result was asked for.
    pub fn keeps(&self, feature: Feature, lossless: bool) -> bool {
        let kept = self.capability.keeps.iter().any(|word| word == feature.word());
        kept || (feature == Feature::Quality && lossless && self.option("lossless").is_some())
    }

    /// Finds one of its options.
    pub fn option(&self, name: &str) -> Option<&OptionSpec> {
        self.capability.options.iter().find(|option| option.name == name)
    }

    /// All of it as JSON: the members of the capability, and `plugin`.
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(self.capability).unwrap_or(Value::Null);
        json["plugin"] = self.plugin.id().into();
        json
    }

    /// Whether it can run on this machine.
    pub fn is_available(&self) -> bool {
        self.capability.unavailable.is_none()
    }
}

/// Whether a way that began at `origin` and has come to `at` may go on to `to`, though some plugin would take it there:
/// what has no sound cannot become sound, a picture that was put on a page has no text to be read from it, what a text
/// that flows says of itself is not to be guessed from pages it was set on, and it does not become a film.
pub(crate) fn leads_on(origin: &Format, at: &Format, to: &Format) -> bool {
    let has_tracks = origin.holds.contains(&Feature::Tracks);
    let silent = match origin.family {
        Family::Image | Family::Document | Family::Archive => true,
        Family::Video => !has_tracks,
        _ => false,
    };
    let page = at.family == Family::Document && !matches!(origin.family, Family::Document | Family::Archive);
    let has_pages = |format: &Format| format.holds.contains(&Feature::Pages);
    let flowed = origin.family == Family::Document && !has_pages(origin);
    let set = at.family == Family::Document && has_pages(at);
    let guessed = flowed && set && to.family == Family::Document && to.id != at.id;
    let shown = flowed && to.family == Family::Video;
    !(page || guessed || shown || silent && to.family == Family::Audio)
}

/// Whether a conversion would come back to the format it began with by way of another one, or of the picture of a drawing:
/// nobody who asks for the format a file has wants that.
pub(crate) fn is_remade(origin: &Format, at: &Format, to: &Format) -> bool {
    let is_whole = at.internal && !origin.holds.contains(&Feature::Vector);
    to.id == origin.id && at.id != origin.id && !is_whole
}

impl<'e> Matrix<'e> {
    /// Looks at a registry.
    pub fn new(registry: &'e Registry) -> Self {
        Matrix { registry }
    }

    /// Every cell.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'e>> + use<'e> {
        self.registry.capabilities().map(|(plugin, capability)| Cell { plugin, capability })
    }

    /// The cells of one operation that read a format.
    pub fn reading<'q>(
        &self,
        operation: &'q str,
        from: &'q str,
    ) -> impl Iterator<Item = Cell<'e>> + use<'e, 'q> {
        self.cells().filter(move |cell| {
            cell.capability.operation == operation && cell.capability.from.iter().any(|known| known == from)
        })
    }

    /// Whether several inputs of an operation are one subject and its companions, as for `watermark`. Not so for
    /// `convert`, whatever a plugin says: several inputs are several conversions. Nor for what takes all inputs at one go:
    /// there they are equals.
    pub fn takes_companions(&self, operation: &str) -> bool {
        let mut cells = self.cells().filter(|cell| cell.capability.operation == operation);
        operation != "convert"
            && cells.any(|cell| !cell.capability.companions.is_empty() && !cell.capability.many_inputs)
    }

    /// Names of all operations, sorted.
    pub fn operations(&self) -> BTreeSet<&'e str> {
        self.cells().map(|cell| cell.capability.operation.as_str()).collect()
    }

    /// Formats that can be reached from one by converting, in at most `hops` steps, without internal
    /// ones. `available_only` leaves out what cannot run on this machine.
    pub fn targets(&self, from: &str, hops: usize, available_only: bool) -> BTreeSet<&'e str> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut frontier = vec![from];
        let known = |id: &str| self.registry.format(id);
        let leads_on = |at: &str, to: &str| match (known(from), known(at), known(to)) {
            (Some(origin), Some(at), Some(to)) => leads_on(origin, at, to) && !is_remade(origin, at, to),
            _ => true,
        };
        for _ in 0..hops {
            let mut next = Vec::new();
            for format in frontier {
                for cell in
                    self.reading("convert", format).filter(|cell| !available_only || cell.is_available())
                {
                    let to = cell.capability.to.iter().map(String::as_str);
                    next.extend(to.filter(|to| leads_on(format, to) && reached.insert(to)));
                }
            }
            frontier = next;
        }
        reached.retain(|id| self.registry.format(id).is_none_or(|format| !format.internal));
        reached
    }

    /// Formats some cell reads, with whether anything comes of it: `(format, readable, writable)`.
    pub fn formats(&self) -> Vec<(&'static Format, bool, bool)> {
        let converts =
            || self.cells().filter(|cell| cell.is_available() && cell.capability.operation == "convert");
        let is_internal = |id: &str| self.registry.format(id).is_some_and(|format| format.internal);
        let mut written: BTreeSet<&str> = BTreeSet::new();
        // What is not internal, or leads to such a thing in one more step.
        let mut useful: BTreeSet<&str> = BTreeSet::new();
        for Cell { capability, .. } in converts() {
            let targets = capability.to.iter().map(String::as_str);
            written.extend(targets.clone());
            useful.extend(targets.clone().filter(|to| !is_internal(to)));
            if targets.clone().any(|to| !is_internal(to)) {
                useful.extend(capability.from.iter().map(String::as_str).filter(|from| is_internal(from)));
            }
        }
        let mut read: BTreeSet<&str> = BTreeSet::new();
        for Cell { capability, .. } in converts() {
            if capability.to.iter().any(|to| useful.contains(to.as_str())) {
                read.extend(capability.from.iter().map(String::as_str));
            }
        }
        let visible = self.registry.formats().filter(|format| !format.internal);
        visible.map(|format| (format, read.contains(format.id), written.contains(format.id))).collect()
    }
}

/// A row of [`Matrix::formats`] as JSON.
pub fn format_json((format, read, write): (&Format, bool, bool)) -> Value {
    json!({
        "id": format.id,
        "name": format.name,
        "family": format.family.word(),
        "extensions": format.extensions,
        "aliases": format.aliases,
        "mime": format.mime,
        "compression": format!("{:?}", format.compression).to_ascii_lowercase(),
        "holds": format.holds.iter().map(|feature| feature.word()).collect::<Vec<_>>(),
        "read": read,
        "write": write,
        "specification": format.specification,
    })
}
