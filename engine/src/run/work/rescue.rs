//! A second try at what a plugin says is damaged: a plugin in the role `rescue` writes the inputs anew first.

use super::super::carrier::{Call, StepRequest};
use super::super::host::{Found, StepContext};
use super::super::item::Item;
use super::super::sink::Sink;
use super::walk::Walk;
use crate::deliver::{self, Receipt};
use crate::engine::Parts;
use crate::matrix::{Cell, Matrix, Setting};
use crate::plan::Hop;
use crate::{Error, ErrorKind, Result};
use formwork_formats::Format;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What its capability says of a plugin that can do this.
const ROLE: &str = "rescue";
/// The option that opens what is protected, for the plugin that failed as for the one that rescues.
const PASSWORD: &str = "password";

/// That inputs of a step were written anew, as receipts have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rescue {
    /// The place of the step whose inputs they are.
    step: usize,
    /// What was done, as a step of the route.
    done: Value,
    plugins: Vec<Value>,
    isolation: u8,
}

impl Rescue {
    fn of(walk: &Walk<'_>, cell: Cell<'_>, format: &str, settings: &[Setting]) -> Rescue {
        let options: Map<String, Value> =
            settings.iter().map(|set| (set.name.clone(), set.to_json())).collect();
        let mut plugins = Vec::new();
        deliver::note_plugin(&mut plugins, cell.plugin);
        let done = json!({
            "operation": cell.capability.operation,
            "role": ROLE,
            "from": format,
            "to": format,
            "plugin": cell.plugin.id(),
            "plugin_version": cell.plugin.description.version,
            "options": options,
            "losses": [],
        });
        Rescue { step: 0, done, plugins, isolation: walk.parts.carrier.level(cell.plugin) }
    }

    /// The same, of the inputs of a certain step.
    pub(super) fn at(self, step: usize) -> Rescue {
        Rescue { step, ..self }
    }

    /// Adds what is not noted yet.
    pub(crate) fn note(rescues: &mut Vec<Rescue>, more: Vec<Rescue>) {
        for rescue in more {
            if !rescues.contains(&rescue) {
                rescues.push(rescue);
            }
        }
    }

    /// Writes into a receipt what was done beside its route.
    pub(super) fn tell(mut rescues: Vec<Rescue>, receipt: &mut Receipt) {
        rescues.sort_by_key(|rescue| rescue.step);
        for Rescue { step, done, plugins, isolation } in rescues.into_iter().rev() {
            let mut insert = |list: &str, what: Value| match receipt.route[list].as_array_mut() {
                Some(list) if step <= list.len() => list.insert(step, what),
                _ => {}
            };
            insert("formats", done["from"].clone());
            insert("steps", done);
            receipt.isolation = receipt.isolation.min(isolation);
            for plugin in plugins {
                if !receipt.plugins.contains(&plugin) {
                    receipt.plugins.push(plugin);
                }
            }
        }
    }
}

/// Inputs that were written anew, and what was said of that.
pub(super) struct Rescued {
    pub(super) items: Vec<Item>,
    pub(super) found: Found,
}

/// Whether there is a plugin that could write inputs of a format anew.
pub(crate) fn may_be_rescued(parts: &Parts, format: &Format) -> bool {
    let mut cells = Matrix::new(&parts.registry).cells();
    cells.any(|cell| cell.capability.role == ROLE && cell.capability.from.iter().any(|id| id == format.id))
}

/// Writes inputs of a step anew that its plugin could not read.
///
/// # Errors
///
/// The failure itself, when nothing can be done about it; `cancelled`, `timeout`.
pub(super) fn rescue(walk: &Walk<'_>, hop: &Hop<'_>, items: &[Item], failure: Error) -> Result<Rescued> {
    let password = hop.settings.iter().find(|set| set.name == PASSWORD);
    let helps = match failure.kind {
        ErrorKind::CorruptInput => true,
        // One that was given may be right all the same.
        ErrorKind::PasswordRequired => password.is_some(),
        _ => false,
    };
    let cell = items.iter().find_map(|item| rescuer(walk, hop, item)).filter(|_| helps);
    let Some(cell) = cell else { return Err(failure) };
    if let Some(install) = &cell.capability.unavailable {
        let hint = format!("another program may be able to read it: {install}");
        return Err(if failure.hint.is_some() { failure } else { failure.with_hint(hint) });
    }
    let is_blamed = |item: &Item| items.len() > 1 && failure.message.starts_with(&format!("{}: ", item.name));
    let any_blamed = items.iter().any(is_blamed);
    let mut rescued = Rescued { items: Vec::new(), found: Found::default() };
    let mut any = false;
    for item in items {
        if !reads(cell, item) || any_blamed && !is_blamed(item) {
            rescued.items.push(item.clone());
            continue;
        }
        match write_anew(walk, cell, item, password) {
            Ok((anew, found)) => {
                let (name, plugin) = (crate::text::clean(&item.name), cell.plugin.id());
                let why = failure.message.split(". ").next().unwrap_or_default();
                let warning = format!("{name} was written anew by {plugin} and tried again: {why}");
                rescued.found.warnings.push(warning);
                rescued.found.add(found);
                rescued.items.push(anew);
                any = true;
            }
            Err(error) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Timeout) => {
                return Err(error);
            }
            Err(_) => rescued.items.push(item.clone()),
        }
    }
    if any { Ok(rescued) } else { Err(failure) }
}

/// What could write an item anew; of several one that is installed.
fn rescuer<'w>(walk: &Walk<'w>, hop: &Hop<'_>, item: &Item) -> Option<Cell<'w>> {
    let cells = Matrix::new(&walk.parts.registry).cells();
    let fits = |cell: &Cell<'_>| {
        let id = cell.plugin.id();
        let is_free = id != hop.cell.plugin.id() && !walk.banned.iter().any(|banned| banned == id);
        is_free && cell.capability.role == ROLE && reads(*cell, item)
    };
    cells.filter(fits).max_by_key(Cell::is_available)
}

fn reads(cell: Cell<'_>, item: &Item) -> bool {
    item.format.is_some_and(|format| cell.capability.from.iter().any(|id| id == format.id))
}

fn write_anew(
    walk: &Walk<'_>,
    cell: Cell<'_>,
    item: &Item,
    password: Option<&Setting>,
) -> Result<(Item, Found)> {
    let Walk { parts, limits, control, .. } = *walk;
    let sink = Sink::spooling(&limits, parts.spill_over, parts.files.clone());
    let settings: Vec<Setting> = password.into_iter().cloned().collect();
    let operations = [(cell.capability.operation.as_str(), settings.as_slice())];
    let inputs = std::slice::from_ref(item);
    let target = item.format.map_or("", |format| format.id);
    let request = StepRequest { target, operations: &operations, inputs, limits };
    let context = StepContext::new(inputs, &sink, control, (0.0, 0.0));
    parts.carrier.call(cell.plugin, Call::Run, &request, &context)?;
    let mut found = context.into_found();
    found.rescues.push(Rescue::of(walk, cell, target, &settings));
    let nothing = || Error::new(ErrorKind::PluginFault, "nothing was written");
    let anew = sink.into_items()?.into_iter().next().ok_or_else(nothing)?;
    Ok((Item { name: item.name.clone(), format: item.format, ..anew }, found))
}
