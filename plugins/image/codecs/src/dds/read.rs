use super::blocks;
use super::header::{Block, Header, Pixels};
use super::plain::Layout;
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Picture, Samples, is_opaque, set_channels};
use formwork_sdk::{Error, Feature, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

/// Decodes the first picture at full size.
fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let header = open(step, &bytes)?;
    let pixels = bytes.get(header.start..).unwrap_or(&[]);
    let samples = match header.pixels {
        Pixels::Blocks(block) => blocks::samples(step, &header, block, pixels)?,
        Pixels::Plain(layout) => plain(step, &header, layout, pixels)?,
    };
    let mut frame = Frame::new(header.width, header.height, header.channels(), samples)
        .ok_or_else(|| Error::corrupt("the DDS has too few samples"))?;
    if header.premultiplied {
        divide(&mut frame);
    }
    // BC1 may be transparent and hardly ever is.
    if header.pixels == Pixels::Blocks(Block::Bc1) && is_opaque(&frame) {
        set_channels(&mut frame, Channels::Rgb);
    }
    Ok(Picture { dropped: dropped(&header), ..Picture::still(frame) })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let header = open(step, &input.head(super::header::LENGTH + 20)?)?;
    let bits = match header.pixels {
        Pixels::Blocks(Block::Bc6 { .. }) => 16,
        Pixels::Blocks(_) => 8,
        Pixels::Plain(layout) => layout.bits(),
    };
    let facts = Facts::new(header.width, header.height, header.channels(), bits);
    Ok(Facts { also: dropped(&header), ..facts })
}

fn open(step: &Step<'_>, bytes: &[u8]) -> Result<Header> {
    let header = Header::parse(bytes)?;
    let each = match header.pixels {
        Pixels::Blocks(Block::Bc6 { .. }) | Pixels::Plain(Layout::Half { .. } | Layout::Float { .. }) => 4,
        Pixels::Plain(layout) if layout.bits() > 8 => 2,
        _ => 1,
    };
    let count = header.channels().count() as u64;
    step.check_picture(header.width.into(), header.height.into(), count * each)?;
    Ok(header)
}

/// Sides of a cube, slices and elements beyond the first are left out.
fn dropped(header: &Header) -> Vec<Feature> {
    (header.pictures > 1).then_some(Feature::Pages).into_iter().collect()
}

/// Reads plain pixels. Rows have no padding.
fn plain(step: &Step<'_>, header: &Header, layout: Layout, bytes: &[u8]) -> Result<Samples> {
    let (width, height) = (header.width as usize, header.height as usize);
    let row = width * layout.bytes();
    step.tick(0, height as u64)?;
    let there = bytes.get(..row * height).unwrap_or(bytes);
    let whole = there.len() / row.max(1);
    if whole < height {
        damage::accept_rows(step, whole as u64, height as u64, "the DDS ends too early")?;
    }
    let mut samples = layout.samples(there.get(..whole * row).unwrap_or(&[]));
    let all = width * height * layout.channels().count();
    match &mut samples {
        Samples::U8(samples) => samples.resize(all, 0),
        Samples::U16(samples) => samples.resize(all, 0),
        Samples::F32(samples) => samples.resize(all, 0.0),
    }
    Ok(samples)
}

/// Divides the colours by alpha.
fn divide(frame: &mut Frame) {
    let count = frame.channels.count();
    let Samples::U8(samples) = &mut frame.samples else { return };
    if !frame.channels.has_alpha() {
        return;
    }
    for pixel in samples.chunks_exact_mut(count) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        let alpha = u32::from(*alpha).max(1);
        colours.iter_mut().for_each(|level| *level = (u32::from(*level) * 255 / alpha).min(255) as u8);
    }
}
