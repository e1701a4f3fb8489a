//! The text of a watermark, drawn with the system's fonts.

mod shape;

use formwork_image_pixels::{Channels, Frame, Mark, Samples};
use formwork_sdk::{Error, Result, Step};
use shape::Writer;
use tiny_skia::{FillRule, Mask, Path, PathBuilder, Stroke, Transform};

/// Most lines that are drawn.
const MOST_LINES: usize = 100;
/// Most letters that are drawn.
const MOST_LETTERS: usize = 4096;
/// From one line to the next, in heights of a letter.
const LINE: f32 = 1.2;
/// Width of the edge around letters, in heights of a letter, and how opaque it is.
const EDGE: (f32, f32) = (0.08, 0.6);

/// Draws a text for a picture of a size, as [`formwork_image_pixels::Letters`] says.
///
/// # Errors
///
/// `invalid_request` for a text without letters, or with too many; `backend_missing` without a font.
pub(crate) fn draw(step: &Step<'_>, text: &str, mark: &Mark, size: (u32, u32)) -> Result<Frame> {
    if text.chars().count() > MOST_LETTERS {
        return Err(Error::invalid(format!("the text of a watermark has at most {MOST_LETTERS} letters")));
    }
    let empty = || Error::invalid("the text has no letters that can be drawn");
    let path = outlines(step, text, mark.letters(size.1))?.ok_or_else(empty)?;
    let stroke = Stroke { width: mark.letters(size.1) * EDGE.0, ..Stroke::default() };
    let edge = path.stroke(&stroke, 1.0).ok_or_else(empty)?;
    let bounds = edge.bounds();
    let own = (f64::from(bounds.width()).max(1.0), f64::from(bounds.height()).max(1.0));
    let scale = mark.scale(own, size);
    let side = |side: f64, most: u32| ((side * scale).ceil().max(1.0) as u32).min(most.max(1));
    let (width, height) = (side(own.0, size.0), side(own.1, size.1));
    let scale = scale as f32;
    let place = Transform::from_translate(-bounds.left(), -bounds.top()).post_scale(scale, scale);
    let covered = |path: &Path| {
        let mut mask = Mask::new(width, height)?;
        mask.fill_path(path, FillRule::Winding, true, place);
        Some(mask)
    };
    let (fill, edge) = (covered(&path).ok_or_else(empty)?, covered(&edge).ok_or_else(empty)?);
    let pixels = fill.data().iter().zip(edge.data()).flat_map(|(fill, edge)| pixel(mark.color, *fill, *edge));
    let samples = Samples::U8(pixels.collect());
    Frame::new(width, height, Channels::Rgba, samples).ok_or_else(empty)
}

/// The letters over a thin edge that keeps light ones readable on light pictures, and dark ones on dark.
fn pixel([red, green, blue, alpha]: [u8; 4], fill: u8, edge: u8) -> [u8; 4] {
    let dark = u32::from(red) + u32::from(green) + u32::from(blue) > 384;
    let around = if dark { 0.0 } else { 255.0 };
    let opacity = f32::from(alpha) / 255.0;
    let fill = f32::from(fill) / 255.0 * opacity;
    let edge = f32::from(edge) / 255.0 * opacity * EDGE.1 * (1.0 - fill);
    let sum = fill + edge;
    if sum <= 0.0 {
        return [0; 4];
    }
    let mixed = |colour: u8| ((f32::from(colour) * fill + around * edge) / sum + 0.5) as u8;
    [mixed(red), mixed(green), mixed(blue), (sum * 255.0 + 0.5) as u8]
}

/// The outlines of all lines; `None` when there is nothing to see.
fn outlines(step: &Step<'_>, text: &str, letters: f32) -> Result<Option<Path>> {
    let fonts = formwork_fonts::some()?;
    let mut writer = Writer::new(&fonts, letters);
    let mut path = PathBuilder::new();
    for (number, line) in text.lines().take(MOST_LINES).enumerate() {
        step.tick(0, 0)?;
        writer.line(line, letters * LINE * number as f32, &mut path);
    }
    if writer.lacks_letters {
        step.warn("no installed font has some letters of the watermark: they are missing");
    }
    Ok(path.finish())
}
