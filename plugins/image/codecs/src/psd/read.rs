use super::colour::{Level, invert, is_over_white, lab_to_srgb, remove_white};
use super::header::{Document, Mode};
use super::planes::Rows;
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples};
use formwork_sdk::{Error, Feature, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

/// Rows between two ticks.
const STRIP: u64 = 64;

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let document = open(step, &bytes)?;
    if document.resources.blank {
        return Err(Error::unsupported(
            "the document was saved without its flattened picture, and layers cannot be composed: save it \
             again with \"maximize compatibility\"",
        ));
    }
    let samples = match document.depth {
        16 => Samples::U16(samples(step, &document)?),
        32 => Samples::F32(samples(step, &document)?),
        _ => Samples::U8(samples(step, &document)?),
    };
    let samples = if document.mode == Mode::Indexed { look_up(&document, samples) } else { samples };
    let frame = Frame::new(document.width, document.height, channels(&document), samples)
        .ok_or_else(|| Error::corrupt("the Photoshop document has too few samples"))?;
    Ok(Picture { metadata: metadata(&document), dropped: dropped(&document), ..Picture::still(frame) })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let document = open(step, &bytes)?;
    let metadata = metadata(&document);
    Ok(Facts {
        metadata: metadata.exif.is_some() || metadata.xmp.is_some(),
        icc: metadata.icc,
        orientation: metadata.orientation,
        also: dropped(&document),
        ..Facts::new(document.width, document.height, channels(&document), document.depth.into())
    })
}

/// Reads everything before the pixels and checks the limits.
fn open<'b>(step: &Step<'_>, bytes: &'b [u8]) -> Result<Document<'b>> {
    let document = Document::parse(bytes)?;
    let count = channels(&document).count().max(stored(&document)) as u64;
    let each = u64::from(document.depth).div_ceil(8);
    step.check_picture(document.width.into(), document.height.into(), count * each)?;
    step.within("metadata", document.resources.length(), step.limits().metadata)?;
    Ok(document)
}

/// The samples of a pixel in the finished picture.
fn channels(document: &Document<'_>) -> Channels {
    match (document.mode, document.has_alpha()) {
        (Mode::Bitmap | Mode::Grey, false) => Channels::Grey,
        (Mode::Bitmap | Mode::Grey, true) => Channels::GreyAlpha,
        (Mode::Indexed, _) if transparent(document).is_some() => Channels::Rgba,
        (Mode::Indexed, _) | (Mode::Rgb | Mode::Lab, false) => Channels::Rgb,
        (Mode::Rgb | Mode::Lab, true) => Channels::Rgba,
        (Mode::Cmyk, _) => Channels::Cmyk,
    }
}

fn transparent(document: &Document<'_>) -> Option<u8> {
    document.resources.transparent.and_then(|index| u8::try_from(index).ok())
}

/// How many of the file's channels are looked at. Inks have no alpha here.
fn stored(document: &Document<'_>) -> usize {
    let alpha = document.has_alpha() && !matches!(document.mode, Mode::Cmyk | Mode::Indexed);
    document.mode.colours() + usize::from(alpha)
}

fn dropped(document: &Document<'_>) -> Vec<Feature> {
    let layers = document.layers.tell().then_some(Feature::Layers);
    let alpha = (document.mode == Mode::Cmyk && document.has_alpha()).then_some(Feature::Alpha);
    layers.into_iter().chain(alpha).collect()
}

/// The resources, without a profile for colours that have been converted.
fn metadata(document: &Document<'_>) -> Metadata {
    let mut metadata = document.resources.metadata();
    if document.mode == Mode::Lab || document.depth == 32 {
        metadata.icc = None;
    }
    metadata
}

/// Reads the channels and makes colours of them.
fn samples<T: Level>(step: &Step<'_>, document: &Document<'_>) -> Result<Vec<T>> {
    let count = stored(document);
    let mut samples = interleave(step, document, count)?;
    let alpha = count > document.mode.colours() && document.mode != Mode::Lab;
    if alpha && document.layers.transparency && is_over_white(&samples, count) {
        remove_white(&mut samples, count);
    }
    match document.mode {
        Mode::Cmyk => invert(&mut samples),
        Mode::Lab => lab_to_srgb(&mut samples, count),
        _ => {}
    }
    Ok(samples)
}

/// Brings the samples of a pixel together. What a damaged file does not hold is white and opaque.
fn interleave<T: Level>(step: &Step<'_>, document: &Document<'_>, count: usize) -> Result<Vec<T>> {
    let (width, height) = (document.width as usize, u64::from(document.height));
    let mut rows = Rows::open(document)?;
    let mut row = vec![0; rows.length()];
    let mut levels: Vec<T> = Vec::with_capacity(width);
    let mut samples = Vec::new();
    for channel in 0..count {
        for y in 0..height {
            if y.is_multiple_of(STRIP) {
                step.tick(channel as u64 * height + y, count as u64 * height)?;
            }
            if let Err(error) = rows.fill(&mut row) {
                accept(step, document, channel, y, &error)?;
                return Ok(samples);
            }
            if samples.is_empty() {
                samples = vec![T::FULL; width * height as usize * count];
            }
            levels.clear();
            if document.depth == 1 {
                unpack(&row, width, &mut levels)
            } else {
                T::levels(&row, &mut levels)
            }
            let start = y as usize * width * count + channel;
            let places = samples.get_mut(start..).unwrap_or(&mut []).iter_mut().step_by(count);
            places.zip(&levels).for_each(|(place, level)| *place = *level);
        }
    }
    Ok(samples)
}

/// Rows count once their last colour is there.
fn accept(step: &Step<'_>, document: &Document<'_>, channel: usize, row: u64, error: &Error) -> Result<()> {
    let height = u64::from(document.height);
    let done = match (channel + 1).cmp(&document.mode.colours()) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => row,
        std::cmp::Ordering::Greater => height,
    };
    damage::accept_rows(step, done, height, &error.message)
}

/// A bitmap's bits: 1 is black.
fn unpack<T: Level>(row: &[u8], width: usize, levels: &mut Vec<T>) {
    let bits = row.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1));
    levels.extend(bits.take(width).map(|bit| T::from_unit(1.0 - f32::from(bit))));
}

/// Replaces indices by colours.
fn look_up(document: &Document<'_>, samples: Samples) -> Samples {
    let Samples::U8(indices) = samples else { return samples };
    let transparent = transparent(document);
    let part =
        |index: u8, part: usize| document.table.get(part * 256 + usize::from(index)).copied().unwrap_or(0);
    let colour = |index: u8| [part(index, 0), part(index, 1), part(index, 2)];
    let alpha = |index: u8| if transparent == Some(index) { 0 } else { 255 };
    Samples::U8(match transparent {
        None => indices.iter().flat_map(|index| colour(*index)).collect(),
        Some(_) => indices
            .iter()
            .flat_map(|index| {
                let [red, green, blue] = colour(*index);
                [red, green, blue, alpha(*index)]
            })
            .collect(),
    })
}
