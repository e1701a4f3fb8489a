//! GIF (89a), through the `gif` crate, with our own composition and palettes.

mod read;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "gif", read: Some(read::READER), write: Some(write::ENCODER) };
