//! The internal format that carries pictures between plugins.

use crate::codec::{Codec, Encoder, Facts, Reader, Wish, no_options};
use formwork_image_pixels::{Picture, Target, raster};
use formwork_sdk::{Input, Options, Result, Step, Writer};

/// The format's id.
pub(crate) const ID: &str = "raster";

pub(crate) const CODEC: Codec = Codec {
    id: ID,
    read: Some(Reader { decode, inspect }),
    write: Some(Encoder { target: Target::ANY, options: no_options, encode }),
};

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    raster::read(&input.bytes()?, step.limits())
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    decode(step, input, &Wish::default()).map(|picture| Facts::of(&picture))
}

fn encode(_: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    raster::write(picture, output)
}
