//! What pages show: their content, and the objects it draws.

use crate::content::Operations;
use crate::graph::{array_at, as_dict, dict_at, resolve, value};
use formwork_sdk::{Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::{HashMap, HashSet};

/// Forms within forms.
const DEEPEST: usize = 12;
/// Objects drawn on one page that are followed.
const MOST_DRAWN: usize = 20_000;

/// A matrix as PDF writes it: a b c d e f.
pub(crate) type Matrix = [f64; 6];

pub(crate) const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// The matrix that does first `one`, then `other`.
pub(crate) fn times(one: Matrix, other: Matrix) -> Matrix {
    let [a, b, c, d, e, f] = one;
    let [g, h, i, j, k, l] = other;
    [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l]
}

/// Where a matrix puts a point.
pub(crate) fn apply(matrix: Matrix, x: f64, y: f64) -> (f64, f64) {
    let [a, b, c, d, e, f] = matrix;
    (a * x + c * y + e, b * x + d * y + f)
}

/// Unpacks a stream, within the limit for memory.
pub(crate) fn unpacked(step: &Step<'_>, stream: &Stream) -> Option<Vec<u8>> {
    let limit = usize::try_from(step.limits().memory / 4).unwrap_or(usize::MAX);
    stream.get_plain_content_with_limit(limit).ok()
}

/// The content of a page: its streams joined by a line's end.
pub(crate) fn page_content(step: &Step<'_>, doc: &Document, page: &Dictionary) -> Vec<u8> {
    let mut content = Vec::new();
    let one = std::slice::from_ref(value(doc, page, b"Contents"));
    let parts = match one {
        [Object::Array(parts)] => parts.as_slice(),
        one => one,
    };
    for part in parts {
        if let Object::Stream(stream) = resolve(doc, part)
            && content.len() as u64 <= step.limits().memory / 4
        {
            content.extend(unpacked(step, stream).unwrap_or_default());
            content.push(b'\n');
        }
    }
    content
}

/// The size in points at which each image of a document is drawn: the largest, where it is drawn several times.
pub(crate) fn drawn_sizes(
    step: &Step<'_>,
    doc: &Document,
    pages: &[ObjectId],
) -> Result<HashMap<ObjectId, (f64, f64)>> {
    let mut eye = Eye { step, doc, sizes: HashMap::new(), left: 0, within: HashSet::new() };
    for (place, id) in pages.iter().enumerate() {
        step.tick(place as u64, 4 * pages.len() as u64)?;
        let Some(page) = doc.objects.get(id).and_then(as_dict) else { continue };
        eye.left = MOST_DRAWN;
        let content = page_content(step, doc, page);
        if let Some(resources) = dict_at(doc, page, b"Resources") {
            eye.look(&content, resources, IDENTITY, 0);
        }
        for annotation in array_at(doc, page, b"Annots") {
            eye.appearance(annotation);
        }
    }
    Ok(eye.sizes)
}

struct Eye<'e> {
    step: &'e Step<'e>,
    doc: &'e Document,
    sizes: HashMap<ObjectId, (f64, f64)>,
    left: usize,
    /// The forms that are being looked into: one that draws itself would never end.
    within: HashSet<ObjectId>,
}

impl<'e> Eye<'e> {
    fn look(&mut self, content: &[u8], resources: &'e Dictionary, base: Matrix, depth: usize) {
        let drawable = dict_at(self.doc, resources, b"XObject");
        let mut saved = Vec::new();
        let mut matrix = base;
        for operation in Operations::new(content) {
            match operation.operator {
                b"q" if saved.len() < 1_000 => saved.push(matrix),
                b"Q" => matrix = saved.pop().unwrap_or(matrix),
                b"cm" => {
                    if let Some(change) = operation.numbers() {
                        matrix = times(change, matrix);
                    }
                }
                b"Do" => {
                    let object = operation.name().and_then(|name| drawable?.get(name).ok());
                    if let Some(id) = object.and_then(|object| object.as_reference().ok()) {
                        self.draw(id, resources, matrix, depth);
                    }
                }
                _ => {}
            }
        }
    }

    fn draw(&mut self, id: ObjectId, above: &'e Dictionary, matrix: Matrix, depth: usize) {
        let Some(Object::Stream(stream)) = self.doc.objects.get(&id) else { return };
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let subtype = value(self.doc, &stream.dict, b"Subtype").as_name().unwrap_or(b"");
        if subtype == b"Image" {
            let [a, b, c, d, ..] = matrix;
            let (width, height) = (a.hypot(b), c.hypot(d));
            let known = self.sizes.entry(id).or_insert((0.0, 0.0));
            *known = (known.0.max(width), known.1.max(height));
        } else if subtype == b"Form" && depth < DEEPEST && self.within.insert(id) {
            if let Some(content) = unpacked(self.step, stream) {
                let own = matrix_of(self.doc, &stream.dict);
                let resources = dict_at(self.doc, &stream.dict, b"Resources").unwrap_or(above);
                self.look(&content, resources, times(own, matrix), depth + 1);
            }
            self.within.remove(&id);
        }
    }

    /// Images in the appearance of an annotation; its own scale is left out, which can only make them look larger.
    fn appearance(&mut self, annotation: &'e Object) {
        let dict = as_dict(resolve(self.doc, annotation));
        let normal =
            dict.and_then(|dict| dict_at(self.doc, dict, b"AP")).and_then(|looks| looks.get(b"N").ok());
        if let Some(Object::Reference(id)) = normal
            && let Some(Object::Stream(stream)) = self.doc.objects.get(id)
        {
            self.draw(*id, &stream.dict, IDENTITY, 0);
        }
    }
}

/// The matrix of a form.
pub(crate) fn matrix_of(doc: &Document, form: &Dictionary) -> Matrix {
    let numbers: Vec<f64> = array_at(doc, form, b"Matrix")
        .iter()
        .filter_map(|item| crate::graph::number(resolve(doc, item)))
        .collect();
    numbers.try_into().unwrap_or(IDENTITY)
}
