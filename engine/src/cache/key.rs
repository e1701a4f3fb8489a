//! What must be the same for a result to be the same.

use super::surroundings;
use crate::engine::Parts;
use crate::matrix::Setting;
use crate::plan::{Hop, Route};
use crate::run::{Item, Order, Work};
use crate::{deliver, run};
use formwork_abi::Limits;
use formwork_formats::{Family, Format};
use serde_json::Value;

/// Grows when the engine itself does something else with the same request, or keeps it in another form.
const SCHEMA: &str = "formwork-result/1";

/// Names a result by all it depends on.
pub(super) type Key = blake3::Hash;

/// Fields of a key; each is hashed with its length, so that no two lists of fields are the same bytes.
#[derive(Debug)]
pub(crate) struct Fields(blake3::Hasher);

impl Fields {
    pub(crate) fn new(kind: &str) -> Fields {
        let mut fields = Fields(blake3::Hasher::new());
        fields.add(SCHEMA).add(env!("CARGO_PKG_VERSION")).add(kind);
        fields
    }

    pub(crate) fn add(&mut self, field: impl AsRef<[u8]>) -> &mut Fields {
        let field = field.as_ref();
        self.0.update(&(field.len() as u64).to_le_bytes()).update(field);
        self
    }

    pub(crate) fn key(&self) -> Key {
        self.0.finalize()
    }
}

/// A file that goes in, with what a plugin is told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hashed<'i> {
    pub(super) item: &'i Item,
    pub(super) content: Key,
}

impl Hashed<'_> {
    fn tell(&self, fields: &mut Fields, format: Option<&Format>, dated: bool) {
        let item = self.item;
        fields.add(&item.name).add(item.kind().to_le_bytes()).add(self.content.as_bytes());
        fields.add(format.map_or("", |format| format.id));
        if dated {
            fields.add(format!("{:?} {}", item.modified, item.mode));
        }
    }
}

/// The key of what is asked for, before anybody looked at the inputs or chose a route. `given` are the formats that are
/// known by then.
pub(super) fn asked(
    parts: &Parts,
    order: &Order<'_>,
    inputs: &[Hashed<'_>],
    given: &[Option<&'static Format>],
) -> Key {
    let mut fields = Fields::new("asked");
    fields.add(surroundings::of_all(parts)).add(rules(parts));
    let levels = parts.registry.plugins().iter().map(|plugin| parts.carrier.level(plugin));
    fields.add(levels.collect::<Vec<u8>>());
    for (work, companions) in order.works.iter().zip(order.companions) {
        tell_work(&mut fields, work);
        if let Some(name) = &work.preset {
            fields.add(format!("{name} {:?}", parts.presets.for_operation(name, &work.operation)));
        }
        fields.add(companions.len().to_le_bytes());
    }
    for (place, input) in inputs.iter().enumerate() {
        // Nobody looks at further inputs before their turn.
        let format = given.get(place).copied().unwrap_or(input.item.format);
        input.tell(&mut fields, format, true);
    }
    fields.key()
}

fn tell_work(fields: &mut Fields, work: &Work) {
    let mut options = work.options.clone();
    // How fast, and how long at most: neither changes a byte.
    ["threads", "timeout"].iter().for_each(|name| drop(options.shift_remove(*name)));
    fields.add(&work.operation).add(format!("{:?} {:?}", work.output_format, work.wishes));
    fields.add(deliver::canonical(&Value::Object(options)));
}

/// The keys of a route: for each step that of what there is after it. The last is that of the finished result.
/// `None` when it must not be kept.
pub(super) fn chain(
    parts: &Parts,
    order: &Order<'_>,
    route: &Route<'_>,
    inputs: &[Hashed<'_>],
) -> Option<Vec<Key>> {
    if route.hops.iter().any(has_secret) {
        return None;
    }
    let mut fields = Fields::new("chain");
    fields.add(rules(parts)).add([run::lowest_level(parts, route)]);
    let packs = |hop: &Hop<'_>| {
        let is_archive = |family: Family| family == Family::Archive;
        hop.cell.capability.many_inputs
            || is_archive(hop.from.family)
            || hop.to.is_none_or(|to| is_archive(to.family))
    };
    let dated = route.hops.iter().any(packs);
    inputs.iter().for_each(|input| input.tell(&mut fields, input.item.format, dated));
    // Further inputs, and gathered ones that do not fit, come by routes of their own; what is damaged may be written
    // anew by a plugin that is in no route.
    let by_others = |hop: &Hop<'_>| hop.cell.capability.many_inputs || run::may_be_rescued(parts, hop.from);
    if inputs.len() > 1 || route.hops.iter().any(by_others) {
        fields.add(surroundings::of_all(parts));
        for companions in order.companions {
            fields.add(companions.len().to_le_bytes());
        }
    }
    let keys = route.hops.iter().enumerate().map(|(number, hop)| {
        tell_hop(&mut fields, hop);
        if number + 1 == route.hops.len() {
            fields.add("finished");
        }
        fields.key()
    });
    Some(keys.collect())
}

fn has_secret(hop: &Hop<'_>) -> bool {
    let fused = hop.fused.iter().flat_map(|fused| &fused.settings);
    hop.settings.iter().chain(fused).any(|setting| setting.secret)
}

fn tell_hop(fields: &mut Fields, hop: &Hop<'_>) {
    let settings = |settings: &[Setting]| format!("{settings:?}");
    fields.add(surroundings::of(hop.cell.plugin)).add(&hop.cell.capability.operation);
    fields.add(hop.from.id).add(hop.to.map_or("", |format| format.id)).add(settings(&hop.settings));
    fields.add(hop.fused.len().to_le_bytes());
    for fused in &hop.fused {
        fields.add(&fused.capability.operation).add(settings(&fused.settings));
    }
}

/// Limits decide whether there is a result at all; threads do not.
fn rules(parts: &Parts) -> String {
    format!("{:?}", Limits { threads: 0, ..parts.limits })
}
