//! SVG (W3C Scalable Vector Graphics 1.1 and the static parts of 2).

mod cost;
mod decode;
mod draw;
mod entities;
mod fonts;
mod parse;
mod read;
mod size;
mod styles;
mod survey;
mod write;

pub(crate) use read::{check, probe, read};
pub(crate) use size::CSS_DENSITY;
pub(crate) use write::write;
