//! The outline: bookmarks that lead to pages (ISO 32000-2, 12.3.3).

use super::source::Dests;
use crate::graph::{as_dict, catalog, dict_at, name_at, value};
use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};
use std::collections::HashSet;

/// Levels of bookmarks; deeper ones are left out.
const DEEPEST: usize = 64;
/// Bookmarks of one document.
const MOST_ITEMS: usize = 200_000;

/// A bookmark with those below it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) title: Object,
    /// Where it leads: an array that begins with a page, or null.
    pub(crate) dest: Object,
    /// What else it does, as opening a page of the web.
    pub(crate) action: Object,
    /// Colour and style.
    look: Vec<(Vec<u8>, Object)>,
    is_open: bool,
    pub(crate) kids: Vec<Item>,
}

impl Item {
    /// The page it leads to.
    pub(crate) fn page(&self) -> Option<ObjectId> {
        page_of(&self.dest)
    }

    /// This bookmark with another place to lead to and other ones below.
    pub(crate) fn with(&self, dest: Object, action: Object, kids: Vec<Item>) -> Item {
        Item { dest, action, kids, ..self.clone_alone() }
    }

    fn clone_alone(&self) -> Item {
        Item {
            title: self.title.clone(),
            dest: Object::Null,
            action: Object::Null,
            look: self.look.clone(),
            is_open: self.is_open,
            kids: Vec::new(),
        }
    }
}

/// The page an explicit destination begins with.
pub(crate) fn page_of(dest: &Object) -> Option<ObjectId> {
    dest.as_array().ok()?.first()?.as_reference().ok()
}

/// Reads the outline of a document.
pub(crate) fn read(doc: &Document, dests: &Dests) -> Vec<Item> {
    let root = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"Outlines"));
    let mut reader = Reader { doc, dests, seen: HashSet::new() };
    root.map_or_else(Vec::new, |root| reader.below(root, 0))
}

struct Reader<'r> {
    doc: &'r Document,
    dests: &'r Dests,
    seen: HashSet<ObjectId>,
}

impl Reader<'_> {
    fn below(&mut self, parent: &Dictionary, depth: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut next = parent.get(b"First").and_then(Object::as_reference).ok();
        while let Some(id) = next {
            if depth >= DEEPEST || self.seen.len() >= MOST_ITEMS || !self.seen.insert(id) {
                break;
            }
            let Some(dict) = self.doc.objects.get(&id).and_then(as_dict) else { break };
            let kids = self.below(dict, depth + 1);
            items.push(self.item(dict, kids));
            next = dict.get(b"Next").and_then(Object::as_reference).ok();
        }
        items
    }

    fn item(&self, dict: &Dictionary, kids: Vec<Item>) -> Item {
        let action = dict_at(self.doc, dict, b"A");
        let goes = action.filter(|action| name_at(self.doc, action, b"S") == b"GoTo");
        let dest = match goes {
            Some(action) => self.dests.explicit(self.doc, value(self.doc, action, b"D")),
            None => self.dests.explicit(self.doc, value(self.doc, dict, b"Dest")),
        };
        let other = action.filter(|_| goes.is_none()).cloned().map_or(Object::Null, Object::Dictionary);
        let look = [b"C", b"F"].into_iter().filter_map(|key| {
            let value = value(self.doc, dict, key);
            (!value.is_null()).then(|| (key.to_vec(), value.clone()))
        });
        Item {
            title: value(self.doc, dict, b"Title").clone(),
            dest,
            action: other,
            look: look.collect(),
            is_open: value(self.doc, dict, b"Count").as_i64().is_ok_and(|count| count > 0),
            kids,
        }
    }
}

/// Writes an outline; returns its root.
pub(crate) fn write(doc: &mut Document, items: &[Item]) -> ObjectId {
    let root = doc.add_object(Object::Null);
    let (mut dict, shown) = children(doc, root, items);
    dict.set("Type", "Outlines");
    if shown > 0 {
        dict.set("Count", shown);
    }
    doc.objects.insert(root, Object::Dictionary(dict));
    root
}

/// Writes the bookmarks below one; returns `First` and `Last`, and how many are shown when it is open.
fn children(doc: &mut Document, parent: ObjectId, items: &[Item]) -> (Dictionary, i64) {
    let ids: Vec<ObjectId> = items.iter().map(|_| doc.add_object(Object::Null)).collect();
    let mut shown = items.len() as i64;
    for (place, (item, id)) in items.iter().zip(&ids).enumerate() {
        let (mut dict, below) = children(doc, *id, &item.kids);
        if below > 0 {
            dict.set("Count", if item.is_open { below } else { -below });
            shown += if item.is_open { below } else { 0 };
        }
        dict.set("Parent", parent);
        dict.set("Title", item.title.clone());
        if let Some(next) = ids.get(place + 1) {
            dict.set("Next", *next);
        }
        if let Some(before) = place.checked_sub(1).and_then(|before| ids.get(before)) {
            dict.set("Prev", *before);
        }
        if !item.dest.is_null() {
            dict.set("Dest", item.dest.clone());
        } else if !item.action.is_null() {
            dict.set("A", item.action.clone());
        }
        item.look.iter().for_each(|(key, value)| dict.set(key.clone(), value.clone()));
        doc.objects.insert(*id, Object::Dictionary(dict));
    }
    let mut ends = dictionary! {};
    if let (Some(first), Some(last)) = (ids.first(), ids.last()) {
        ends.set("First", *first);
        ends.set("Last", *last);
    }
    (ends, shown)
}
