//! The direct way from JPEG to AVIF: the same planes, coded anew.

use crate::jpg::{Decoded, Jpeg, Planes};
use crate::library::{Image, Layout};
use crate::patience::patiently;
use crate::settings::Wish;
use crate::write;
use formwork_image_pixels::{
    Changes, Channels, Frame, Metadata, Orientation, Original, Picture, Profile, Samples, lose_quality,
    orient, prepare,
};
use formwork_sdk::{Error, ErrorKind, Result, Step, json};

/// Bytes a pixel takes at the most on the way.
const BYTES: u64 = 12;

/// Converts the step's JPEG.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let input = step.input()?;
    let mut jpeg = Jpeg::open(input.bytes()?.into_owned(), step.limits())?;
    input.release();
    let (size, metadata) = (jpeg.size(), jpeg.metadata());
    step.check_picture(size.0.into(), size.1.into(), BYTES)?;
    let changes = Changes::of(step);
    let wish = Wish::of(&step.options());
    let planes = changes.is_empty()
        && wish.depth.is_none_or(|depth| depth <= 8)
        && turns_whole(size, metadata.orientation);
    let eighths = eighths(size, metadata.orientation, &changes);
    let limits = *step.limits();
    match patiently(step, move |_| jpeg.decode(&limits, planes, eighths))?? {
        Decoded::Planes(planes) => by_planes(step, planes, metadata, &changes, &wish),
        Decoded::Frame(frame, complaint) => {
            if let Some(complaint) = complaint {
                step.warn(format!("the JPEG is damaged ({complaint}); what could be read was taken"));
            }
            let original = (eighths < 8).then(|| Original {
                size: if metadata.orientation.swaps_sides() { (size.1, size.0) } else { size },
                scale: f64::from(eighths) / 8.0,
            });
            let mut picture = Picture { metadata, ..Picture::still(frame) };
            prepare(step, &mut picture, &write::TARGET, &changes, original)?;
            write::write(step, picture)
        }
    }
}

/// Whether planes can be turned without tearing brightness and colour apart: an odd side has a last
/// colour sample for half a pair of pixels, which would become the first.
fn turns_whole((width, height): (u32, u32), orientation: Orientation) -> bool {
    orientation == Orientation::Upright || (width % 2 == 0 && height % 2 == 0)
}

/// The scale to decode at: the smallest power of two that leaves at least a quarter more than asked for.
fn eighths((width, height): (u32, u32), orientation: Orientation, changes: &Changes) -> u32 {
    let (seen_width, seen_height) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
    let Some((least_width, least_height)) = changes.at_least(seen_width, seen_height) else { return 8 };
    let enough = |eighths: &u32| {
        let scaled = |side: u32| (side * eighths).div_ceil(8);
        scaled(seen_width) >= least_width + least_width / 4
            && scaled(seen_height) >= least_height + least_height / 4
    };
    [1, 2, 4].into_iter().find(enough).unwrap_or(8)
}

/// Hands the planes to the encoder as they are, turned upright.
fn by_planes(
    step: &Step<'_>,
    planes: Planes,
    metadata: Metadata,
    changes: &Changes,
    wish: &Wish,
) -> Result<()> {
    let (planes, mut metadata) = upright(planes, metadata)?;
    if changes.wishes.strip_metadata {
        (metadata.exif, metadata.xmp) = (None, None);
    }
    let channels = if planes.layout == Layout::Grey { Channels::Grey } else { Channels::Rgb };
    let fits = |icc: &Vec<u8>| Profile::parse(icc).is_some_and(|profile| profile.fits(channels));
    if metadata.icc.as_ref().is_some_and(|icc| !fits(icc)) {
        step.warn("the embedded colour profile is broken or belongs to other channels, and was left out");
        metadata.icc = None;
    }
    let (width, height) = (planes.width, planes.height);
    let [y, cb, cr] = &planes.planes;
    let mut image = Image::from_planes(width, height, planes.layout, [y, cb, cr])?;
    drop(planes);
    image.set_metadata(&metadata)?;
    let file = write::encode_one(step, image, wish.settings(width, height, step.threads()))?;
    step.write_output(&file)?;
    if !wish.lossless {
        lose_quality(step, "AVIF", wish.quality);
    }
    step.report(&json!({ "width": width, "height": height, "frames": 1 }));
    Ok(())
}

/// Turns planes and metadata as the metadata says.
fn upright(mut planes: Planes, metadata: Metadata) -> Result<(Planes, Metadata)> {
    if metadata.orientation == Orientation::Upright {
        return Ok((planes, metadata));
    }
    let half = |side: u32| if planes.layout == Layout::Halved { side / 2 } else { side };
    let (width, height) = (planes.width, planes.height);
    let sizes = [(width, height), (half(width), half(height)), (half(width), half(height))];
    let frames = std::mem::take(&mut planes.planes)
        .into_iter()
        .zip(sizes)
        .filter_map(|(plane, (width, height))| Frame::new(width, height, Channels::Grey, Samples::U8(plane)));
    let mut picture = Picture { frames: frames.collect(), metadata, ..Picture::default() };
    orient(&mut picture);
    let lost = || Error::new(ErrorKind::Internal, "a plane was lost on the way");
    (planes.width, planes.height) = picture.frames.first().map(Frame::size).ok_or_else(lost)?;
    for (frame, plane) in picture.frames.into_iter().zip(&mut planes.planes) {
        if let Samples::U8(samples) = frame.samples {
            *plane = samples;
        }
    }
    Ok((planes, picture.metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_turn_together() {
        let planes = Planes {
            width: 4,
            height: 2,
            layout: Layout::Halved,
            planes: [(1..=8).collect(), vec![1, 2], vec![3, 4]],
        };
        let metadata = Metadata { orientation: Orientation::Turned90, ..Metadata::default() };
        let (planes, metadata) = upright(planes, metadata).unwrap();
        assert_eq!((planes.width, planes.height, metadata.orientation), (2, 4, Orientation::Upright));
        assert_eq!(planes.planes, [vec![5, 1, 6, 2, 7, 3, 8, 4], vec![1, 2], vec![3, 4]]);
    }

    #[test]
    fn odd_sides_do_not_turn() {
        assert!(turns_whole((3, 3), Orientation::Upright));
        assert!(!turns_whole((3, 4), Orientation::Turned180));
        assert!(turns_whole((2, 4), Orientation::Turned270));
    }
}
