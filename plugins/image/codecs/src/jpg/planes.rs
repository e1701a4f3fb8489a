//! The luma and chroma planes of a JPEG, undecoded to RGB: for targets that store the same planes.

use super::markers::Header;
use super::read::{open, prepared};
use super::turbo::{self, plane_size};
use formwork_image_pixels::Metadata;
use formwork_sdk::{Result, Step};

/// Full-range Y, Cb and Cr (JFIF), chroma at half size both ways.
pub(crate) struct Planes {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Luma: `width` bytes in a row, rounded up to an even number.
    pub(crate) y: Vec<u8>,
    /// Chroma: half as many.
    pub(crate) cb: Vec<u8>,
    pub(crate) cr: Vec<u8>,
    pub(crate) metadata: Metadata,
}

/// Decodes to planes; `None` when the file is not sound 8-bit YCbCr with 4:2:0 subsampling. It then has to
/// go the ordinary way, which also says what is wrong with it.
pub(crate) fn planes(step: &Step<'_>, bytes: &[u8]) -> Result<Option<Planes>> {
    let header = open(step, bytes)?;
    decode(step, bytes, header)
}

fn decode(step: &Step<'_>, bytes: &[u8], header: Header) -> Result<Option<Planes>> {
    if header.components != 3 || header.precision != 8 {
        return Ok(None);
    }
    let Ok(library) = prepared(step, bytes, &header) else { return Ok(None) };
    let suits = library.get(turbo::SUBSAMPLING) == turbo::SAMPLING_420
        && library.get(turbo::COLORSPACE) == turbo::YCBCR as i32;
    if !suits {
        return Ok(None);
    }
    let (width, height) = (header.width, header.height);
    step.check_picture(width.into(), height.into(), 2)?;
    let [luma, chroma, _] = [0, 1, 2].map(|plane| plane_size(plane, width, height, turbo::SAMPLING_420));
    let (mut y, mut cb, mut cr) =
        (vec![0; luma.0 * luma.1], vec![0; chroma.0 * chroma.1], vec![0; chroma.0 * chroma.1]);
    let all = [(y.as_mut_slice(), luma), (cb.as_mut_slice(), chroma), (cr.as_mut_slice(), chroma)];
    if library.decode_planes(bytes, all.map(|(plane, (stride, rows))| (plane, stride, rows))).is_err() {
        return Ok(None);
    }
    Ok(Some(Planes { width, height, y, cb, cr, metadata: header.metadata }))
}
