//! A page in layers: text that can be edited, pictures that can be moved, and behind both what is left of the page.

use super::family::Family;
use crate::document::{Page, text_of};
use crate::text::{Area, Glyph, Glyphs, LEANS, ObjectKey, Picture, pictures};
use formwork_sdk::{Result, Step};
use pdfium_render::prelude::{FPDF_PAGEOBJECT, PdfiumLibraryBindings};
use std::collections::HashMap;
use std::ffi::{c_int, c_uint};

/// Kinds of objects (fpdf_edit.h).
const TEXT: c_int = 1;
const IMAGE: c_int = 3;
const FORM: c_int = 5;
/// Objects of a page that are looked at, and forms within forms.
const MOST: usize = 200_000;
const DEEPEST: usize = 8;
/// Pictures of a page that can be moved, and the least side of one in points.
const MOST_PICTURES: usize = 50;
const LEAST: f32 = 16.0;
/// Part of a page from which a picture is its background.
const WHOLE: f32 = 0.8;
/// Ways to draw text (ISO 32000-2, table 104).
const FILLED: &[c_int] = &[0, 2, 4, 6];
const OUTLINED: &[c_int] = &[1, 5];
/// A font with serifs, in its flags (ISO 32000-2, table 121).
const SERIF: c_int = 2;

/// What the letters of one object look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Face {
    pub(super) family: Family,
    pub(super) colour: [u8; 3],
    /// 0 for text that is there to be found, not seen: what is seen is part of the picture behind it.
    pub(super) alpha: u8,
}

/// The faces of a page's text, by what draws it.
pub(super) type Faces = HashMap<ObjectKey, Face>;

/// The objects of a page.
pub(super) struct Layers<'p> {
    page: &'p Page<'p, 'p>,
    /// Those on the page itself with their areas, in the order they are drawn.
    top: Vec<(FPDF_PAGEOBJECT, c_int, Option<Area>)>,
    /// The place in `top` of each that draws text.
    texts: HashMap<ObjectKey, usize>,
}

impl<'p> Layers<'p> {
    /// Looks at the objects of a page.
    pub(super) fn of(page: &'p Page<'_, '_>) -> Layers<'p> {
        let pdfium = &page.document.pdfium;
        let mut layers = Layers { page, top: Vec::new(), texts: HashMap::new() };
        let mut left = MOST;
        // SAFETY: the page is open.
        let count = unsafe { pdfium.FPDFPage_CountObjects(page.handle) };
        for index in 0..count {
            // SAFETY: the index is below the count.
            let object = unsafe { pdfium.FPDFPage_GetObject(page.handle, index) };
            if object.is_null() || left == 0 {
                continue;
            }
            let kind = layers.note(object, layers.top.len(), 0, &mut left);
            let area = pictures::bounds(page, object);
            layers.top.push((object, kind, area));
        }
        layers
    }

    /// Notes the text in an object; returns its kind.
    fn note(&mut self, object: FPDF_PAGEOBJECT, place: usize, depth: usize, left: &mut usize) -> c_int {
        let pdfium = &self.page.document.pdfium;
        *left = left.saturating_sub(1);
        // SAFETY: an object of an open page.
        let kind = unsafe { pdfium.FPDFPageObj_GetType(object) };
        if kind == TEXT {
            self.texts.insert(ObjectKey(object), place);
        }
        if kind == FORM && depth < DEEPEST {
            // SAFETY: as above.
            let count = unsafe { pdfium.FPDFFormObj_CountObjects(object) };
            for index in 0..count.max(0) {
                // SAFETY: the index is below the count.
                let inner = unsafe { pdfium.FPDFFormObj_GetObject(object, index as _) };
                if !inner.is_null() && *left > 0 {
                    self.note(inner, place, depth + 1, left);
                }
            }
        }
        kind
    }

    /// Takes the text off the page, as far as it can be written again, and says what it looks like.
    pub(super) fn take_text(&self, glyphs: &Glyphs) -> Faces {
        let mut areas: HashMap<ObjectKey, Area> = HashMap::new();
        let mut stays = glyphs.unread.clone();
        for glyph in glyphs.iter() {
            areas.entry(glyph.object).and_modify(|area| *area = area.with(&glyph.area)).or_insert(glyph.area);
            if is_symbol(glyph) {
                stays.insert(glyph.object);
            }
        }
        let mut faces = Faces::new();
        for (key, area) in areas {
            let mut face = self.face(key);
            let stays = stays.contains(&key) || self.is_concealed(key, &area);
            // What is not a visible object of this page, or would not be the same, stays where it is.
            if stays || face.alpha == 0 || !self.switch(key.0, false) {
                face.alpha = 0;
            }
            faces.insert(key, face);
        }
        faces
    }

    /// Whether a picture is drawn over a text.
    fn is_concealed(&self, key: ObjectKey, area: &Area) -> bool {
        let Some(place) = self.texts.get(&key) else { return true };
        self.top
            .iter()
            .skip(place + 1)
            .any(|(_, kind, over)| *kind == IMAGE && over.is_some_and(|over| over.meets(area)))
    }

    /// Shows an object or leaves it out of what is drawn.
    fn switch(&self, object: FPDF_PAGEOBJECT, is_shown: bool) -> bool {
        // SAFETY: an object of an open page.
        unsafe { self.page.document.pdfium.FPDFPageObj_SetIsActive(object, c_int::from(is_shown)) != 0 }
    }

    fn face(&self, key: ObjectKey) -> Face {
        let pdfium = &self.page.document.pdfium;
        let mut face = Face { family: Family::Sans, colour: [0; 3], alpha: 0 };
        if !self.texts.contains_key(&key) {
            return face;
        }
        // SAFETY: a text object of an open page; its font lives as long.
        let (way, flags, is_fixed, name) = unsafe {
            let font = pdfium.FPDFTextObj_GetFont(key.0);
            let name = text_of(|buffer, length| {
                pdfium.FPDFFont_GetBaseFontName(font, buffer.cast(), length as _) as _
            });
            let flags = pdfium.FPDFFont_GetFlags(font).max(0);
            (pdfium.FPDFTextObj_GetTextRenderMode(key.0) as c_int, flags, flags & 1 != 0, name)
        };
        face.family = Family::of(&name.unwrap_or_default(), is_fixed, flags & SERIF != 0);
        let colour = match way {
            way if FILLED.contains(&way) => self.colour(key.0, |pdfium, object, [r, g, b, a]| {
                // SAFETY: as above, and the numbers live for the call.
                unsafe { pdfium.FPDFPageObj_GetFillColor(object, r, g, b, a) }
            }),
            way if OUTLINED.contains(&way) => self.colour(key.0, |pdfium, object, [r, g, b, a]| {
                // SAFETY: as above.
                unsafe { pdfium.FPDFPageObj_GetStrokeColor(object, r, g, b, a) }
            }),
            _ => None,
        };
        if let Some([red, green, blue, alpha]) = colour {
            face.colour = [red, green, blue];
            face.alpha = alpha;
        }
        face
    }

    /// A colour of an object; none for a pattern.
    fn colour(
        &self,
        object: FPDF_PAGEOBJECT,
        ask: impl Fn(&dyn PdfiumLibraryBindings, FPDF_PAGEOBJECT, [&mut c_uint; 4]) -> c_int,
    ) -> Option<[u8; 4]> {
        let (mut red, mut green, mut blue, mut alpha) = (0, 0, 0, 0);
        let told = ask(&*self.page.document.pdfium, object, [&mut red, &mut green, &mut blue, &mut alpha]);
        (told != 0).then_some([red, green, blue, alpha].map(|value| u8::try_from(value).unwrap_or(u8::MAX)))
    }

    /// Takes pictures off the page that nothing but text is drawn over; returns them with their areas.
    pub(super) fn take_pictures(&self) -> Vec<(FPDF_PAGEOBJECT, Area)> {
        let mut taken = Vec::new();
        for (place, (object, kind, area)) in self.top.iter().enumerate() {
            let Some(area) = area.filter(|_| *kind == IMAGE && taken.len() < MOST_PICTURES) else { continue };
            let is_free = self.top.iter().skip(place + 1).all(|(_, kind, over)| {
                // What has no area is not known to be elsewhere.
                *kind == TEXT || over.is_some_and(|over| !over.meets(&area))
            });
            if is_free && self.is_simple(*object, &area) && self.switch(*object, false) {
                taken.push((*object, area));
            }
        }
        taken
    }

    /// Whether a picture stands on the page as a whole, and is neither the page's background nor an ornament.
    fn is_simple(&self, object: FPDF_PAGEOBJECT, area: &Area) -> bool {
        let (width, height) = self.page.place().size();
        let is_whole = area.width() * area.height() > width * height * WHOLE;
        let page = Area { left: -1.0, top: -1.0, right: width + 1.0, bottom: height + 1.0 };
        // SAFETY: an object of an open page.
        let is_clear = unsafe { self.page.document.pdfium.FPDFPageObj_HasTransparency(object) } != 0;
        let is_small = area.width() < LEAST || area.height() < LEAST;
        !is_whole
            && !is_small
            && !is_clear
            && page.contains(area)
            && pictures::is_uncut(self.page, object, area)
    }

    /// The files of pictures that were taken off. The page is not to be drawn after this.
    ///
    /// # Errors
    ///
    /// `limit_exceeded`; `cancelled`; `timeout`.
    pub(super) fn files(&self, step: &Step<'_>, taken: &[(FPDF_PAGEOBJECT, Area)]) -> Result<Vec<Picture>> {
        let mut files = Vec::new();
        for (object, area) in taken {
            step.tick(0, 0)?;
            self.switch(*object, true);
            files.extend(pictures::picture(step, self.page, *object, *area)?);
        }
        Ok(files)
    }
}

/// Whether a letter means something in its own font only, or leans.
fn is_symbol(glyph: &Glyph) -> bool {
    glyph.direction() == LEANS || ('\u{E000}'..='\u{F8FF}').contains(&glyph.letter)
}
