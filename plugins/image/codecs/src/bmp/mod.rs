//! Windows bitmap (Microsoft, `BITMAPFILEHEADER` and the `BITMAPINFOHEADER` family).

use crate::codec::{Codec, Encoder, Facts, Reader, Wish, no_options};
use crate::through_image::{self, eight_bits, not_reduced};
use formwork_image_pixels::{Channels, Depth, Picture, Target};
use formwork_sdk::{Feature, Input, Options, Result, Step, Writer};
use image::codecs::bmp::{BmpDecoder, BmpEncoder};
use std::io::{BufWriter, Cursor, Write};

pub(crate) const CODEC: Codec = Codec {
    id: "bmp",
    read: Some(Reader { decode, inspect }),
    write: Some(Encoder { target: TARGET, options: no_options, encode }),
};

const TARGET: Target<'static> = Target {
    name: "BMP",
    keeps: &[Feature::Alpha, Feature::Colours, Feature::Quality],
    channels: &[Channels::Grey, Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8],
    largest: (i32::MAX as u32, i32::MAX as u32),
    animation_as_pages: false,
};

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    through_image::decode(step, BmpDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn inspect(_: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    through_image::inspect(BmpDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let frame = picture.frames.first().ok_or_else(not_reduced)?;
    let (bytes, kind) = eight_bits(frame).ok_or_else(not_reduced)?;
    step.tick(0, 1)?;
    let mut output = BufWriter::with_capacity(1 << 18, output);
    BmpEncoder::new(&mut output)
        .encode(bytes, frame.width, frame.height, kind)
        .map_err(through_image::failure)?;
    output.flush()?;
    Ok(())
}
