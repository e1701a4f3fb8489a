//! Reads and writes HEIC, the pictures of phones: HEVC-coded pictures in an ISO base media file
//! (ISO/IEC 23008-12).
//!
//! A HEIC file becomes the internal format `raster`, and a `raster` becomes HEIC; the codec is `heifer`,
//! Rust without unsafe code. This crate does the work around it: limits before anything is allocated,
//! tiles side by side with a question to the host after each, turns, alpha, colour spaces and losses.

mod cicp;
mod container;
mod describe;
mod guard;
mod header;
mod patience;
mod planes;
mod probe;
mod read;
mod tiles;
mod turn;
mod write;

// Shared files name the container's crate in one way.
use heifer::heifer_isobmff as isobmff;

use formwork_image_pixels::{Changes, facts, lose_quality, prepare, raster};
use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// The plugin.
pub struct Heic;

impl Plugin for Heic {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        probe::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.target() {
            "raster" => read(step),
            "heic" => write(step),
            other => Err(Error::unsupported(format!("this plugin writes raster and heic, not {other}"))),
        }
    }
}

export_plugin!(Heic);

fn read(step: &Step<'_>) -> Result<()> {
    let picture = read::read(step, &step.input()?)?;
    let mut output = step.create_output_of(raster::length(&picture))?;
    raster::write(&picture, &mut output)?;
    output.close()?;
    step.report(&facts(&picture));
    Ok(())
}

fn write(step: &Step<'_>) -> Result<()> {
    let mut picture = raster::read(&step.input()?.bytes()?, step.limits())?;
    prepare(step, &mut picture, &write::TARGET, &Changes::of(step), None)?;
    let options = step.options();
    let file = write::encode(step, &options, &picture)?;
    step.write_output(&file)?;
    lose_quality(step, "HEIC", options.integer("quality").unwrap_or(write::QUALITY));
    step.report(&facts(&picture));
    Ok(())
}

/// An error of the library about the file.
fn broken(error: impl std::fmt::Display) -> Error {
    Error::corrupt(error.to_string())
}
