//! What is laid over the pictures: another picture, or text.

use crate::graph::{Filter, Link, once};
use crate::options::Mark;
use formwork_fonts::MARK_FAMILIES;
use formwork_image_pixels::{Channels, Depth, Picture, Samples, raster, set_channels, set_depth};
use formwork_media::{Frame, ff};
use formwork_sdk::xml::escaped;
use formwork_sdk::{Error, Result, Step};
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// Letters are this part of the picture's height, unless a size is asked for.
const USUAL_LETTERS: f64 = 0.05;

/// The pictures of a step, to be laid over.
pub(crate) struct Pictures<'s> {
    step: &'s Step<'s>,
}

impl<'s> Pictures<'s> {
    pub(crate) fn new(step: &'s Step<'s>) -> Pictures<'s> {
        Pictures { step }
    }

    /// The link that lays a mark over pictures of a size.
    pub(crate) fn over(&mut self, mark: &Mark, size: (u32, u32)) -> Result<Link> {
        let mut frame = match &mark.text {
            Some(text) => text_frame(text, mark, size)?,
            None => self.picture(mark)?,
        };
        fade(&mut frame, mark.opacity);
        let room = (size.0.saturating_sub(mark.margin).max(1), size.1.saturating_sub(mark.margin).max(1));
        let (width, height) = (f64::from(frame.width()), f64::from(frame.height()));
        let wanted = mark.width.map_or(1.0, |wanted| f64::from(wanted) / width);
        let factor = wanted.min(f64::from(room.0) / width).min(f64::from(room.1) / height);
        if factor != 1.0 {
            let (w, h) = ((width * factor).round().max(1.0), (height * factor).round().max(1.0));
            frame = once(&frame, &[Link::One(Filter::new("scale", format!("w={w}:h={h}:flags=area")))])?;
        }
        let (x, y) = place(&mark.position, mark.margin, size, (frame.width(), frame.height()));
        let arguments = format!("x={x}:y={y}:eof_action=repeat:format=auto");
        Ok(Link::Two(Filter::new("overlay", arguments), Arc::new(frame)))
    }

    fn picture(&self, mark: &Mark) -> Result<Frame> {
        let input = self.step.input_at(mark.input).filter(|input| input.format() == crate::RASTER);
        let input = input.ok_or_else(|| {
            Error::invalid("a watermark needs `text`, or a picture as second input: IN PICTURE OUT")
        })?;
        frame_of(raster::read(&input.bytes()?, self.step.limits())?)
    }
}

/// A decoded picture as a frame of red, green, blue, alpha.
fn frame_of(mut picture: Picture) -> Result<Frame> {
    formwork_image_pixels::orient(&mut picture);
    let mut first =
        picture.frames.into_iter().next().ok_or_else(|| Error::corrupt("the watermark is empty"))?;
    set_channels(&mut first, Channels::Rgba);
    set_depth(&mut first, Depth::U8);
    match &first.samples {
        Samples::U8(samples) => rgba(samples, first.width, first.height),
        _ => Err(Error::corrupt("the watermark cannot be brought to 8 bits")),
    }
}

/// A frame of red, green, blue, alpha samples.
pub(crate) fn rgba(samples: &[u8], width: u32, height: u32) -> Result<Frame> {
    let mut frame = Frame::new()?;
    // SAFETY: the frame is ours and empty.
    unsafe {
        let raw = &mut *frame.as_ptr();
        raw.width = width as i32;
        raw.height = height as i32;
        raw.format = ff::AVPixelFormat::AV_PIX_FMT_RGBA as i32;
    }
    frame.allocate()?;
    for (row, line) in samples.chunks_exact(width as usize * 4).take(height as usize).enumerate() {
        // SAFETY: `allocate` made `height` rows of at least `width * 4` bytes, `linesize` apart.
        unsafe {
            let raw = &*frame.as_ptr();
            let to = raw.data[0].offset(row as isize * raw.linesize[0] as isize);
            std::ptr::copy_nonoverlapping(line.as_ptr(), to, line.len());
        }
    }
    Ok(frame)
}

/// Makes a frame of red, green, blue, alpha more transparent.
fn fade(frame: &mut Frame, opacity: f64) {
    if opacity >= 1.0 {
        return;
    }
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    for row in 0..height {
        // SAFETY: the frame is ours alone, with `height` rows of at least `width * 4` bytes.
        let line = unsafe {
            let raw = &*frame.as_ptr();
            std::slice::from_raw_parts_mut(
                raw.data[0].offset(row as isize * raw.linesize[0] as isize),
                width * 4,
            )
        };
        for pixel in line.as_chunks_mut::<4>().0 {
            pixel[3] = (f64::from(pixel[3]) * opacity).round() as u8;
        }
    }
}

/// Upper left corner of something of a size in something larger.
fn place(position: &str, margin: u32, outer: (u32, u32), inner: (u32, u32)) -> (i64, i64) {
    let along = |first: bool, last: bool, outer: u32, inner: u32| {
        let room = i64::from(outer) - i64::from(inner);
        match (first, last) {
            (true, _) => i64::from(margin).min(room.max(0)),
            (_, true) => (room - i64::from(margin)).max(0),
            _ => room / 2,
        }
    };
    let has = |word: &str| position.contains(word);
    (along(has("left"), has("right"), outer.0, inner.0), along(has("top"), has("bottom"), outer.1, inner.1))
}

/// Text as a picture just as large as it: white on nothing, in the wanted colour.
fn text_frame(text: &str, mark: &Mark, size: (u32, u32)) -> Result<Frame> {
    let letters = mark.font_size.map_or(f64::from(size.1) * USUAL_LETTERS, f64::from).clamp(4.0, 2000.0);
    let [red, green, blue, alpha] = mark.color;
    let opacity = f64::from(alpha) / 255.0;
    let lines: Vec<&str> = text.lines().take(100).collect();
    let mut spans = String::new();
    for (number, line) in lines.iter().enumerate() {
        let y = letters * (1.0 + 1.2 * number as f64);
        spans.push_str(&format!("<tspan x=\"{}\" y=\"{y}\">{}</tspan>", letters * 0.25, escaped(line)));
    }
    // A thin dark edge keeps light letters readable on light pictures.
    let edge = if u32::from(red) + u32::from(green) + u32::from(blue) > 384 { "#000000" } else { "#ffffff" };
    let (width, height) = (f64::from(size.0), letters * (1.2 * lines.len() as f64 + 0.6));
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><text xml:space=\"preserve\" \
         font-family=\"{MARK_FAMILIES}\" font-size=\"{letters}\" fill=\"rgb({red},{green},{blue})\" \
         fill-opacity=\"{opacity}\" stroke=\"{edge}\" stroke-opacity=\"{}\" stroke-width=\"{}\" \
         paint-order=\"stroke\">{spans}</text></svg>",
        opacity * 0.6,
        letters * 0.08
    );
    draw(&svg)
}

/// A drawing as a frame just as large as what is drawn.
pub(crate) fn draw(svg: &str) -> Result<Frame> {
    let options = usvg::Options { fontdb: formwork_fonts::some()?, ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options)
        .map_err(|error| Error::invalid(format!("the text cannot be drawn: {error}")))?;
    let bounds = tree.root().abs_stroke_bounding_box();
    let (width, height) = (bounds.width().ceil().max(1.0) as u32, bounds.height().ceil().max(1.0) as u32);
    let mut pixmap = tiny_skia::Pixmap::new(width.min(8192), height.min(8192))
        .ok_or_else(|| Error::invalid("the text has no letters that can be drawn"))?;
    let shift = tiny_skia::Transform::from_translate(-bounds.left(), -bounds.top());
    resvg::render(&tree, shift, &mut pixmap.as_mut());
    let plain: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let pixel = pixel.demultiply();
            [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
        })
        .collect();
    rgba(&plain, pixmap.width(), pixmap.height())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_keep_their_distance() {
        let at = |position| place(position, 10, (100, 50), (20, 10));
        assert_eq!(at("top-left"), (10, 10));
        assert_eq!(at("bottom-right"), (70, 30));
        assert_eq!(at("center"), (40, 20));
        assert_eq!(at("top"), (40, 10));
    }
}
