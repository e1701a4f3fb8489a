//! PNG and animated PNG (W3C PNG, third edition), through the `png` crate.

mod colour;
mod compose;
mod palette;
mod read;
mod smaller;
mod write;

pub(crate) use smaller::smaller;

use crate::codec::Codec;

pub(crate) const PNG: Codec = Codec { id: "png", read: Some(read::READER), write: Some(write::STILL) };
pub(crate) const APNG: Codec = Codec { id: "apng", read: Some(read::READER), write: Some(write::ANIMATED) };

/// Keyword of the text chunk that holds an XMP packet (XMP specification part 3, section 1.1.5).
const XMP_KEYWORD: &str = "XML:com.adobe.xmp";
