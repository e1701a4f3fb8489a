//! The letters of a page with their places.

use super::area::{Area, Place};
use crate::document::{Page, text_of};
use formwork_sdk::{Result, Step};
use pdfium_render::prelude::{FPDF_PAGEOBJECT, FPDF_TEXTPAGE, FS_MATRIX, FS_RECTF};
use std::collections::{HashMap, HashSet};
use std::ffi::c_int;

/// Letters between two looks at the clock.
const BLOCK: c_int = 4_096;
/// Bits of a font's flags (ISO 32000-2, table 121).
const FIXED_PITCH: c_int = 1;
const ITALIC: c_int = 1 << 6;
const FORCE_BOLD: c_int = 1 << 18;
/// Weight from which a font is bold.
const BOLD: c_int = 600;
/// The mark PDFium puts in place of a hyphen at a line's end.
const HYPHEN_MARK: u32 = 2;
/// Least and greatest size of letters that are looked at, in points.
const SIZES: std::ops::Range<f32> = 0.5..2_000.0;
/// Halves of letters in UTF-16 (Unicode 3.9, D71 to D73).
const FIRST_HALVES: std::ops::Range<u32> = 0xD800..0xDC00;
const SECOND_HALVES: std::ops::Range<u32> = 0xDC00..0xE000;
/// Letters of a stamp or a page number.
const STAMP: usize = 40;
/// Most of a right angle by which text may lean and still count as upright.
const LEANING: f32 = 0.12;

/// What letters look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    pub(crate) italic: bool,
    pub(crate) fixed: bool,
}

/// One letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub(crate) letter: char,
    pub(crate) area: Area,
    /// Where its line stands.
    pub(crate) base: f32,
    pub(crate) size: f32,
    pub(crate) style: Style,
    /// What it was drawn by.
    pub(crate) object: ObjectKey,
    /// Quarter turns clockwise; [`LEANS`] for anything in between.
    direction: u8,
}

impl Glyph {
    /// Quarter turns clockwise; [`LEANS`] for anything in between.
    pub(crate) fn direction(&self) -> u8 {
        self.direction
    }
}

/// An object of a page that is told apart from others, not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey(pub(crate) FPDF_PAGEOBJECT);

/// The direction of what stands neither upright nor at a right angle to that.
pub(crate) const LEANS: u8 = 4;

/// The letters of a page in the order they were drawn.
pub(crate) struct Glyphs {
    all: Vec<Glyph>,
    size: (f32, f32),
    /// What has letters that cannot be said.
    pub(crate) unread: HashSet<ObjectKey>,
}

/// Letters of one direction, turned upright.
pub(crate) struct Turned {
    pub(crate) glyphs: Vec<Glyph>,
    /// Quarter turns clockwise that they had; [`LEANS`] for anything in between.
    pub(crate) direction: u8,
}

impl Turned {
    pub(crate) fn is_upright(&self) -> bool {
        self.direction == 0
    }
}

/// Reads all letters of a page.
///
/// # Errors
///
/// `limit_exceeded` (`memory`); `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, page: &Page<'_, '_>) -> Result<Glyphs> {
    let place = page.place();
    let mut glyphs = Glyphs { all: Vec::new(), size: place.size(), unread: HashSet::new() };
    let Some(text) = TextPage::open(page) else { return Ok(glyphs) };
    let count = text.count();
    let bytes = count.max(0) as u64 * size_of::<Glyph>() as u64;
    step.within("memory", bytes, step.limits().memory)?;
    let mut styles = HashMap::new();
    for index in 0..count {
        if index % BLOCK == 0 {
            step.tick(0, 0)?;
        }
        match text.glyph(index, &place, &mut styles) {
            Letter::Read(glyph) => glyphs.all.push(glyph),
            Letter::Unread(object) => drop(glyphs.unread.insert(object)),
            Letter::None => {}
        }
    }
    Ok(glyphs)
}

/// Whether some letters of a page are control characters: codes of a font that says nowhere what they mean.
pub(crate) fn has_codes(page: &Page<'_, '_>) -> bool {
    let Some(text) = TextPage::open(page) else { return false };
    let mut codes = (0..text.count()).map(|index| {
        // SAFETY: the text is open, and the index below its count.
        unsafe { page.document.pdfium.FPDFText_GetUnicode(text.handle, index) }
    });
    codes.any(|code| code < 0x20 && !matches!(code, HYPHEN_MARK | 0x09..=0x0d))
}

impl Glyphs {
    /// Whether there are more letters than on a stamp.
    pub(crate) fn has_text(&self) -> bool {
        self.all.len() > STAMP
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Glyph> {
        self.all.iter()
    }

    /// Adds letters from another reading of the page where there was none.
    pub(crate) fn add_new(&mut self, other: Glyphs) {
        let mut known: HashMap<(i32, i32), Vec<Area>> = HashMap::new();
        for area in self.all.iter().map(|glyph| glyph.area) {
            for cell in cells(&area) {
                known.entry(cell).or_default().push(area);
            }
        }
        let is_new = |glyph: &Glyph| {
            let middle = glyph.area.middle();
            known.get(&cell(middle)).is_none_or(|areas| !areas.iter().any(|area| area.holds(middle)))
        };
        self.all.extend(other.all.into_iter().filter(is_new));
    }

    /// The letters by direction: what stands upright first, then each other direction.
    pub(crate) fn by_direction(&self) -> Vec<Turned> {
        let turn = |direction: u8| {
            let own = self.all.iter().filter(|glyph| glyph.direction == direction);
            let glyphs = own.map(|glyph| turned(*glyph, self.size)).collect();
            Turned { glyphs, direction }
        };
        (0..=LEANS).map(turn).filter(|turned| !turned.glyphs.is_empty()).collect()
    }
}

/// The side of the squares that letters are looked up in, in points, and how many of them one letter may cover.
const SQUARE: f32 = 8.0;
const MOST_SQUARES: i32 = 40;

fn cell((x, y): (f32, f32)) -> (i32, i32) {
    ((x / SQUARE) as i32, (y / SQUARE) as i32)
}

/// The squares that an area covers.
fn cells(area: &Area) -> impl Iterator<Item = (i32, i32)> {
    let ((left, top), (right, bottom)) = (cell((area.left, area.top)), cell((area.right, area.bottom)));
    let across = left..=right.min(left.saturating_add(MOST_SQUARES));
    across.flat_map(move |x| (top..=bottom.min(top.saturating_add(MOST_SQUARES))).map(move |y| (x, y)))
}

/// Turns a letter upright, and the page with it.
fn turned(glyph: Glyph, (width, height): (f32, f32)) -> Glyph {
    let Area { left, top, right, bottom } = glyph.area;
    let (area, base) = match glyph.direction {
        // It runs down: the page's right side becomes its top.
        1 => {
            (Area { left: top, top: width - right, right: bottom, bottom: width - left }, width - glyph.base)
        }
        2 => {
            let area =
                Area { left: width - right, top: height - bottom, right: width - left, bottom: height - top };
            (area, height - glyph.base)
        }
        // It runs up: the left side becomes its top.
        3 => (Area { left: height - bottom, top: left, right: height - top, bottom: right }, glyph.base),
        _ => (glyph.area, glyph.base),
    };
    Glyph { area, base, ..glyph }
}

/// What one place in the text of a page holds.
enum Letter {
    Read(Glyph),
    /// A letter that has no meaning outside of its font.
    Unread(ObjectKey),
    None,
}

/// The letters of a page, as the library reads them.
struct TextPage<'p> {
    page: &'p Page<'p, 'p>,
    handle: FPDF_TEXTPAGE,
}

impl<'p> TextPage<'p> {
    fn open(page: &'p Page<'_, '_>) -> Option<TextPage<'p>> {
        // SAFETY: the page is open.
        let handle = unsafe { page.document.pdfium.FPDFText_LoadPage(page.handle) };
        (!handle.is_null()).then_some(TextPage { page, handle })
    }

    fn count(&self) -> c_int {
        // SAFETY: the text is open.
        unsafe { self.page.document.pdfium.FPDFText_CountChars(self.handle) }
    }

    /// The code of a letter, of which the library gives two halves in UTF-16 where it is beyond the first 65,536: both at the
    /// first of them.
    fn code(&self, index: c_int) -> u32 {
        // SAFETY: the text is open; an index at its end gives 0.
        let at = |index| unsafe { self.page.document.pdfium.FPDFText_GetUnicode(self.handle, index) };
        let code = at(index);
        let halves = || [u16::try_from(code).ok(), u16::try_from(at(index + 1)).ok()].into_iter().flatten();
        let whole =
            || char::decode_utf16(halves()).next().and_then(|whole| whole.ok()).map_or(code, u32::from);
        if FIRST_HALVES.contains(&code) { whole() } else { code }
    }

    /// One letter; none for what the library made up, what is off the page, and what has no size.
    fn glyph(&self, index: c_int, place: &Place, styles: &mut HashMap<ObjectKey, Style>) -> Letter {
        let (pdfium, text) = (&self.page.document.pdfium, self.handle);
        let mut area = FS_RECTF { left: 0.0, top: 0.0, right: 0.0, bottom: 0.0 };
        let mut matrix = FS_MATRIX { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };
        let (mut x, mut y) = (0.0, 0.0);
        // SAFETY: the text is open, the index below its count, and all places live for the calls.
        let (code, size, object) = unsafe {
            if pdfium.FPDFText_IsGenerated(text, index) == 1 {
                return Letter::None;
            }
            let code = self.code(index);
            let told = pdfium.FPDFText_GetLooseCharBox(text, index, &mut area) != 0
                && pdfium.FPDFText_GetCharOrigin(text, index, &mut x, &mut y) != 0;
            if !told {
                return Letter::None;
            }
            pdfium.FPDFText_GetMatrix(text, index, &mut matrix);
            (
                code,
                pdfium.FPDFText_GetFontSize(text, index) as f32,
                ObjectKey(pdfium.FPDFText_GetTextObject(text, index)),
            )
        };
        if SECOND_HALVES.contains(&code) {
            return Letter::None;
        }
        let Some(letter) = letter(code) else { return Letter::Unread(object) };
        // A size below nothing turns letters upside down.
        let (dx, dy) = place.direction(matrix.a * size.signum(), matrix.b * size.signum());
        let direction = direction(dx, dy);
        let area = place.area(area.left, area.bottom, area.right, area.top);
        let size = size.abs() * matrix.c.hypot(matrix.d);
        let (x, y) = place.point(x as f32, y as f32);
        let (width, height) = place.size();
        let is_on_page = area.right >= 0.0 && area.left <= width && area.bottom >= 0.0 && area.top <= height;
        if !is_on_page || !SIZES.contains(&size) || !area.width().is_finite() {
            return Letter::None;
        }
        let base = if direction % 2 == 1 { x } else { y };
        let style = *styles.entry(object).or_insert_with(|| self.style(index));
        Letter::Read(Glyph { letter, area, base, size, style, object, direction })
    }

    fn style(&self, index: c_int) -> Style {
        let pdfium = &self.page.document.pdfium;
        let mut flags = 0;
        let name = text_of(|buffer, length| {
            // SAFETY: the text is open, and no more than the buffer's length is written.
            unsafe { pdfium.FPDFText_GetFontInfo(self.handle, index, buffer, length, &mut flags) }
        });
        let name = name.unwrap_or_default().to_ascii_lowercase();
        // SAFETY: as above.
        let weight = unsafe { pdfium.FPDFText_GetFontWeight(self.handle, index) };
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        Style {
            bold: weight >= BOLD || flags & FORCE_BOLD != 0 || says(&["bold", "black", "heavy", "cmbx"]),
            italic: flags & ITALIC != 0 || says(&["italic", "oblique", "cmti", "cmsl"]),
            fixed: flags & FIXED_PITCH != 0 || says(&["mono", "courier", "cmtt"]),
        }
    }
}

impl Drop for TextPage<'_> {
    fn drop(&mut self) {
        // SAFETY: the text is open and not used after this; its page is still open.
        unsafe { self.page.document.pdfium.FPDFText_ClosePage(self.handle) };
    }
}

/// The letter of a code; `None` for what is no letter.
fn letter(code: u32) -> Option<char> {
    match code {
        HYPHEN_MARK => Some('-'),
        0x00A0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Some(' '),
        // Marks without a width, and what a font without a mapping gives.
        0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x2064 | 0xFEFF | 0xFFFD..=0xFFFF => None,
        _ => char::from_u32(code).filter(|letter| !letter.is_control() || letter.is_whitespace()),
    }
}

/// Quarter turns of a line of text, or 4.
fn direction(x: f32, y: f32) -> u8 {
    let turns = y.atan2(x) / std::f32::consts::FRAC_PI_2;
    let nearest = turns.round();
    if (turns - nearest).abs() > LEANING { LEANS } else { (nearest as i8).rem_euclid(4) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions() {
        assert_eq!(
            [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)].map(|(x, y)| direction(x, y)),
            [0, 1, 2, 3]
        );
        assert_eq!(direction(1.0, 1.0), 4);
        assert_eq!(direction(1.0, 0.05), 0);
    }
}
