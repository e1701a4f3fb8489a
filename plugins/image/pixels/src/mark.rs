//! Laying a text or another picture over pictures.

mod rotate;
mod stamp;

use crate::{Channels, Depth, Frame, Picture, Profile, Resize, exif, raster, set_channels};
use crate::{Fit, orient, resize};
use formwork_sdk::{Error, OptionSpec, Options, Result, Step, options::option};
use rotate::{rotated, turned_size};
use stamp::Stamp;

/// The internal format that a mark's picture arrives in.
const RASTER: &str = "raster";
/// Letters are this part of the picture's height, unless a size is asked for.
const USUAL_LETTERS: f64 = 0.05;

/// The options of the operation `watermark` that say what is laid over, and how.
pub fn mark_options() -> Vec<OptionSpec> {
    vec![
        option("text").with_summary("Text to draw; without it the picture given as second input."),
        option("position").with_default("bottom-right"),
        option("margin").with_default(10),
        option("opacity"),
        option("angle"),
        option("font_size"),
        option("color"),
        option("width").with_summary("Width of the watermark in pixels, before it is turned."),
    ]
}

/// A watermark.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Text to draw; without it, the picture of an input.
    pub text: Option<String>,
    /// Colour of the text.
    pub color: [u8; 4],
    input: usize,
    position: String,
    margin: u32,
    opacity: f64,
    /// Clockwise, in degrees.
    angle: f64,
    font_size: Option<u32>,
    width: Option<u32>,
}

/// Draws the text of a mark for a picture of a size, scaled as [`Mark::scale`] says: red, green, blue and alpha in
/// 8 bits, just as large as the letters.
pub type Letters = fn(&Step<'_>, &str, &Mark, (u32, u32)) -> Result<Frame>;

impl Mark {
    /// Reads the options of a `watermark`. `pictures` counts the marks that bring a picture along.
    pub(crate) fn from_options(options: &Options<'_>, pictures: &mut usize) -> Mark {
        let text = options.text("text").map(str::to_owned);
        *pictures += usize::from(text.is_none());
        Mark {
            text,
            color: options.colour("color").unwrap_or([255; 4]),
            input: *pictures,
            position: options.text("position").unwrap_or("bottom-right").to_owned(),
            margin: options.get("margin").unwrap_or(10),
            opacity: options.number("opacity").unwrap_or(1.0).clamp(0.0, 1.0),
            angle: options.number("angle").unwrap_or(0.0),
            font_size: options.get("font_size"),
            width: options.get("width"),
        }
    }

    /// Height of the letters over a picture of a height.
    pub fn letters(&self, height: u32) -> f32 {
        let letters = self.font_size.map_or(f64::from(height) * USUAL_LETTERS, f64::from);
        letters.clamp(4.0, 2000.0) as f32
    }

    /// What a mark of its own size is to be scaled by over a picture: to the width that was asked for, and never
    /// beyond the picture, turned as it will be.
    pub fn scale(&self, own: (f64, f64), picture: (u32, u32)) -> f64 {
        let wanted = self.width.map_or(1.0, |wanted| f64::from(wanted) / own.0);
        let (width, height) = turned_size(own, self.angle);
        let room = |side: u32| f64::from(side.saturating_sub(self.margin).max(1));
        wanted.min(room(picture.0) / width).min(room(picture.1) / height)
    }

    /// The mark for a picture of a size, turned.
    fn drawn(
        &self,
        step: &Step<'_>,
        brought: Option<&Frame>,
        size: (u32, u32),
        letters: Option<Letters>,
    ) -> Result<Frame> {
        let frame = match (&self.text, brought, letters) {
            (Some(text), _, Some(letters)) => letters(step, text, self, size)?,
            (None, Some(frame), _) => self.fitted(step, frame, size)?,
            (Some(_), ..) => return Err(Error::unsupported("text is not drawn here")),
            (None, None, _) => return Err(missing()),
        };
        Ok(if self.angle % 360.0 == 0.0 { frame } else { rotated(&frame, self.angle, size) })
    }

    fn fitted(&self, step: &Step<'_>, frame: &Frame, size: (u32, u32)) -> Result<Frame> {
        let own = (f64::from(frame.width), f64::from(frame.height));
        let scale = self.scale(own, size);
        let side = |side: f64| Some((side * scale).round().max(1.0) as u32);
        let wish = Resize { width: side(own.0), height: side(own.1), fit: Fit::Scale };
        let mut picture = Picture::still(frame.clone());
        resize(step, &mut picture, &wish, [0; 4])?;
        picture.frames.pop().ok_or_else(missing)
    }

    /// The picture that is laid over: upright, in sRGB, with alpha.
    fn brought(&self, step: &Step<'_>) -> Result<Frame> {
        let input = step.input_at(self.input).filter(|input| input.format() == RASTER).ok_or_else(missing)?;
        let mut picture = raster::read(&input.bytes()?, step.limits())?;
        orient(&mut picture);
        let profile = picture.metadata.icc.as_deref().and_then(Profile::parse);
        let mut frame =
            picture.frames.into_iter().next().ok_or_else(|| Error::corrupt("the watermark is empty"))?;
        if let Some(profile) = profile {
            profile.to_srgb(&mut frame);
        }
        set_channels(&mut frame, Channels::Rgba);
        Ok(frame)
    }

    /// Upper left corner of a mark in a picture.
    fn place(&self, outer: (u32, u32), inner: (u32, u32)) -> (u32, u32) {
        let along = |first: &str, last: &str, outer: u32, inner: u32| {
            let room = outer.saturating_sub(inner);
            match (self.position.contains(first), self.position.contains(last)) {
                (true, _) => self.margin.min(room),
                (_, true) => room.saturating_sub(self.margin),
                _ => room / 2,
            }
        };
        (along("left", "right", outer.0, inner.0), along("top", "bottom", outer.1, inner.1))
    }
}

fn missing() -> Error {
    Error::invalid("a watermark needs `text`, or a picture as second input: IN PICTURE OUT")
}

/// Lays a mark over every frame, blended in the frame's own samples: encoded as the picture's profile says, or in
/// linear light for floating point.
///
/// # Errors
///
/// `invalid_request` without anything to lay over; those of drawing the text; `cancelled`.
pub(crate) fn lay(
    step: &Step<'_>,
    picture: &mut Picture,
    mark: &Mark,
    letters: Option<Letters>,
) -> Result<()> {
    let brought = if mark.text.is_none() { Some(mark.brought(step)?) } else { None };
    let size = picture.frames.first().map_or((0, 0), Frame::size);
    let mut drawn = mark.drawn(step, brought.as_ref(), size, letters)?;
    if stamp::is_coloured(&drawn) {
        give_colours(step, picture);
    }
    let profile =
        picture.metadata.icc.as_deref().and_then(Profile::parse).filter(|profile| !profile.is_srgb());
    let mut stamp: Option<(Stamp, (u32, u32))> = None;
    let (count, mut drawn_for) = (picture.frames.len() as u64, size);
    for (index, frame) in picture.frames.iter_mut().enumerate() {
        step.tick(index as u64, count)?;
        if drawn_for != frame.size() {
            (drawn, drawn_for, stamp) =
                (mark.drawn(step, brought.as_ref(), frame.size(), letters)?, frame.size(), None);
        }
        let fits = |(stamp, _): &(Stamp, _)| stamp.fits(frame);
        let (stamp, corner) = match stamp.take().filter(fits) {
            Some(made) => stamp.insert(made),
            None => {
                let made = Stamp::new(&drawn, frame, profile.as_ref(), mark.opacity);
                stamp.insert((made, mark.place(frame.size(), drawn.size())))
            }
        };
        stamp.press(frame, *corner);
    }
    if let Some(block) = &mut picture.metadata.exif {
        exif::unlink_thumbnail(block);
    }
    Ok(())
}

/// A coloured mark makes a grey picture one of colours.
fn give_colours(step: &Step<'_>, picture: &mut Picture) {
    let grey = |frame: &Frame| matches!(frame.channels, Channels::Grey | Channels::GreyAlpha);
    if !picture.frames.iter().any(grey) {
        return;
    }
    let profile = picture.metadata.icc.as_deref().and_then(Profile::parse);
    let profile = profile.filter(|profile| profile.fits(Channels::Grey));
    for frame in picture.frames.iter_mut().filter(|frame| grey(frame)) {
        if let Some(profile) = profile.as_ref().filter(|_| frame.samples.depth() != Depth::F32) {
            profile.to_srgb(frame);
        }
        let channels = if frame.channels.has_alpha() { Channels::Rgba } else { Channels::Rgb };
        set_channels(frame, channels);
    }
    if profile.is_some() {
        picture.metadata.icc = None;
    }
    step.warn("the grey picture became one of colours, for the watermark has some");
}

#[cfg(test)]
mod tests;
