//! Blocks of 4 by 4 pixels (Microsoft, "Texture Block Compression in Direct3D 11").

use super::header::{Block, Header};
use crate::damage;
use formwork_image_pixels::Samples;
use formwork_sdk::{Result, Step};

/// Pixels along a block's side.
const SIDE: usize = 4;

impl Block {
    /// Bytes of a block.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Block::Bc1 | Block::Bc4 { .. } => 8,
            _ => 16,
        }
    }
}

/// Unpacks the first picture.
pub(super) fn samples(step: &Step<'_>, header: &Header, block: Block, bytes: &[u8]) -> Result<Samples> {
    match block {
        Block::Bc6 { signed } => unpack(step, header, block, bytes, |packed, pixels: &mut [f32; 48]| {
            bcdec_rs::bc6h_float(packed, pixels, SIDE * 3, signed);
        })
        .map(Samples::F32),
        Block::Bc5 { signed } => unpack(step, header, block, bytes, |packed, pixels: &mut [u8; 48]| {
            two_axes(packed, pixels, signed);
        })
        .map(Samples::U8),
        Block::Bc4 { signed } => unpack(step, header, block, bytes, |packed, pixels: &mut [u8; 16]| {
            bcdec_rs::bc4(packed, pixels, SIDE, signed);
            centre(pixels, signed);
        })
        .map(Samples::U8),
        Block::Bc1 | Block::Bc2 | Block::Bc3 | Block::Bc7 => {
            let unpacker = match block {
                Block::Bc1 => bcdec_rs::bc1,
                Block::Bc2 => bcdec_rs::bc2,
                Block::Bc3 => bcdec_rs::bc3,
                _ => bcdec_rs::bc7,
            };
            unpack(step, header, block, bytes, |packed, pixels: &mut [u8; 64]| {
                unpacker(packed, pixels, SIDE * 4);
            })
            .map(Samples::U8)
        }
    }
}

/// Two axes of a normal, shown as red and green.
fn two_axes(packed: &[u8], pixels: &mut [u8; 48], signed: bool) {
    let mut axes = [0; 32];
    bcdec_rs::bc5(packed, &mut axes, SIDE * 2, signed);
    centre(&mut axes, signed);
    for (pixel, axes) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(axes.as_chunks::<2>().0) {
        *pixel = [axes[0], axes[1], 0];
    }
}

/// Moves signed bytes to where -127 is 0 and 127 is 254.
fn centre(bytes: &mut [u8], signed: bool) {
    if signed {
        bytes.iter_mut().for_each(|byte| *byte = byte.cast_signed().saturating_add(127).cast_unsigned());
    }
}

/// Unpacks row after row of blocks, and cuts off what reaches beyond the picture.
fn unpack<T: Copy + Default, const N: usize>(
    step: &Step<'_>,
    header: &Header,
    block: Block,
    bytes: &[u8],
    unpacker: impl Fn(&[u8], &mut [T; N]),
) -> Result<Vec<T>> {
    let count = N / (SIDE * SIDE);
    let (width, height) = (header.width as usize, header.height as usize);
    let across = width.div_ceil(SIDE);
    let mut samples = Vec::new();
    let mut strip = vec![T::default(); across * SIDE * SIDE * count];
    let stride = across * SIDE * count;
    let mut rows = bytes.chunks_exact(across * block.bytes());
    for top in (0..height).step_by(SIDE) {
        step.tick(top as u64, height as u64)?;
        let Some(row) = rows.next() else {
            damage::accept_rows(step, top as u64, height as u64, "the DDS ends too early")?;
            break;
        };
        for (index, packed) in row.chunks_exact(block.bytes()).enumerate() {
            let mut pixels = [T::default(); N];
            unpacker(packed, &mut pixels);
            let places = strip.chunks_exact_mut(stride).zip(pixels.chunks_exact(SIDE * count));
            for (line, part) in places {
                let start = index * SIDE * count;
                if let Some(place) = line.get_mut(start..start + part.len()) {
                    place.copy_from_slice(part);
                }
            }
        }
        let lines = strip.chunks_exact(stride).take(height - top);
        lines.for_each(|line| samples.extend(line.iter().take(width * count)));
    }
    samples.resize(width * height * count, T::default());
    Ok(samples)
}
