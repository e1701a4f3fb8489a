//! The pictures a camera embeds beside what its sensor saw.

use crate::header::Header;
use crate::jpegs::Jpeg;
use crate::patience::guarded;
use formwork_image_pixels::{Channels, Frame, Orientation, Samples, exif};
use formwork_sdk::{Result, Step};
use std::cmp::Reverse;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Bytes a pixel may take while a preview is decoded.
const BYTES: u64 = 12;
/// Most pictures that are tried.
const TRIES: usize = 8;

/// A decoded preview.
pub(crate) struct Preview {
    /// Its pixels.
    pub(crate) frame: Frame,
    /// Its colour profile.
    pub(crate) icc: Option<Vec<u8>>,
    /// How to turn it, when it says so itself.
    pub(crate) orientation: Option<Orientation>,
    /// Whether the file ends before it does.
    pub(crate) cut: bool,
}

/// Decodes the largest preview of the file that is whole, or else the largest; `None` when there is none.
///
/// # Errors
///
/// `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn largest(
    step: &Step<'_>,
    bytes: &[u8],
    header: &Header,
    jpegs: &[Jpeg],
) -> Result<Option<Preview>> {
    let mut jpegs: Vec<&Jpeg> = jpegs
        .iter()
        .filter(|jpeg| !jpeg.lossless && !header.sensor_data.contains(&(jpeg.start as u64)))
        .collect();
    jpegs.sort_by_key(|jpeg| Reverse(jpeg.pixels()));
    jpegs.truncate(TRIES);
    let plain = header.plain.iter().max_by_key(|(_, width, height)| u64::from(*width) * u64::from(*height));
    let plain_pixels = plain.map_or(0, |(_, width, height)| u64::from(*width) * u64::from(*height));
    let (whole, cut): (Vec<&Jpeg>, Vec<&Jpeg>) =
        jpegs.into_iter().partition(|jpeg| jpeg.end(bytes).is_some());
    let (larger, smaller): (Vec<&Jpeg>, Vec<&Jpeg>) =
        whole.into_iter().partition(|jpeg| jpeg.pixels() >= plain_pixels);
    if let Some(preview) = first(step, bytes, &larger)? {
        return Ok(Some(preview));
    }
    if let Some(frame) = plain.and_then(|place| plain_frame(bytes, *place)) {
        step.check_picture(frame.width.into(), frame.height.into(), BYTES)?;
        return Ok(Some(Preview { frame, icc: None, orientation: None, cut: false }));
    }
    match first(step, bytes, &smaller)? {
        Some(preview) => Ok(Some(preview)),
        None => first(step, bytes, &cut),
    }
}

/// The first of some pictures that can be decoded.
fn first(step: &Step<'_>, bytes: &[u8], jpegs: &[&Jpeg]) -> Result<Option<Preview>> {
    for (index, jpeg) in jpegs.iter().enumerate() {
        step.tick(index as u64, jpegs.len() as u64)?;
        step.check_picture(jpeg.width.into(), jpeg.height.into(), BYTES)?;
        if let Ok(Some(preview)) = guarded(|| decode(bytes, jpeg)) {
            return Ok(Some(preview));
        }
    }
    Ok(None)
}

fn decode(bytes: &[u8], jpeg: &Jpeg) -> Option<Preview> {
    let end = jpeg.end(bytes);
    let content = bytes.get(jpeg.start..end.unwrap_or(bytes.len()))?;
    let (width, height) = (jpeg.width, jpeg.height);
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(width as usize)
        .set_max_height(height as usize)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(content), options);
    decoder.decode_headers().ok()?;
    if decoder.dimensions()? != (width as usize, height as usize) {
        return None;
    }
    let samples = decoder.decode().ok()?;
    let frame = Frame::new(width, height, Channels::Rgb, Samples::U8(samples))?;
    let orientation = jpeg.exif.clone().and_then(|range| bytes.get(range)).map(exif::orientation);
    Some(Preview { frame, icc: decoder.icc_profile(), orientation, cut: end.is_none() })
}

fn plain_frame(bytes: &[u8], (start, width, height): (u64, u32, u32)) -> Option<Frame> {
    let length = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
    let start = usize::try_from(start).ok()?;
    let samples = bytes.get(start..start.checked_add(length)?)?.to_vec();
    Frame::new(width, height, Channels::Rgb, Samples::U8(samples))
}
