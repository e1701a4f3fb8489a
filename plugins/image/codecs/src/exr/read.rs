use super::colour::Primaries;
use super::part::Part;
use super::{failure, guarded};
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use exr::block::reader::{ChunksReader, Reader as Blocks};
use exr::block::{UncompressedBlock, lines::LineRef};
use exr::math::Vec2;
use exr::meta::attribute::{IntegerBounds, SampleType};
use exr::meta::header::Header;
use exr::prelude::f16;
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use std::io::Cursor;

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    guarded(|| {
        let blocks = Blocks::read_from_buffered(Cursor::new(bytes.as_ref()), false).map_err(failure)?;
        let part = Part::choose(blocks.headers())?;
        let header = header(blocks.headers(), &part)?.clone();
        let window = check(step, &header, part.channels)?;
        let mut samples = samples(step, blocks, &part, &header, window)?;
        let count = part.channels.count();
        if part.channels.has_alpha() {
            divide(&mut samples, count);
        }
        let primaries = header.shared_attributes.chromaticities.as_ref().and_then(Primaries::of);
        if let (Some(primaries), 3..) = (primaries, count) {
            for pixel in samples.chunks_exact_mut(count) {
                if let [red, green, blue, ..] = pixel {
                    [*red, *green, *blue] = primaries.change([*red, *green, *blue]);
                }
            }
        }
        let (width, height) = (window.size.width() as u32, window.size.height() as u32);
        let frame = Frame::new(width, height, part.channels, Samples::F32(samples))
            .ok_or_else(|| Error::corrupt("the OpenEXR file has too few samples"))?;
        let metadata = Metadata { density: density(&header), ..Metadata::default() };
        Ok(Picture { metadata, dropped: dropped(&part), ..Picture::still(frame) })
    })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    guarded(|| {
        let blocks = Blocks::read_from_buffered(Cursor::new(bytes.as_ref()), false).map_err(failure)?;
        let part = Part::choose(blocks.headers())?;
        let header = header(blocks.headers(), &part)?;
        let window = check(step, header, part.channels)?;
        let half = |index: usize| {
            header.channels.list.get(index).is_some_and(|one| one.sample_type == SampleType::F16)
        };
        let deepest = part.places.iter().enumerate().filter(|(_, place)| place.is_some());
        let bits = if deepest.into_iter().all(|(index, _)| half(index)) { 16 } else { 32 };
        let (width, height) = (window.size.width() as u32, window.size.height() as u32);
        Ok(Facts { also: dropped(&part), ..Facts::new(width, height, part.channels, bits) })
    })
}

fn header<'h>(headers: &'h [Header], part: &Part) -> Result<&'h Header> {
    headers.get(part.index).ok_or_else(|| Error::corrupt("the OpenEXR file has no parts"))
}

fn dropped(part: &Part) -> Vec<Feature> {
    part.more.then_some(Feature::Layers).into_iter().collect()
}

fn density(header: &Header) -> Option<(f64, f64)> {
    let across = f64::from(header.own_attributes.horizontal_density?);
    let down = across * f64::from(header.shared_attributes.pixel_aspect);
    (across > 0.0 && down > 0.0).then_some((across, down))
}

/// Checks the limits and returns the window that is the picture: the display window, whatever the data
/// covers, or the data window where the two do not meet.
fn check(step: &Step<'_>, header: &Header, channels: Channels) -> Result<IntegerBounds> {
    let (data, display) = (header.data_window(), header.shared_attributes.display_window);
    let meets = |first: i32, size: usize, other: i32, other_size: usize| {
        let (first, other) = (i64::from(first), i64::from(other));
        first < other + other_size as i64 && other < first + size as i64
    };
    let (at, shown) = (data.position, display.position);
    let overlap = meets(at.x(), data.size.width(), shown.x(), display.size.width())
        && meets(at.y(), data.size.height(), shown.y(), display.size.height());
    let window = if overlap { display } else { data };
    let bytes = channels.count() as u64 * 4;
    step.check_picture(window.size.width() as u64, window.size.height() as u64, bytes)?;
    step.check_picture(data.size.width() as u64, data.size.height() as u64, 1)?;
    step.within("memory", header.max_block_byte_size() as u64, step.limits().memory)?;
    Ok(window)
}

/// Decodes the blocks of the full-size picture. What the data does not cover is black, transparent if
/// there is alpha.
fn samples(
    step: &Step<'_>,
    blocks: Blocks<Cursor<&[u8]>>,
    part: &Part,
    header: &Header,
    window: IntegerBounds,
) -> Result<Vec<f32>> {
    let chunks = blocks
        .filter_chunks(false, |_, _, block| block.layer == part.index && block.level == Vec2(0, 0))
        .map_err(failure)?;
    let all = chunks.expected_chunk_count() as u64;
    let area = window.size.width() * window.size.height();
    let mut samples = Vec::new();
    for (index, block) in chunks.sequential_decompressor(false).enumerate() {
        step.tick(index as u64, all)?;
        let block: UncompressedBlock = match block.map_err(failure) {
            Ok(block) => block,
            Err(error) => {
                damage::accept_rows(step, index as u64 * samples.len().min(1) as u64, all, &error.message)?;
                break;
            }
        };
        if samples.is_empty() {
            samples = vec![0.0; area * part.channels.count()];
        }
        for line in block.lines(&header.channels) {
            let place = part.places.get(line.location.channel).copied().flatten();
            let kind = header.channels.list.get(line.location.channel).map(|channel| channel.sample_type);
            if let (Some(place), Some(kind)) = (place, kind) {
                put(&line, kind, place, part.channels.count(), header, window, &mut samples);
            }
        }
    }
    if samples.is_empty() {
        return Err(Error::corrupt("the OpenEXR file has no pixels"));
    }
    Ok(samples)
}

/// Puts what a line of one channel has within the window to its place.
fn put(
    line: &LineRef<'_>,
    kind: SampleType,
    place: usize,
    count: usize,
    header: &Header,
    window: IntegerBounds,
    samples: &mut [f32],
) {
    let data = header.own_attributes.layer_position;
    let offset = |at: usize, data: i32, window: i32| at as i64 + i64::from(data) - i64::from(window);
    let left = offset(line.location.position.x(), data.x(), window.position.x());
    let row = offset(line.location.position.y(), data.y(), window.position.y());
    let width = window.size.width();
    if row < 0 || row >= window.size.height() as i64 || left >= width as i64 {
        return;
    }
    let cut = left.min(0).unsigned_abs() as usize;
    let column = left.max(0) as usize;
    let start = (row as usize * width + column) * count;
    let places = samples.get_mut(start..start + (width - column) * count).unwrap_or(&mut []);
    let places = places.iter_mut().skip(place).step_by(count);
    match kind {
        SampleType::F16 => {
            let values = line.value.as_chunks::<2>().0.iter().skip(cut);
            places.zip(values).for_each(|(to, from)| *to = f16::from_ne_bytes(*from).to_f32());
        }
        SampleType::F32 => {
            let values = line.value.as_chunks::<4>().0.iter().skip(cut);
            places.zip(values).for_each(|(to, from)| *to = f32::from_ne_bytes(*from));
        }
        SampleType::U32 => {
            let values = line.value.as_chunks::<4>().0.iter().skip(cut);
            places.zip(values).for_each(|(to, from)| *to = u32::from_ne_bytes(*from) as f32);
        }
    }
}

/// Divides colours by alpha, which OpenEXR multiplies in. Light without any cover stays as it is.
fn divide(samples: &mut [f32], count: usize) {
    for pixel in samples.chunks_exact_mut(count) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        if *alpha > 0.0 && *alpha < 1.0 {
            colours.iter_mut().for_each(|level| *level /= *alpha);
        }
    }
}
