//! Photoshop documents, PSD and PSB (Adobe Photoshop File Formats Specification, July 2019): the flattened
//! picture, read and written by an own small codec.

mod bytes;
mod colour;
mod header;
mod planes;
mod read;
mod resources;
mod runs;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "psd", read: Some(read::READER), write: Some(write::ENCODER) };
