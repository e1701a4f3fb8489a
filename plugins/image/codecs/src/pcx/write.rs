use super::header::{LENGTH, PALETTE_MARK};
use super::runs;
use crate::codec::{Encoder, no_options};
use formwork_image_pixels::{Channels, Depth, Frame, Metadata, Picture, Samples, Target};
use formwork_sdk::{Error, ErrorKind, Feature, Options, Result, Step, Writer};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "PCX",
        keeps: &[Feature::Colours, Feature::Quality],
        channels: &[Channels::Grey, Channels::Rgb],
        depths: &[Depth::U8],
        largest: (LARGEST, u16::MAX as u32),
        animation_as_pages: false,
    },
    options: no_options,
    encode,
};

/// The greatest width whose even number of bytes fits 16 bits.
const LARGEST: u32 = u16::MAX as u32 - 1;
/// Rows between two writes.
const STRIP: usize = 64;

/// Writes version 5: three planes of 8 bits, or one plane with a palette of greys.
fn encode(step: &Step<'_>, _: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let Some(frame) = picture.frames.first() else { return Err(unfit()) };
    let Samples::U8(samples) = &frame.samples else { return Err(unfit()) };
    output.append(&header(frame, &picture.metadata))?;
    let count = frame.channels.count();
    let (width, rows) = (frame.width as usize, frame.height as usize);
    let mut plane = vec![0; width.next_multiple_of(2)];
    let mut packed = Vec::new();
    for (index, row) in samples.chunks_exact((width * count).max(1)).enumerate() {
        if index.is_multiple_of(STRIP) {
            step.tick(index as u64, rows as u64)?;
            output.append(&packed)?;
            packed.clear();
        }
        for channel in 0..count {
            let levels = row.iter().skip(channel).step_by(count);
            plane.iter_mut().zip(levels).for_each(|(byte, level)| *byte = *level);
            runs::encode(&plane, &mut packed);
        }
    }
    if count == 1 {
        packed.push(PALETTE_MARK);
        packed.extend((0..=255u8).flat_map(|level| [level; 3]));
    }
    output.append(&packed)
}

fn unfit() -> Error {
    Error::new(ErrorKind::Internal, "a picture PCX cannot hold reached the encoder")
}

fn header(frame: &Frame, metadata: &Metadata) -> [u8; LENGTH] {
    let count = frame.channels.count() as u8;
    let (horizontal, vertical) = metadata.density.unwrap_or((72.0, 72.0));
    let dots = |value: f64| value.round().clamp(1.0, 65_535.0) as u16;
    let mut head = [0; LENGTH];
    head[..4].copy_from_slice(&[0x0A, 5, 1, 8]);
    let mut put = |place: usize, value: u16| head[place..place + 2].copy_from_slice(&value.to_le_bytes());
    put(8, (frame.width - 1) as u16);
    put(10, (frame.height - 1) as u16);
    put(12, dots(horizontal));
    put(14, dots(vertical));
    put(66, frame.width.next_multiple_of(2) as u16);
    put(68, if count == 1 { 2 } else { 1 });
    head[65] = count;
    head
}
