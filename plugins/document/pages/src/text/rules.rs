//! Lines that are drawn on a page, straight across or down: what tables are ruled with.

use super::area::{Area, Place};
use crate::document::Page;
use formwork_sdk::{Result, Step};
use pdfium_render::prelude::{FPDF_PAGEOBJECT, FS_MATRIX};
use std::ffi::{c_int, c_ulong};

/// Objects, lines, and boxes of a page that are looked at.
const MOST_OBJECTS: usize = 200_000;
const MOST_RULES: usize = 20_000;
const MOST_BOXES: usize = 2_000;
/// Forms within forms.
const DEEPEST: usize = 6;
/// Segments of a path that may be a table's lines: a drawing has more.
const MOST_SEGMENTS: c_int = 2_000;
/// How thick a line may be, and how long it must be, in points.
const THICK: f32 = 3.0;
const LONG: f32 = 6.0;
/// Kinds of objects and of segments (fpdf_edit.h).
const PATH: c_int = 2;
const FORM: c_int = 5;
const LINE_TO: c_int = 0;
const BEZIER_TO: c_int = 1;

/// A line across or down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Its y when it runs across, its x when it runs down.
    pub(crate) at: f32,
    pub(crate) start: f32,
    pub(crate) end: f32,
}

/// The lines of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) across: Vec<Rule>,
    pub(crate) down: Vec<Rule>,
    /// Boxes that are filled, but have no line around them.
    pub(crate) boxes: Vec<Area>,
}

/// Finds the lines of a page.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, page: &Page<'_, '_>) -> Result<Rules> {
    let mut search = Search { step, page, place: page.place(), rules: Rules::default(), objects: 0 };
    // SAFETY: the page is open.
    let count = unsafe { page.document.pdfium.FPDFPage_CountObjects(page.handle) };
    for index in 0..count {
        // SAFETY: the index is below the count.
        let object = unsafe { page.document.pdfium.FPDFPage_GetObject(page.handle, index) };
        if !search.look(object, &[], 0)? {
            break;
        }
    }
    Ok(search.rules)
}

struct Search<'p> {
    step: &'p Step<'p>,
    page: &'p Page<'p, 'p>,
    place: Place,
    rules: Rules,
    objects: usize,
}

impl Search<'_> {
    /// Looks at an object within forms with these matrices, the innermost last. False when enough was seen.
    fn look(&mut self, object: FPDF_PAGEOBJECT, outer: &[FS_MATRIX], depth: usize) -> Result<bool> {
        self.objects += 1;
        if self.objects.is_multiple_of(1_024) {
            self.step.tick(0, 0)?;
        }
        if self.objects > MOST_OBJECTS || self.rules.across.len() + self.rules.down.len() > MOST_RULES {
            return Ok(false);
        }
        if object.is_null() {
            return Ok(true);
        }
        let pdfium = &self.page.document.pdfium;
        // SAFETY: an object of an open page.
        match unsafe { pdfium.FPDFPageObj_GetType(object) } {
            PATH => self.path(object, outer),
            FORM if depth < DEEPEST => return self.form(object, outer, depth),
            _ => {}
        }
        Ok(true)
    }

    fn form(&mut self, form: FPDF_PAGEOBJECT, outer: &[FS_MATRIX], depth: usize) -> Result<bool> {
        let pdfium = &self.page.document.pdfium;
        let matrices: Vec<FS_MATRIX> = outer.iter().copied().chain([self.matrix(form)]).collect();
        // SAFETY: a form of an open page.
        let count = unsafe { pdfium.FPDFFormObj_CountObjects(form) };
        for index in 0..c_ulong::try_from(count).unwrap_or(0) {
            // SAFETY: the index is below the count.
            let object = unsafe { self.page.document.pdfium.FPDFFormObj_GetObject(form, index) };
            if !self.look(object, &matrices, depth + 1)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn matrix(&self, object: FPDF_PAGEOBJECT) -> FS_MATRIX {
        let mut matrix = FS_MATRIX { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };
        // SAFETY: an object of an open page, and the matrix lives for the call.
        unsafe { self.page.document.pdfium.FPDFPageObj_GetMatrix(object, &mut matrix) };
        matrix
    }

    fn path(&mut self, path: FPDF_PAGEOBJECT, outer: &[FS_MATRIX]) {
        let pdfium = &self.page.document.pdfium;
        let (mut fill, mut stroke) = (0, 0);
        // SAFETY: a path of an open page, and both numbers live for the call.
        let count = unsafe {
            pdfium.FPDFPath_GetDrawMode(path, &mut fill, &mut stroke);
            pdfium.FPDFPath_CountSegments(path)
        };
        if !(2..=MOST_SEGMENTS).contains(&count) || (fill == 0 && stroke == 0) {
            return;
        }
        let mut matrices = vec![self.matrix(path)];
        matrices.extend(outer.iter().rev());
        let parts = self.parts(path, count, &matrices);
        for part in parts {
            self.add(&part, stroke != 0);
        }
    }

    /// The path's parts, each drawn without lifting the pen; those with curves are left out.
    fn parts(&self, path: FPDF_PAGEOBJECT, count: c_int, matrices: &[FS_MATRIX]) -> Vec<Vec<(f32, f32)>> {
        let pdfium = &self.page.document.pdfium;
        let mut parts: Vec<Vec<(f32, f32)>> = Vec::new();
        let mut curved = false;
        for index in 0..count {
            let (mut x, mut y) = (0.0, 0.0);
            // SAFETY: the index is below the count, and the numbers live for the calls.
            let (kind, closes) = unsafe {
                let segment = pdfium.FPDFPath_GetPathSegment(path, index);
                pdfium.FPDFPathSegment_GetPoint(segment, &mut x, &mut y);
                (pdfium.FPDFPathSegment_GetType(segment), pdfium.FPDFPathSegment_GetClose(segment) != 0)
            };
            let (x, y) =
                matrices.iter().fold((x, y), |(x, y), m| (m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f));
            let point = self.place.point(x, y);
            if kind != LINE_TO && kind != BEZIER_TO {
                parts.push(Vec::new());
                curved = false;
            }
            curved |= kind == BEZIER_TO;
            let Some(part) = parts.last_mut() else { continue };
            part.push(point);
            let first = part.first().copied();
            part.extend(first.filter(|_| closes));
            if curved {
                part.clear();
            }
        }
        parts
    }

    /// Takes the lines of a part: a thin box is one, the sides of a box and of a stroke are. A box that is only filled
    /// is kept as it is.
    fn add(&mut self, part: &[(f32, f32)], stroked: bool) {
        let Some(area) =
            Area::around(part.iter().map(|(x, y)| Area { left: *x, top: *y, right: *x, bottom: *y }))
        else {
            return;
        };
        if area.width() <= THICK || area.height() <= THICK {
            self.side((area.left, area.middle().1), (area.right, area.middle().1), area.height());
            self.side((area.middle().0, area.top), (area.middle().0, area.bottom), area.width());
        } else if stroked {
            for two in part.windows(2) {
                if let [from, to] = two {
                    self.side(*from, *to, 0.0);
                }
            }
        } else if is_box(part, &area) && self.rules.boxes.len() < MOST_BOXES {
            self.rules.boxes.push(area);
        }
    }

    fn side(&mut self, (x0, y0): (f32, f32), (x1, y1): (f32, f32), thick: f32) {
        if thick > THICK {
            return;
        }
        if (y0 - y1).abs() < 0.5 && (x0 - x1).abs() >= LONG {
            self.rules.across.push(Rule { at: (y0 + y1) / 2.0, start: x0.min(x1), end: x0.max(x1) });
        } else if (x0 - x1).abs() < 0.5 && (y0 - y1).abs() >= LONG {
            self.rules.down.push(Rule { at: (x0 + x1) / 2.0, start: y0.min(y1), end: y0.max(y1) });
        }
    }
}

/// Whether a part is the box around it: four corners, and perhaps the first one again, once or twice.
fn is_box(part: &[(f32, f32)], area: &Area) -> bool {
    let near = |a: f32, b: f32| (a - b).abs() < 0.5;
    let is_corner = |(x, y): &(f32, f32)| {
        (near(*x, area.left) || near(*x, area.right)) && (near(*y, area.top) || near(*y, area.bottom))
    };
    (4..=6).contains(&part.len())
        && area.width() >= LONG
        && area.height() >= LONG
        && part.iter().all(is_corner)
}
