//! Draws SVG, packs and unpacks SVGZ, and turns pictures into SVG.
//!
//! A drawing is untrusted: it may refer to itself a billion times, ask for a canvas of any size, or
//! point at files and servers. [`svg::survey`] measures a document before it is expanded, [`svg::cost`]
//! measures the expanded tree before it is drawn, nothing outside the document is ever opened but the
//! system's fonts, and all recursive work runs on a thread with a stack made for it.

mod describe;
mod svg;
mod svgz;

use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin `image.vector`.
struct Vector;

impl Plugin for Vector {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step) -> Result<()> {
        svg::probe(step)
    }

    fn run(step: &Step) -> Result<()> {
        match (step.input()?.format(), step.target()) {
            ("svg" | "svgz", "raster") => svg::read(step),
            ("svg", "svgz") => svgz::pack(step),
            ("svgz", "svg") => svgz::unpack(step),
            ("raster", "svg" | "svgz") => svg::write(step),
            (from, to) => Err(Error::unsupported(format!("image.vector does not turn {from} into {to}"))),
        }
    }
}

export_plugin!(Vector);
