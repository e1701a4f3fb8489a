//! Quite OK Image (QOI specification 1.0).

use crate::codec::{Codec, Encoder, Facts, Reader, Wish, no_options};
use crate::through_image::{self, eight_bits, not_reduced};
use formwork_image_pixels::{Channels, Depth, Picture, Target};
use formwork_sdk::{Feature, Input, Options, Result, Step, Writer};
use image::ImageEncoder;
use image::codecs::qoi::{QoiDecoder, QoiEncoder};
use std::io::{BufWriter, Cursor, Write};

pub(crate) const CODEC: Codec = Codec {
    id: "qoi",
    read: Some(Reader { decode, inspect }),
    write: Some(Encoder { target: TARGET, options: no_options, encode }),
};

const TARGET: Target<'static> = Target {
    name: "QOI",
    keeps: &[Feature::Alpha, Feature::Colours, Feature::Quality],
    channels: &[Channels::Rgb, Channels::Rgba],
    depths: &[Depth::U8],
    largest: (i32::MAX as u32, i32::MAX as u32),
    animation_as_pages: false,
};

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    through_image::decode(step, QoiDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn inspect(_: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    through_image::inspect(QoiDecoder::new(Cursor::new(&*input.bytes()?)))
}

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let frame = picture.frames.first().ok_or_else(not_reduced)?;
    let (bytes, kind) = eight_bits(frame).ok_or_else(not_reduced)?;
    step.tick(0, 1)?;
    let mut output = BufWriter::with_capacity(1 << 18, output);
    QoiEncoder::new(&mut output)
        .write_image(bytes, frame.width, frame.height, kind)
        .map_err(through_image::failure)?;
    output.flush()?;
    Ok(())
}
