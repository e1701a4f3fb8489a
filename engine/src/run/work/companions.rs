//! Inputs that are converted before a step takes them: the picture of a watermark, a picture that becomes a page of
//! what is merged.

use super::super::item::Item;
use super::walk::{self, Arrived, Walk};
use super::{Looked, Order, Work, look};
use crate::deliver::{self, FileRecord};
use crate::plan::{self, Request, Route, Wishes};
use crate::{Error, ErrorKind, Result};
use formwork_formats::Format;
use serde_json::{Map, Value};

/// Further inputs in formats that the step takes, in the order of their tasks.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) items: Vec<Item>,
    /// What they were.
    pub(super) inputs: Vec<FileRecord>,
    /// What they lost on the way, and what else there is to know; each names its file.
    pub(super) warnings: Vec<String>,
    pub(super) worker_bytes: u64,
    /// The plugins that had a part in it.
    pub(super) plugins: Vec<Value>,
    /// Least isolation on the way.
    pub(super) isolation: u8,
}

/// Converts the further inputs of an order to what the steps of its route take.
pub(super) fn bring(walk: &Walk<'_>, order: &Order<'_>, route: &Route<'_>) -> Result<Brought> {
    let mut brought = Brought { isolation: u8::MAX, ..Brought::default() };
    let step = route.accompanied_step().and_then(|place| route.hops.get(place));
    let takes: Vec<&[String]> = step.into_iter().flat_map(|hop| hop.companions_by_operation()).collect();
    let further = order
        .companions
        .iter()
        .zip(takes)
        .flat_map(|(further, takes)| further.iter().map(move |item| (item, takes)));
    for (item, takes) in further {
        let name = crate::text::clean(&item.name);
        let arrived = bring_one(walk, item.clone(), takes, &mut brought)
            .map_err(|error| error.with_context("input", name.clone()))?;
        brought.tell(&name, &arrived);
        brought.items.extend(arrived.items);
    }
    Ok(brought)
}

impl Brought {
    /// Notes what was said of one input on its way.
    fn tell(&mut self, name: &str, arrived: &Arrived) {
        self.worker_bytes = self.worker_bytes.max(arrived.worker_bytes);
        self.warnings.extend(arrived.warnings.iter().map(|warning| format!("{name}: {warning}")));
        self.warnings.extend(arrived.losses.iter().map(|loss| match loss.detail.as_str() {
            "" => format!("{name} loses {}", loss.feature.word()),
            detail => format!("{name} loses {}: {detail}", loss.feature.word()),
        }));
    }
}

/// The inputs of an operation that takes all at one go, those it does not take as they are converted.
pub(super) fn gather(walk: &Walk<'_>, route: &Route<'_>, items: Vec<Item>) -> Result<Brought> {
    let mut brought = Brought { isolation: u8::MAX, ..Brought::default() };
    let Some(cell) = route.hops.first().map(|hop| hop.cell.capability) else {
        return Ok(Brought { items, ..brought });
    };
    let converts = cell.many_inputs && !cell.companions.is_empty();
    for item in items {
        let fits = |item: &Item| item.format.is_some_and(|format| cell.from.iter().any(|id| id == format.id));
        if !converts || fits(&item) {
            brought.items.push(item);
            continue;
        }
        let name = crate::text::clean(&item.name);
        let arrived = convert_one(walk, item, &cell.companions, &mut brought)
            .map_err(|error| error.with_context("input", name.clone()))?;
        brought.tell(&name, &arrived);
        brought.items.extend(arrived.items);
    }
    Ok(brought)
}

/// The first picture of an input in the format that is reached best of those that will do.
fn bring_one(walk: &Walk<'_>, item: Item, takes: &[String], brought: &mut Brought) -> Result<Arrived> {
    let mut arrived = convert_one(walk, item, takes, brought)?;
    if arrived.items.len() > 1 {
        arrived.warnings.push(format!("only the first of {} pictures is used", arrived.items.len()));
        arrived.items.truncate(1);
    }
    Ok(arrived)
}

/// One input in the format that is reached best of those that will do.
fn convert_one(walk: &Walk<'_>, item: Item, takes: &[String], brought: &mut Brought) -> Result<Arrived> {
    let parts = walk.parts;
    let converting = Work { operation: "convert".into(), ..Work::default() };
    let mut looked = look(parts, &converting, vec![item], walk.control)?;
    let from = looked.format().ok_or_else(|| Error::new(ErrorKind::Internal, "an input without a format"))?;
    for item in &looked.items {
        brought.inputs.push(FileRecord::of(item, parts.hashes)?);
    }
    let warnings = std::mem::take(&mut looked.warnings);
    if takes.iter().any(|id| id == from.id) {
        return Ok(Arrived { items: looked.items, warnings, ..Arrived::default() });
    }
    let route = best_route(walk, &looked, from, takes)?;
    deliver::note_plugins(&mut brought.plugins, &route);
    brought.isolation = walk::lowest_level(parts, &route).min(brought.isolation);
    // It is brought before the work itself begins.
    let aside = Walk { span: (0.0, 0.0), ..*walk };
    let mut arrived = aside.along(&route, looked.items, walk::Along::default())?;
    arrived.warnings.splice(0..0, warnings);
    Ok(arrived)
}

fn best_route<'e>(
    walk: &Walk<'e>,
    looked: &Looked,
    from: &'static Format,
    takes: &[String],
) -> Result<Route<'e>> {
    let registry = &walk.parts.registry;
    let request = |to| Request {
        operation: "convert".into(),
        from,
        to: Some(to),
        options: Map::new(),
        bytes: looked.items.first().map_or(0, Item::length),
        features: looked.features.clone(),
        accompanied: false,
        wishes: Wishes::default(),
    };
    let formats = takes.iter().filter_map(|id| registry.format(id));
    let mut refusal = None;
    let mut best: Option<Route<'e>> = None;
    for to in formats {
        match plan::best(registry, &request(to)) {
            Ok(route) if best.as_ref().is_none_or(|best| route.estimate.weight < best.estimate.weight) => {
                best = Some(route);
            }
            Ok(_) => {}
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    let nothing = || Error::new(ErrorKind::UnsupportedConversion, "no plugin can bring it along");
    best.ok_or_else(|| refusal.unwrap_or_else(nothing))
}
