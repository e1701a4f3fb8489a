//! Encapsulated PostScript around one picture (EPSF 3.0, PostScript Language Reference 3), by an own
//! writer. Text throughout: samples are written in ASCII85, so the file survives what treats it as text.
//!
//! A JPEG whose pixels are not to be changed goes in as it is.

mod ascii85;
mod lane;
mod wrap;
mod write;

use crate::codec::Codec;

pub(crate) use lane::take;

pub(crate) const CODEC: Codec = Codec { id: "eps", read: None, write: Some(write::ENCODER) };
