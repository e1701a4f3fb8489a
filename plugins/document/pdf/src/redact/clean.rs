//! What a document says beside its pages: notes, fields, bookmarks, descriptions, attachments.

use super::find::Needle;
use super::scan::Box4;
use crate::graph::{
    array_at, as_dict, as_dict_mut, catalog, catalog_mut, dict_at, dict_mut, name_at, resolve,
};
use crate::mark::rectangle;
use crate::open::Pdf;
use crate::xmp;
use formwork_sdk::{Feature, Step};
use lopdf::{Dictionary, Document, Object, ObjectId, StringFormat};

/// Fields above a field.
const MOST_PARENTS: usize = 32;
/// What a field or a note says and looks like.
const SAYINGS: [&[u8]; 8] = [b"V", b"DV", b"AP", b"Contents", b"RC", b"MK", b"TU", b"Opt"];

/// Takes out what cannot be looked into, and what repeats a page: private data of programs, small pictures of pages,
/// tags, rich texts, and the form's second description.
pub(super) fn drop_copies(step: &Step<'_>, pdf: &mut Pdf) {
    let described = xmp::is_there(pdf);
    let (mut attached, mut scripts) = (false, false);
    for object in pdf.doc.objects.values_mut() {
        drop_keys(object, &mut attached, &mut scripts);
    }
    let mut tags = false;
    let form = catalog(&pdf.doc).and_then(|catalog| catalog.get(b"AcroForm").ok()).cloned();
    if let Some(catalog) = catalog_mut(&mut pdf.doc) {
        tags = catalog.remove(b"StructTreeRoot").is_some();
        catalog.remove(b"MarkInfo");
        if let Ok(Object::Dictionary(form)) = catalog.get_mut(b"AcroForm") {
            form.remove(b"XFA");
        }
    }
    if let Some(Object::Reference(id)) = form
        && let Some(form) = dict_mut(&mut pdf.doc, id)
    {
        form.remove(b"XFA");
    }
    attached |= remove_names(&mut pdf.doc, b"EmbeddedFiles");
    scripts |= remove_names(&mut pdf.doc, b"JavaScript");
    if described {
        xmp::write(pdf, None, None);
    }
    if attached {
        step.lose(Feature::Entries, "attached files were taken out: what they say cannot be looked into");
    }
    if scripts {
        step.lose(Feature::Macros, "scripts are not kept");
    }
    if tags {
        step.warn("the tags that tell screen readers the order of the text are not kept: they repeat it");
    }
}

/// Removes entries from an object and all in it.
fn drop_keys(object: &mut Object, attached: &mut bool, scripts: &mut bool) {
    if let Object::Array(items) = object {
        return items.iter_mut().for_each(|item| drop_keys(item, attached, scripts));
    }
    let Some(dict) = as_dict_mut(object) else { return };
    for key in [b"Metadata".as_slice(), b"PieceInfo", b"Thumb", b"RC", b"Alternates"] {
        dict.remove(key);
    }
    *scripts |= dict.remove(b"JS").is_some();
    *attached |= dict.remove(b"EF").is_some() | dict.remove(b"AF").is_some();
    // What is in there has names that the document gave.
    let others = dict.iter_mut().filter(|(key, _)| key.as_slice() != b"Resources");
    others.for_each(|(_, value)| drop_keys(value, attached, scripts));
}

/// Removes a list of named things; returns whether there was one.
fn remove_names(doc: &mut Document, list: &[u8]) -> bool {
    let names = catalog(doc).and_then(|catalog| catalog.get(b"Names").ok()).cloned();
    let target = match names {
        Some(Object::Reference(id)) => dict_mut(doc, id),
        _ => catalog_mut(doc).and_then(|catalog| catalog.get_mut(b"Names").ok()).and_then(as_dict_mut),
    };
    target.is_some_and(|dict| dict.remove(list).is_some())
}

/// Takes what is looked for out of all texts of a document; returns how many had it.
pub(super) fn sweep(doc: &mut Document, needle: &Needle) -> u64 {
    let mut changed = 0;
    for object in doc.objects.values_mut() {
        clean(object, needle, &mut changed);
    }
    if let Ok(info) = doc.trailer.get_mut(b"Info") {
        clean(info, needle, &mut changed);
    }
    changed
}

/// Whether any text of a document has what is looked for.
pub(super) fn is_clean(doc: &Document, needle: &Needle) -> bool {
    doc.objects.values().all(|object| {
        let mut copy = object.clone();
        let mut changed = 0;
        clean(&mut copy, needle, &mut changed);
        changed == 0
    })
}

/// Objects nest no deeper than the parser lets them.
fn clean(object: &mut Object, needle: &Needle, changed: &mut u64) {
    match object {
        Object::String(bytes, _) => {
            if let Some(text) = needle.taken_from(&said(bytes)) {
                *object = match lopdf::text_string(&text) {
                    Object::String(bytes, _) => Object::String(bytes, StringFormat::Hexadecimal),
                    other => other,
                };
                *changed += 1;
            }
        }
        // Colours of a palette are no text.
        Object::Array(items)
            if items.first().is_some_and(|kind| kind.as_name().is_ok_and(|name| name == b"Indexed")) => {}
        Object::Array(items) => items.iter_mut().for_each(|item| clean(item, needle, changed)),
        _ => {
            let Some(dict) = as_dict_mut(object) else { return };
            // Names of collections of letters, and how fields are written, are not what is written.
            let others =
                dict.iter_mut().filter(|(key, _)| !matches!(key.as_slice(), b"CIDSystemInfo" | b"DA"));
            others.for_each(|(_, value)| clean(value, needle, changed));
        }
    }
}

/// A text as it is read (7.9.2.2); what is none gives letters all the same.
fn said(bytes: &[u8]) -> String {
    let object = Object::String(bytes.to_vec(), StringFormat::Literal);
    lopdf::decode_text_string(&object)
        .unwrap_or_else(|_| bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// Takes notes and fields off a page that lie in one of the areas, with what they say; returns how many.
pub(super) fn annotations(doc: &mut Document, page: ObjectId, areas: &[Box4]) -> u64 {
    let Some(dict) = doc.objects.get(&page).and_then(as_dict) else { return 0 };
    let all = array_at(doc, dict, b"Annots").to_vec();
    let hit = |annotation: &Object| {
        let dict = as_dict(resolve(doc, annotation))?;
        let place = rectangle(doc, dict, b"Rect")?;
        let meets = |area: &Box4| {
            place[0] < area[2] && area[0] < place[2] && place[1] < area[3] && area[1] < place[3]
        };
        (name_at(doc, dict, b"Subtype") != b"Link" && areas.iter().any(meets)).then_some(())
    };
    let (gone, kept): (Vec<Object>, Vec<Object>) = all.into_iter().partition(|one| hit(one).is_some());
    for annotation in &gone {
        silence(doc, annotation);
    }
    if let Some(page) = dict_mut(doc, page).filter(|_| !gone.is_empty()) {
        page.set("Annots", kept);
    }
    gone.len() as u64
}

/// Removes what a field says, and the fields above it that say it.
fn silence(doc: &mut Document, annotation: &Object) {
    let mut next = annotation.as_reference().ok();
    for _ in 0..MOST_PARENTS {
        let Some(dict) = next.and_then(|id| dict_mut(doc, id)) else { return };
        SAYINGS.iter().for_each(|key| drop(dict.remove(key)));
        next = dict.get(b"Parent").and_then(Object::as_reference).ok();
    }
}

/// All forms and patterns of a document: what draws without being a page.
pub(super) fn drawings(doc: &Document) -> Vec<ObjectId> {
    let draws = |object: &Object| match object {
        Object::Stream(stream) => {
            name_at(doc, &stream.dict, b"Subtype") == b"Form"
                || stream.dict.has(b"PatternType")
                || stream.dict.has(b"BBox") && stream.dict.has(b"Resources")
        }
        _ => false,
    };
    doc.objects.iter().filter(|(_, object)| draws(object)).map(|(id, _)| *id).collect()
}

/// The resources of a form's document, for forms that bring none: those of the form to be filled in (12.7.3).
pub(super) fn resources_of_form(doc: &Document) -> Option<&Dictionary> {
    dict_at(doc, dict_at(doc, catalog(doc)?, b"AcroForm")?, b"DR")
}
