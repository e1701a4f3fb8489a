//! Windows icons: a directory of pictures, each a PNG or a bitmap without its file header (Microsoft,
//! "Icons in Win32").

mod deep;
mod directory;
mod read;
mod write;

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "ico", read: Some(read::READER), write: Some(write::ENCODER) };
