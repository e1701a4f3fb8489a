use super::boxes;
use crate::codec::{Facts, Reader, Wish};
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use hayro_jpeg2000::{ColorSpace, ComponentData, DecodeSettings, DecoderContext, Image};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    guarded(|| {
        let (image, look) = open(step, &bytes)?;
        step.tick(0, 1)?;
        let mut context = DecoderContext::default();
        let decoded = image.decode(&mut context).map_err(failure)?;
        let components = decoded.components();
        let samples = if deep(components) {
            Samples::U16(interleave(step, components, &look, 65_535.0, |value| value as u16)?)
        } else {
            Samples::U8(interleave(step, components, &look, 255.0, |value| value as u8)?)
        };
        let frame = Frame::new(image.width(), image.height(), look.channels, samples)
            .ok_or_else(|| Error::corrupt("the JPEG 2000 picture has too few samples"))?;
        Ok(Picture { metadata: look.metadata, dropped: look.dropped, ..Picture::still(frame) })
    })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    guarded(|| {
        let (image, look) = open(step, &bytes)?;
        let bits = image.original_bit_depth();
        Ok(Facts {
            metadata: look.metadata.exif.is_some() || look.metadata.xmp.is_some(),
            icc: look.metadata.icc,
            orientation: look.metadata.orientation,
            also: look.dropped,
            ..Facts::new(image.width(), image.height(), look.channels, bits.into())
        })
    })
}

/// What the components mean.
struct Look {
    channels: Channels,
    metadata: Metadata,
    dropped: Vec<Feature>,
}

/// Reads the headers and checks the limits.
fn open<'b>(step: &Step<'_>, bytes: &'b [u8]) -> Result<(Image<'b>, Look)> {
    let image = Image::new(bytes, &DecodeSettings::default()).map_err(failure)?;
    let space = image.color_space();
    let count = u64::from(space.num_channels()) + u64::from(image.has_alpha());
    // The decoder holds a float for every sample beside ours.
    step.check_picture(image.width().into(), image.height().into(), count * 6)?;
    let mut metadata = boxes::metadata(bytes);
    if let ColorSpace::Icc { profile, .. } = space {
        if profile.get(16..20) == Some(b"Lab ") {
            return Err(Error::unsupported("JPEG 2000 in CIELab cannot be read"));
        }
        metadata.icc = Some(profile.clone());
    }
    let blocks = [&metadata.icc, &metadata.exif, &metadata.xmp];
    let length: usize = blocks.into_iter().flatten().map(Vec::len).sum();
    step.within("metadata", length as u64, step.limits().metadata)?;
    let (channels, cut) = match (space.num_channels(), image.has_alpha()) {
        (1, false) => (Channels::Grey, false),
        (1, true) => (Channels::GreyAlpha, false),
        (2, false) => (Channels::GreyAlpha, false),
        (3, false) => (Channels::Rgb, false),
        (3, true) => (Channels::Rgba, false),
        (4, alpha) => (Channels::Cmyk, alpha),
        (other, _) => return Err(Error::unsupported(format!("JPEG 2000 of {other} colours cannot be read"))),
    };
    let dropped = cut.then_some(Feature::Alpha).into_iter().collect();
    Ok((image, Look { channels, metadata, dropped }))
}

fn deep(components: &[ComponentData]) -> bool {
    components.iter().any(|component| component.bit_depth() > 8)
}

/// Brings the samples of a pixel together and stretches them to the full range.
fn interleave<T: Copy + Default>(
    step: &Step<'_>,
    components: &[ComponentData],
    look: &Look,
    full: f32,
    round: fn(f32) -> T,
) -> Result<Vec<T>> {
    let count = look.channels.count();
    let length = components.first().map_or(0, |first| first.samples().len());
    if components.len() < count {
        return Err(Error::corrupt(format!("{} components where {count} are needed", components.len())));
    }
    let mut samples = vec![T::default(); length * count];
    for (index, component) in components.iter().take(count).enumerate() {
        step.tick(index as u64, count as u64)?;
        let greatest = ((1u64 << component.bit_depth().clamp(1, 38)) - 1) as f32;
        let places = samples.iter_mut().skip(index).step_by(count);
        for (place, value) in places.zip(component.samples()) {
            *place = round((value * full / greatest + 0.5).clamp(0.0, full));
        }
    }
    Ok(samples)
}

fn failure(error: hayro_jpeg2000::DecodeError) -> Error {
    Error::corrupt(format!("the JPEG 2000 picture cannot be decoded: {error}"))
}

/// Turns a fault inside the decoder into an error: it may meet damage it did not foresee.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    outcome.unwrap_or_else(|_| Err(Error::corrupt("the JPEG 2000 picture is damaged")))
}
