use super::colour::{Level, add_white};
use super::{resources, runs};
use crate::codec::{Encoder, no_options};
use formwork_image_pixels::{Channels, Depth, Frame, Picture, Samples, Target};
use formwork_sdk::{Error, ErrorKind, Feature, Options, Result, Step, Writer};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "PSD",
        keeps: &[
            Feature::Alpha,
            Feature::BitDepth,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Inks,
            Feature::Metadata,
            Feature::Quality,
        ],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk],
        depths: &[Depth::U8, Depth::U16],
        largest: (LARGEST, LARGEST),
        animation_as_pages: false,
    },
    options: no_options,
    encode,
};

/// The greatest side of a PSD.
const LARGEST: u32 = 30_000;
/// Rows between two ticks.
const STRIP: usize = 64;

fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(frame) = picture.frames.first() else { return Err(unfit()) };
    output.append(&header(frame))?;
    // No colour table.
    output.append(&[0; 4])?;
    append_block(output, &resources::encode(&picture.metadata))?;
    match &frame.samples {
        Samples::U8(samples) => body(step, frame, samples, output),
        Samples::U16(samples) => body(step, frame, samples, output),
        Samples::F32(_) => Err(unfit()),
    }
}

fn unfit() -> Error {
    Error::new(ErrorKind::Internal, "a picture PSD cannot hold reached the encoder")
}

fn append_block(output: &mut Writer<'_>, block: &[u8]) -> Result<()> {
    output.append(&length(block.len())?.to_be_bytes())?;
    output.append(block)
}

fn length(bytes: usize) -> Result<u32> {
    u32::try_from(bytes)
        .map_err(|_| Error::unsupported("a PSD holds at most 4 GiB: make the picture smaller"))
}

fn header(frame: &Frame) -> Vec<u8> {
    let mode: u16 = match frame.channels {
        Channels::Grey | Channels::GreyAlpha => 1,
        Channels::Rgb | Channels::Rgba => 3,
        Channels::Cmyk => 4,
    };
    let depth = frame.samples.width() as u16 * 8;
    let mut head = b"8BPS\0\x01\0\0\0\0\0\0".to_vec();
    head.extend((frame.channels.count() as u16).to_be_bytes());
    head.extend(frame.height.to_be_bytes());
    head.extend(frame.width.to_be_bytes());
    head.extend(depth.to_be_bytes());
    head.extend(mode.to_be_bytes());
    head
}

/// Writes the layer section and the flattened picture. A spare channel counts as transparency only in a
/// document with layers, so a picture with alpha gets one.
fn body<T: Level + Stored>(
    step: &Step<'_>,
    frame: &Frame,
    samples: &[T],
    output: &mut Writer<'_>,
) -> Result<()> {
    if !frame.channels.has_alpha() {
        output.append(&[0; 4])?;
        return flattened(step, frame, samples, output);
    }
    let layer = layer(step, frame, samples)?;
    append_block(output, &layer)?;
    let mut over_white = samples.to_vec();
    add_white(&mut over_white, frame.channels.count());
    flattened(step, frame, &over_white, output)
}

fn flattened<T: Stored>(
    step: &Step<'_>,
    frame: &Frame,
    samples: &[T],
    output: &mut Writer<'_>,
) -> Result<()> {
    let mut lengths = Vec::new();
    let mut packed = Vec::new();
    for channel in 0..frame.channels.count() {
        pack(step, frame, samples, channel, &mut lengths, &mut packed)?;
    }
    output.append(&[0, 1])?;
    output.append(&lengths)?;
    output.append(&packed)
}

/// The layer section with one layer that covers the picture (specification, "Layer and Mask Information
/// Section").
fn layer<T: Stored>(step: &Step<'_>, frame: &Frame, samples: &[T]) -> Result<Vec<u8>> {
    let count = frame.channels.count();
    let mut channels = Vec::new();
    let mut data = Vec::new();
    // Alpha has the number -1.
    for channel in std::iter::once(count - 1).chain(0..count - 1) {
        let (mut lengths, mut packed) = (Vec::new(), Vec::new());
        pack(step, frame, samples, channel, &mut lengths, &mut packed)?;
        let number = if channel == count - 1 { -1 } else { channel as i16 };
        channels.extend(number.to_be_bytes());
        channels.extend(length(2 + lengths.len() + packed.len())?.to_be_bytes());
        data.extend([0, 1]);
        data.append(&mut lengths);
        data.append(&mut packed);
    }
    let mut list = (-1i16).to_be_bytes().to_vec();
    for side in [0, 0, frame.height, frame.width] {
        list.extend(side.to_be_bytes());
    }
    list.extend((count as u16).to_be_bytes());
    list.append(&mut channels);
    // Blended normally, opaque, visible; no mask, no ranges, and a name of seven letters.
    list.extend(b"8BIMnorm\xFF\0\0\0");
    list.extend(16u32.to_be_bytes());
    list.extend(b"\0\0\0\0\0\0\0\0\x07Layer 0");
    list.append(&mut data);
    list.extend((list.len() % 2 == 1).then_some(0));
    if T::DEEP {
        return deep(list);
    }
    let mut section = length(list.len())?.to_be_bytes().to_vec();
    section.append(&mut list);
    // No mask for all layers.
    section.extend([0; 4]);
    Ok(section)
}

/// Layers of 16 bits stand in a tagged block, after an empty list and no mask.
fn deep(mut list: Vec<u8>) -> Result<Vec<u8>> {
    list.resize(list.len().next_multiple_of(4), 0);
    let mut section = b"\0\0\0\0\0\0\0\x008BIMMt16\0\0\0\x008BIMLr16".to_vec();
    section.extend(length(list.len())?.to_be_bytes());
    section.append(&mut list);
    Ok(section)
}

/// How samples are stored.
trait Stored: Copy {
    /// More than 8 bits.
    const DEEP: bool;
    /// Appends a sample, inks as light.
    fn put(self, ink: bool, row: &mut Vec<u8>);
}

impl Stored for u8 {
    const DEEP: bool = false;
    fn put(self, ink: bool, row: &mut Vec<u8>) {
        row.push(if ink { !self } else { self });
    }
}

impl Stored for u16 {
    const DEEP: bool = true;
    fn put(self, ink: bool, row: &mut Vec<u8>) {
        row.extend(if ink { !self } else { self }.to_be_bytes());
    }
}

/// Packs the rows of one channel, and lists how long they became.
fn pack<T: Stored>(
    step: &Step<'_>,
    frame: &Frame,
    samples: &[T],
    channel: usize,
    lengths: &mut Vec<u8>,
    packed: &mut Vec<u8>,
) -> Result<()> {
    let count = frame.channels.count();
    let rows = frame.height as usize;
    let mut row = Vec::new();
    for (index, pixels) in samples.chunks_exact((frame.width as usize * count).max(1)).enumerate() {
        if index.is_multiple_of(STRIP) {
            step.tick((channel * rows + index) as u64, (count * rows) as u64)?;
        }
        row.clear();
        let ink = frame.channels == Channels::Cmyk;
        pixels.iter().skip(channel).step_by(count).for_each(|sample| sample.put(ink, &mut row));
        let before = packed.len();
        runs::encode(&row, packed);
        lengths.extend(((packed.len() - before) as u16).to_be_bytes());
    }
    Ok(())
}
