//! WebP, through libwebp. The RIFF container is read and written here; the library sees single pictures
//! only, except when it works out the differences between the frames of an animation.

mod animation;
mod container;
mod decoder;
mod encoder;
mod read;
mod write;

pub(crate) use write::{LARGEST, encode_planes};

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "webp", read: Some(read::READER), write: Some(write::ENCODER) };
