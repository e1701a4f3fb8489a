use super::open::{Kind, bits, failure, open};
use super::{boxes, guarded};
use crate::codec::{Facts, Reader, Wish};
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples, Sequence};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use jxl_oxide::color::{ColourEncoding, ColourSpace, TransferFunction};
use jxl_oxide::{EnumColourEncoding, FrameBufferSample, JxlImage, PixelFormat, Render, RenderingIntent};

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    guarded(|| {
        let mut image = open(step, &bytes)?;
        let kind = Kind::of(&image);
        if kind == Kind::F32 {
            image.request_color_encoding(light(&image));
        }
        let metadata = metadata(step, &image, kind)?;
        let count = image.num_loaded_keyframes();
        let wanted = if wish.first_frame_only { count.min(1) } else { count };
        let mut frames = Vec::new();
        for index in 0..wanted {
            step.tick(index as u64, wanted as u64)?;
            let one = u64::from(image.width()) * u64::from(image.height()) * kind.bytes() * 4;
            step.within("memory", one.saturating_mul(index as u64 + 1), step.limits().memory)?;
            let render = image.render_frame(index).map_err(|error| failure(step, &*error))?;
            frames.push(frame(&image, &render, kind)?);
        }
        if frames.is_empty() {
            frames.push(half_loaded(step, &mut image, kind)?);
        } else if !image.is_loading_done() {
            step.warn(format!("the input is damaged: it ends after {count} frames"));
        }
        let dropped = (count > wanted).then_some(Feature::Animation).into_iter().collect();
        let loops = image.image_header().metadata.animation.as_ref().map_or(0, |header| header.num_loops);
        let sequence = if frames.len() > 1 { Sequence::Animation { loops } } else { Sequence::Still };
        Ok(Picture { frames, sequence, metadata, dropped })
    })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    guarded(|| {
        let image = open(step, &bytes)?;
        let metadata = metadata(step, &image, Kind::of(&image))?;
        let facts = Facts::new(image.width(), image.height(), channels(&image), bits(&image));
        let facts = Facts { metadata: metadata.exif.is_some() || metadata.xmp.is_some(), ..facts };
        Ok(Facts { icc: metadata.icc, ..facts }.animated(image.num_loaded_keyframes().max(1) as u64))
    })
}

fn channels(image: &JxlImage) -> Channels {
    match image.pixel_format() {
        PixelFormat::Gray => Channels::Grey,
        PixelFormat::Graya => Channels::GreyAlpha,
        PixelFormat::Rgb => Channels::Rgb,
        PixelFormat::Rgba => Channels::Rgba,
        PixelFormat::Cmyk | PixelFormat::Cmyka => Channels::Cmyk,
    }
}

/// Linear light, grey or with the primaries of sRGB.
fn light(image: &JxlImage) -> EnumColourEncoding {
    let linear = EnumColourEncoding::srgb_linear(RenderingIntent::Relative);
    if image.pixel_format().is_grayscale() {
        return EnumColourEncoding { colour_space: ColourSpace::Grey, ..linear };
    }
    linear
}

/// Boxes, and the profile unless the colours are sRGB's.
fn metadata(step: &Step<'_>, image: &JxlImage, kind: Kind) -> Result<Metadata> {
    let mut metadata = boxes::metadata(image);
    let header = &image.image_header().metadata;
    let named = match &header.colour_encoding {
        ColourEncoding::Enum(encoding) => {
            encoding.is_srgb()
                || encoding.colour_space == ColourSpace::Grey && encoding.tf == TransferFunction::Srgb
        }
        ColourEncoding::IccProfile(_) => false,
    };
    if !named && kind != Kind::F32 {
        metadata.icc = Some(image.rendered_icc()).filter(|profile| !profile.is_empty());
    }
    let blocks = [&metadata.icc, &metadata.exif, &metadata.xmp];
    let length: usize = blocks.into_iter().flatten().map(Vec::len).sum();
    step.within("metadata", length as u64, step.limits().metadata)?;
    Ok(metadata)
}

/// Shows what there is of a first frame that is not complete.
fn half_loaded(step: &Step<'_>, image: &mut JxlImage, kind: Kind) -> Result<Frame> {
    let early = |_| Error::corrupt("the JPEG XL picture ends too early");
    let render = image.render_loading_frame().map_err(early)?;
    let frame = frame(image, &render, kind)?;
    step.warn("the input is damaged: it ends within the picture, parts are missing or coarse");
    Ok(frame)
}

fn frame(image: &JxlImage, render: &Render, kind: Kind) -> Result<Frame> {
    let mut channels = channels(image);
    let mut samples = match kind {
        Kind::U8 => Samples::U8(collect(render, &mut channels)?),
        Kind::U16 => Samples::U16(collect(render, &mut channels)?),
        Kind::F32 => Samples::F32(collect(render, &mut channels)?),
    };
    if channels == Channels::Cmyk {
        invert(&mut samples);
    }
    let premultiplied = image.image_header().metadata.ec_info.iter().find_map(|one| one.alpha_associated());
    if channels.has_alpha() && premultiplied == Some(true) {
        divide(&mut samples, channels.count());
    }
    let size = render.stream();
    let frame = Frame::new(size.width(), size.height(), channels, samples)
        .ok_or_else(|| Error::corrupt("the JPEG XL picture has too few samples"))?;
    Ok(Frame { delay_ms: delay(image, render.duration()), ..frame })
}

/// Milliseconds of so many ticks.
fn delay(image: &JxlImage, ticks: u32) -> u32 {
    let Some(animation) = &image.image_header().metadata.animation else { return 0 };
    let per_second = u64::from(animation.tps_numerator).max(1);
    let milliseconds = u64::from(ticks) * 1000 * u64::from(animation.tps_denominator) / per_second;
    u32::try_from(milliseconds).unwrap_or(u32::MAX)
}

/// Takes the samples of a rendered frame. Alpha beside inks is left out.
fn collect<T: FrameBufferSample + Clone + Default>(
    render: &Render,
    channels: &mut Channels,
) -> Result<Vec<T>> {
    let mut stream = if *channels == Channels::Cmyk { render.stream_no_alpha() } else { render.stream() };
    *channels = match (stream.channels(), *channels) {
        (1, _) => Channels::Grey,
        (2, _) => Channels::GreyAlpha,
        (3, _) => Channels::Rgb,
        (4, Channels::Cmyk) => Channels::Cmyk,
        (4, _) => Channels::Rgba,
        (other, _) => return Err(Error::unsupported(format!("JPEG XL of {other} channels cannot be read"))),
    };
    let pixels = stream.width() as usize * stream.height() as usize;
    let mut samples = vec![T::default(); pixels * channels.count()];
    let written = stream.write_to_buffer(&mut samples);
    if written < samples.len() {
        return Err(Error::corrupt("the JPEG XL picture has too few samples"));
    }
    Ok(samples)
}

/// Full ink is 0 in the file (ISO/IEC 18181-1, extra channel `kBlack`).
fn invert(samples: &mut Samples) {
    match samples {
        Samples::U8(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::U16(samples) => samples.iter_mut().for_each(|sample| *sample = !*sample),
        Samples::F32(samples) => samples.iter_mut().for_each(|sample| *sample = 1.0 - *sample),
    }
}

/// Divides the colours by alpha.
fn divide(samples: &mut Samples, count: usize) {
    match samples {
        Samples::U8(samples) => divide_by(samples, count, 255.0, |value| value as u8),
        Samples::U16(samples) => divide_by(samples, count, 65_535.0, |value| value as u16),
        Samples::F32(samples) => {
            for pixel in samples.chunks_exact_mut(count) {
                let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
                if *alpha > 0.0 {
                    colours.iter_mut().for_each(|level| *level /= *alpha);
                }
            }
        }
    }
}

fn divide_by<T: Copy + Into<f32>>(samples: &mut [T], count: usize, full: f32, round: fn(f32) -> T) {
    for pixel in samples.chunks_exact_mut(count) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        let alpha: f32 = (*alpha).into();
        if alpha > 0.0 && alpha < full {
            colours
                .iter_mut()
                .for_each(|level| *level = round(((*level).into() * full / alpha + 0.5).min(full)));
        }
    }
}
