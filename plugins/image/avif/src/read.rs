//! From an AVIF file to a picture.

use crate::cicp::Cicp;
use crate::library::{Bounds, Decoder, Image};
use crate::patience::{Signal, patiently};
use crate::payloads;
use formwork_image_pixels::{Crop, Metadata, Picture, Sequence, crop};
use formwork_sdk::{Error, Feature, Input, Result, Step};

/// Bytes a pixel may take while a picture is decoded: planes, what libaom keeps, the result.
const BYTES_8: u64 = 8;
/// The same with more than 8 bits.
const BYTES_16: u64 = 20;

/// Decodes the picture, or all frames of an animation.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, input: &Input<'_>) -> Result<Picture> {
    let bytes = input.bytes()?;
    payloads::check(step, &bytes)?;
    let gain_map = payloads::has_gain_map(&bytes);
    let decoder = open(step, bytes.into_owned())?;
    let (size, depth, metadata_size) =
        decoder.with_image(|image| (image.size(), image.depth(), image.metadata_size()))?;
    step.within("metadata", metadata_size, step.limits().metadata)?;
    let count = decoder.count().max(1) as u64;
    step.within("frames", count, step.limits().frames)?;
    let kept = if depth > 8 { 2 } else { 1 } * if decoder.has_alpha() { 4 } else { 3 };
    let busy = if depth > 8 { BYTES_16 } else { BYTES_8 };
    step.check_picture(size.0.into(), size.1.into(), busy + kept * (count - 1))?;
    let threads = step.threads();
    let picture = patiently(step, move |signal| decode(decoder, threads, signal))??;
    picture.check(step)?;
    if gain_map {
        step.lose(Feature::BitDepth, "the gain map that brightens highlights on HDR screens");
    }
    Ok(picture)
}

/// Opens a file with the limits of the step. Its streams were checked before.
pub(crate) fn open(step: &Step<'_>, bytes: Vec<u8>) -> Result<Decoder> {
    let limits = step.limits();
    let bounds =
        Bounds { pixels: limits.pixels, side: limits.side, frames: limits.frames, threads: step.threads() };
    Decoder::open(bytes, bounds)
}

/// Decodes all frames. Runs on a thread of its own.
fn decode(mut decoder: Decoder, threads: usize, signal: &Signal) -> Result<Picture> {
    let count = decoder.count();
    let alpha = decoder.has_alpha();
    let mut frames = Vec::new();
    let mut first: Option<First> = None;
    for index in 0..count {
        signal.tick(index as u64, count as u64)?;
        decoder.next()?;
        let mut frame = decoder.with_image(|image| {
            let first = first.get_or_insert_with(|| First::of(image));
            let frame = image.to_frame(alpha, first.keep_colour, threads)?;
            Ok::<_, Error>(match first.light {
                Some(cicp) => cicp.in_light(frame),
                None => frame,
            })
        })??;
        if count > 1 {
            frame.delay_ms = decoder.delay_ms();
        }
        frames.push(frame);
    }
    let First { metadata, cut, .. } = first.ok_or_else(|| Error::corrupt("the file holds no picture"))?;
    let sequence = if count > 1 { Sequence::Animation { loops: decoder.loops() } } else { Sequence::Still };
    let mut picture = Picture { frames, sequence, metadata, ..Picture::default() };
    if let Some((x, y, width, height)) = cut {
        crop(&mut picture, &Crop { x, y, width: Some(width), height: Some(height) })?;
    }
    Ok(picture)
}

/// What the first frame says of all.
struct First {
    metadata: Metadata,
    /// The part that is shown.
    cut: Option<(u32, u32, u32, u32)>,
    /// The samples are HDR with these code points.
    light: Option<Cicp>,
    /// Grey frames become RGB: a profile for colours does not fit a picture that is only grey.
    keep_colour: bool,
}

impl First {
    fn of(image: &Image) -> First {
        let mut metadata = image.metadata();
        let light = Some(image.cicp()).filter(|cicp| metadata.icc.is_none() && cicp.is_hdr());
        metadata.icc = metadata.icc.or_else(|| image.cicp().profile());
        let colours = metadata.icc.as_ref().is_some_and(|icc| icc.get(16..20) != Some(b"GRAY"));
        First { metadata, cut: image.cut(), light, keep_colour: light.is_some() || colours }
    }
}
