//! TIFF (TIFF 6.0 with its technical notes, and BigTIFF for reading), one or many pages.
//!
//! The structure is read here, loop-safe and within limits; what is inside the strips is undone by the
//! crates that know each compression.

mod ccitt;
mod chunk;
mod colour;
mod exif;
mod ifd;
mod jpeg;
mod layout;
mod read;
mod tags;
mod unpack;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "tiff", read: Some(read::READER), write: Some(write::ENCODER) };
