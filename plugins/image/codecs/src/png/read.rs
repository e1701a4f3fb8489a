use super::{XMP_KEYWORD, colour, compose};
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples, exif};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use png::{BitDepth, ColorType, Decoder, DecodingError, Info, InterlaceInfo, Limits, Transformations, Unit};
use std::io::Cursor;

pub(super) const READER: Reader = Reader { decode, inspect };

/// Rows between two ticks.
const STRIP: usize = 64;

pub(super) type Source<'b> = png::Reader<Cursor<&'b [u8]>>;

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let mut source = open(step, &bytes)?;
    let animation = source.info().animation_control.filter(|control| control.num_frames > 1);
    let mut damaged = false;
    let mut picture = match animation {
        Some(control) if !wish.first_frame_only => compose::animation(step, &mut source, control)?,
        _ => {
            let (frame, broken) = still(step, &mut source)?;
            damaged = broken;
            let mut picture = Picture::still(frame);
            picture.dropped.extend(animation.map(|_| Feature::Animation));
            picture
        }
    };
    // Chunks after the pixels: damage there costs metadata only.
    match source.finish() {
        Err(error) if is_checksum(&error) => return Err(failure(step, error)),
        Err(error) if !damaged => step.warn(format!("the input is damaged after the pixels ({error})")),
        _ => {}
    }
    picture.metadata = metadata(source.info());
    Ok(picture)
}

/// Opens a file and reads everything before the pixels.
fn open<'b>(step: &Step<'_>, bytes: &'b [u8]) -> Result<Source<'b>> {
    let allowed = usize::try_from(step.limits().metadata).unwrap_or(usize::MAX);
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: allowed });
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(|error| failure(step, error))?;
    let pixel = info.color_type.samples() as u64 * if info.bit_depth == BitDepth::Sixteen { 2 } else { 1 };
    step.check_picture(info.width.into(), info.height.into(), pixel)?;
    decoder.read_info().map_err(|error| failure(step, error))
}

/// Puts an error of the `png` crate in our words.
pub(super) fn failure(step: &Step<'_>, error: DecodingError) -> Error {
    match error {
        DecodingError::LimitsExceeded => Error::limit("metadata", "more", step.limits().metadata),
        error => Error::corrupt(format!("the PNG is damaged: {error}")),
    }
}

/// Whether an error says that a checksum is wrong. The samples cannot be believed then.
fn is_checksum(error: &DecodingError) -> bool {
    matches!(error, DecodingError::Format(_)) && error.to_string().starts_with("CRC error")
}

pub(super) fn layout(color: ColorType) -> Channels {
    match color {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb | ColorType::Indexed => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
    }
}

/// Decodes the first picture of a file, and tells whether it is damaged.
fn still(step: &Step<'_>, source: &mut Source<'_>) -> Result<(Frame, bool)> {
    let (color, depth) = source.output_color_type();
    let (width, height) = source.info().size();
    let mut bytes =
        vec![0; source.output_buffer_size().ok_or_else(|| Error::corrupt("the PNG is too large"))?];
    let damaged = read_rows(step, source, &mut bytes)?;
    Ok((frame(width, height, layout(color), depth, bytes)?, damaged))
}

/// Makes a frame of decoded bytes.
pub(super) fn frame(
    width: u32,
    height: u32,
    channels: Channels,
    depth: BitDepth,
    bytes: Vec<u8>,
) -> Result<Frame> {
    let samples = match depth {
        BitDepth::Sixteen => {
            Samples::U16(bytes.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two)).collect())
        }
        _ => Samples::U8(bytes),
    };
    Frame::new(width, height, channels, samples).ok_or_else(|| Error::corrupt("the PNG has too few samples"))
}

/// Decodes one frame into `bytes`. A file that ends or breaks in the middle leaves the rest as it is; true
/// then.
pub(super) fn read_rows(step: &Step<'_>, source: &mut Source<'_>, bytes: &mut [u8]) -> Result<bool> {
    let (width, height) = match source.info().frame_control() {
        Some(control) => (control.width, control.height),
        None => source.info().size(),
    };
    let row = source.output_line_size(width).filter(|row| *row > 0).unwrap_or(1);
    if source.info().interlaced {
        return read_passes(step, source, bytes, row);
    }
    for (index, line) in bytes.chunks_exact_mut(row).take(height as usize).enumerate() {
        if index.is_multiple_of(STRIP) {
            step.tick(index as u64, height.into())?;
        }
        match source.read_row(line) {
            Ok(_) => {}
            Err(error) if is_checksum(&error) => return Err(failure(step, error)),
            Err(error) => {
                damage::accept_rows(step, index as u64, height.into(), error)?;
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Decodes an interlaced frame. Each pass fills the places of those to come, so that a file that ends early
/// leaves a coarse picture.
fn read_passes(step: &Step<'_>, source: &mut Source<'_>, bytes: &mut [u8], row: usize) -> Result<bool> {
    let (color, depth) = source.output_color_type();
    let bits = color.samples() as u8 * depth as u8;
    let mut done = 0u64;
    loop {
        if done.is_multiple_of(STRIP as u64) {
            step.tick(done, 0)?;
        }
        match source.next_interlaced_row() {
            Ok(None) => return Ok(false),
            Ok(Some(line)) => {
                if let InterlaceInfo::Adam7(place) = line.interlace() {
                    png::splat_interlaced_row(bytes, row, line.data(), place, bits);
                }
            }
            Err(error) if done == 0 || is_checksum(&error) => return Err(failure(step, error)),
            Err(error) => {
                step.warn(format!("the input is damaged: the picture is coarse in part ({error})"));
                return Ok(true);
            }
        }
        done += 1;
    }
}

fn metadata(info: &Info<'_>) -> Metadata {
    let exif = info.exif_metadata.as_deref().map(exif::without_prefix);
    let xmp =
        info.utf8_text.iter().find(|text| text.keyword == XMP_KEYWORD).and_then(|text| text.get_text().ok());
    let density = info.pixel_dims.filter(|dims| dims.unit == Unit::Meter && dims.xppu > 0 && dims.yppu > 0);
    let inches = |per_metre: u32| f64::from(per_metre) * 0.0254;
    Metadata {
        icc: colour::profile(info),
        exif: exif.map(<[u8]>::to_vec),
        xmp: xmp.map(String::into_bytes),
        orientation: exif.map(exif::orientation).unwrap_or_default(),
        density: density.map(|dims| (inches(dims.xppu), inches(dims.yppu))),
    }
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let source = open(step, &bytes)?;
    let info = source.info();
    let (color, _) = source.output_color_type();
    let metadata = metadata(info);
    let frames = info.animation_control.map_or(1, |control| control.num_frames.max(1));
    let facts = Facts::new(info.width, info.height, layout(color), info.bit_depth as u32);
    Ok(Facts {
        icc: metadata.icc,
        metadata: metadata.exif.is_some() || metadata.xmp.is_some(),
        orientation: metadata.orientation,
        palette: info.color_type == ColorType::Indexed,
        ..facts.animated(frames.into())
    })
}
