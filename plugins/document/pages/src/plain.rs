//! One page as pixels, by `hayro`: what draws where PDFium is missing.

use crate::size::{Pixels, Scale};
use formwork_image_pixels::{Channels, Frame, Samples};
use formwork_pdf_plain::LONGEST;
use formwork_sdk::{Error, Result, Step};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::color::{AlphaColor, Srgb};
use hayro::vello_cpu::peniko::ImageAlphaType;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

/// Opens the first input.
///
/// # Errors
///
/// `password_required`; `corrupt_input`; `limit_exceeded`.
pub(crate) fn open(step: &Step<'_>) -> Result<Pdf> {
    let bytes = step.input()?.bytes()?.into_owned();
    formwork_pdf_plain::open(bytes, step.options().text("password").unwrap_or_default())
}

/// Draws pages one after the other and hands each to `take`.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`; `cancelled`; `timeout`; whatever `take` answers.
pub(crate) fn draw(
    step: &Step<'_>,
    pdf: &Pdf,
    wanted: &[usize],
    scale: Scale,
    background: [u8; 4],
    mut take: impl FnMut(usize, Frame, Pixels) -> Result<()>,
) -> Result<()> {
    let cache = RenderCache::new();
    let interpreter = InterpreterSettings::default();
    for (done, index) in wanted.iter().enumerate() {
        step.tick(done as u64, wanted.len() as u64)?;
        let page = pdf.pages().get(*index).ok_or_else(|| Error::corrupt("a page is missing"))?;
        let (width, height) = page.render_dimensions();
        let pixels = scale.pixels(step, (f64::from(width), f64::from(height)))?;
        step.within("side", u64::from(pixels.width.max(pixels.height)), LONGEST)?;
        let [red, green, blue, alpha] = background;
        let settings = PixmapSettings {
            // Half a pixel more, because the library cuts fractions off.
            x_scale: (pixels.width as f32 + 0.5) / width,
            y_scale: (pixels.height as f32 + 0.5) / height,
            bg_color: AlphaColor::<Srgb>::from_rgba8(red, green, blue, alpha),
        };
        let pixmap = hayro::render(page, &cache, &interpreter, &RenderSettings::default(), &settings);
        let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
        let (channels, samples) = if alpha < u8::MAX {
            (Channels::Rgba, pixmap.take_rgba8(ImageAlphaType::Alpha))
        } else {
            let solid = pixmap.data_as_u8_slice().as_chunks::<4>().0.iter();
            crate::raster::without_colour(
                solid.flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect(),
            )
        };
        let frame = Frame::new(width, height, channels, Samples::U8(samples));
        take(*index, frame.ok_or_else(|| Error::corrupt("a page has no pixels"))?, pixels)?;
    }
    Ok(())
}
