//! From Ghostscript's output to frames: one PNG after another.

use formwork_image_pixels::{Channels, Frame, Samples, is_opaque, set_channels};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use png::{ColorType, Decoder, Limits};
use std::io::Cursor;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

/// Width and height in the header of a PNG, once that has arrived.
pub(crate) fn size_of(png: &[u8]) -> Option<(u64, u64)> {
    let number = |at: usize| {
        let four = png.get(at..at + 4).and_then(|four| <[u8; 4]>::try_from(four).ok());
        four.map(|four| u64::from(u32::from_be_bytes(four)))
    };
    number(16).zip(number(20))
}

/// Finds the complete PNGs in a row of them.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(length) = length_of(bytes) {
        let (one, rest) = bytes.split_at(length);
        found.push(one);
        bytes = rest;
    }
    found
}

/// Length of the PNG at the start (PNG specification, section 5); `None` when it is not whole.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let mut at = SIGNATURE.len();
    bytes.strip_prefix(&SIGNATURE)?;
    loop {
        let head: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
        let [a, b, c, d, kind @ ..] = head;
        at = at.checked_add(u32::from_be_bytes([a, b, c, d]) as usize)?.checked_add(12)?;
        if at > bytes.len() {
            return None;
        }
        if kind == *b"IEND" {
            return Some(at);
        }
    }
}

/// Decodes one page.
///
/// # Errors
///
/// `limit_exceeded`; `plugin_fault` when Ghostscript wrote something else than it was asked for.
pub(crate) fn decode(step: &Step<'_>, png: &[u8]) -> Result<Frame> {
    let (width, height) = size_of(png).unwrap_or((0, 0));
    step.check_picture(width, height, 4)?;
    let odd = |what: &str| Error::new(ErrorKind::PluginFault, format!("Ghostscript's output: {what}"));
    let limits = Limits { bytes: usize::try_from(step.limits().memory).unwrap_or(usize::MAX) };
    let decoder = Decoder::new_with_limits(Cursor::new(png), limits);
    let mut reader = decoder.read_info().map_err(|error| odd(&error.to_string()))?;
    let length = reader.output_buffer_size().ok_or_else(|| odd("too large"))?;
    let mut samples = vec![0; length];
    let info = reader.next_frame(&mut samples).map_err(|error| odd(&error.to_string()))?;
    let channels = match info.color_type {
        ColorType::Rgba => Channels::Rgba,
        ColorType::Rgb => Channels::Rgb,
        _ => return Err(odd("unexpected colours")),
    };
    let frame = Frame::new(info.width, info.height, channels, Samples::U8(samples));
    let mut frame = frame.ok_or_else(|| odd("unexpected size"))?;
    if frame.channels == Channels::Rgba && is_opaque(&frame) {
        set_channels(&mut frame, Channels::Rgb);
    }
    Ok(frame)
}
