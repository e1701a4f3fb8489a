use super::encoder::{self, Settings, Source};
use super::{animation, container};
use crate::codec::{Encoder, quality};
use crate::jpg::Planes;
use formwork_image_pixels::{Channels, Depth, Picture, Samples, Target, is_opaque, lose_quality};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "WebP",
        keeps: &[
            Feature::Alpha,
            Feature::Animation,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Metadata,
        ],
        channels: &[Channels::Rgb, Channels::Rgba],
        depths: &[Depth::U8],
        largest: (LARGEST, LARGEST),
        animation_as_pages: false,
    },
    options,
    encode,
};

/// Width and height at the most (RFC 6386, section 9.1).
pub(crate) const LARGEST: u32 = 16_383;
const QUALITY: i64 = 80;
const EFFORT: i64 = 4;

fn options() -> Vec<OptionSpec> {
    vec![
        option("quality").with_default(QUALITY),
        option("lossless").with_default(false),
        option("effort").with_default(EFFORT),
    ]
}

fn settings(step: &Step<'_>, options: &Options<'_>) -> Settings {
    let settings = Settings {
        lossless: options.flag("lossless"),
        quality: quality(options, QUALITY),
        effort: options.integer("effort").unwrap_or(EFFORT),
        threads: step.threads() > 1,
    };
    if !settings.lossless {
        lose_quality(step, "WebP", settings.quality);
    }
    settings
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(first) = picture.frames.first() else {
        return Err(Error::new(ErrorKind::Internal, "a picture without frames reached the encoder"));
    };
    let settings = settings(step, options);
    let file = match (&first.samples, picture.frames.len()) {
        (_, 2..) => animation::encode(step, &settings, picture)?,
        (Samples::U8(samples), _) => {
            let source =
                if first.channels == Channels::Rgba { Source::Rgba(samples) } else { Source::Rgb(samples) };
            let picture = encoder::Picture::new(first.size(), source, settings.lossless)?;
            encoder::encode(step, &settings, picture)?
        }
        _ => return Err(Error::new(ErrorKind::Internal, "the WebP encoder takes 8 bits")),
    };
    let holes = picture.frames.len() > 1 && !picture.frames.iter().all(is_opaque);
    container::write(&file, first.size(), &picture.metadata, holes, output)
}

/// Encodes the planes of a JPEG, without a way over RGB. The planes are changed to WebP's limited range.
pub(crate) fn encode_planes(
    step: &Step<'_>,
    options: &Options<'_>,
    mut planes: Planes,
    output: &mut Writer<'_>,
) -> Result<()> {
    let settings = settings(step, options);
    limit_range(&mut planes);
    let source = Source::Planes([&planes.y, &planes.cb, &planes.cr]);
    let size = (planes.width, planes.height);
    let file = encoder::encode(step, &settings, encoder::Picture::new(size, source, false)?)?;
    let metadata = std::mem::take(&mut planes.metadata);
    drop(planes);
    container::write(&file, size, &metadata, false, output)
}

/// Turns full-range samples (JFIF) into limited-range ones (ITU-R BT.601: luma 16 to 235, chroma 16 to
/// 240), rounding to nearest.
fn limit_range(planes: &mut Planes) {
    // Division by 255 as a multiplication: exact for all products that occur.
    let scale = |sample: u8, by: u32| ((u32::from(sample) * by + 127) * 32_897) >> 23;
    planes.y.iter_mut().for_each(|sample| *sample = (scale(*sample, 219) + 16) as u8);
    for plane in [&mut planes.cb, &mut planes.cr] {
        // 128 must stay 128: (c - 128) * 224 / 255 + 128, with the constant part taken together.
        plane.iter_mut().for_each(|sample| *sample = ((u32::from(*sample) * 224 + 3_968 + 127) / 255) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_image_pixels::Metadata;

    #[test]
    fn ranges_end_where_they_should() {
        let all: Vec<u8> = (0..=255).collect();
        let mut planes = Planes {
            width: 256,
            height: 1,
            y: all.clone(),
            cb: all.clone(),
            cr: all,
            metadata: Metadata::default(),
        };
        limit_range(&mut planes);
        for value in 0..256usize {
            assert_eq!(planes.y[value], (value as f64 * 219.0 / 255.0 + 16.0).round() as u8);
            assert_eq!(planes.cb[value], ((value as f64 - 128.0) * 224.0 / 255.0 + 128.0).round() as u8);
        }
    }
}
