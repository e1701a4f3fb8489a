//! Writes SVG from a picture: the exact pixels inside a drawing, or shapes traced from them.

mod embed;
mod trace;

use crate::svgz;
use formwork_image_pixels::{Changes, Channels, Depth, Target, facts, prepare, raster};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step};

/// What `embed` takes: all that PNG holds.
const EMBED: Target<'static> = Target {
    name: "SVG",
    keeps: &[Feature::Alpha, Feature::BitDepth, Feature::ColourProfile, Feature::Colours, Feature::Quality],
    channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8, Depth::U16],
    largest: (u32::MAX, u32::MAX),
    animation_as_pages: false,
};

/// What `trace` takes.
const TRACE: Target<'static> = Target {
    keeps: &[Feature::Alpha, Feature::Colours],
    channels: &[Channels::Rgba],
    depths: &[Depth::U8],
    ..EMBED
};

/// `raster` to `svg` or `svgz`.
pub(crate) fn write(step: &Step<'_>) -> Result<()> {
    let traced = step.options().text("mode") == Some("trace");
    let mut picture = raster::read(&step.input()?.bytes()?, step.limits())?;
    prepare(step, &mut picture, if traced { &TRACE } else { &EMBED }, &Changes::of(step), None)?;
    let Some(frame) = picture.frames.first() else {
        return Err(Error::new(ErrorKind::Internal, "a picture without frames reached the encoder"));
    };
    let text =
        if traced { trace::document(step, frame)? } else { embed::document(step, frame, &picture.metadata)? };
    if step.target() == "svgz" {
        step.write_output(&svgz::gzip(text.as_bytes(), step)?)?;
    } else {
        step.write_output(text.as_bytes())?;
    }
    step.report(&facts(&picture));
    Ok(())
}

/// The start of a document whose unit is the pixel.
fn opening(width: u32, height: u32) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n"
    )
}
