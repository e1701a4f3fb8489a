//! Scaling pictures and placing them on a canvas.

use crate::{Channels, Frame, Picture, Samples, exif};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use formwork_sdk::{Error, ErrorKind, Options, Result, Step};

/// How width and height are met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fit {
    /// Stays inside both and never enlarges.
    #[default]
    Max,
    /// Fills both and cuts what stands over, equally on both sides.
    Crop,
    /// Stretches.
    Scale,
    /// Stays inside both and adds borders.
    Pad,
}

/// A wish for another size. With one side only, the proportions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resize {
    /// Pixels in a row of the result.
    pub width: Option<u32>,
    /// Rows of the result.
    pub height: Option<u32>,
    /// How they are met.
    pub fit: Fit,
}

/// What a [`Resize`] means for a picture of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// The part of the source that is used: left, top, width, height.
    pub source: (f64, f64, f64, f64),
    /// The size that part is scaled to.
    pub scaled: (u32, u32),
    /// Size of the result.
    pub canvas: (u32, u32),
    /// Where on the canvas the scaled part lies.
    pub offset: (u32, u32),
}

impl Placement {
    /// The same placement for a source that was shrunk already, to this size.
    fn seen_from(mut self, scale: f64, shrunk: (u32, u32)) -> Placement {
        let (left, top, width, height) = self.source;
        let (left, top) = (left * scale, top * scale);
        let width = (width * scale).min(f64::from(shrunk.0) - left);
        let height = (height * scale).min(f64::from(shrunk.1) - top);
        self.source = (left, top, width, height);
        self
    }
}

impl Resize {
    /// Reads `width`, `height` and `fit`; `None` when neither side is given.
    pub fn from_options(options: &Options<'_>) -> Option<Resize> {
        let (width, height) = (options.get("width"), options.get("height"));
        let fit = match options.text("fit") {
            Some("crop") => Fit::Crop,
            Some("scale") => Fit::Scale,
            Some("pad") => Fit::Pad,
            _ => Fit::Max,
        };
        (width.is_some() || height.is_some()).then_some(Resize { width, height, fit })
    }

    /// Works out the size and place of everything for a source of this size.
    pub fn place(&self, width: u32, height: u32) -> Placement {
        let (w, h) = (f64::from(width), f64::from(height));
        let whole = (0.0, 0.0, w, h);
        let free = |scaled| Placement { source: whole, scaled, canvas: scaled, offset: (0, 0) };
        let by = |scale: f64| (side(w * scale), side(h * scale));
        let (x, y) =
            (self.width.map(|value| f64::from(value) / w), self.height.map(|value| f64::from(value) / h));
        let (Some(x), Some(y), Some(canvas)) = (x, y, self.width.zip(self.height)) else {
            let scale = x.or(y).unwrap_or(1.0);
            let scale = if self.fit == Fit::Max { scale.min(1.0) } else { scale };
            let (scaled_w, scaled_h) = by(scale);
            // The given side is met exactly, whatever the rounding.
            let exact = |given: Option<u32>, scaled| {
                given.filter(|_| scale == x.or(y).unwrap_or(1.0)).unwrap_or(scaled)
            };
            return free((exact(self.width, scaled_w), exact(self.height, scaled_h)));
        };
        match self.fit {
            Fit::Max => {
                let (scaled_w, scaled_h) = by(x.min(y).min(1.0));
                free((scaled_w.min(canvas.0), scaled_h.min(canvas.1)))
            }
            Fit::Scale => free(canvas),
            Fit::Crop => {
                let scale = x.max(y);
                let used = (f64::from(canvas.0) / scale, f64::from(canvas.1) / scale);
                let source =
                    ((w - used.0).max(0.0) / 2.0, (h - used.1).max(0.0) / 2.0, used.0.min(w), used.1.min(h));
                Placement { source, ..free(canvas) }
            }
            Fit::Pad => {
                let scaled = by(x.min(y));
                let scaled = (scaled.0.min(canvas.0), scaled.1.min(canvas.1));
                let offset = ((canvas.0 - scaled.0) / 2, (canvas.1 - scaled.1) / 2);
                Placement { source: whole, scaled, canvas, offset }
            }
        }
    }
}

fn side(value: f64) -> u32 {
    value.round().max(1.0) as u32
}

/// Scales every frame with Lanczos3 on the samples as they are encoded (alpha premultiplied meanwhile).
/// Borders of `Fit::Pad` get `background`, or stay transparent when the frames have alpha and the
/// background is not opaque.
///
/// # Errors
///
/// `limit_exceeded` when the result would be too large.
pub fn resize(step: &Step<'_>, picture: &mut Picture, wish: &Resize, background: [u8; 4]) -> Result<()> {
    resize_from(step, picture, wish, background, None)
}

/// What a picture is that was decoded smaller than it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Original {
    /// Its upright size.
    pub size: (u32, u32),
    /// How much smaller it was decoded: 0.5 is half.
    pub scale: f64,
}

/// As [`resize`], for a picture that was decoded smaller than it is: the result gets the size the
/// `original` would get.
pub(crate) fn resize_from(
    step: &Step<'_>,
    picture: &mut Picture,
    wish: &Resize,
    background: [u8; 4],
    original: Option<Original>,
) -> Result<()> {
    let count = picture.frames.len() as u64;
    let mut resizer = Resizer::new();
    let mut changed = false;
    for (index, frame) in picture.frames.iter_mut().enumerate() {
        step.tick(index as u64, count)?;
        let place = original.map_or_else(
            || wish.place(frame.width, frame.height),
            |original| wish.place(original.size.0, original.size.1).seen_from(original.scale, frame.size()),
        );
        let bytes = frame.channels.count() * frame.samples.width();
        step.check_picture(place.canvas.0.into(), place.canvas.1.into(), bytes as u64 * count)?;
        changed |= place.canvas != (frame.width, frame.height);
        *frame = scaled(&mut resizer, frame, &place)?;
        if place.canvas != place.scaled {
            *frame = padded(frame, &place, background);
        }
    }
    if let Some(block) = picture.metadata.exif.as_mut().filter(|_| changed) {
        exif::unlink_thumbnail(block);
    }
    Ok(())
}

/// Scales part of one frame; takes the frame's samples when nothing changes.
fn scaled(resizer: &mut Resizer, frame: &mut Frame, place: &Placement) -> Result<Frame> {
    let (width, height) = place.scaled;
    let whole = (0.0, 0.0, f64::from(frame.width), f64::from(frame.height));
    let samples = if place.source == whole && place.scaled == (frame.width, frame.height) {
        std::mem::replace(&mut frame.samples, Samples::U8(Vec::new()))
    } else {
        let count = width as usize * height as usize * frame.channels.count();
        let (left, top, w, h) = place.source;
        let options = ResizeOptions::new().crop(left, top, w, h).use_alpha(frame.channels.has_alpha());
        let mut run = |from: &[u8], to: &mut [u8]| {
            let kind = pixel_type(frame.channels, frame.samples.width());
            let from = ImageRef::new(frame.width, frame.height, from, kind).map_err(internal)?;
            let mut to = Image::from_slice_u8(width, height, to, kind).map_err(internal)?;
            resizer.resize(&from, &mut to, &options).map_err(internal)
        };
        match &frame.samples {
            Samples::U8(from) => {
                let mut to = vec![0u8; count];
                run(from, &mut to)?;
                Samples::U8(to)
            }
            Samples::U16(from) => {
                let mut to = vec![0u16; count];
                run(bytemuck::cast_slice(from), bytemuck::cast_slice_mut(&mut to))?;
                Samples::U16(to)
            }
            Samples::F32(from) => {
                let mut to = vec![0f32; count];
                run(bytemuck::cast_slice(from), bytemuck::cast_slice_mut(&mut to))?;
                // Lanczos rings: light below nothing does not exist.
                to.iter_mut().for_each(|sample| *sample = sample.max(0.0));
                Samples::F32(to)
            }
        }
    };
    Ok(Frame { width, height, channels: frame.channels, samples, delay_ms: frame.delay_ms })
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, format!("resizing failed: {error}"))
}

fn pixel_type(channels: Channels, bytes: usize) -> PixelType {
    match (bytes, channels.count()) {
        (1, 1) => PixelType::U8,
        (1, 2) => PixelType::U8x2,
        (1, 3) => PixelType::U8x3,
        (1, _) => PixelType::U8x4,
        (2, 1) => PixelType::U16,
        (2, 2) => PixelType::U16x2,
        (2, 3) => PixelType::U16x3,
        (2, _) => PixelType::U16x4,
        (_, 1) => PixelType::F32,
        (_, 2) => PixelType::F32x2,
        (_, 3) => PixelType::F32x3,
        (_, _) => PixelType::F32x4,
    }
}

/// Puts a frame on a larger canvas.
fn padded(frame: &Frame, place: &Placement, background: [u8; 4]) -> Frame {
    let samples = match &frame.samples {
        Samples::U8(samples) => Samples::U8(on_canvas(
            samples,
            frame,
            place,
            &crate::colour::pixel_u8(frame.channels, background),
        )),
        Samples::U16(samples) => Samples::U16(on_canvas(
            samples,
            frame,
            place,
            &crate::colour::pixel_u16(frame.channels, background),
        )),
        Samples::F32(samples) => Samples::F32(on_canvas(
            samples,
            frame,
            place,
            &crate::colour::pixel_f32(frame.channels, background),
        )),
    };
    Frame {
        width: place.canvas.0,
        height: place.canvas.1,
        channels: frame.channels,
        samples,
        delay_ms: frame.delay_ms,
    }
}

fn on_canvas<T: Copy>(samples: &[T], frame: &Frame, place: &Placement, pixel: &[T]) -> Vec<T> {
    let count = frame.channels.count();
    let (width, height) = (place.canvas.0 as usize, place.canvas.1 as usize);
    let (left, top) = (place.offset.0 as usize * count, place.offset.1 as usize);
    let mut canvas = pixel.repeat(width * height);
    let rows = canvas.chunks_exact_mut(width * count).skip(top);
    for (row, source) in rows.zip(samples.chunks_exact(frame.width as usize * count)) {
        row[left..left + source.len()].copy_from_slice(source);
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(width: u32, height: u32, fit: Fit) -> Resize {
        let some = |value| (value > 0).then_some(value);
        Resize { width: some(width), height: some(height), fit }
    }

    #[test]
    fn sizes() {
        for (width, height, fit, expected) in [
            (100, 100, Fit::Max, (100, 75)),
            (9000, 9000, Fit::Max, (400, 300)),
            (100, 0, Fit::Max, (100, 75)),
            (0, 150, Fit::Max, (200, 150)),
            (800, 0, Fit::Scale, (800, 600)),
            (100, 100, Fit::Crop, (100, 100)),
            (100, 100, Fit::Scale, (100, 100)),
            (100, 100, Fit::Pad, (100, 100)),
            (1, 1, Fit::Max, (1, 1)),
        ] {
            assert_eq!(wish(width, height, fit).place(400, 300).canvas, expected, "{width}x{height} {fit:?}");
        }
    }

    #[test]
    fn crop_uses_the_middle_and_pad_centres() {
        let place = wish(100, 100, Fit::Crop).place(400, 300);
        assert_eq!(place.source, (50.0, 0.0, 300.0, 300.0));
        let place = wish(100, 100, Fit::Pad).place(400, 300);
        assert_eq!((place.scaled, place.offset), ((100, 75), (0, 12)));
    }

    #[test]
    fn a_long_thin_picture_keeps_a_pixel() {
        assert_eq!(wish(100, 0, Fit::Max).place(60_000, 2).canvas, (100, 1));
    }
}
