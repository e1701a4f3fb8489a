//! Ways through the objects of a document that end on any input.

use lopdf::{Dictionary, Document, Object, ObjectId};

/// References that lead to references; more than a few are a circle.
const MOST_HOPS: usize = 32;

/// What there is where nothing is.
static NOTHING: Object = Object::Null;

/// Follows references; what is missing or goes round in a circle is null.
pub(crate) fn resolve<'d>(doc: &'d Document, mut object: &'d Object) -> &'d Object {
    for _ in 0..MOST_HOPS {
        match object {
            Object::Reference(id) => match doc.objects.get(id) {
                Some(next) => object = next,
                None => return &NOTHING,
            },
            found => return found,
        }
    }
    &NOTHING
}

/// A value of a dictionary, resolved.
pub(crate) fn value<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> &'d Object {
    dict.get(key).map_or(&NOTHING, |found| resolve(doc, found))
}

/// A dictionary, or that of a stream.
pub(crate) fn as_dict(object: &Object) -> Option<&Dictionary> {
    match object {
        Object::Dictionary(dict) => Some(dict),
        Object::Stream(stream) => Some(&stream.dict),
        _ => None,
    }
}

/// As [`as_dict`], to be changed.
pub(crate) fn as_dict_mut(object: &mut Object) -> Option<&mut Dictionary> {
    match object {
        Object::Dictionary(dict) => Some(dict),
        Object::Stream(stream) => Some(&mut stream.dict),
        _ => None,
    }
}

/// The dictionary a value leads to.
pub(crate) fn dict_at<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> Option<&'d Dictionary> {
    as_dict(value(doc, dict, key))
}

/// The dictionary of an indirect object, to be changed.
pub(crate) fn dict_mut(doc: &mut Document, id: ObjectId) -> Option<&mut Dictionary> {
    doc.objects.get_mut(&id).and_then(as_dict_mut)
}

/// The items of the array a value leads to; none when it is no array.
pub(crate) fn array_at<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> &'d [Object] {
    match value(doc, dict, key) {
        Object::Array(items) => items,
        _ => &[],
    }
}

/// The name a value leads to; empty when it is none.
pub(crate) fn name_at<'d>(doc: &'d Document, dict: &'d Dictionary, key: &[u8]) -> &'d [u8] {
    value(doc, dict, key).as_name().unwrap_or(b"")
}

/// The number a value leads to.
pub(crate) fn number_at(doc: &Document, dict: &Dictionary, key: &[u8]) -> Option<f64> {
    number(value(doc, dict, key))
}

/// A finite number.
pub(crate) fn number(object: &Object) -> Option<f64> {
    match object {
        Object::Integer(value) => Some(*value as f64),
        Object::Real(value) if value.is_finite() => Some(f64::from(*value)),
        _ => None,
    }
}

/// The document's catalog.
pub(crate) fn catalog(doc: &Document) -> Option<&Dictionary> {
    dict_at(doc, &doc.trailer, b"Root")
}

/// The document's catalog, to be changed.
pub(crate) fn catalog_mut(doc: &mut Document) -> Option<&mut Dictionary> {
    let id = doc.trailer.get(b"Root").and_then(Object::as_reference).ok()?;
    dict_mut(doc, id)
}

/// Calls for every reference in an object. Objects nest no deeper than the parser lets them.
pub(crate) fn each_reference(object: &Object, found: &mut impl FnMut(ObjectId)) {
    match object {
        Object::Reference(id) => found(*id),
        Object::Array(items) => items.iter().for_each(|item| each_reference(item, found)),
        _ => {
            for (_, item) in as_dict(object).into_iter().flat_map(Dictionary::iter) {
                each_reference(item, found);
            }
        }
    }
}

/// Replaces every reference in an object.
pub(crate) fn map_references(object: &mut Object, change: &mut impl FnMut(ObjectId) -> Object) {
    match object {
        Object::Reference(id) => *object = change(*id),
        Object::Array(items) => items.iter_mut().for_each(|item| map_references(item, change)),
        _ => {
            for (_, item) in as_dict_mut(object).into_iter().flat_map(Dictionary::iter_mut) {
                map_references(item, change);
            }
        }
    }
}

/// Takes objects in, in the order in which they are reached from the roots.
pub(crate) fn reachable(doc: &Document, roots: &[Object]) -> Vec<ObjectId> {
    let mut seen = std::collections::HashSet::new();
    let mut order = Vec::new();
    let mut note = |id: ObjectId, order: &mut Vec<ObjectId>| {
        if doc.objects.contains_key(&id) && seen.insert(id) {
            order.push(id);
        }
    };
    roots.iter().for_each(|root| each_reference(root, &mut |id| note(id, &mut order)));
    let mut next = 0;
    while let Some(object) = order.get(next).and_then(|id| doc.objects.get(id)) {
        each_reference(object, &mut |id| note(id, &mut order));
        next += 1;
    }
    order
}
