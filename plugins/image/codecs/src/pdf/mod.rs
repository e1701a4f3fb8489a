//! PDF with one picture on each page (ISO 32000-1), by an own writer. The same pictures give the same
//! bytes: there are no dates and no random ids.
//!
//! A JPEG whose pixels are not to be changed goes into the page as it is; its orientation becomes the
//! page's matrix.

mod lane;
mod objects;
mod page;
mod sheet;
mod write;

use crate::codec::Codec;

pub(crate) use lane::take;

pub(crate) const CODEC: Codec = Codec { id: "pdf", read: None, write: Some(write::ENCODER) };
