//! Writes PGM and PPM: the members of the family every program reads.

use crate::codec::{Encoder, no_options};
use crate::through_image::not_reduced;
use formwork_image_pixels::{Channels, Depth, Picture, Samples, Target};
use formwork_sdk::{Feature, Options, Result, Step, Writer};

pub(super) const ENCODER: Encoder = Encoder { target: TARGET, options: no_options, encode };

const TARGET: Target<'static> = Target {
    name: "PGM or PPM",
    keeps: &[Feature::BitDepth, Feature::Colours, Feature::Quality],
    channels: &[Channels::Grey, Channels::Rgb],
    depths: &[Depth::U8, Depth::U16],
    largest: (i32::MAX as u32, i32::MAX as u32),
    animation_as_pages: false,
};

/// Samples turned to big endian at one go.
const BLOCK: usize = 1 << 16;

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let frame = picture.frames.first().ok_or_else(not_reduced)?;
    let magic = if frame.channels == Channels::Grey { "P5" } else { "P6" };
    let greatest = if frame.samples.width() == 1 { 255 } else { 65_535 };
    output.append(format!("{magic}\n{} {}\n{greatest}\n", frame.width, frame.height).as_bytes())?;
    step.tick(0, 1)?;
    match &frame.samples {
        Samples::U8(samples) => output.append(samples),
        Samples::U16(samples) => samples.chunks(BLOCK).try_for_each(|block| {
            output.append(&block.iter().flat_map(|sample| sample.to_be_bytes()).collect::<Vec<u8>>())
        }),
        Samples::F32(_) => Err(not_reduced()),
    }
}
