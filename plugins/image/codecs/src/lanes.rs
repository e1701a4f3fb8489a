//! Shorter ways than decode, prepare, encode: samples that need not be turned into RGB and back.

use crate::codec::Wish;
use crate::{eps, jpg, pdf, webp};
use formwork_image_pixels::{Channels, Depth, Frame, Orientation, Picture, Profile, Samples, orient};
use formwork_sdk::{Input, Result, Step, json};

/// Goes a shorter way when there is one. False when there is none and nothing has been written.
pub(crate) fn take(step: &Step<'_>, input: &Input<'_>, target: &str, wish: &Wish) -> Result<bool> {
    let lossy = !step.options().flag("lossless");
    let same_depth = wish.changes.wishes.depth.is_none_or(|depth| depth == Depth::U8);
    if input.format() == "jpg"
        && target == "webp"
        && wish.changes.is_empty()
        && wish.changes.pages.is_none()
        && lossy
        && same_depth
    {
        return jpg_to_webp(step, input, wish);
    }
    match (input.format(), target) {
        ("jpg", "pdf") => pdf::take(step, input, wish),
        ("jpg", "eps") => eps::take(step, input, wish),
        _ => Ok(false),
    }
}

/// Both formats hold luma and halved chroma: only the range of the values differs.
fn jpg_to_webp(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<bool> {
    let bytes = input.bytes()?;
    let Some(mut planes) = jpg::planes(step, &bytes)? else { return Ok(false) };
    drop(bytes);
    if !turn_upright(&mut planes) || !webp_takes(&planes) {
        // The ordinary way handles it, or says what is wrong.
        return Ok(false);
    }
    input.release();
    if wish.changes.wishes.strip_metadata {
        (planes.metadata.exif, planes.metadata.xmp) = (None, None);
    }
    let done = json!({ "width": planes.width, "height": planes.height, "frames": 1 });
    let mut output = step.create_output()?;
    webp::encode_planes(step, &step.options(), planes, &mut output)?;
    output.close()?;
    step.report(&done);
    Ok(true)
}

/// Whether size and profile are such that nothing has to be changed.
fn webp_takes(planes: &jpg::Planes) -> bool {
    let usable = |icc: &Vec<u8>| Profile::parse(icc).is_some_and(|profile| profile.fits(Channels::Rgb));
    planes.width.max(planes.height) <= webp::LARGEST && planes.metadata.icc.as_ref().is_none_or(usable)
}

/// Turns planes as the metadata says. False when that would tear luma and chroma apart: an odd side has
/// a last chroma sample for half a pair of pixels, which would become the first.
fn turn_upright(planes: &mut jpg::Planes) -> bool {
    if planes.metadata.orientation == Orientation::Upright {
        return true;
    }
    let (width, height) = (planes.width, planes.height);
    if width % 2 == 1 || height % 2 == 1 {
        return false;
    }
    let plane = |samples: &mut Vec<u8>, width, height| {
        Frame::new(width, height, Channels::Grey, Samples::U8(std::mem::take(samples)))
    };
    let frames = [
        plane(&mut planes.y, width, height),
        plane(&mut planes.cb, width / 2, height / 2),
        plane(&mut planes.cr, width / 2, height / 2),
    ];
    let mut picture = Picture {
        frames: frames.into_iter().flatten().collect(),
        metadata: std::mem::take(&mut planes.metadata),
        ..Picture::default()
    };
    orient(&mut picture);
    planes.metadata = picture.metadata;
    (planes.width, planes.height) = picture.frames.first().map_or((0, 0), Frame::size);
    for (frame, plane) in picture.frames.into_iter().zip([&mut planes.y, &mut planes.cb, &mut planes.cr]) {
        if let Samples::U8(samples) = frame.samples {
            *plane = samples;
        }
    }
    true
}
