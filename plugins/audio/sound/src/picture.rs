//! A picture that stands for a file of sound: its cover art, or else its waveform.

use crate::waveform;
use formwork_image_pixels as pixels;
use formwork_media::{Demuxer, Kind, Need, ff};
use formwork_sdk::{Error, Feature, Result, Step};
use pixels::{Channels, Frame, Picture, Samples};
use std::io::Cursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Writes the picture as `raster`.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let mut demuxer = Demuxer::open(step, step.input()?, Need::Header)?;
    let picture = match cover(step, &mut demuxer)? {
        Some(picture) => picture,
        None => waveform::draw(step, Demuxer::open(step, step.input()?, Need::Header)?)?,
    };
    step.lose(Feature::Tracks, "the sound: a picture stands for it");
    let mut output = step.create_output_of(pixels::raster::length(&picture))?;
    pixels::raster::write(&picture, &mut output)?;
    output.close()?;
    step.report(&pixels::facts(&picture));
    Ok(())
}

/// The first cover that is JPEG or PNG and not broken.
fn cover(step: &Step<'_>, demuxer: &mut Demuxer<'_>) -> Result<Option<Picture>> {
    let Some(track) = demuxer.best(Kind::Cover) else { return Ok(None) };
    let (index, codec) = (track.index, track.codec());
    for other in (0..demuxer.tracks().len()).filter(|other| *other != index) {
        demuxer.ignore(other);
    }
    let Some(packet) = demuxer.next_packet()? else { return Ok(None) };
    let decoded = match codec {
        ff::AVCodecID::AV_CODEC_ID_MJPEG => jpeg(step, packet.data()),
        ff::AVCodecID::AV_CODEC_ID_PNG => png(step, packet.data()),
        _ => return Ok(None),
    };
    match decoded {
        Ok(frame) => Ok(Some(Picture::still(frame))),
        Err(error) if error.limit.is_some() => Err(error),
        Err(error) => {
            step.warn(format!("the cover art is broken ({}), so the waveform is drawn", error.message));
            Ok(None)
        }
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::corrupt(error.to_string())
}

fn jpeg(step: &Step<'_>, bytes: &[u8]) -> Result<Frame> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| broken("no size"))?;
    step.check_picture(width as u64, height as u64, 3)?;
    let samples = decoder.decode().map_err(broken)?;
    frame(width as u32, height as u32, Channels::Rgb, samples)
}

fn png(step: &Step<'_>, bytes: &[u8]) -> Result<Frame> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width, reader.info().height);
    step.check_picture(width.into(), height.into(), 4)?;
    let size = reader.output_buffer_size().ok_or_else(|| broken("too large"))?;
    let mut samples = vec![0; size];
    let info = reader.next_frame(&mut samples).map_err(broken)?;
    samples.truncate(info.buffer_size());
    let channels = match info.color_type {
        png::ColorType::Grayscale => Channels::Grey,
        png::ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        png::ColorType::Rgb => Channels::Rgb,
        png::ColorType::Rgba | png::ColorType::Indexed => Channels::Rgba,
    };
    frame(info.width, info.height, channels, samples)
}

fn frame(width: u32, height: u32, channels: Channels, samples: Vec<u8>) -> Result<Frame> {
    Frame::new(width, height, channels, Samples::U8(samples))
        .ok_or_else(|| broken("another size than it says"))
}
