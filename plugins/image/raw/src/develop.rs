//! From what the sensor saw to a picture.

use crate::colour::{self, Colour};
use crate::mosaic::{Mosaic, Planes};
use crate::patience::{Signal, patiently};
use formwork_image_pixels::{Channels, Frame, Samples};
use formwork_sdk::{Error, Limits, Result, Step};
use rawler::decoders::{FormatHint, RawDecodeParams};
use rawler::rawsource::RawSource;
use rawler::{RawImage, RawlerError};
use rayon::prelude::*;
use std::sync::Arc;

/// Bytes a pixel may take: what the sensor saw, twice while it is unpacked, the result, and bands.
pub(crate) const BYTES: u64 = 16;
/// Rows computed at a time.
const BAND: usize = 96;
/// Share of the work that is unpacking, in hundredths.
const UNPACKED: u64 = 40;

/// Develops a photo on threads of its own.
///
/// # Errors
///
/// `corrupt_input`; `unsupported_conversion` for an unknown camera; `limit_exceeded`; `cancelled`;
/// `timeout`.
pub(crate) fn develop(step: &Step<'_>, bytes: &Arc<Vec<u8>>) -> Result<Frame> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(step.threads())
        .stack_size(8 << 20)
        .build()
        .map_err(|error| Error::new(formwork_sdk::ErrorKind::Io, error.to_string()))?;
    let (bytes, limits) = (Arc::clone(bytes), *step.limits());
    patiently(step, move |signal| {
        pool.install(|| {
            let image = unpack(&bytes, &limits, signal)?;
            picture(&image, &limits, signal)
        })
    })?
}

/// Decodes the sensor's picture.
fn unpack(bytes: &Arc<Vec<u8>>, limits: &Limits, signal: &Signal) -> Result<RawImage> {
    let source = RawSource::new_from_shared_vec(Arc::clone(bytes));
    let decoder = rawler::get_decoder(&source).map_err(refused)?;
    let first = RawDecodeParams::default();
    if decoder.format_hint() != FormatHint::DNG {
        // A dry run tells the size; a DNG's stands in its directory, which was checked.
        let dry = decoder.raw_image(&source, &first, true).map_err(refused)?;
        check(&dry, limits)?;
    }
    signal.tick(1)?;
    let image = decoder.raw_image(&source, &first, false).map_err(refused)?;
    check(&image, limits)?;
    signal.tick(UNPACKED)?;
    Ok(image)
}

fn check(image: &RawImage, limits: &Limits) -> Result<()> {
    let (width, height) = (image.width as u64, image.height as u64);
    let within = |name: &str, met: u64, allowed: u64| {
        if met > allowed { Err(Error::limit(name, met, allowed)) } else { Ok(()) }
    };
    if width == 0 || height == 0 || image.cpp == 0 {
        return Err(Error::corrupt("the sensor's picture is empty"));
    }
    within("side", width.max(height), limits.side)?;
    let pixels = width.saturating_mul(height);
    within("pixels", pixels, limits.pixels)?;
    within("memory", pixels.saturating_mul(BYTES), limits.memory)
}

/// Makes the picture band by band in linear light, then brightens it and applies the curve.
fn picture(image: &RawImage, limits: &Limits, signal: &Signal) -> Result<Frame> {
    let mosaic = Mosaic::of(image)?;
    let (width, height) = (mosaic.shown.width(), mosaic.shown.height());
    let channels = if mosaic.planes == Planes::Grey { Channels::Grey } else { Channels::Rgb };
    let row = width * channels.count();
    let mut samples: Vec<u16> = Vec::new();
    let length = row as u64 * height as u64;
    samples.try_reserve_exact(row * height).map_err(|_| Error::limit("memory", length * 2, limits.memory))?;
    samples.resize(row * height, 0);
    let colour = match mosaic.planes {
        Planes::Grey => None,
        Planes::Colours(planes) => Some(Colour::of(image, planes)),
    };
    for (index, band) in samples.chunks_mut(row * BAND).enumerate() {
        let from = index * BAND;
        signal.tick(UNPACKED + (from as u64 * (100 - UNPACKED)) / height as u64)?;
        let pixels = mosaic.rows(from, band.len() / row);
        let lines = band.par_chunks_mut(row).zip(pixels.par_chunks(width));
        lines.for_each(|(line, pixels)| fill(line, pixels, colour.as_ref()));
    }
    let curve = colour::curve(&samples, channels.count());
    samples.par_chunks_mut(row).for_each(|line| {
        for sample in line {
            *sample = curve.get(usize::from(*sample)).copied().unwrap_or(u16::MAX);
        }
    });
    let (width, height) = (width as u32, height as u32);
    Frame::new(width, height, channels, Samples::U16(samples))
        .ok_or_else(|| Error::corrupt("the sensor's picture is empty"))
}

fn fill(line: &mut [u16], pixels: &[[f32; 4]], colour: Option<&Colour>) {
    let store = |value: f32| (value.clamp(0.0, 1.0) * 65_535.0 + 0.5) as u16;
    match colour {
        Some(colour) => {
            for (to, pixel) in line.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
                *to = colour.apply(*pixel).map(store);
            }
        }
        None => {
            for (to, [grey, ..]) in line.iter_mut().zip(pixels) {
                *to = store(*grey);
            }
        }
    }
}

/// What `rawler` says of a file it does not develop.
fn refused(error: RawlerError) -> Error {
    match error {
        RawlerError::Unsupported { make, model, .. } if make.is_empty() && model.is_empty() => {
            Error::unsupported("it is of no kind that is known")
        }
        RawlerError::Unsupported { make, model, mode, .. } => {
            let name = format!("{make} {model} {mode}");
            Error::unsupported(format!("the camera `{}` is not known", name.trim()))
        }
        RawlerError::DecoderFailed(what) if what.contains("EOF") => {
            Error::corrupt("the file ends before the sensor's data does")
        }
        RawlerError::DecoderFailed(what) => Error::corrupt(what),
    }
}
