//! Images no finer than they are seen (ISO 32000-2, 8.9.5). What is not understood is left as it is.

use crate::bilevel;
use crate::draw::unpacked;
use crate::graph::{as_dict, number_at, resolve, value};
use crate::save::deflate;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};
use formwork_sdk::{Result, Step};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use lopdf::{Document, Object, ObjectId, Stream, dictionary};
use std::collections::HashMap;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Dots per inch that are enough on screens and for most printing.
pub(crate) const DENSITY: f64 = 150.0;
/// Quality at which photographs look as before.
pub(crate) const QUALITY: u8 = 75;

/// Quality of a photograph that was painted over.
const PAINTED: u8 = 90;

/// An image is left alone unless it is so much finer than wished.
const MARGIN: f64 = 1.25;
/// A JPEG that is only encoded anew must become this small a part of what it was, as it loses by it.
const WORTH: f64 = 0.8;
/// Samples that came without loss must shrink by more to become a JPEG: drawings stay drawings.
const WORTH_FROM_EXACT: f64 = 0.5;
/// Smaller images are not worth it.
const LEAST: usize = 4_096;

/// How fine images may stay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) density: f64,
    pub(crate) quality: u8,
}

/// Makes images coarser that are drawn smaller than they are; returns how many changed.
///
/// # Errors
///
/// `cancelled`, `timeout`.
pub(crate) fn shrink(
    step: &Step<'_>,
    doc: &mut Document,
    sizes: &HashMap<ObjectId, (f64, f64)>,
    wish: Wish,
) -> Result<u64> {
    let mut ids: Vec<ObjectId> = sizes.keys().copied().collect();
    ids.sort_unstable();
    let mut changed = 0;
    let total = ids.len() as u64;
    for (done, id) in ids.into_iter().enumerate() {
        step.tick(total + done as u64, 4 * total)?;
        let Some(Object::Stream(stream)) = doc.objects.get(&id) else { continue };
        let Some(size) = sizes.get(&id) else { continue };
        let mask = mask_of(doc, stream).filter(|mask| !sizes.contains_key(mask));
        if let Some(smaller) = smaller(step, doc, stream, *size, wish, true) {
            doc.objects.insert(id, Object::Stream(smaller));
            changed += 1;
        }
        if let Some(Object::Stream(stream)) = mask.and_then(|mask| doc.objects.get(&mask))
            && let Some(smaller) = self::smaller(step, doc, stream, *size, wish, false)
            && let Some(mask) = mask
        {
            doc.objects.insert(mask, Object::Stream(smaller));
        }
    }
    Ok(changed)
}

/// The transparency of an image, unless the image's colours depend on its samples.
fn mask_of(doc: &Document, stream: &Stream) -> Option<ObjectId> {
    let id = stream.dict.get(b"SMask").ok()?.as_reference().ok()?;
    let mask = as_dict(doc.objects.get(&id)?)?;
    (!mask.has(b"Matte")).then_some(id)
}

/// An image with a part of it black: left, bottom, right, top from 0 to 1. None for what is not understood.
pub(crate) fn painted(step: &Step<'_>, doc: &Document, stream: &Stream, part: [f64; 4]) -> Option<Stream> {
    if let Some(fresh) = bilevel::painted(step, doc, stream, part) {
        return Some(fresh);
    }
    // What shines through an image, or shapes it, would still show what it was.
    if !is_plain(doc, stream) || stream.dict.has(b"SMask") || stream.dict.has(b"Mask") {
        return None;
    }
    let mut samples = read(step, doc, stream)?;
    let (width, height) = (samples.width as usize, samples.height as usize);
    let least = |side: f64, length: usize| (side * length as f64).floor() as usize;
    let most = |side: f64, length: usize| ((side * length as f64).ceil() as usize).min(length);
    let (left, right) = (least(part[0], width), most(part[2], width));
    let (top, bottom) = (least(1.0 - part[3], height), most(1.0 - part[1], height));
    let row = width * samples.channels;
    for line in samples.bytes.chunks_exact_mut(row).take(bottom).skip(top) {
        line.get_mut(left * samples.channels..right * samples.channels)?.fill(0);
    }
    if samples.lossy {
        return encode(&samples, PAINTED).map(|jpeg| with(stream, &samples, jpeg, "DCTDecode"));
    }
    pack(&samples).map(|bytes| with(stream, &samples, bytes, "FlateDecode"))
}

/// Samples of eight bits: grey, or red, green and blue.
struct Samples {
    width: u32,
    height: u32,
    channels: usize,
    bytes: Vec<u8>,
    /// They were a JPEG, which lost something already.
    lossy: bool,
}

fn smaller(
    step: &Step<'_>,
    doc: &Document,
    stream: &Stream,
    drawn: (f64, f64),
    wish: Wish,
    may_lose: bool,
) -> Option<Stream> {
    if stream.content.len() < LEAST || !is_plain(doc, stream) {
        return None;
    }
    let samples = read(step, doc, stream)?;
    let factor = factor(&samples, drawn, wish.density);
    let (lossy, is_coarser) = (samples.lossy, factor < 1.0);
    let samples = if is_coarser { scaled(&samples, factor)? } else { samples };
    let old = stream.content.len() as f64;
    let exact = if lossy { None } else { pack(&samples).filter(|bytes| (bytes.len() as f64) < old) };
    let best = exact.as_ref().map_or(old, |bytes| bytes.len() as f64);
    let worth = match (lossy, is_coarser) {
        (false, _) => WORTH_FROM_EXACT,
        (true, false) => WORTH,
        (true, true) => 1.0,
    };
    let jpeg = if may_lose { encode(&samples, wish.quality) } else { None };
    if let Some(jpeg) = jpeg.filter(|jpeg| (jpeg.len() as f64) < best * worth) {
        return Some(with(stream, &samples, jpeg, "DCTDecode"));
    }
    exact.filter(|_| is_coarser).map(|bytes| with(stream, &samples, bytes, "FlateDecode"))
}

/// Whether the samples mean what they are: no decoding array, no colour that is transparent, no stencil.
fn is_plain(doc: &Document, stream: &Stream) -> bool {
    let dict = &stream.dict;
    let of = |key: &[u8]| value(doc, dict, key);
    let matte = mask_entry(doc, stream).is_some_and(|mask| mask.has(b"Matte"));
    !of(b"ImageMask").as_bool().unwrap_or(false)
        && of(b"Decode").is_null()
        && !matches!(of(b"Mask"), Object::Array(_))
        && !matte
        && of(b"Alternates").is_null()
        && number_at(doc, dict, b"BitsPerComponent").unwrap_or(8.0) == 8.0
}

fn mask_entry<'d>(doc: &'d Document, stream: &'d Stream) -> Option<&'d lopdf::Dictionary> {
    as_dict(value(doc, &stream.dict, b"SMask"))
}

/// Channels of a colour space whose samples can be scaled and encoded as they are.
pub(crate) fn channels(doc: &Document, space: &Object) -> Option<usize> {
    match space {
        Object::Name(name) => match name.as_slice() {
            b"DeviceGray" | b"G" => Some(1),
            b"DeviceRGB" | b"RGB" => Some(3),
            _ => None,
        },
        Object::Array(items) => match resolve(doc, items.first()?).as_name().ok()? {
            b"CalGray" => Some(1),
            b"CalRGB" => Some(3),
            b"ICCBased" => {
                let profile = as_dict(resolve(doc, items.get(1)?))?;
                number_at(doc, profile, b"N")
                    .map(|count| count as usize)
                    .filter(|count| matches!(count, 1 | 3))
            }
            b"DeviceGray" => Some(1),
            b"DeviceRGB" => Some(3),
            _ => None,
        },
        _ => None,
    }
}

fn read(step: &Step<'_>, doc: &Document, stream: &Stream) -> Option<Samples> {
    let channels = channels(doc, value(doc, &stream.dict, b"ColorSpace"))?;
    let side =
        |key: &[u8]| number_at(doc, &stream.dict, key).filter(|side| *side >= 1.0 && *side <= 65_535.0);
    let (width, height) = (side(b"Width")? as u32, side(b"Height")? as u32);
    let length = u64::from(width) * u64::from(height) * channels as u64;
    step.check_picture(width.into(), height.into(), channels as u64 + 1).ok()?;
    let filters = stream.filters().unwrap_or_default();
    let (bytes, lossy) = match filters.as_slice() {
        [b"DCTDecode"] if value(doc, &stream.dict, b"DecodeParms").is_null() => {
            (decode(&stream.content, (width, height), channels)?, true)
        }
        filters if !filters.contains(&b"DCTDecode".as_slice()) => (unpacked(step, stream)?, false),
        _ => return None,
    };
    let mut bytes = bytes;
    if (bytes.len() as u64) < length {
        return None;
    }
    bytes.truncate(length as usize);
    Some(Samples { width, height, channels, bytes, lossy })
}

fn decode(jpeg: &[u8], size: (u32, u32), channels: usize) -> Option<Vec<u8>> {
    let space = if channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(space)
        .set_max_width(size.0 as usize)
        .set_max_height(size.1 as usize);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(jpeg), options);
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    if (u32::from(info.width), u32::from(info.height)) != size || info.components as usize != channels {
        return None;
    }
    decoder.decode().ok()
}

/// How much smaller an image may become: 1 when it is not finer than wished.
fn factor(samples: &Samples, drawn: (f64, f64), density: f64) -> f64 {
    let across = f64::from(samples.width) / (drawn.0.max(0.01) / 72.0);
    let down = f64::from(samples.height) / (drawn.1.max(0.01) / 72.0);
    // Drawn at no size at all, it may be seen somewhere this does not look.
    let finest = across.min(down);
    if drawn.0 < 1.0 || drawn.1 < 1.0 || finest <= density * MARGIN { 1.0 } else { density / finest }
}

fn scaled(samples: &Samples, factor: f64) -> Option<Samples> {
    let kind = if samples.channels == 1 { PixelType::U8 } else { PixelType::U8x3 };
    let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    let (width, height) = (side(samples.width), side(samples.height));
    let mut bytes = vec![0; width as usize * height as usize * samples.channels];
    let from = ImageRef::new(samples.width, samples.height, &samples.bytes, kind).ok()?;
    let mut to = Image::from_slice_u8(width, height, &mut bytes, kind).ok()?;
    Resizer::new().resize(&from, &mut to, None).ok()?;
    Some(Samples { width, height, bytes, ..*samples })
}

fn encode(samples: &Samples, quality: u8) -> Option<Vec<u8>> {
    let (kind, sampling) = match (samples.channels, quality) {
        (1, _) => (ColorType::Luma, SamplingFactor::F_1_1),
        (_, 90..) => (ColorType::Rgb, SamplingFactor::F_1_1),
        _ => (ColorType::Rgb, SamplingFactor::F_2_2),
    };
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, quality.clamp(1, 100));
    encoder.set_sampling_factor(sampling);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(&samples.bytes, u16::try_from(samples.width).ok()?, u16::try_from(samples.height).ok()?, kind)
        .ok()?;
    Some(jpeg)
}

/// Deflated rows, each as its difference to what is beside it.
fn pack(samples: &Samples) -> Option<Vec<u8>> {
    deflate(&predicted(samples), 9).ok()
}

/// Rows as PNG has them, filtered by `sub`, `up` or `Paeth`, whichever leaves the least.
fn predicted(samples: &Samples) -> Vec<u8> {
    let row = samples.width as usize * samples.channels;
    let mut out = Vec::with_capacity(samples.bytes.len() + samples.height as usize);
    let nothing = vec![0; row];
    let mut above = nothing.as_slice();
    for line in samples.bytes.chunks_exact(row) {
        let filtered = [1u8, 2, 4].map(|kind| (kind, filter(kind, line, above, samples.channels)));
        let weight =
            |bytes: &[u8]| bytes.iter().map(|byte| u64::from((*byte as i8).unsigned_abs())).sum::<u64>();
        if let Some((kind, bytes)) = filtered.iter().min_by_key(|(_, bytes)| weight(bytes)) {
            out.push(*kind);
            out.extend_from_slice(bytes);
        }
        above = line;
    }
    out
}

fn filter(kind: u8, line: &[u8], above: &[u8], step: usize) -> Vec<u8> {
    let at = |row: &[u8], place: Option<usize>| place.and_then(|place| row.get(place)).copied().unwrap_or(0);
    let guess = |place: usize| {
        let (left, up) = (at(line, place.checked_sub(step)), at(above, Some(place)));
        match kind {
            1 => left,
            2 => up,
            _ => paeth(left, up, at(above, place.checked_sub(step))),
        }
    };
    line.iter().enumerate().map(|(place, byte)| byte.wrapping_sub(guess(place))).collect()
}

/// The predictor of PNG (ISO/IEC 15948, 9.4).
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (from_left, from_up, from_corner) =
        ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if from_left <= from_up && from_left <= from_corner {
        left
    } else if from_up <= from_corner {
        up
    } else {
        corner
    }
}

/// The image with other samples.
fn with(stream: &Stream, samples: &Samples, content: Vec<u8>, filter: &str) -> Stream {
    let mut dict = stream.dict.clone();
    dict.set("Width", i64::from(samples.width));
    dict.set("Height", i64::from(samples.height));
    dict.set("BitsPerComponent", 8);
    dict.set("Filter", filter);
    dict.remove(b"DecodeParms");
    if filter == "FlateDecode" {
        let parameters = dictionary! {
            "Predictor" => 15,
            "Colors" => samples.channels as i64,
            "Columns" => i64::from(samples.width),
        };
        dict.set("DecodeParms", parameters);
    }
    Stream::new(dict, content)
}
