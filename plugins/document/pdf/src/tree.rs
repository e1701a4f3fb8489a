//! The pages of a document: found, freed from what they inherit, and put into a tree again
//! (ISO 32000-2, 7.7.3).

use crate::graph::{as_dict, catalog, catalog_mut, dict_mut, resolve};
use crate::open::Pdf;
use formwork_sdk::{Error, Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};
use std::collections::HashSet;

/// What a page takes over from the nodes above it (table 31).
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];
/// The page's size when it has none, as other readers take it: US letter.
const USUAL_BOX: [i64; 4] = [0, 0, 612, 792];
/// Children of one node of the tree that is written.
const BREADTH: usize = 64;

/// Finds the pages and lets each hold all it inherits.
///
/// # Errors
///
/// `corrupt_input` when there is none; `limit_exceeded` (`entries`); `cancelled`, `timeout`.
pub(crate) fn flatten(step: &Step<'_>, pdf: &mut Pdf) -> Result<()> {
    ensure_catalog(pdf);
    let mut walk = Walk { step, doc: &pdf.doc, nodes: HashSet::new(), found: Vec::new(), damaged: false };
    walk.walk_all()?;
    let (mut found, damaged) = (walk.found, walk.damaged);
    if found.is_empty() {
        found = loose_pages(&pdf.doc);
        if !found.is_empty() {
            pdf.mended.push("its page tree was broken; pages are in the order of their numbers".into());
        }
    } else if damaged {
        pdf.mended.push("parts of its page tree are missing or lead in a circle".into());
    }
    if found.is_empty() {
        return Err(Error::corrupt("the PDF has no page that can be found; ask for an intact copy"));
    }
    let mut taken = HashSet::new();
    for Found { id, dict } in found {
        // A page that stands in the tree twice becomes two.
        let id = id.filter(|id| taken.insert(*id)).unwrap_or_else(|| pdf.doc.add_object(Object::Null));
        pdf.doc.objects.insert(id, Object::Dictionary(dict));
        pdf.pages.push(id);
    }
    plant(&mut pdf.doc, &pdf.pages)
}

/// A page that was found, with all it inherits.
struct Found {
    id: Option<ObjectId>,
    dict: Dictionary,
}

struct Walk<'w> {
    step: &'w Step<'w>,
    doc: &'w Document,
    nodes: HashSet<ObjectId>,
    found: Vec<Found>,
    damaged: bool,
}

impl<'w> Walk<'w> {
    fn walk_all(&mut self) -> Result<()> {
        let Some(root) = catalog(self.doc).and_then(|catalog| catalog.get(b"Pages").ok()) else {
            return Ok(());
        };
        let mut open: Vec<(&'w Object, Dictionary)> = vec![(root, Dictionary::new())];
        while let Some((object, above)) = open.pop() {
            let id = object.as_reference().ok();
            let Object::Dictionary(dict) = resolve(self.doc, object) else {
                self.damaged = true;
                continue;
            };
            let mut own = inherit(dict, above);
            let Some(Object::Array(kids)) = dict.get(b"Kids").ok().map(|kids| resolve(self.doc, kids)) else {
                self.page(id, dict, own)?;
                continue;
            };
            if id.is_some_and(|id| !self.nodes.insert(id)) {
                self.damaged = true;
                continue;
            }
            // The stack gives back what was put last.
            for (place, kid) in kids.iter().enumerate().rev() {
                let above = if place == 0 { std::mem::take(&mut own) } else { own.clone() };
                open.push((kid, above));
            }
            self.step.within("entries", open.len() as u64, self.step.limits().entries)?;
        }
        Ok(())
    }

    fn page(&mut self, id: Option<ObjectId>, dict: &Dictionary, inherited: Dictionary) -> Result<()> {
        if dict.has_type(b"Pages") {
            // A node without children is an empty document's.
            return Ok(());
        }
        self.step.tick(0, 0)?;
        self.step.within("entries", self.found.len() as u64 + 1, self.step.limits().entries)?;
        self.found.push(Found { id, dict: complete(dict, inherited) });
        Ok(())
    }
}

/// What the children of a node inherit.
fn inherit(dict: &Dictionary, mut above: Dictionary) -> Dictionary {
    for key in INHERITED {
        if let Ok(value) = dict.get(key) {
            above.set(key, value.clone());
        }
    }
    above
}

/// A page with what it inherits, and with what a page must have.
fn complete(dict: &Dictionary, inherited: Dictionary) -> Dictionary {
    let mut page = dict.clone();
    for (key, value) in inherited.iter() {
        page.set(key.clone(), value.clone());
    }
    page.set("Type", "Page");
    if !page.has(b"MediaBox") {
        page.set("MediaBox", USUAL_BOX.map(Object::from).to_vec());
    }
    if !page.has(b"Resources") {
        page.set("Resources", Dictionary::new());
    }
    page
}

/// All pages of a document whose tree cannot be walked.
fn loose_pages(doc: &Document) -> Vec<Found> {
    let pages = doc.objects.iter().filter_map(|(id, object)| match object {
        Object::Dictionary(dict) if dict.has_type(b"Page") => {
            Some(Found { id: Some(*id), dict: complete(dict, Dictionary::new()) })
        }
        _ => None,
    });
    pages.collect()
}

/// Makes sure that the trailer names a catalog.
fn ensure_catalog(pdf: &mut Pdf) {
    let named = pdf.doc.trailer.get(b"Root").and_then(Object::as_reference).ok();
    if named.is_some_and(|id| pdf.doc.objects.get(&id).is_some_and(|root| root.as_dict().is_ok())) {
        return;
    }
    let is_catalog = |object: &Object| as_dict(object).is_some_and(|dict| dict.has_type(b"Catalog"));
    let found = pdf.doc.objects.iter().find(|(_, object)| is_catalog(object)).map(|(id, _)| *id);
    let id = found.unwrap_or_else(|| pdf.doc.add_object(dictionary! { "Type" => "Catalog" }));
    pdf.doc.trailer.set("Root", id);
    pdf.mended.push("it did not say where its catalog is".into());
}

/// Makes a page tree of these pages, in this order, and hangs it into the catalog.
///
/// # Errors
///
/// `corrupt_input` when there is no catalog.
pub(crate) fn plant(doc: &mut Document, pages: &[ObjectId]) -> Result<()> {
    let root = doc.add_object(Object::Null);
    let mut kids: Vec<Object> = Vec::new();
    if pages.len() <= BREADTH {
        kids = adopt(doc, pages, root);
    } else {
        for part in pages.chunks(BREADTH) {
            let node = doc.add_object(Object::Null);
            let children = adopt(doc, part, node);
            let count = part.len() as i64;
            let dict =
                dictionary! { "Type" => "Pages", "Parent" => root, "Kids" => children, "Count" => count };
            doc.objects.insert(node, Object::Dictionary(dict));
            kids.push(node.into());
        }
    }
    let dict = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => pages.len() as i64 };
    doc.objects.insert(root, Object::Dictionary(dict));
    let catalog = catalog_mut(doc).ok_or_else(|| Error::corrupt("the PDF has no catalog"))?;
    catalog.set("Type", "Catalog");
    catalog.set("Pages", root);
    Ok(())
}

fn adopt(doc: &mut Document, pages: &[ObjectId], parent: ObjectId) -> Vec<Object> {
    for page in pages {
        if let Some(dict) = dict_mut(doc, *page) {
            dict.set("Parent", parent);
        }
    }
    pages.iter().map(|page| Object::from(*page)).collect()
}
