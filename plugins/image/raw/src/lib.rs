//! Develops camera raw files: what the sensor saw becomes a picture.
//!
//! A photo is unpacked by `rawler`, then developed here band by band: black and white levels, full
//! colours, white balance as the camera set it, the camera's matrix to sRGB, brightness and curve, 16
//! bits. Orientation is reported, not applied. Where a file cannot be developed, because its camera is
//! not known or because it was cut short, the largest preview in it is taken and a warning says so; the
//! option `preview` takes it at once. `rawler` is LGPL-2.1, so this plugin is a shared object of its own.

mod canon;
mod colour;
mod describe;
mod develop;
mod exif;
mod header;
mod jpegs;
mod mosaic;
mod patience;
mod preview;
mod probe;
mod read;
mod survey;
mod tiff;

use formwork_image_pixels::{facts, raster};
use formwork_sdk::{Description, Error, Plugin, Result, Step, export_plugin};

/// Name of the option that takes the embedded preview.
const PREVIEW: &str = "preview";

/// The plugin.
pub struct Raw;

impl Plugin for Raw {
    fn describe() -> Description {
        describe::describe()
    }

    fn probe(step: &Step<'_>) -> Result<()> {
        probe::probe(step)
    }

    fn run(step: &Step<'_>) -> Result<()> {
        match step.target() {
            "raster" => run(step),
            other => Err(Error::unsupported(format!("this plugin writes raster, not {other}"))),
        }
    }
}

export_plugin!(Raw);

fn run(step: &Step<'_>) -> Result<()> {
    let picture = read::read(step, &step.input()?)?;
    picture.check(step)?;
    let mut output = step.create_output_of(raster::length(&picture))?;
    raster::write(&picture, &mut output)?;
    output.close()?;
    step.report(&facts(&picture));
    Ok(())
}
