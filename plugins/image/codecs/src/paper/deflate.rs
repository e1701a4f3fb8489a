//! Samples as the filters `FlateDecode` of PDF (ISO 32000-1 section 7.4.4) and PostScript take them: zlib
//! over rows with PNG's predictors. That is what PNG calls IDAT, so the PNG encoder makes it.

use formwork_image_pixels::{Frame, Samples};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use png::{BitDepth, ColorType, Encoder, EncodingError};
use std::io::Write;

/// Rows between two ticks.
const STRIP: u32 = 64;

/// Which samples of a frame are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plane {
    /// All but alpha.
    Colour,
    /// Alpha alone.
    Alpha,
}

impl Plane {
    /// First sample of a pixel, and how many.
    fn part(self, frame: &Frame) -> (usize, usize) {
        let colours = frame.channels.count() - usize::from(frame.channels.has_alpha());
        match self {
            Plane::Colour => (0, colours),
            Plane::Alpha => (colours, 1),
        }
    }
}

/// Compresses one plane of a frame of 8 or 16 bits.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(crate) fn deflate(step: &Step<'_>, frame: &Frame, plane: Plane) -> Result<Vec<u8>> {
    let (first, count) = plane.part(frame);
    let color = match count {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, frame.width, frame.height);
    encoder.set_color(color);
    encoder.set_depth(if frame.samples.width() == 1 { BitDepth::Eight } else { BitDepth::Sixteen });
    let mut writer = encoder.write_header().map_err(failure)?;
    let mut stream = writer.stream_writer().map_err(failure)?;
    for row in 0..frame.height {
        if row.is_multiple_of(STRIP) {
            step.tick(row.into(), frame.height.into())?;
        }
        stream.write_all(&row_bytes(frame, row as usize, first, count))?;
    }
    stream.finish().map_err(failure)?;
    writer.finish().map_err(failure)?;
    Ok(data_of(&file))
}

/// One row of a plane, big endian.
fn row_bytes(frame: &Frame, row: usize, first: usize, count: usize) -> Vec<u8> {
    let all = frame.channels.count();
    let length = frame.width as usize * all;
    let range = row * length..(row + 1) * length;
    match &frame.samples {
        Samples::U8(samples) => {
            let pixels = samples.get(range).unwrap_or(&[]).chunks_exact(all);
            pixels.flat_map(|pixel| pixel.iter().skip(first).take(count).copied()).collect()
        }
        Samples::U16(samples) => {
            let pixels = samples.get(range).unwrap_or(&[]).chunks_exact(all);
            pixels
                .flat_map(|pixel| {
                    pixel.iter().skip(first).take(count).flat_map(|sample| sample.to_be_bytes())
                })
                .collect()
        }
        Samples::F32(_) => Vec::new(),
    }
}

/// The contents of all IDAT chunks of a PNG file, one after the other.
fn data_of(file: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(file.len());
    let mut rest = file.get(8..).unwrap_or(&[]);
    while let Some((head, after)) = rest.split_at_checked(8) {
        let (length, kind) = head.split_at(4);
        let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
        if kind == b"IDAT" {
            data.extend(after.get(..length).unwrap_or(&[]));
        }
        rest = after.get(length + 4..).unwrap_or(&[]);
    }
    data
}

fn failure(error: EncodingError) -> Error {
    match error {
        EncodingError::IoError(error) => error.into(),
        error => Error::new(ErrorKind::Internal, format!("deflate: {error}")),
    }
}
