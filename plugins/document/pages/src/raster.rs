//! One page as pixels, by PDFium.

use crate::document::Page;
use crate::size::Pixels;
use formwork_image_pixels::{Channels, Frame, Samples};
use formwork_sdk::{Error, Result, Step};
use pdfium_render::prelude::{FPDF_BITMAP, IFSDK_PAUSE};
use std::ffi::{c_int, c_void};

/// Layouts of a bitmap (fpdfview.h): three bytes a pixel, and four with alpha that is not multiplied in.
const THREE_BYTES: c_int = 2;
const FOUR_BYTES: c_int = 4;
/// Flags of drawing (fpdfview.h): with annotations, red first.
const FLAGS: c_int = 0x01 | 0x10;
/// What `FPDF_RenderPageBitmap_Start` answers when it paused, and when it failed.
const TO_BE_CONTINUED: c_int = 1;
const FAILED: c_int = 3;

/// Draws a page on a background of red, green, blue and alpha.
///
/// # Errors
///
/// `limit_exceeded` (`memory`); `corrupt_input`; `cancelled`; `timeout`.
pub(crate) fn draw(
    step: &Step<'_>,
    page: &Page<'_, '_>,
    pixels: Pixels,
    background: [u8; 4],
) -> Result<Frame> {
    let clear = background[3] < u8::MAX;
    let (layout, bytes) = if clear { (FOUR_BYTES, 4) } else { (THREE_BYTES, 3) };
    let stride = pixels.width as usize * bytes;
    let length = stride.saturating_mul(pixels.height as usize);
    let mut samples = Vec::new();
    let short = || Error::limit("memory", length, step.limits().memory);
    samples.try_reserve_exact(length).map_err(|_| short())?;
    for _ in 0..length / bytes {
        samples.extend_from_slice(background.get(..bytes).unwrap_or(&background));
    }
    let bitmap = Bitmap::over(page, &mut samples, pixels, layout, stride).ok_or_else(short)?;
    bitmap.draw(step)?;
    drop(bitmap);
    let (channels, samples) = if clear { (Channels::Rgba, samples) } else { without_colour(samples) };
    Frame::new(pixels.width, pixels.height, channels, Samples::U8(samples))
        .ok_or_else(|| Error::corrupt("the page has no pixels"))
}

/// Pixels that the library draws into.
struct Bitmap<'p, 's> {
    page: &'p Page<'p, 'p>,
    handle: FPDF_BITMAP,
    size: (c_int, c_int),
    _samples: &'s mut [u8],
}

impl<'p, 's> Bitmap<'p, 's> {
    fn over(
        page: &'p Page<'_, '_>,
        samples: &'s mut [u8],
        pixels: Pixels,
        layout: c_int,
        stride: usize,
    ) -> Option<Bitmap<'p, 's>> {
        let size = (c_int::try_from(pixels.width).ok()?, c_int::try_from(pixels.height).ok()?);
        let stride = c_int::try_from(stride).ok()?;
        let pdfium = &page.document.pdfium;
        // SAFETY: the samples are `stride` times the height long and borrowed until the bitmap is destroyed.
        let handle = unsafe {
            pdfium.FPDFBitmap_CreateEx(size.0, size.1, layout, samples.as_mut_ptr().cast::<c_void>(), stride)
        };
        (!handle.is_null()).then_some(Bitmap { page, handle, size, _samples: samples })
    }

    /// Draws the page, then the fields of its form. Asks the step on the way whether to go on.
    fn draw(&self, step: &Step<'_>) -> Result<()> {
        let (document, page) = (self.page.document, self.page.handle);
        let (pdfium, (width, height)) = (&document.pdfium, self.size);
        let mut pause = IFSDK_PAUSE {
            version: 1,
            NeedToPauseNow: Some(is_over),
            user: std::ptr::from_ref(step).cast_mut().cast::<c_void>(),
        };
        // SAFETY: bitmap and page are open, the pause lives until the drawing is closed.
        let status = unsafe {
            let status = pdfium.FPDF_RenderPageBitmap_Start(
                self.handle,
                page,
                0,
                0,
                width,
                height,
                0,
                FLAGS,
                &mut pause,
            );
            pdfium.FPDF_RenderPage_Close(page);
            status
        };
        step.tick(0, 0)?;
        if status == TO_BE_CONTINUED || status == FAILED {
            return Err(Error::corrupt("a page cannot be drawn"));
        }
        if let Some(form) = document.form() {
            // SAFETY: all three are open and belong together.
            unsafe { pdfium.FPDF_FFLDraw(form, self.handle, page, 0, 0, width, height, 0, FLAGS) };
        }
        Ok(())
    }
}

impl Drop for Bitmap<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the bitmap is open and not used after this; it does not own its pixels.
        unsafe { self.page.document.pdfium.FPDFBitmap_Destroy(self.handle) };
    }
}

/// Called by the library while it draws: whether it is to stop.
unsafe extern "C" fn is_over(pause: *mut IFSDK_PAUSE) -> c_int {
    // SAFETY: the library hands back what `draw` gave it, which lives until the drawing is closed.
    let step = unsafe { pause.as_ref().and_then(|pause| pause.user.cast::<Step<'_>>().as_ref()) };
    step.map_or(0, |step| c_int::from(step.tick(0, 0).is_err()))
}

/// Drops two of three equal samples of each pixel: most pages are black on white.
pub(crate) fn without_colour(samples: Vec<u8>) -> (Channels, Vec<u8>) {
    let (pixels, _) = samples.as_chunks::<3>();
    // In groups, so that the compiler can look at many pixels at once.
    let coloured = pixels.chunks(64).any(|group| {
        group.iter().fold(0, |seen, [red, green, blue]| seen | (red ^ green) | (red ^ blue)) != 0
    });
    if coloured {
        return (Channels::Rgb, samples);
    }
    (Channels::Grey, pixels.iter().map(|[grey, ..]| *grey).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_found() {
        let grey: Vec<u8> = (0..=255).flat_map(|value| [value; 3]).collect();
        assert_eq!(without_colour(grey.clone()), (Channels::Grey, (0..=255).collect()));
        for place in [0, 400, 767] {
            let mut coloured = grey.clone();
            coloured[place] ^= 1;
            assert_eq!(without_colour(coloured.clone()), (Channels::Rgb, coloured));
        }
    }
}
