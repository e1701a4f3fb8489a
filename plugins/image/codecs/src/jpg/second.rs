//! The second decoder, for files the first one gives up on.

use super::markers::Header;
use super::read::invert;
use formwork_image_pixels::{Channels, Frame, Samples};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// Decodes at full size. The caller has checked the limits.
pub(super) fn decode(bytes: &[u8], header: &Header) -> Option<Frame> {
    let channels = header.channels();
    let colours = match channels {
        Channels::Grey => ColorSpace::Luma,
        Channels::Cmyk => ColorSpace::CMYK,
        _ => ColorSpace::RGB,
    };
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize)
        .jpeg_set_out_colorspace(colours);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    let mut samples = Samples::U8(decoder.decode().ok()?);
    if channels == Channels::Cmyk && header.adobe {
        invert(&mut samples);
    }
    Frame::new(info.width.into(), info.height.into(), channels, samples)
}
