use super::boxes;
use super::header::Header;
use crate::codec::Encoder;
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Samples, Target, set_channels};
use formwork_sdk::{Error, ErrorKind, Feature, OptionSpec, Options, Result, Step, Writer, options::option};
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use zune_core::bit_depth::BitDepth;
use zune_core::colorspace::ColorSpace;
use zune_core::options::EncoderOptions;
use zune_jpegxl::JxlSimpleEncoder;

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "JPEG XL",
        keeps: &[Feature::Alpha, Feature::BitDepth, Feature::Colours, Feature::Metadata, Feature::Quality],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba],
        depths: &[Depth::U8, Depth::U16],
        largest: (1 << 18, 1 << 18),
        animation_as_pages: false,
    },
    options,
    encode,
};

fn options() -> Vec<OptionSpec> {
    vec![option("color_depth").with_range(8, 16)]
}

/// Writes one frame without loss. The encoder says sRGB, so the pipeline has converted the colours.
fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let frame = &sound(picture.frames.first().ok_or_else(|| fault("no frames"))?);
    let (samples, depth) = bytes(frame)?;
    let space = match frame.channels {
        Channels::Grey => ColorSpace::Luma,
        Channels::GreyAlpha => ColorSpace::LumaA,
        Channels::Rgba => ColorSpace::RGBA,
        _ => ColorSpace::RGB,
    };
    let (width, height, channels) = (frame.width, frame.height, frame.channels);
    let header = Header { width, height, channels, bits: frame.samples.width() as u8 * 8 };
    let samples = pad(samples, frame);
    step.tick(0, 1)?;
    let padded = header.padded();
    let options = EncoderOptions::new(padded.width as usize, padded.height as usize, space, depth);
    let mut codestream = Vec::new();
    catch_unwind(AssertUnwindSafe(|| JxlSimpleEncoder::new(&samples, options).encode(&mut codestream)))
        .map_err(|_| too_noisy(depth))?
        .map_err(|error| fault(&format!("{error:?}")))?;
    step.tick(1, 1)?;
    let (head, rest) = header.replace(&codestream).ok_or_else(|| fault("unexpected headers"))?;
    output.append(&boxes::before(head.len() + rest.len(), &picture.metadata)?)?;
    output.append(&head)?;
    output.append(rest)
}

/// Makes grey with alpha of 16 bits into RGB: the encoder takes it for signed numbers.
fn sound(frame: &Frame) -> Cow<'_, Frame> {
    let mut frame = Cow::Borrowed(frame);
    if frame.channels == Channels::GreyAlpha && frame.samples.width() == 2 {
        set_channels(frame.to_mut(), Channels::Rgba);
    }
    frame
}

/// Repeats the only column or row, since the encoder wants two.
fn pad<'s>(samples: Cow<'s, [u8]>, frame: &Frame) -> Cow<'s, [u8]> {
    let pixel = frame.channels.count() * frame.samples.width();
    let twice = |samples: &[u8], size: usize| -> Vec<u8> {
        samples.chunks(size.max(1)).flat_map(|part| [part, part]).flatten().copied().collect()
    };
    let samples = if frame.width == 1 { Cow::Owned(twice(&samples, pixel)) } else { samples };
    if frame.height == 1 { Cow::Owned(twice(&samples, samples.len())) } else { samples }
}

/// The encoder reserves 24 bits for a sample of 16, and panics when noise takes more.
fn too_noisy(depth: BitDepth) -> Error {
    match depth {
        BitDepth::Sixteen => Error::unsupported(
            "the JPEG XL encoder cannot hold noise of 16 bits a sample; it can write this picture with \
             color_depth 8",
        ),
        _ => fault("it failed"),
    }
}

fn fault(what: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("JPEG XL encoder: {what}"))
}

/// The samples in the machine's byte order.
fn bytes(frame: &Frame) -> Result<(Cow<'_, [u8]>, BitDepth)> {
    match &frame.samples {
        Samples::U8(samples) => Ok((Cow::Borrowed(samples), BitDepth::Eight)),
        Samples::U16(samples) => Ok((Cow::Borrowed(bytemuck::cast_slice(samples)), BitDepth::Sixteen)),
        Samples::F32(_) => Err(fault("samples are floats")),
    }
}
