//! The lane without decoding: a JPEG goes in as it is (`DCTDecode`, language level 2).

use super::wrap::{self, Content};
use crate::codec::Wish;
use crate::jpg::{Whole, whole};
use crate::paper::{Place, density};
use formwork_image_pixels::{Channels, Profile};
use formwork_sdk::{Feature, Input, Result, Step};

/// Puts a JPEG into an EPS when its pixels are not to be changed. False when it cannot go as it is;
/// nothing has been written then. PostScript does not know progressive JPEG, and colours of another
/// profile than sRGB have to be converted.
pub(crate) fn take(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<bool> {
    if !wish.changes.is_empty() {
        return Ok(false);
    }
    let bytes = input.bytes()?;
    // What describes the picture is left out: PostScript could not tell it anyway.
    let Some(jpeg) = whole(step, &bytes, true)? else { return Ok(false) };
    let foreign = |icc: &Vec<u8>| Profile::parse(icc).is_some_and(|profile| !profile.is_srgb());
    let inks = jpeg.channels == Channels::Cmyk;
    if jpeg.progressive || !inks && jpeg.metadata.icc.as_ref().is_some_and(foreign) {
        return Ok(false);
    }
    tell(step, &jpeg, wish);
    let content = Content {
        width: jpeg.width,
        height: jpeg.height,
        channels: jpeg.channels,
        inverted: jpeg.inverted,
        filter: "/DCTDecode".into(),
        level: 2,
        data: &jpeg.bytes,
    };
    let density = density(&step.options(), &jpeg.metadata);
    let place = Place::new((jpeg.width, jpeg.height), density, jpeg.metadata.orientation);
    let mut output = step.create_output()?;
    wrap::write(step, &content, place, &mut output)?;
    output.close()?;
    Ok(true)
}

fn tell(step: &Step<'_>, jpeg: &Whole<'_>, wish: &Wish) {
    let metadata = &jpeg.metadata;
    if (metadata.exif.is_some() || metadata.xmp.is_some()) && !wish.changes.wishes.strip_metadata {
        step.lose(Feature::Metadata, "EPS has no place for EXIF or XMP");
    }
    if jpeg.channels == Channels::Cmyk && metadata.icc.is_some() {
        step.lose(Feature::ColourProfile, "EPS has no place for the profile of CMYK");
    }
}
