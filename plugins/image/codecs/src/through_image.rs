//! Formats that the `image` crate decodes: from its decoder to our picture.

use crate::codec::Facts;
use formwork_image_pixels::{Channels, Frame, Picture, Samples};
use formwork_sdk::{Error, Result, Step};
use image::{ColorType, ImageDecoder, ImageError};

/// Decodes a whole picture. Sizes are checked before anything is allocated.
pub(crate) fn decode(
    step: &Step<'_>,
    decoder: std::result::Result<impl ImageDecoder, ImageError>,
) -> Result<Picture> {
    let mut decoder = decoder.map_err(failure)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    step.check_picture(width.into(), height.into(), color.bytes_per_pixel().into())?;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(step.limits().memory);
    decoder.set_limits(limits).map_err(failure)?;
    let icc = decoder.icc_profile().ok().flatten();
    let length =
        usize::try_from(decoder.total_bytes()).map_err(|_| Error::corrupt("the picture is too large"))?;
    step.tick(0, 1)?;
    let mut bytes = vec![0; length];
    decoder.read_image(&mut bytes).map_err(failure)?;
    step.tick(1, 1)?;
    let frame = frame(width, height, color, bytes)?;
    let mut picture = Picture::still(frame);
    picture.metadata.icc = icc;
    Ok(picture)
}

/// Tells what a header says. `bits` are those of the file, when the decoder widens them.
pub(crate) fn inspect(decoder: std::result::Result<impl ImageDecoder, ImageError>) -> Result<Facts> {
    let decoder = decoder.map_err(failure)?;
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    let channels = channels(color)?;
    let bits = u32::from(color.bytes_per_pixel()) * 8 / u32::from(color.channel_count());
    Ok(Facts::new(width, height, channels, bits))
}

fn channels(color: ColorType) -> Result<Channels> {
    Ok(match color {
        ColorType::L8 | ColorType::L16 => Channels::Grey,
        ColorType::La8 | ColorType::La16 => Channels::GreyAlpha,
        ColorType::Rgb8 | ColorType::Rgb16 | ColorType::Rgb32F => Channels::Rgb,
        ColorType::Rgba8 | ColorType::Rgba16 | ColorType::Rgba32F => Channels::Rgba,
        other => return Err(Error::unsupported(format!("pictures of type {other:?} are not known here"))),
    })
}

fn frame(width: u32, height: u32, color: ColorType, bytes: Vec<u8>) -> Result<Frame> {
    let samples = match color.bytes_per_pixel() / color.channel_count() {
        1 => Samples::U8(bytes),
        2 => Samples::U16(bytes.as_chunks::<2>().0.iter().map(|two| u16::from_ne_bytes(*two)).collect()),
        _ => Samples::F32(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_ne_bytes(*four)).collect()),
    };
    let frame = Frame::new(width, height, channels(color)?, samples);
    frame.ok_or_else(|| Error::corrupt("the picture has too few samples"))
}

/// Puts an error of the `image` crate in our words.
pub(crate) fn failure(error: ImageError) -> Error {
    match error {
        ImageError::Limits(limit) => Error::limit("memory", "more", limit),
        ImageError::Unsupported(what) => Error::unsupported(what.to_string()),
        ImageError::IoError(error) => error.into(),
        other => Error::corrupt(other.to_string()),
    }
}

/// The samples of a frame as bytes, and its type in the words of the `image` crate. `None` for what no
/// encoder here is handed: the pipeline reduces pictures to the target beforehand.
pub(crate) fn eight_bits(frame: &Frame) -> Option<(&[u8], image::ExtendedColorType)> {
    use image::ExtendedColorType as Type;
    let Samples::U8(samples) = &frame.samples else { return None };
    let kind = match frame.channels {
        Channels::Grey => Type::L8,
        Channels::GreyAlpha => Type::La8,
        Channels::Rgb => Type::Rgb8,
        Channels::Rgba => Type::Rgba8,
        Channels::Cmyk => return None,
    };
    Some((samples, kind))
}

/// The error for a picture that was not reduced to the target.
pub(crate) fn not_reduced() -> Error {
    Error::new(formwork_sdk::ErrorKind::Internal, "a picture reached an encoder that cannot hold it")
}
