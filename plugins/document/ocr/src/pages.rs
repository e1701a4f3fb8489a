//! Pages as grey pictures, and where their pixels lie on them.

use crate::seen;
use formwork_sdk::{Error, Result, Step};
use hayro::hayro_interpret::hayro_syntax::page::Page;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{InterpreterCache, InterpreterSettings};
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

/// Points in an inch (ISO 32000-2, 8.3.2.3).
const POINTS: f64 = 72.0;
/// The longest side that can be drawn.
const LONGEST: u64 = 32_767;

/// A page that is to be read.
pub(crate) struct Drawn {
    /// Its number, counted from 0.
    pub(crate) index: usize,
    /// In the portable grey format.
    pub(crate) picture: Vec<u8>,
    /// From a page of the picture's size in points, y up, to the page's own coordinates.
    pub(crate) place: Affine,
}

/// Opens a document.
///
/// # Errors
///
/// `password_required`; `corrupt_input`.
pub(crate) fn open(bytes: Vec<u8>, password: &str) -> Result<Pdf> {
    Pdf::new_with_password(bytes, password).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Error::password("this PDF asks for a password: give the right one with the option `password`")
        }
        LoadPdfError::Decryption(_) => {
            Error::unsupported("this PDF is protected in a way that is not known here")
        }
        LoadPdfError::Invalid => Error::corrupt("this is no PDF that can be read: its structure is broken"),
    })
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
