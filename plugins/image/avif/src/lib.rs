//! Reads and writes AVIF: AV1-coded pictures in an ISO base media file
//! (<https://aomediacodec.github.io/av1-avif/>).
//!
//! An AVIF file becomes the internal format `raster`, and a `raster` becomes AVIF. A JPEG becomes AVIF
//! directly: its planes are handed to the encoder as they are, without a way through RGB.
//!
//! libavif reads and writes the container, libaom codes. This crate bounds what they may allocate before
//! they see a file, waits for them on a thread of its own, and chooses their settings.

mod describe;
mod jpg;
mod lane;
mod library;
mod obu;
mod payloads;
mod probe;
mod read;
mod settings;
mod timeless;
mod write;

// HEIC and AVIF are the same container: what is said there of colours, turns and hostile directories
// holds here as well.
#[path = "../../heic/src/cicp.rs"]
mod cicp;
#[path = "../../heic/src/guard.rs"]
mod guard;
#[path = "../../heic/src/patience.rs"]
mod patience;
#[path = "../../heic/src/turn.rs"]
mod turn;

use heifer_isobmff as isobmff;

use formwork_image_pixels::{Changes, facts, prepare, raster};
use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin.
pub struct Avif;

impl Plugin for Avif {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        probe::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match (step.input()?.format(), step.target()) {
            (_, "raster") => read(step),
            ("jpg", "avif") => lane::run(step),
            (_, "avif") => write(step),
            (_, other) => Err(Error::unsupported(format!("this plugin writes raster and avif, not {other}"))),
        }
    }
}

export_plugin!(Avif);

fn read(step: &Step<'_>) -> Result<()> {
    let picture = read::read(step, &step.input()?)?;
    let mut output = step.create_output_of(raster::length(&picture))?;
    raster::write(&picture, &mut output)?;
    output.close()?;
    step.report(&facts(&picture));
    Ok(())
}

fn write(step: &Step<'_>) -> Result<()> {
    let input = step.input()?;
    let mut picture = raster::read(&input.bytes()?, step.limits())?;
    input.release();
    prepare(step, &mut picture, &write::TARGET, &Changes::of(step), None)?;
    write::write(step, picture)
}

/// An error of a library about the file.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::corrupt(error.to_string())
}
