//! The picture itself inside the drawing, as PNG in a `data:` address (RFC 2397).

use base64::{Engine, engine::general_purpose::STANDARD};
use formwork_image_pixels::{Channels, Frame, Metadata, Samples};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use png::{BitDepth, ColorType, Encoder, EncodingError, Info};
use std::borrow::Cow;
use std::io::Write;

/// Rows between two ticks.
const STRIP: usize = 64;

/// Makes the document.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(super) fn document(step: &Step<'_>, frame: &Frame, metadata: &Metadata) -> Result<String> {
    let (width, height) = (frame.width, frame.height);
    let png = encode(step, frame, metadata)?;
    let mut text = super::opening(width, height);
    text.push_str(&format!(
        "<image width=\"{width}\" height=\"{height}\" xlink:href=\"data:image/png;base64,"
    ));
    STANDARD.encode_string(&png, &mut text);
    text.push_str("\"/>\n</svg>\n");
    Ok(text)
}

fn encode(step: &Step<'_>, frame: &Frame, metadata: &Metadata) -> Result<Vec<u8>> {
    let mut png = Vec::new();
    let encoder = Encoder::with_info(&mut png, info(frame, metadata)).map_err(failure)?;
    let mut writer = encoder.write_header().map_err(failure)?;
    let mut stream = writer.stream_writer().map_err(failure)?;
    let samples = frame.width as usize * frame.channels.count();
    for row in 0..frame.height as usize {
        if row.is_multiple_of(STRIP) {
            step.tick(row as u64, frame.height.into())?;
        }
        stream.write_all(&row_bytes(&frame.samples, row * samples, samples))?;
    }
    stream.finish().map_err(failure)?;
    writer.finish().map_err(failure)?;
    Ok(png)
}

fn info(frame: &Frame, metadata: &Metadata) -> Info<'static> {
    let mut info = Info::with_size(frame.width, frame.height);
    info.color_type = match frame.channels {
        Channels::Grey => ColorType::Grayscale,
        Channels::GreyAlpha => ColorType::GrayscaleAlpha,
        Channels::Rgba => ColorType::Rgba,
        Channels::Rgb | Channels::Cmyk => ColorType::Rgb,
    };
    info.bit_depth = if frame.samples.width() == 1 { BitDepth::Eight } else { BitDepth::Sixteen };
    info.icc_profile = metadata.icc.clone().map(Cow::Owned);
    info
}

/// A row as PNG stores it: big endian.
fn row_bytes(samples: &Samples, start: usize, count: usize) -> Cow<'_, [u8]> {
    match samples {
        Samples::U8(samples) => Cow::Borrowed(samples.get(start..start + count).unwrap_or(&[])),
        Samples::U16(samples) => {
            let row = samples.get(start..start + count).unwrap_or(&[]);
            Cow::Owned(row.iter().flat_map(|sample| sample.to_be_bytes()).collect())
        }
        Samples::F32(_) => Cow::Borrowed(&[]),
    }
}

fn failure(error: EncodingError) -> Error {
    Error::new(ErrorKind::Internal, format!("PNG encoder: {error}"))
}
