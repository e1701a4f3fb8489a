//! Reads and writes the everyday raster formats.
//!
//! One folder for each format. [`CODECS`] is the list of them; what the plugin says of itself and what
//! it does are derived from that list.

mod bmp;
mod canvas;
mod codec;
mod damage;
mod dds;
mod describe;
mod difference;
mod eps;
mod exr;
mod gif;
mod hdr;
mod ico;
mod jp2;
mod jpg;
mod jxl;
mod lanes;
mod letters;
mod optimise;
mod paper;
mod pcx;
mod pdf;
mod pipeline;
mod png;
mod pnm;
mod psd;
mod qoi;
mod quantise;
mod raster;
mod tga;
mod through_image;
mod tiff;
mod webp;

use codec::Codec;
use formwork_sdk::{Description, Plugin, Result, Step, export_plugin};

/// Every format this plugin knows.
static CODECS: &[&Codec] = &[
    &gif::CODEC,
    &jpg::CODEC,
    &png::APNG,
    &png::PNG,
    &tiff::CODEC,
    &webp::CODEC,
    &pcx::CODEC,
    &psd::CODEC,
    &bmp::CODEC,
    &tga::CODEC,
    &hdr::CODEC,
    &pnm::CODEC,
    &qoi::CODEC,
    &ico::CODEC,
    &dds::CODEC,
    &eps::CODEC,
    &pdf::CODEC,
    &exr::CODEC,
    &jp2::CODEC,
    &jxl::CODEC,
    &raster::CODEC,
];

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
