//! Draws annotations and form fields into the pages (ISO 32000-2, 12.5.5).

use crate::draw::{Matrix, apply, matrix_of, times};
use crate::graph::{array_at, as_dict, catalog_mut, dict_at, dict_mut, name_at, number_at, resolve, value};
use crate::mark::{Drawing, rectangle};
use crate::open::open;
use crate::save::{Manner, save};
use formwork_sdk::{Result, Step, json};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

/// Flags of annotations that are not shown: hidden, and not on screens (table 167).
const UNSEEN: i64 = 1 << 1 | 1 << 5;

/// What becomes of an annotation.
enum Fate {
    /// It is something to press, and stays.
    Stays,
    /// Its appearance is drawn.
    Drawn(ObjectId, Matrix),
    /// It shows nothing.
    Goes,
    /// It would show something, but does not say how.
    Unknown,
}

/// Makes the pages show what they show now, without anything that can be filled in or moved. Links stay.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut pdf = open(step, step.input()?)?;
    pdf.tell(step);
    crate::tell_encryption(step, &pdf);
    let (mut drawn, mut unknown) = (0u64, 0u64);
    for (done, id) in pdf.pages.clone().into_iter().enumerate() {
        step.tick(done as u64, pdf.pages.len() as u64)?;
        let Some(page) = pdf.doc.objects.get(&id).and_then(as_dict) else { continue };
        let (mut kept, mut drawings) = (Vec::new(), Vec::new());
        for annotation in array_at(&pdf.doc, page, b"Annots") {
            match fate(&pdf.doc, annotation) {
                Fate::Stays => kept.push(annotation.clone()),
                Fate::Drawn(form, matrix) => drawings.push((form, matrix)),
                Fate::Goes => {}
                Fate::Unknown => {
                    unknown += 1;
                    kept.push(annotation.clone());
                }
            }
        }
        drawn += drawings.len() as u64;
        for (form, matrix) in &drawings {
            make_form(&mut pdf.doc, *form);
            Drawing { form: *form, matrix: *matrix, state: None, below: false }.put(step, &mut pdf.doc, id);
        }
        if let Some(page) = dict_mut(&mut pdf.doc, id) {
            page.set("Annots", kept);
        }
    }
    if let Some(catalog) = catalog_mut(&mut pdf.doc) {
        catalog.remove(b"AcroForm");
    }
    if unknown > 0 {
        step.warn(format!(
            "{unknown} annotations or fields do not say what they look like: they stay as they are"
        ));
    }
    save(step, pdf.doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": pdf.pages.len(), "drawn": drawn }));
    Ok(())
}

fn fate(doc: &Document, annotation: &Object) -> Fate {
    let Some(dict) = as_dict(resolve(doc, annotation)) else { return Fate::Goes };
    let subtype = name_at(doc, dict, b"Subtype");
    if subtype == b"Link" {
        return Fate::Stays;
    }
    let flags = number_at(doc, dict, b"F").unwrap_or(0.0) as i64;
    if subtype == b"Popup" || flags & UNSEEN != 0 {
        return Fate::Goes;
    }
    let Some((form, stream)) = appearance(doc, dict) else {
        let is_button = name_at(doc, dict, b"FT") == b"Btn";
        return if is_button { Fate::Goes } else { Fate::Unknown };
    };
    placed(doc, dict, stream).map_or(Fate::Goes, |matrix| Fate::Drawn(form, matrix))
}

/// The normal appearance in the state the annotation is in.
fn appearance<'d>(doc: &'d Document, dict: &'d Dictionary) -> Option<(ObjectId, &'d Stream)> {
    let mut normal = dict_at(doc, dict, b"AP")?.get(b"N").ok()?;
    if let Object::Dictionary(states) = resolve(doc, normal) {
        normal = states.get(name_at(doc, dict, b"AS")).ok()?;
    }
    let id = normal.as_reference().ok()?;
    match doc.objects.get(&id)? {
        Object::Stream(stream) => Some((id, stream)),
        _ => None,
    }
}

/// The matrix that fits an appearance into its annotation's rectangle (algorithm 8.1).
fn placed(doc: &Document, annotation: &Dictionary, form: &Stream) -> Option<Matrix> {
    let target = rectangle(doc, annotation, b"Rect")?;
    let bounds = rectangle(doc, &form.dict, b"BBox")?;
    let own = matrix_of(doc, &form.dict);
    let corners = [(0, 1), (0, 3), (2, 1), (2, 3)].map(|(x, y)| apply(own, bounds[x], bounds[y]));
    let least = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (left, bottom) = (least(|corner| corner.0), least(|corner| corner.1));
    let (width, height) = (most(|corner| corner.0) - left, most(|corner| corner.1) - bottom);
    let scale = |wanted: f64, is: f64| if is > 1e-6 { wanted / is } else { 1.0 };
    let (across, up) = (scale(target[2] - target[0], width), scale(target[3] - target[1], height));
    Some(times([1.0, 0.0, 0.0, 1.0, -left, -bottom], [across, 0.0, 0.0, up, target[0], target[1]]))
}

/// An appearance may leave out that it is a form.
fn make_form(doc: &mut Document, id: ObjectId) {
    if let Some(dict) = dict_mut(doc, id) {
        dict.set("Type", "XObject");
        dict.set("Subtype", "Form");
    }
    let lacks =
        doc.objects.get(&id).and_then(as_dict).is_some_and(|dict| value(doc, dict, b"Resources").is_null());
    if let Some(dict) = dict_mut(doc, id).filter(|_| lacks) {
        dict.set("Resources", Dictionary::new());
    }
}
