//! Reads and writes the everyday raster formats.
//!
//! One folder for each format. [`CODECS`] is the list of them; what the plugin says of itself and what
//! it does are derived from that list.

mod canvas;
mod codec;
mod damage;
mod describe;
mod difference;
mod pipeline;
mod png;
mod raster;

use codec::Codec;
use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// Every format this plugin knows.
static CODECS: &[&Codec] = &[&png::APNG, &png::PNG, &raster::CODEC];

/// The plugin.
pub struct Image;

impl Plugin for Image {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step) -> Result<()> {
        pipeline::probe(step)
    }

    fn run(step: &Step) -> Result<()> {
        pipeline::run(step)
    }
}

export_plugin!(Image);
