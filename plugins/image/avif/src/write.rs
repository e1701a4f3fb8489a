//! From a picture to an AVIF file.

use crate::library::{Encoder, Image, Settings};
use crate::patience::{Signal, patiently};
use crate::settings::{FILM_THREADS, Wish};
use crate::timeless::forget_times;
use formwork_image_pixels::{
    Channels, Depth, Frame, Metadata, Picture, Samples, Sequence, Target, facts, lose_quality,
};
use formwork_sdk::{Error, Feature, Result, Step};

/// Features that arrive in an AVIF file.
pub(crate) const KEEPS: &[Feature] = &[
    Feature::Alpha,
    Feature::Animation,
    Feature::BitDepth,
    Feature::ColourProfile,
    Feature::Colours,
    Feature::Metadata,
    Feature::Quality,
];

/// What the encoder takes.
pub(crate) const TARGET: Target<'static> = Target {
    name: "AVIF",
    keeps: KEEPS,
    channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8, Depth::U16],
    largest: (65_535, 65_535),
    animation_as_pages: false,
};

/// Bytes a pixel takes in the encoder, beside the picture itself.
const BYTES: u64 = 12;

/// Encodes a picture that was brought down to [`TARGET`], and writes it.
///
/// # Errors
///
/// `cancelled`; `timeout`; `limit_exceeded`; `internal` when the encoder refuses.
pub(crate) fn write(step: &Step<'_>, picture: Picture) -> Result<()> {
    let wish = Wish::of(&step.options());
    let facts = facts(&picture);
    let first = picture.frames.first().ok_or_else(|| Error::corrupt("the picture has no frame"))?;
    step.check_picture(first.width.into(), first.height.into(), BYTES)?;
    say_losses(step, first, &wish);
    let settings = wish.settings(first.width, first.height, step.threads());
    let settings = match picture.sequence {
        Sequence::Animation { loops } => Settings { loops, threads: FILM_THREADS, ..settings },
        _ => settings,
    };
    let file = patiently(step, move |signal| encode(picture, &wish, &settings, signal))??;
    step.write_output(&file)?;
    step.report(&facts);
    Ok(())
}

/// Says what the encoder will not keep.
fn say_losses(step: &Step<'_>, first: &Frame, wish: &Wish) {
    if !wish.lossless {
        lose_quality(step, "AVIF", wish.quality);
    }
    let depth = wish.depth_for(&first.samples);
    if wish.depth.is_none() && !fits(&first.samples, depth) {
        step.lose(Feature::BitDepth, format!("16 bits a sample were rounded to {depth}"));
    }
}

/// Whether samples are exact in so many bits.
fn fits(samples: &Samples, depth: u32) -> bool {
    let full = (1u32 << depth) - 1;
    let exact = |value: &u16| {
        let narrow = (u32::from(*value) * full + 32_767) / 65_535;
        (narrow * 65_535 + full / 2) / full == u32::from(*value)
    };
    match samples {
        Samples::U16(samples) => samples.iter().all(exact),
        _ => true,
    }
}

/// Encodes. Runs on a thread of its own.
fn encode(picture: Picture, wish: &Wish, settings: &Settings, signal: &Signal) -> Result<Vec<u8>> {
    let Picture { frames, metadata, .. } = picture;
    let count = frames.len();
    let Some(first) = frames.first() else { return Err(Error::corrupt("the picture has no frame")) };
    let (depth, layout) = (wish.depth_for(&first.samples), wish.layout_for(first));
    let still = count == 1;
    let mut encoder = Encoder::new(&Settings { perceptual: settings.perceptual && still, ..*settings })?;
    for (index, frame) in frames.into_iter().enumerate() {
        signal.tick(index as u64, count as u64)?;
        let mut image = Image::from_frame(&frame, depth, layout, wish.lossless)?;
        if index == 0 {
            image.set_metadata(&metadata)?;
        } else {
            image.set_metadata(&Metadata { icc: metadata.icc.clone(), ..Metadata::default() })?;
        }
        let delay = (!still).then_some(frame.delay_ms.max(1));
        // The encoder has its own copy by now.
        drop(frame);
        encoder.add(&image, delay)?;
    }
    let mut file = encoder.finish()?;
    forget_times(&mut file);
    Ok(file)
}

/// Encodes an image that is ready, as the only one of a file.
pub(crate) fn encode_one(step: &Step<'_>, image: Image, settings: Settings) -> Result<Vec<u8>> {
    patiently(step, move |_| {
        let mut encoder = Encoder::new(&settings)?;
        encoder.add(&image, None)?;
        drop(image);
        encoder.finish()
    })?
}
