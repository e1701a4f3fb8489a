//! Radiance HDR: RGBE pixels, run length encoded (Radiance file formats, section "Picture File Format").

use crate::codec::{Codec, Encoder, Facts, Reader, Wish, no_options};
use crate::through_image::{self, not_reduced};
use formwork_image_pixels::{Channels, Depth, Picture, Samples, Target};
use formwork_sdk::{Feature, Input, Options, Result, Step, Writer};
use image::codecs::hdr::{HdrDecoder, HdrEncoder};
use std::io::{BufWriter, Cursor, Write};

pub(crate) const CODEC: Codec = Codec {
    id: "hdr",
    read: Some(Reader { decode, inspect }),
    write: Some(Encoder { target: TARGET, options: no_options, encode }),
};

/// RGBE keeps 8 bits of the brightest channel, so `Quality` is not among what is kept.
const TARGET: Target<'static> = Target {
    name: "Radiance HDR",
    keeps: &[Feature::BitDepth, Feature::Colours],
    channels: &[Channels::Rgb],
    depths: &[Depth::F32],
    largest: (i32::MAX as u32, i32::MAX as u32),
    animation_as_pages: false,
};

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    through_image::decode(step, HdrDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn inspect(_: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    through_image::inspect(HdrDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let frame = picture.frames.first().ok_or_else(not_reduced)?;
    let Samples::F32(samples) = &frame.samples else { return Err(not_reduced()) };
    let pixels: Vec<image::Rgb<f32>> =
        samples.as_chunks::<3>().0.iter().map(|pixel| image::Rgb(*pixel)).collect();
    step.tick(0, 1)?;
    let mut output = BufWriter::with_capacity(1 << 18, output);
    HdrEncoder::new(&mut output)
        .encode(&pixels, frame.width as usize, frame.height as usize)
        .map_err(through_image::failure)?;
    output.flush()?;
    step.lose(Feature::Quality, "RGBE stores 8 bits of the brightest channel of each pixel");
    Ok(())
}
