//! Pages as grey pictures, and where their pixels lie on them.

use crate::seen;
use formwork_pdf_plain::{LONGEST, POINTS};
use formwork_sdk::{Result, Step};
use hayro::hayro_interpret::hayro_syntax::page::Page;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{InterpreterCache, InterpreterSettings};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

/// A page that is to be read.
pub(crate) struct Drawn {
    /// Its number, counted from 0.
    pub(crate) index: usize,
    /// In the portable grey format.
    pub(crate) picture: Vec<u8>,
    /// From a page of the picture's size in points, y up, to the page's own coordinates.
    pub(crate) place: Affine,
}

/// Draws a page, unless it has text.
///
/// # Errors
///
/// `limit_exceeded` (`side`, `pixels`, `memory`).
pub(crate) fn draw(step: &Step<'_>, page: &Page<'_>, index: usize, density: f64) -> Result<Option<Drawn>> {
    if seen::has_text(page, &InterpreterCache::new()) {
        return Ok(None);
    }
    let scale = density / POINTS;
    let (width, height) = page.render_dimensions();
    let count = |side: f32| (f64::from(side) * scale).clamp(1.0, 1e9) as u64;
    let (across, down) = (count(width), count(height));
    step.check_picture(across, down, 4)?;
    step.within("side", across.max(down), LONGEST)?;
    let settings = PixmapSettings { x_scale: scale as f32, y_scale: scale as f32, bg_color: WHITE };
    let render = RenderSettings::default();
    let pixmap =
        hayro::render(page, &RenderCache::new(), &InterpreterSettings::default(), &render, &settings);
    let mut picture = format!("P5\n{} {}\n255\n", pixmap.width(), pixmap.height()).into_bytes();
    let pixels = pixmap.data_as_u8_slice().as_chunks::<4>().0;
    // Rec. 601 weights in 256ths: what scanners call grey.
    let grey =
        |[r, g, b, _]: &[u8; 4]| ((77 * u32::from(*r) + 150 * u32::from(*g) + 29 * u32::from(*b)) >> 8) as u8;
    picture.extend(pixels.iter().map(grey));
    let to_pixels = Affine::scale(scale) * page.initial_transform(true).to_kurbo();
    let from_text = Affine::new([scale, 0.0, 0.0, -scale, 0.0, f64::from(pixmap.height())]);
    Ok(Some(Drawn { index, picture, place: to_pixels.inverse() * from_text }))
}
