//! The pictures of a page.

use super::area::{Area, Place};
use crate::document::{Page, text_of};
use crate::encode;
use crate::raster::without_colour;
use formwork_image_pixels::Channels;
use formwork_sdk::{Result, Step};
use pdfium_render::prelude::{FPDF_BITMAP, FPDF_IMAGEOBJ_METADATA, FPDF_PAGEOBJECT, FS_MATRIX};
use png::ColorType;
use std::ffi::{c_int, c_uint};

/// Pictures of a page, and least side of one in points: less is a line or an ornament.
const MOST: usize = 200;
const LEAST: f32 = 16.0;
/// Finest picture that is taken, in pixels for each point: about 200 to the inch.
const FINEST: f32 = 2.8;
/// Segments of a path that is a rectangle.
const MOST_CORNERS: c_int = 6;
/// Kind of an object (fpdf_edit.h).
const IMAGE: c_int = 3;
/// The filter of JPEG (ISO 32000-2, 7.4.8).
const JPEG: &str = "DCTDecode";
/// Layouts of a bitmap (fpdfview.h).
const GREY: c_int = 1;
const THREE_BYTES: c_int = 2;
const FOUR_BYTES: c_int = 4;

/// A picture as a file.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) area: Area,
    pub(crate) file: Vec<u8>,
    pub(crate) is_jpeg: bool,
}

impl Picture {
    /// What its file is.
    pub(crate) fn mime(&self) -> &'static str {
        if self.is_jpeg { "image/jpeg" } else { "image/png" }
    }
}

/// Takes the pictures of a page. The page is not to be drawn after this: their places are lost.
///
/// # Errors
///
/// `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn take(step: &Step<'_>, page: &Page<'_, '_>, has_text: bool) -> Result<Vec<Picture>> {
    let (pdfium, place) = (&page.document.pdfium, page.place());
    let mut pictures: Vec<Picture> = Vec::new();
    // SAFETY: the page is open.
    let count = unsafe { pdfium.FPDFPage_CountObjects(page.handle) };
    for index in 0..count {
        // SAFETY: the index is below the count.
        let object = unsafe { pdfium.FPDFPage_GetObject(page.handle, index) };
        // SAFETY: an object of an open page.
        if object.is_null() || unsafe { pdfium.FPDFPageObj_GetType(object) } != IMAGE {
            continue;
        }
        step.tick(0, 0)?;
        let Some(area) = area_of(page, object, &place) else { continue };
        // Below text, a picture of the whole page is that text's scan, or paper.
        if area.width() < LEAST || area.height() < LEAST || has_text && covers(&area, place.size()) {
            continue;
        }
        pictures.extend(picture(step, page, object, area)?);
        if pictures.len() == MOST {
            break;
        }
    }
    Ok(pictures)
}

fn covers(area: &Area, (width, height): (f32, f32)) -> bool {
    area.width() * area.height() > width * height * 0.8
}

/// Where an object of a page stands.
pub(crate) fn bounds(page: &Page<'_, '_>, object: FPDF_PAGEOBJECT) -> Option<Area> {
    let (mut left, mut bottom, mut right, mut top) = (0.0, 0.0, 0.0, 0.0);
    // SAFETY: an object of an open page; the numbers live for the call.
    let told = unsafe {
        page.document.pdfium.FPDFPageObj_GetBounds(object, &mut left, &mut bottom, &mut right, &mut top)
    };
    (told != 0).then(|| page.place().area(left, bottom, right, top))
}

/// Whether nothing of a picture is cut off: what it is cut by are rectangles around it.
pub(crate) fn is_uncut(page: &Page<'_, '_>, object: FPDF_PAGEOBJECT, area: &Area) -> bool {
    let (pdfium, place) = (&page.document.pdfium, page.place());
    // SAFETY: an object of an open page, and its own paths and their segments, each index below its count.
    unsafe {
        let path = pdfium.FPDFPageObj_GetClipPath(object);
        let count = if path.is_null() { 0 } else { pdfium.FPDFClipPath_CountPaths(path) };
        (0..count).all(|index| {
            let segments = pdfium.FPDFClipPath_CountPathSegments(path, index);
            let mut around: Option<Area> = None;
            for segment in 0..segments.min(MOST_CORNERS) {
                let (mut x, mut y) = (0.0, 0.0);
                let segment = pdfium.FPDFClipPath_GetPathSegment(path, index, segment);
                if pdfium.FPDFPathSegment_GetPoint(segment, &mut x, &mut y) != 0 {
                    let corner = place.area(x - 1.0, y - 1.0, x + 1.0, y + 1.0);
                    around = Some(around.map_or(corner, |around| around.with(&corner)));
                }
            }
            segments <= MOST_CORNERS && around.is_some_and(|around| around.contains(area))
        })
    }
}

/// Where a picture stands, as far as that is on the page.
fn area_of(page: &Page<'_, '_>, object: FPDF_PAGEOBJECT, place: &Place) -> Option<Area> {
    let area = bounds(page, object)?;
    let (width, height) = place.size();
    let area = Area {
        left: area.left.max(0.0),
        top: area.top.max(0.0),
        right: area.right.min(width),
        bottom: area.bottom.min(height),
    };
    (area.width() > 0.0 && area.height() > 0.0).then_some(area)
}

/// One picture as a file. The page is not to be drawn after this: its place is lost.
///
/// # Errors
///
/// `limit_exceeded`.
pub(crate) fn picture(
    step: &Step<'_>,
    page: &Page<'_, '_>,
    object: FPDF_PAGEOBJECT,
    area: Area,
) -> Result<Option<Picture>> {
    let pdfium = &page.document.pdfium;
    let (mut width, mut height): (c_uint, c_uint) = (0, 0);
    let mut matrix = FS_MATRIX { a: 0.0, b: 0.0, c: 0.0, d: 0.0, e: 0.0, f: 0.0 };
    // SAFETY: an image of an open page; the places live for the calls.
    unsafe {
        pdfium.FPDFImageObj_GetImagePixelSize(object, &mut width, &mut height);
        pdfium.FPDFPageObj_GetMatrix(object, &mut matrix);
    }
    if width == 0 || height == 0 {
        return Ok(None);
    }
    step.check_picture(width.into(), height.into(), 4)?;
    // Drawn by itself in its own pixels, but no finer than it is seen; turned as it stands.
    let shown = (matrix.a.hypot(matrix.b), matrix.c.hypot(matrix.d));
    let scale =
        |pixels: c_uint, points: f32| (pixels as f32).min((points * FINEST).max(1.0)) / points.max(0.01);
    let (x, y) = (scale(width, shown.0), scale(height, shown.1));
    let larger =
        FS_MATRIX { a: matrix.a * x, b: matrix.b * x, c: matrix.c * y, d: matrix.d * y, e: 0.0, f: 0.0 };
    let turns = page.place().turns();
    // Each quarter turn clockwise takes x to -y, and y to x.
    let larger = (0..turns).fold(larger, |m, _| FS_MATRIX { a: m.b, b: -m.a, c: m.d, d: -m.c, ..m });
    // SAFETY: as above; the bitmap is destroyed when it is dropped.
    let bitmap = unsafe {
        pdfium.FPDFPageObj_SetMatrix(object, &larger);
        pdfium.FPDFImageObj_GetRenderedBitmap(page.document.handle, page.handle, object)
    };
    if bitmap.is_null() {
        return Ok(None);
    }
    let Some(pixels) = (Bitmap { page, handle: bitmap }).pixels() else { return Ok(None) };
    let is_upright = turns == 0 && matrix.a > 0.0 && matrix.d > 0.0 && matrix.b.abs() + matrix.c.abs() < 0.01;
    if let Some(file) = jpeg(step, page, object)?.filter(|_| is_upright && pixels.channels != ColorType::Rgba)
    {
        return Ok(Some(Picture { area, file, is_jpeg: true }));
    }
    Ok(pixels.png().map(|file| Picture { area, file, is_jpeg: false }))
}

/// The file of a picture that is a JPEG of grey or of red, green and blue.
fn jpeg(step: &Step<'_>, page: &Page<'_, '_>, object: FPDF_PAGEOBJECT) -> Result<Option<Vec<u8>>> {
    let pdfium = &page.document.pdfium;
    // SAFETY: all zeroes is a valid value of a struct of numbers.
    let mut metadata: FPDF_IMAGEOBJ_METADATA = unsafe { std::mem::zeroed() };
    // SAFETY: an image of an open page; the struct lives for the call.
    let filters = unsafe {
        pdfium.FPDFImageObj_GetImageMetadata(object, page.handle, &mut metadata);
        pdfium.FPDFImageObj_GetImageFilterCount(object)
    };
    let filter = text_of(|buffer, length| {
        // SAFETY: as above, and no more than the buffer's length is written.
        unsafe { pdfium.FPDFImageObj_GetImageFilter(object, 0, buffer, length) }
    });
    if filters != 1 || filter.as_deref() != Some(JPEG) || !matches!(metadata.bits_per_pixel, 8 | 24) {
        return Ok(None);
    }
    // SAFETY: an image of an open page; without a buffer the length is told.
    let length = unsafe { pdfium.FPDFImageObj_GetImageDataRaw(object, std::ptr::null_mut(), 0) };
    step.within("memory", length, step.limits().memory)?;
    let mut file = vec![0_u8; usize::try_from(length).unwrap_or(0)];
    // SAFETY: no more than the buffer's length is written.
    unsafe { pdfium.FPDFImageObj_GetImageDataRaw(object, file.as_mut_ptr().cast(), length) };
    Ok(Some(file).filter(|file| file.starts_with(&[0xFF, 0xD8])))
}

/// Samples without padding.
struct Pixels {
    size: (u32, u32),
    channels: ColorType,
    samples: Vec<u8>,
}

impl Pixels {
    fn png(&self) -> Option<Vec<u8>> {
        encode::png(self.size, self.channels, &self.samples)
    }
}

struct Bitmap<'p> {
    page: &'p Page<'p, 'p>,
    handle: FPDF_BITMAP,
}

impl Bitmap<'_> {
    /// The pixels, red first; without alpha or colour when there is none.
    fn pixels(&self) -> Option<Pixels> {
        let pdfium = &self.page.document.pdfium;
        // SAFETY: the bitmap is open, and its buffer is as long as these say.
        let (width, height, stride, layout, buffer) = unsafe {
            let stride = usize::try_from(pdfium.FPDFBitmap_GetStride(self.handle)).ok()?;
            let width = u32::try_from(pdfium.FPDFBitmap_GetWidth(self.handle)).ok()?;
            let height = u32::try_from(pdfium.FPDFBitmap_GetHeight(self.handle)).ok()?;
            let start = pdfium.FPDFBitmap_GetBuffer(self.handle).cast::<u8>();
            if start.is_null() || width == 0 || height == 0 {
                return None;
            }
            let buffer = std::slice::from_raw_parts(start, stride.checked_mul(height as usize)?);
            (width, height, stride, pdfium.FPDFBitmap_GetFormat(self.handle), buffer)
        };
        let mut samples = Vec::new();
        for row in buffer.chunks_exact(stride) {
            match layout {
                GREY => samples.extend(
                    row.get(..width as usize)?.iter().flat_map(|grey| [*grey, *grey, *grey, u8::MAX]),
                ),
                THREE_BYTES => {
                    let pixels = row.get(..width as usize * 3)?.as_chunks::<3>().0;
                    samples
                        .extend(pixels.iter().flat_map(|[blue, green, red]| [*red, *green, *blue, u8::MAX]));
                }
                _ => {
                    let pixels = row.get(..width as usize * 4)?.as_chunks::<4>().0;
                    let alpha = |alpha: u8| if layout == FOUR_BYTES { alpha } else { u8::MAX };
                    samples.extend(pixels.iter().flat_map(|[b, g, r, a]| [*r, *g, *b, alpha(*a)]));
                }
            }
        }
        let size = (width, height);
        let pixels = samples.as_chunks::<4>().0;
        if pixels.iter().any(|[.., alpha]| *alpha != u8::MAX) {
            return Some(Pixels { size, channels: ColorType::Rgba, samples });
        }
        let solid = pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
        let (channels, samples) = without_colour(solid);
        let channels = if channels == Channels::Grey { ColorType::Grayscale } else { ColorType::Rgb };
        Some(Pixels { size, channels, samples })
    }
}

impl Drop for Bitmap<'_> {
    fn drop(&mut self) {
        // SAFETY: the bitmap is open and not used after this.
        unsafe { self.page.document.pdfium.FPDFBitmap_Destroy(self.handle) };
    }
}
