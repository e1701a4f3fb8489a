//! What is drawn in place of fonts that are neither embedded nor installed.
//!
//! PDFium has fonts of its own for Helvetica, Times and Courier and all that it takes for them, as Arial, but with western
//! letters only: installed ones have Cyrillic and Greek too. Bold letters without serifs it draws with a font whose
//! strokes grow little: an installed bold one comes nearer. (A font that is bold by its name alone, as `Tahoma,Bold`, is asked for as a usual one, and stays light.)

use pdfium_render::prelude::{FPDF_BOOL, FPDF_SYSFONTINFO, PdfiumLibraryBindings};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

/// Weight from which a font is asked to be bold; 400 is usual, 700 bold.
const BOLD: c_int = 600;
/// Character sets of western letters: ANSI, and the one that is not told (fpdf_sysfontinfo.h).
const WESTERN: [c_int; 2] = [0, 1];
/// The bit of a font's kind that says it has serifs; the library's own font with serifs does get bold.
const SERIFS: c_int = 1 << 4;
/// Families that the library has itself, as it names them, with installed ones of the same widths that have Cyrillic and
/// Greek letters too: upright and slanted, then both in bold.
const OWN: [(&[u8], [&CStr; 4]); 3] = [
    (b"Helvetica", [c"Nimbus Sans", c"Nimbus Sans Italic", c"Nimbus Sans Bold", c"Nimbus Sans Bold Italic"]),
    (b"Times", [c"Nimbus Roman", c"Nimbus Roman Italic", c"Nimbus Roman Bold", c"Nimbus Roman Bold Italic"]),
    (
        b"Courier",
        [c"Nimbus Mono PS", c"Nimbus Mono PS Italic", c"Nimbus Mono PS Bold", c"Nimbus Mono PS Bold Italic"],
    ),
];
/// Bold fonts by their full names, upright and slanted. The wide ones come first: what has no narrower likeness is
/// made for screens.
const BOLD_FONTS: [[&CStr; 2]; 3] = [
    [c"DejaVu Sans Bold", c"DejaVu Sans Bold Oblique"],
    [c"Liberation Sans Bold", c"Liberation Sans Bold Italic"],
    [c"Nimbus Sans Bold", c"Nimbus Sans Bold Italic"],
];

type MapFont = unsafe extern "C" fn(
    *mut FPDF_SYSFONTINFO,
    c_int,
    FPDF_BOOL,
    c_int,
    c_int,
    *const c_char,
    *mut FPDF_BOOL,
) -> *mut c_void;

/// How PDFium finds an installed font by itself.
static USUAL: OnceLock<MapFont> = OnceLock::new();

/// Lets the library look for fonts here when it finds none. Called once, after the library was set up.
pub(crate) fn look_for(calls: &dyn PdfiumLibraryBindings) {
    // SAFETY: the library is set up. What it returns is its own, lives until it is given back at its end, and nobody
    // else has it before it is set.
    unsafe {
        let fonts = calls.FPDF_GetDefaultSystemFontInfo();
        let Some(known) = fonts.as_mut() else { return };
        let Some(usual) = known.MapFont else { return };
        if USUAL.set(usual).is_ok() {
            known.MapFont = Some(mapped);
            calls.FPDF_SetSystemFontInfo(fonts);
        }
    }
}

/// The installed font for what is asked for, by PDFium's own search, else one that is like it.
unsafe extern "C" fn mapped(
    fonts: *mut FPDF_SYSFONTINFO,
    weight: c_int,
    italic: FPDF_BOOL,
    charset: c_int,
    kind: c_int,
    face: *const c_char,
    exact: *mut FPDF_BOOL,
) -> *mut c_void {
    let Some(usual) = USUAL.get() else { return std::ptr::null_mut() };
    // SAFETY: everything is handed on as it came.
    let found = unsafe { usual(fonts, weight, italic, charset, kind, face, exact) };
    if !found.is_null() || face.is_null() || !WESTERN.contains(&charset) {
        return found;
    }
    // SAFETY: a name that ends with NUL.
    let face = unsafe { CStr::from_ptr(face) }.to_bytes();
    let is_slanted = italic != 0;
    let names: Vec<&CStr> = match OWN.iter().find(|(name, _)| face.starts_with(name)) {
        Some((_, names)) => names
            .get(usize::from(weight >= BOLD) * 2 + usize::from(is_slanted))
            .copied()
            .into_iter()
            .collect(),
        None if weight >= BOLD && kind & SERIFS == 0 => {
            BOLD_FONTS.iter().map(|[upright, slanted]| if is_slanted { *slanted } else { *upright }).collect()
        }
        None => return found,
    };
    // SAFETY: the library calls with what it was given.
    let Some(by_name) = (unsafe { fonts.as_ref() }).and_then(|fonts| fonts.GetFont) else { return found };
    names
        .into_iter()
        // SAFETY: the function is the library's own, and the name ends with NUL.
        .map(|name| unsafe { by_name(fonts, name.as_ptr()) })
        .find(|font| !font.is_null())
        .unwrap_or(found)
}
