//! DirectDraw surfaces (Microsoft, "Programming Guide for DDS"): block-compressed and plain pictures. The
//! blocks are unpacked by `bcdec_rs`.

mod blocks;
mod header;
mod plain;
mod read;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "dds", read: Some(read::READER), write: Some(write::ENCODER) };
