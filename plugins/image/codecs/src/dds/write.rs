use super::header::{ALPHA, LENGTH, LUMINANCE, RGB};
use crate::codec::{Encoder, no_options};
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Samples, Target};
use formwork_sdk::{Error, ErrorKind, Feature, Options, Result, Step, Writer};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "DDS",
        keeps: &[Feature::Alpha, Feature::Colours, Feature::Quality],
        channels: &[Channels::Grey, Channels::Rgba],
        depths: &[Depth::U8],
        // What Direct3D 11 can load.
        largest: (16_384, 16_384),
        animation_as_pages: false,
    },
    options: no_options,
    encode,
};

/// Bytes between two ticks.
const STRIP: usize = 1 << 18;

/// Writes 8 bits a sample without compression: red, green, blue and alpha, or grey.
fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let fault = || Error::new(ErrorKind::Internal, "a picture DDS cannot hold reached the encoder");
    let frame = picture.frames.first().ok_or_else(fault)?;
    let Samples::U8(samples) = &frame.samples else { return Err(fault()) };
    output.append(&header(frame))?;
    for (index, strip) in samples.chunks(STRIP).enumerate() {
        step.tick((index * STRIP) as u64, samples.len() as u64)?;
        output.append(strip)?;
    }
    Ok(())
}

fn header(frame: &Frame) -> [u8; LENGTH] {
    let count = frame.channels.count() as u32;
    let (flags, masks) = match frame.channels {
        Channels::Grey => (LUMINANCE, [0xFF, 0, 0, 0]),
        _ => (RGB | ALPHA, [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000]),
    };
    let mut head = [0; LENGTH];
    head[..4].copy_from_slice(b"DDS ");
    let mut put = |place: usize, value: u32| head[place..place + 4].copy_from_slice(&value.to_le_bytes());
    put(4, 124);
    // Sides, bytes of a row and the pixel format are given.
    put(8, 0x100F);
    put(12, frame.height);
    put(16, frame.width);
    put(20, frame.width * count);
    put(76, 32);
    put(80, flags);
    put(88, count * 8);
    for (index, mask) in masks.into_iter().enumerate() {
        put(92 + index * 4, mask);
    }
    // A texture.
    put(108, 0x1000);
    head
}
