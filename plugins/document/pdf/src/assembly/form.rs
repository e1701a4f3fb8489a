//! The form: fields whose widgets are on the pages that are taken (ISO 32000-2, 12.7).

use super::copy::Renames;
use super::source::Source;
use crate::graph::{array_at, as_dict, catalog, dict_at, resolve, value};
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::{HashMap, HashSet};

/// Levels of fields.
const DEEPEST: usize = 32;

/// The fields of a source that come along.
#[derive(Default)]
pub(crate) struct Taken {
    /// Fields without a parent that have something on the pages taken.
    pub(crate) roots: Vec<ObjectId>,
    /// Fields and widgets that have nothing there.
    pub(crate) cut: HashSet<ObjectId>,
}

/// Finds the fields that have a widget among `widgets`. Where `all` pages are taken, fields without any stay as well.
pub(crate) fn take(source: &Source<'_>, widgets: &HashSet<ObjectId>, all: bool) -> Taken {
    let doc = &source.pdf.doc;
    let mut taken = Taken::default();
    let form = catalog(doc).and_then(|catalog| dict_at(doc, catalog, b"AcroForm"));
    let Some(form) = form else { return taken };
    let mut seen = HashSet::new();
    for field in array_at(doc, form, b"Fields") {
        if let Ok(id) = field.as_reference()
            && keep(doc, id, widgets, all, &mut taken.cut, &mut seen, 0)
        {
            taken.roots.push(id);
        }
    }
    taken
}

fn keep(
    doc: &Document,
    id: ObjectId,
    widgets: &HashSet<ObjectId>,
    all: bool,
    cut: &mut HashSet<ObjectId>,
    seen: &mut HashSet<ObjectId>,
    depth: usize,
) -> bool {
    let Some(dict) = doc.objects.get(&id).and_then(as_dict) else { return false };
    if depth > DEEPEST || !seen.insert(id) {
        return false;
    }
    let kids: Vec<ObjectId> =
        array_at(doc, dict, b"Kids").iter().filter_map(|kid| kid.as_reference().ok()).collect();
    let kept = if kids.is_empty() {
        widgets.contains(&id) || all
    } else {
        // Every child is asked, so that each is either kept or cut.
        kids.iter().filter(|kid| keep(doc, **kid, widgets, all, cut, seen, depth + 1)).count() > 0
    };
    if !kept {
        cut.insert(id);
    }
    kept
}

/// The form of the document that is made.
#[derive(Default)]
pub(crate) struct Form {
    fields: Vec<Object>,
    names: HashSet<Vec<u8>>,
    dict: Dictionary,
    resources: HashMap<Vec<u8>, Dictionary>,
    begun: bool,
}

impl Form {
    /// Fonts of a source's form that have to get other names, because the form has others of that name.
    pub(crate) fn clashing_fonts(&self, target: &Document, source: &Source<'_>) -> HashMap<Vec<u8>, Vec<u8>> {
        let doc = &source.pdf.doc;
        let fonts = catalog(doc)
            .and_then(|catalog| dict_at(doc, catalog, b"AcroForm"))
            .and_then(|form| dict_at(doc, form, b"DR"))
            .and_then(|resources| dict_at(doc, resources, b"Font"));
        let Some((own, known)) = fonts.zip(self.resources.get(b"Font".as_slice())) else {
            return HashMap::new();
        };
        let mut renamed = HashMap::new();
        for (name, font) in own.iter() {
            let Ok(there) = known.get(name) else { continue };
            if !is_same_font(as_dict(resolve(doc, font)), as_dict(resolve(target, there))) {
                renamed.insert(name.clone(), free(name, |new| known.has(new) || own.has(new)));
            }
        }
        renamed
    }

    /// Adds copied fields. `copied` is the source's form dictionary as a copy.
    pub(crate) fn add(
        &mut self,
        target: &mut Document,
        roots: Vec<ObjectId>,
        copied: Dictionary,
        renames: &Renames,
    ) {
        let defaults: Vec<(&[u8], Object)> = [b"DA".as_slice(), b"Q"]
            .into_iter()
            .filter_map(|key| Some((key, copied.get(key).ok()?.clone())))
            .collect();
        for id in roots {
            let Some(Object::Dictionary(field)) = target.objects.get_mut(&id) else { continue };
            if let Ok(Object::String(name, format)) = field.get(b"T").cloned() {
                let new = free_text(&name, |new| self.names.contains(new));
                if new != name {
                    field.set("T", Object::String(new.clone(), format));
                }
                self.names.insert(new);
            }
            // What the form said for all its fields, this one says itself in the company of others.
            for (key, value) in defaults.iter().filter(|_| self.begun) {
                if !field.has(key) {
                    field.set(*key, value.clone());
                }
            }
            self.fields.push(id.into());
        }
        self.take_resources(target, &copied, renames);
        if value(target, &copied, b"NeedAppearances").as_bool().unwrap_or(false) {
            self.dict.set("NeedAppearances", true);
        }
        if !self.begun {
            defaults.into_iter().for_each(|(key, value)| self.dict.set(key, value));
        }
        self.begun = true;
    }

    fn take_resources(&mut self, target: &Document, copied: &Dictionary, renames: &Renames) {
        for (category, entries) in dict_at(target, copied, b"DR").into_iter().flat_map(Dictionary::iter) {
            let Some(entries) = as_dict(resolve(target, entries)) else { continue };
            let known = self.resources.entry(category.clone()).or_default();
            for (name, resource) in entries.iter() {
                let name = if category == b"Font" { renames.fonts.get(name).unwrap_or(name) } else { name };
                if !known.has(name) {
                    known.set(name.clone(), resource.clone());
                }
            }
        }
    }

    /// The form's dictionary; `None` when there are no fields.
    pub(crate) fn finish(mut self) -> Option<Dictionary> {
        if self.fields.is_empty() {
            return None;
        }
        let mut resources = Dictionary::new();
        let mut categories: Vec<_> = self.resources.into_iter().collect();
        categories.sort_by(|a, b| a.0.cmp(&b.0));
        categories.into_iter().for_each(|(category, entries)| resources.set(category, entries));
        self.dict.set("Fields", self.fields);
        self.dict.set("DR", resources);
        Some(self.dict)
    }
}

/// Two fonts that no file brings along, of the same name and encoding.
fn is_same_font(one: Option<&Dictionary>, other: Option<&Dictionary>) -> bool {
    let Some((one, other)) = one.zip(other) else { return false };
    let same = |key: &[u8]| {
        one.get(key).ok() == other.get(key).ok() || key == b"Encoding" && one.has(key) == other.has(key)
    };
    !one.has(b"FontDescriptor") && !other.has(b"FontDescriptor") && same(b"BaseFont") && same(b"Encoding")
}

/// A name that is not taken: `name`, or `name-2` and so on.
pub(crate) fn free(name: &[u8], is_taken: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let numbered = |number: u32| [name, format!("-{number}").as_bytes()].concat();
    std::iter::once(name.to_vec()).chain((2..).map(numbered)).find(|new| !is_taken(new)).unwrap_or_default()
}

/// As [`free`], for a text string: it may be written with two bytes for each letter.
pub(crate) fn free_text(name: &[u8], is_taken: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let numbered = |number: u32| {
        let suffix = format!("-{number}");
        let wide = || suffix.bytes().flat_map(|byte| [0, byte]).collect::<Vec<u8>>();
        let suffix = if name.starts_with(&[0xfe, 0xff]) { wide() } else { suffix.into_bytes() };
        [name, suffix.as_slice()].concat()
    };
    std::iter::once(name.to_vec()).chain((2..).map(numbered)).find(|new| !is_taken(new)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_names_get_a_number() {
        assert_eq!(free(b"Helv", |name| name == b"Helv"), b"Helv-2");
        assert_eq!(free_text(b"\xfe\xff\0a", |name| name == b"\xfe\xff\0a"), b"\xfe\xff\0a\0-\x002");
    }
}
