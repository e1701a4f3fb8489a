//! What a document has around its pages, read once.

use super::names;
use super::outline::{self, Item};
use crate::graph::{as_dict, catalog, dict_at, resolve, value};
use crate::open::Pdf;
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// A document that pages are taken from.
pub(crate) struct Source<'p> {
    pub(crate) pdf: &'p Pdf,
    pub(crate) places: HashMap<ObjectId, usize>,
    /// What leads to all other pages and is made anew: nodes of the page tree, the structure tree, the catalog.
    pub(crate) frame: HashSet<ObjectId>,
    pub(crate) dests: Dests,
    pub(crate) outline: Vec<Item>,
    pub(crate) labels: BTreeMap<usize, &'p Dictionary>,
    pub(crate) files: BTreeMap<Vec<u8>, &'p Object>,
}

impl<'p> Source<'p> {
    pub(crate) fn new(pdf: &'p Pdf) -> Source<'p> {
        let doc = &pdf.doc;
        let dests = Dests::read(doc);
        Source {
            pdf,
            places: pdf.pages.iter().enumerate().map(|(place, id)| (*id, place)).collect(),
            frame: frame(doc),
            outline: outline::read(doc, &dests),
            dests,
            labels: names::labels(doc),
            files: names::of_catalog(doc, b"EmbeddedFiles"),
        }
    }

    /// The label of a page, as a label dictionary that begins with it.
    pub(crate) fn label(&self, place: usize) -> Dictionary {
        let Some((from, label)) = self.labels.range(..=place).next_back() else {
            let mut plain = Dictionary::new();
            plain.set("S", "D");
            plain.set("St", place as i64 + 1);
            return plain;
        };
        let mut label = (*label).clone();
        let first = value(&self.pdf.doc, &label, b"St").as_i64().unwrap_or(1).max(1);
        let number = first.saturating_add((place - from) as i64);
        label.set("St", number);
        label
    }
}

fn frame(doc: &Document) -> HashSet<ObjectId> {
    let is_frame = |object: &Object| match object {
        Object::Dictionary(dict) => {
            dict.has_type(b"Pages") || dict.has_type(b"Catalog") || dict.has_type(b"StructTreeRoot")
        }
        _ => false,
    };
    doc.objects.iter().filter(|(_, object)| is_frame(object)).map(|(id, _)| *id).collect()
}

/// Named destinations (12.3.2.4), each as an explicit one.
pub(crate) struct Dests(pub(crate) BTreeMap<Vec<u8>, Object>);

impl Dests {
    fn read(doc: &Document) -> Dests {
        let mut found = BTreeMap::new();
        for (name, dest) in names::of_catalog(doc, b"Dests") {
            found.insert(name, explicit(doc, resolve(doc, dest)));
        }
        // As PDF 1.1 had them.
        let old = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"Dests"));
        for (name, dest) in old.into_iter().flat_map(Dictionary::iter) {
            found.entry(name.clone()).or_insert_with(|| explicit(doc, resolve(doc, dest)));
        }
        found.retain(|_, dest| !dest.is_null());
        Dests(found)
    }

    /// A destination, named or not, as an array; null when it leads nowhere.
    pub(crate) fn explicit(&self, doc: &Document, dest: &Object) -> Object {
        match dest {
            Object::Name(name) | Object::String(name, _) => self.0.get(name).cloned().unwrap_or(Object::Null),
            other => explicit(doc, other),
        }
    }
}

fn explicit(doc: &Document, dest: &Object) -> Object {
    match dest {
        Object::Array(_) => dest.clone(),
        other => as_dict(other)
            .map(|dict| value(doc, dict, b"D"))
            .filter(|dest| matches!(dest, Object::Array(_)))
            .cloned()
            .unwrap_or(Object::Null),
    }
}
