//! Objects that are the same are kept once: fonts and images that every page brings along.

use crate::graph::map_references;
use formwork_sdk::{Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

/// Objects become equal when what they refer to has become one: so many times it is looked again.
const ROUNDS: usize = 6;

/// Kinds of dictionaries that mean the same wherever they stand. Pages, annotations, layers and fields do not.
const SHAREABLE: [&[u8]; 8] = [
    b"Font",
    b"FontDescriptor",
    b"ExtGState",
    b"Encoding",
    b"Pattern",
    b"Halftone",
    b"OutputIntent",
    b"OCMD",
];
/// Entries that tell that a dictionary is somebody's.
const PERSONAL: [&[u8]; 8] = [b"Parent", b"Kids", b"P", b"T", b"S", b"Rect", b"Next", b"Prev"];

/// Lets references lead to one of several equal objects.
///
/// # Errors
///
/// `cancelled`, `timeout`.
pub(crate) fn share(step: &Step<'_>, doc: &mut Document) -> Result<()> {
    for _ in 0..ROUNDS {
        step.tick(0, 0)?;
        let twins = find(doc);
        if twins.is_empty() {
            break;
        }
        for object in doc.objects.values_mut() {
            map_references(object, &mut |id| Object::Reference(*twins.get(&id).unwrap_or(&id)));
        }
        twins.keys().for_each(|id| drop(doc.objects.remove(id)));
    }
    Ok(())
}

/// Objects that are equal to one with a lower number.
fn find(doc: &Document) -> HashMap<ObjectId, ObjectId> {
    let mut known: HashMap<u64, Vec<ObjectId>> = HashMap::new();
    let mut twins = HashMap::new();
    let mut text = Vec::new();
    for (id, object) in doc.objects.iter().filter(|(_, object)| is_shareable(object)) {
        text.clear();
        if lopdf::Writer::write_object(&mut text, object).is_err() {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&text);
        let alike = known.entry(hasher.finish()).or_default();
        match alike.iter().find(|other| doc.objects.get(other).is_some_and(|other| same(other, object))) {
            Some(first) => {
                twins.insert(*id, *first);
            }
            None => alike.push(*id),
        }
    }
    twins
}

/// Whether two objects are equal; the place a stream was read from is no part of it.
fn same(one: &Object, other: &Object) -> bool {
    match (one, other) {
        (Object::Stream(one), Object::Stream(other)) => {
            one.dict == other.dict && one.content == other.content
        }
        (one, other) => one == other,
    }
}

fn is_shareable(object: &Object) -> bool {
    match object {
        Object::Stream(_) => true,
        Object::Array(items) => !items.is_empty(),
        Object::Dictionary(dict) => is_shareable_dict(dict),
        _ => false,
    }
}

fn is_shareable_dict(dict: &Dictionary) -> bool {
    match dict.get_type() {
        Ok(kind) => SHAREABLE.contains(&kind),
        Err(_) => !dict.is_empty() && !PERSONAL.iter().any(|key| dict.has(key)),
    }
}
