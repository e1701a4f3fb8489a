//! JPEG 2000 (ISO/IEC 15444-1), in its own boxes (JP2) or bare, read through `hayro-jpeg2000`.

mod boxes;
mod read;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "jp2", read: Some(read::READER), write: None };
