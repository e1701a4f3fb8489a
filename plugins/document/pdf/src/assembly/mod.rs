//! A new document made of pages of others, with all that goes with them: bookmarks, named destinations, form fields,
//! labels, layers, attachments.

mod copy;
pub(crate) mod form;
mod layers;
pub(crate) mod names;
pub(crate) mod outline;
mod source;

pub(crate) use source::Source;

use crate::graph::{array_at, catalog, catalog_mut, dict_at};
use crate::tree;
use copy::{Copier, Renames};
use formwork_sdk::{Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};
use outline::Item;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries of the first document's catalog that hold for the whole.
const GENERAL: [&[u8]; 7] =
    [b"Lang", b"ViewerPreferences", b"PageMode", b"PageLayout", b"OutputIntents", b"Metadata", b"Extensions"];

/// The document that is made.
pub(crate) struct Assembly<'s> {
    step: &'s Step<'s>,
    doc: Document,
    pages: Vec<ObjectId>,
    outline: Vec<Item>,
    dests: BTreeMap<Vec<u8>, Object>,
    files: BTreeMap<Vec<u8>, Object>,
    form: form::Form,
    layers: Dictionary,
    labels: Vec<Dictionary>,
    has_labels: bool,
    begun: bool,
}

/// One go of copying: pages of a source, each once.
struct Batch<'b> {
    pages: Vec<usize>,
    with_files: bool,
    /// Streams that are there already.
    done: HashMap<ObjectId, ObjectId>,
    source: &'b Source<'b>,
}

impl<'s> Assembly<'s> {
    pub(crate) fn new(step: &'s Step<'s>) -> Assembly<'s> {
        let mut doc = Document::with_version("1.4");
        let root = doc.add_object(dictionary! { "Type" => "Catalog" });
        doc.trailer.set("Root", root);
        Assembly {
            step,
            doc,
            pages: Vec::new(),
            outline: Vec::new(),
            dests: BTreeMap::new(),
            files: BTreeMap::new(),
            form: form::Form::default(),
            layers: Dictionary::new(),
            labels: Vec::new(),
            has_labels: false,
            begun: false,
        }
    }

    /// Adds pages of a source by their places, in this order; a page may come more than once.
    ///
    /// # Errors
    ///
    /// `cancelled`, `timeout`, `limit_exceeded`.
    pub(crate) fn add(&mut self, source: &Source<'_>, chosen: &[usize], with_files: bool) -> Result<()> {
        let total = self.pages.len() + chosen.len();
        self.step.within("entries", total as u64, self.step.limits().entries)?;
        if source.pdf.doc.version > self.doc.version {
            self.doc.version.clone_from(&source.pdf.doc.version);
        }
        let mut done = HashMap::new();
        for (number, pages) in without_repeats(chosen).into_iter().enumerate() {
            self.step.tick(0, 0)?;
            let batch = Batch { pages, with_files: with_files && number == 0, done, source };
            done = self.add_batch(batch);
            // A page that comes again shares what it shows, but nothing that knows on which page it is.
            done.retain(|id, _| matches!(source.pdf.doc.objects.get(id), Some(Object::Stream(_))));
        }
        Ok(())
    }

    fn add_batch(&mut self, batch: Batch<'_>) -> HashMap<ObjectId, ObjectId> {
        let Batch { pages, with_files, done, source } = batch;
        let doc = &source.pdf.doc;
        let ids: Vec<ObjectId> =
            pages.iter().filter_map(|place| source.pdf.pages.get(*place).copied()).collect();
        let taken: HashSet<ObjectId> = ids.iter().copied().collect();
        let all = taken.len() == source.pdf.pages.len();
        let fields = form::take(source, &annotations(doc, &ids), all);
        let is_cut = |id: ObjectId| {
            source.frame.contains(&id)
                || source.places.contains_key(&id) && !taken.contains(&id)
                || fields.cut.contains(&id)
        };
        let renames = self.renames(source, &taken);
        let mut copier = Copier::new(doc, &mut self.doc, &is_cut, &renames, done);
        self.pages.extend(ids.iter().filter_map(|id| copier.id(*id)));
        self.outline.extend(bookmarks(&source.outline, &taken, all, &mut copier));
        for (name, dest) in source.dests.0.iter().filter(|(_, dest)| leads_into(dest, &taken)) {
            let name = renames.dests.get(name).unwrap_or(name);
            self.dests.insert(name.clone(), copier.object(dest));
        }
        let mut files = Vec::new();
        if with_files {
            files.extend(source.files.iter().map(|(name, file)| (name.clone(), copier.object(file))));
        }
        let general = catalog(doc).filter(|_| !self.begun).map(|catalog| kept_entries(catalog, &mut copier));
        let info = doc.trailer.get(b"Info").ok().filter(|_| !self.begun).map(|info| copier.object(info));
        let layers = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"OCProperties"));
        let layers = layers.map(|layers| copier.dict(layers));
        let roots: Vec<ObjectId> = fields.roots.iter().filter_map(|id| copier.id(*id)).collect();
        let form = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"AcroForm"));
        let form = form.filter(|_| !roots.is_empty()).map(|form| copier.dict(&without_fields(form)));
        let done = copier.finish();
        if let Some(form) = form {
            self.form.add(&mut self.doc, roots, form, &renames);
        }
        self.adopt(general, info, layers);
        for (name, file) in files {
            let name = form::free_text(&name, |new| self.files.contains_key(new));
            self.files.insert(name, file);
        }
        self.has_labels |= !source.labels.is_empty();
        self.labels.extend(pages.iter().map(|place| source.label(*place)));
        done
    }

    /// New names for what is called as something that is there already.
    fn renames(&self, source: &Source<'_>, taken: &HashSet<ObjectId>) -> Renames {
        let own = &source.dests.0;
        let clashing =
            own.iter().filter(|(name, dest)| leads_into(dest, taken) && self.dests.contains_key(*name));
        let dests = clashing.map(|(name, _)| {
            let new = form::free_text(name, |new| self.dests.contains_key(new) || own.contains_key(new));
            (name.clone(), new)
        });
        Renames { dests: dests.collect(), fonts: self.form.clashing_fonts(&self.doc, source) }
    }

    fn adopt(&mut self, general: Option<Dictionary>, info: Option<Object>, layers: Option<Dictionary>) {
        self.begun = true;
        if let (Some(catalog), Some(general)) = (catalog_mut(&mut self.doc), general) {
            catalog.extend(&general);
        }
        if let Some(info) = info.filter(|info| !info.is_null()) {
            self.doc.trailer.set("Info", info);
        }
        if let Some(layers) = layers {
            layers::merge(&self.doc, &mut self.layers, &layers);
        }
    }

    /// The finished document and its number of pages.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the catalog is gone.
    pub(crate) fn finish(mut self) -> Result<(Document, usize)> {
        let mut names = Dictionary::new();
        for (key, pairs) in [("Dests", self.dests), ("EmbeddedFiles", self.files)] {
            if !pairs.is_empty() {
                names.set(key, names::write(&mut self.doc, pairs));
            }
        }
        let outline = (!self.outline.is_empty()).then(|| outline::write(&mut self.doc, &self.outline));
        let form = self.form.finish();
        if let Some(catalog) = catalog_mut(&mut self.doc) {
            if !names.is_empty() {
                catalog.set("Names", names);
            }
            if let Some(outline) = outline {
                catalog.set("Outlines", outline);
            }
            if let Some(form) = form {
                catalog.set("AcroForm", form);
            }
            if !self.layers.is_empty() {
                catalog.set("OCProperties", self.layers);
            }
            if self.has_labels {
                catalog.set("PageLabels", dictionary! { "Nums" => runs(self.labels) });
            }
        }
        tree::plant(&mut self.doc, &self.pages)?;
        Ok((self.doc, self.pages.len()))
    }
}

/// Copies a dictionary of resources, with all it leads to, into another document.
pub(crate) fn embed(pdf: &crate::open::Pdf, target: &mut Document, resources: &Dictionary) -> Dictionary {
    let source = Source::new(pdf);
    let is_cut = |id: ObjectId| source.frame.contains(&id) || source.places.contains_key(&id);
    let renames = Renames::default();
    let mut copier = Copier::new(&pdf.doc, target, &is_cut, &renames, HashMap::new());
    let copy = copier.dict(resources);
    copier.finish();
    copy
}

/// Parts of a list in which nothing comes twice.
fn without_repeats(chosen: &[usize]) -> Vec<Vec<usize>> {
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut seen = HashSet::new();
    for place in chosen {
        if parts.is_empty() || !seen.insert(*place) {
            parts.push(Vec::new());
            seen = HashSet::from([*place]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(*place);
        }
    }
    parts
}

/// The annotations of pages, the widgets of form fields among them.
fn annotations(doc: &Document, pages: &[ObjectId]) -> HashSet<ObjectId> {
    let dicts = pages.iter().filter_map(|id| doc.objects.get(id)?.as_dict().ok());
    let annotations = dicts.flat_map(|page| array_at(doc, page, b"Annots"));
    annotations.filter_map(|annotation| annotation.as_reference().ok()).collect()
}

fn leads_into(dest: &Object, taken: &HashSet<ObjectId>) -> bool {
    outline::page_of(dest).is_some_and(|page| taken.contains(&page))
}

/// The bookmarks that lead to pages taken, or have such below them; all others only where all pages are taken.
fn bookmarks(items: &[Item], taken: &HashSet<ObjectId>, all: bool, copier: &mut Copier<'_>) -> Vec<Item> {
    let mut kept = Vec::new();
    for item in items {
        let kids = bookmarks(&item.kids, taken, all, copier);
        let leads = item.page().is_some_and(|page| taken.contains(&page));
        if leads || all || !kids.is_empty() {
            let dest = if leads { copier.object(&item.dest) } else { Object::Null };
            let action = if all { copier.object(&item.action) } else { Object::Null };
            kept.push(item.with(dest, action, kids));
        }
    }
    kept
}

fn kept_entries(catalog: &Dictionary, copier: &mut Copier<'_>) -> Dictionary {
    let mut kept = Dictionary::new();
    for key in GENERAL {
        if let Ok(value) = catalog.get(key) {
            kept.set(key, copier.object(value));
        }
    }
    kept
}

/// A form without its fields, which are copied one by one, and what does not hold for copies: XFA describes the whole
/// form once more, and signatures sign another file.
fn without_fields(form: &Dictionary) -> Dictionary {
    let mut rest = form.clone();
    for key in [b"Fields".as_slice(), b"CO", b"XFA", b"SigFlags"] {
        rest.remove(key);
    }
    rest
}

/// Labels of pages as the pairs of a number tree: a pair where counting on does not give the next one.
fn runs(labels: Vec<Dictionary>) -> Vec<Object> {
    let mut pairs = Vec::new();
    let mut expected: Option<Dictionary> = None;
    for (place, label) in labels.into_iter().enumerate() {
        if expected.as_ref() != Some(&label) {
            pairs.push(Object::from(place as i64));
            pairs.push(Object::Dictionary(label.clone()));
        }
        let mut next = label;
        let number = next.get(b"St").and_then(Object::as_i64).unwrap_or(1);
        next.set("St", number.saturating_add(1));
        expected = Some(next);
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_begin_a_new_part() {
        assert_eq!(without_repeats(&[0, 1, 1, 0, 2]), [vec![0, 1], vec![1, 0, 2]]);
        assert!(without_repeats(&[]).is_empty());
    }
}
