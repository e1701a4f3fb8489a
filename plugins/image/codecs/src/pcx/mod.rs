//! PCX (ZSoft PCX Technical Reference Manual, revision 5): an own small codec.

mod header;
mod read;
mod runs;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "pcx", read: Some(read::READER), write: Some(write::ENCODER) };
