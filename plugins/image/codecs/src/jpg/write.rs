use super::markers::{insertion_point, segments};
use super::turbo::{self, Fault, Turbo};
use crate::codec::{Encoder, quality};
use formwork_image_pixels::{Channels, Depth, Frame, Metadata, Picture, Samples, Target, lose_quality};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use std::borrow::Cow;

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "JPEG",
        keeps: &[Feature::ColourProfile, Feature::Colours, Feature::Inks, Feature::Metadata],
        channels: &[Channels::Grey, Channels::Rgb, Channels::Cmyk],
        depths: &[Depth::U8],
        largest: (65_500, 65_500),
        animation_as_pages: false,
    },
    options,
    encode,
};

const QUALITY: i64 = 82;
/// From this quality on chroma keeps its full size.
const FULL_CHROMA: i64 = 90;

fn options() -> Vec<OptionSpec> {
    let effort = "How hard to try for a small file: 0 and 1 use the standard tables, 2 to 6 fitted ones, 7 to 9 are progressive too.";
    vec![option("quality").with_default(QUALITY), option("effort").with_default(4).with_summary(effort)]
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let (Some(frame), Some(library)) = (picture.frames.first(), Turbo::encoder()) else {
        return Err(Error::new(ErrorKind::Internal, "the JPEG encoder could not start"));
    };
    let Samples::U8(samples) = &frame.samples else {
        return Err(Error::new(ErrorKind::Internal, "the JPEG encoder takes 8 bits"));
    };
    let quality = quality(options, QUALITY);
    lose_quality(step, "JPEG", quality);
    configure(&library, frame, &picture.metadata, quality, options.integer("effort").unwrap_or(4))
        .map_err(failure)?;
    let (samples, format) = match frame.channels {
        Channels::Grey => (Cow::Borrowed(samples), turbo::GREY),
        // Stored as Adobe does, inverted: the library adds the Adobe marker.
        Channels::Cmyk => (Cow::Owned(samples.iter().map(|sample| !sample).collect()), turbo::CMYK),
        _ => (Cow::Borrowed(samples), turbo::RGB),
    };
    step.tick(1, 2)?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    let encoded = library.encode(&samples, width, height, frame.channels.count(), format).map_err(failure)?;
    step.tick(2, 2)?;
    place(step, encoded.bytes(), &picture.metadata, output)
}

fn failure(fault: Fault) -> Error {
    Error::new(ErrorKind::Internal, format!("JPEG encoder: {}", fault.message))
}

fn configure(
    library: &Turbo,
    frame: &Frame,
    metadata: &Metadata,
    quality: i64,
    effort: i64,
) -> std::result::Result<(), Fault> {
    let sampling = match frame.channels {
        Channels::Grey => turbo::SAMPLING_GREY,
        Channels::Rgb if quality < FULL_CHROMA => turbo::SAMPLING_420,
        _ => turbo::SAMPLING_444,
    };
    library.set(turbo::QUALITY, quality as i32);
    library.set(turbo::SUBSAMPLING, sampling);
    library.set(turbo::OPTIMIZE, i32::from(effort >= 2));
    library.set(turbo::PROGRESSIVE, i32::from(effort >= 7));
    if let Some((x, y)) = metadata.density {
        library.set(turbo::DENSITY_UNITS, 1);
        library.set(turbo::X_DENSITY, x.round().clamp(1.0, 65_535.0) as i32);
        library.set(turbo::Y_DENSITY, y.round().clamp(1.0, 65_535.0) as i32);
    }
    metadata.icc.as_ref().map_or(Ok(()), |icc| library.set_profile(icc))
}

/// Writes the file with EXIF and XMP put into it.
fn place(step: &Step<'_>, jpeg: &[u8], metadata: &Metadata, output: &mut Writer<'_>) -> Result<()> {
    let (exif, xmp) = segments(metadata);
    if exif.is_none() && metadata.exif.is_some() || xmp.is_none() && metadata.xmp.is_some() {
        step.lose(Feature::Metadata, "a JPEG segment holds 64 KiB, EXIF or XMP were larger");
    }
    let (head, tail) = jpeg.split_at_checked(insertion_point(jpeg)).unwrap_or((jpeg, &[]));
    for part in [head, exif.as_deref().unwrap_or(&[]), xmp.as_deref().unwrap_or(&[]), tail] {
        output.append(part)?;
    }
    Ok(())
}
