//! Optional content: layers that can be shown and hidden (ISO 32000-2, 8.11.4).

use crate::graph::{array_at, dict_at};
use lopdf::{Dictionary, Document, Object};

/// Lists of the default configuration that are put one after the other.
const LISTS: [&[u8]; 6] = [b"ON", b"OFF", b"Order", b"RBGroups", b"Locked", b"AS"];

/// Adds the layers of a copied document to those that are there.
pub(crate) fn merge(doc: &Document, all: &mut Dictionary, added: &Dictionary) {
    if all.is_empty() {
        all.extend(added);
        return;
    }
    let groups = joined(doc, all, added, b"OCGs");
    let mut standard = dict_at(doc, all, b"D").cloned().unwrap_or_default();
    if let Some(other) = dict_at(doc, added, b"D") {
        for key in LISTS {
            let list = joined(doc, &standard, other, key);
            if !list.is_empty() {
                standard.set(key, list);
            }
        }
    }
    all.set("OCGs", groups);
    all.set("D", standard);
    all.remove(b"Configs");
}

fn joined(doc: &Document, one: &Dictionary, other: &Dictionary, key: &[u8]) -> Vec<Object> {
    array_at(doc, one, key).iter().chain(array_at(doc, other, key)).cloned().collect()
}
