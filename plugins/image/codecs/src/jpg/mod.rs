//! JPEG (ITU-T T.81) with JFIF, EXIF and Adobe markers. libjpeg-turbo does the work; what it refuses to
//! decode gets a second chance with zune-jpeg.

mod markers;
mod planes;
mod read;
mod second;
mod smaller;
mod turbo;
mod whole;
mod write;

pub(crate) use planes::{Planes, planes};
pub(crate) use read::embedded;
pub(crate) use smaller::smaller;
pub(crate) use whole::{Whole, whole};

use crate::codec::Codec;

pub(crate) const CODEC: Codec = Codec { id: "jpg", read: Some(read::READER), write: Some(write::ENCODER) };
