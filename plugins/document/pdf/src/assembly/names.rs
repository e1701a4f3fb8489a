//! Name trees and number trees (ISO 32000-2, 7.9.6 and 7.9.7), read and written.

use crate::graph::{array_at, as_dict, catalog, dict_at, resolve};
use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat, dictionary};
use std::collections::{BTreeMap, HashSet};

/// Nodes of one tree that are looked at.
const MOST_NODES: usize = 100_000;
/// Entries in one leaf of a tree that is written.
const LEAF: usize = 64;

/// Calls for each pair of key and value below the root of a tree, whose leaves keep them under `key`.
fn each_pair<'d>(
    doc: &'d Document,
    root: &'d Dictionary,
    key: &[u8],
    found: &mut dyn FnMut(&'d Object, &'d Object),
) {
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut open = vec![root];
    for _ in 0..MOST_NODES {
        let Some(node) = open.pop() else { return };
        for pair in array_at(doc, node, key).chunks_exact(2) {
            if let [name, value] = pair {
                found(resolve(doc, name), value);
            }
        }
        for kid in array_at(doc, node, b"Kids").iter().rev() {
            let fresh = kid.as_reference().map_or(true, |id| seen.insert(id));
            open.extend(as_dict(resolve(doc, kid)).filter(|_| fresh));
        }
    }
}

/// One of the trees of the catalog's `Names`; of equal names the first holds.
pub(crate) fn of_catalog<'d>(doc: &'d Document, tree: &[u8]) -> BTreeMap<Vec<u8>, &'d Object> {
    let mut pairs = BTreeMap::new();
    let names = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"Names"));
    if let Some(root) = names.and_then(|names| dict_at(doc, names, tree)) {
        each_pair(doc, root, b"Names", &mut |name, value| {
            if let Object::String(name, _) = name {
                pairs.entry(name.clone()).or_insert(value);
            }
        });
    }
    pairs
}

/// The labels of pages: from which page on which label dictionary holds.
pub(crate) fn labels(doc: &Document) -> BTreeMap<usize, &Dictionary> {
    let mut pairs = BTreeMap::new();
    if let Some(root) = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"PageLabels")) {
        each_pair(doc, root, b"Nums", &mut |number, value| {
            let number = number.as_i64().ok().and_then(|number| usize::try_from(number).ok());
            if let (Some(number), Some(label)) = (number, as_dict(resolve(doc, value))) {
                pairs.insert(number, label);
            }
        });
    }
    pairs
}

/// Writes a name tree; returns its root.
pub(crate) fn write(doc: &mut Document, pairs: BTreeMap<Vec<u8>, Object>) -> ObjectId {
    let pairs: Vec<(Object, Object)> =
        pairs.into_iter().map(|(name, value)| (Object::String(name, StringFormat::Literal), value)).collect();
    let flat = |part: &[(Object, Object)]| -> Vec<Object> {
        part.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect()
    };
    if pairs.len() <= LEAF {
        return doc.add_object(dictionary! { "Names" => flat(&pairs) });
    }
    let mut kids = Vec::new();
    for part in pairs.chunks(LEAF) {
        let ends = [part.first(), part.last()].into_iter().flatten().map(|(name, _)| name.clone());
        let limits: Vec<Object> = ends.collect();
        kids.push(Object::from(doc.add_object(dictionary! { "Limits" => limits, "Names" => flat(part) })));
    }
    doc.add_object(dictionary! { "Kids" => kids })
}
