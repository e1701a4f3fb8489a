//! Takes out what PDF/A forbids and a reader of the page does not miss.

use super::{Part, tell};
use crate::compress::repack;
use crate::graph::{
    array_at, as_dict, as_dict_mut, catalog_mut, dict_at, dict_mut, name_at, number_at, resolve, value,
};
use crate::open::Pdf;
use formwork_sdk::{Feature, Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId};

/// Actions that only lead somewhere (ISO 19005-2, 6.5.1).
const ALLOWED_ACTIONS: [&[u8]; 7] = [b"GoTo", b"GoToR", b"GoToE", b"Thread", b"URI", b"Named", b"SubmitForm"];
/// Actions with a name that only turn pages.
const ALLOWED_NAMES: [&[u8]; 4] = [b"NextPage", b"PrevPage", b"FirstPage", b"LastPage"];
/// Annotations that play something, or hold what cannot be judged.
const FORBIDDEN_ANNOTATIONS: [&[u8]; 6] = [b"Sound", b"Movie", b"Screen", b"3D", b"RichMedia", b"TrapNet"];
/// Flags of annotations: invisible, hidden, to be printed, not on screens (table 167).
const HIDING: i64 = 1 | 1 << 1 | 1 << 5 | 1 << 8;
const PRINTED: i64 = 1 << 2;

/// Takes out scripts, actions, attachments, hidden annotations and entries that only printers read.
///
/// # Errors
///
/// `cancelled`, `timeout`.
pub(super) fn clean(step: &Step<'_>, pdf: &mut Pdf, part: Part) -> Result<()> {
    let scripts = clean_catalog(step, pdf, part) + clean_objects(&mut pdf.doc, part);
    tell(step, Feature::Macros, scripts, "scripts and actions were taken out");
    let mut gone = 0;
    for id in pdf.pages.clone() {
        step.tick(0, 0)?;
        gone += clean_annotations(&mut pdf.doc, id, part);
    }
    tell(
        step,
        Feature::Layers,
        gone,
        "annotations that are hidden, or that PDF/A does not have, were taken out",
    );
    // LZW is forbidden; deflate packs better anyway.
    repack(step, &mut pdf.doc)
}

fn clean_catalog(step: &Step<'_>, pdf: &mut Pdf, part: Part) -> usize {
    let doc = &pdf.doc;
    let Some(catalog) = crate::graph::catalog(doc) else { return 0 };
    let mut names = dict_at(doc, catalog, b"Names").cloned().unwrap_or_default();
    let mut scripts = usize::from(names.remove(b"JavaScript").is_some());
    if part < Part::Three && names.remove(b"EmbeddedFiles").is_some() {
        step.lose(Feature::Entries, "attached files were taken out: only PDF/A-3 may hold any");
    }
    let opens = dict_at(doc, catalog, b"OpenAction").is_some_and(|action| !is_allowed(doc, action));
    let mut form = dict_at(doc, catalog, b"AcroForm").cloned();
    if let Some(form) = &mut form {
        form.remove(b"XFA");
        form.remove(b"NeedAppearances");
    }
    let Some(catalog) = catalog_mut(&mut pdf.doc) else { return 0 };
    for key in [b"AA".as_slice(), b"Requirements", b"Perms", b"Extensions", b"Version"] {
        scripts += usize::from(catalog.remove(key).is_some() && key == b"AA");
    }
    if opens {
        catalog.remove(b"OpenAction");
        scripts += 1;
    }
    if part < Part::Three {
        catalog.remove(b"AF");
    }
    if names.is_empty() {
        catalog.remove(b"Names");
    } else {
        catalog.set("Names", names);
    }
    if let Some(form) = form {
        catalog.set("AcroForm", form);
    }
    scripts
}

/// Cleans every object; returns how many actions went.
fn clean_objects(doc: &mut Document, part: Part) -> usize {
    let ids: Vec<ObjectId> = doc.objects.keys().copied().collect();
    let mut actions = 0;
    for id in ids {
        let Some(dict) = doc.objects.get(&id).and_then(as_dict) else { continue };
        let acts =
            dict_at(doc, dict, b"A").is_some_and(|action| action.has(b"S") && !is_allowed(doc, action));
        let has_more = dict.has(b"AA");
        let is_image = name_at(doc, dict, b"Subtype") == b"Image";
        // A soft mask has a transfer function of its own, which may stay.
        let is_state = !dict.has(b"G");
        let has_profile_of_others = part == Part::One && dict.has(b"Metadata") && !dict.has_type(b"Catalog");
        let is_font = name_at(doc, dict, b"Subtype") == b"CIDFontType2" && !dict.has(b"CIDToGIDMap");
        let Some(dict) = doc.objects.get_mut(&id).and_then(as_dict_mut) else { continue };
        if acts {
            dict.remove(b"A");
        }
        dict.remove(b"AA");
        actions += usize::from(acts) + usize::from(has_more);
        if is_image {
            [b"Alternates".as_slice(), b"OPI", b"Interpolate"].iter().for_each(|key| drop(dict.remove(key)));
        }
        if is_state {
            [b"TR".as_slice(), b"TR2", b"HTP"].iter().for_each(|key| drop(dict.remove(key)));
        }
        if has_profile_of_others {
            dict.remove(b"Metadata");
        }
        if is_font {
            dict.set("CIDToGIDMap", "Identity");
        }
        [b"OPI".as_slice(), b"Ref", b"PresSteps"].iter().for_each(|key| drop(dict.remove(key)));
    }
    actions
}

fn is_allowed(doc: &Document, action: &Dictionary) -> bool {
    let kind = name_at(doc, action, b"S");
    let named = kind != b"Named" || ALLOWED_NAMES.contains(&name_at(doc, action, b"N"));
    // What follows an action may be anything.
    kind.is_empty() || ALLOWED_ACTIONS.contains(&kind) && named && value(doc, action, b"Next").is_null()
}

/// Keeps the annotations that are seen, and lets them be printed; returns how many went.
fn clean_annotations(doc: &mut Document, page: ObjectId, part: Part) -> usize {
    let Some(dict) = doc.objects.get(&page).and_then(as_dict) else { return 0 };
    let all = array_at(doc, dict, b"Annots").to_vec();
    let kept: Vec<Object> = all.iter().filter(|annotation| is_kept(doc, annotation, part)).cloned().collect();
    let gone = all.len() - kept.len();
    let mut direct = Vec::new();
    for annotation in &kept {
        match annotation {
            Object::Reference(id) => {
                if let Some(dict) = dict_mut(doc, *id) {
                    print(dict);
                }
                direct.push(annotation.clone());
            }
            other => {
                let mut other = other.clone();
                as_dict_mut(&mut other).into_iter().for_each(print);
                direct.push(other);
            }
        }
    }
    if let Some(dict) = dict_mut(doc, page)
        && !all.is_empty()
    {
        dict.set("Annots", direct);
    }
    gone
}

fn print(annotation: &mut Dictionary) {
    let flags = annotation.get(b"F").and_then(Object::as_i64).unwrap_or(0);
    let popup = annotation.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Popup");
    if !popup {
        annotation.set("F", flags & !HIDING | PRINTED);
    }
}

fn is_kept(doc: &Document, annotation: &Object, part: Part) -> bool {
    let Some(dict) = as_dict(resolve(doc, annotation)) else { return false };
    let subtype = name_at(doc, dict, b"Subtype");
    let flags = number_at(doc, dict, b"F").unwrap_or(0.0) as i64;
    let attached = subtype == b"FileAttachment" && part < Part::Three;
    flags & HIDING == 0 && !attached && !FORBIDDEN_ANNOTATIONS.contains(&subtype)
}
