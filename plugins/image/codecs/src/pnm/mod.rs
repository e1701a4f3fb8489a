//! The Netpbm family: PBM, PGM, PPM, PAM (Netpbm format pages) and PFM (Debevec's portable float map).

mod float;
mod write;

use crate::codec::{Codec, Facts, Reader, Wish};
use crate::through_image;
use formwork_image_pixels::Picture;
use formwork_sdk::{Input, Result, Step};
use image::codecs::pnm::PnmDecoder;
use std::io::Cursor;

pub(crate) const CODEC: Codec =
    Codec { id: "pnm", read: Some(Reader { decode, inspect }), write: Some(write::ENCODER) };

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    match float::Header::read(&bytes) {
        Some(header) => float::decode(step, &bytes, &header),
        None => through_image::decode(step, PnmDecoder::new(Cursor::new(&*bytes))),
    }
}

fn inspect(_: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    match float::Header::read(&bytes) {
        Some(header) => Ok(Facts::new(header.width, header.height, header.channels, 32)),
        None => through_image::inspect(PnmDecoder::new(Cursor::new(&*bytes))),
    }
}
