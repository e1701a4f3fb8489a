//! Pixels that are not compressed.

use formwork_image_pixels::{Channels, Samples};

/// How a plain pixel is stored, little endian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layout {
    /// Bits of red, green, blue and alpha in a word of so many bytes. Grey is where red would be.
    Masked { bytes: u8, masks: [u32; 4], grey: bool },
    /// 16 bits a sample.
    Deep { channels: Channels },
    /// Half floats, linear light.
    Half { channels: Channels },
    /// Floats, linear light.
    Float { channels: Channels },
}

impl Layout {
    /// Bytes of a pixel.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Layout::Masked { bytes, .. } => bytes as usize,
            Layout::Deep { channels } | Layout::Half { channels } => channels.count() * 2,
            Layout::Float { channels } => channels.count() * 4,
        }
    }

    /// The samples of a pixel as they are delivered.
    pub(super) const fn channels(self) -> Channels {
        match self {
            Layout::Masked { masks: [.., 0], grey: true, .. } => Channels::Grey,
            Layout::Masked { masks: [.., 0], .. } => Channels::Rgb,
            Layout::Masked { grey: true, .. } => Channels::GreyAlpha,
            Layout::Masked { .. } => Channels::Rgba,
            Layout::Deep { channels } | Layout::Half { channels } | Layout::Float { channels } => channels,
        }
    }

    /// Bits of a sample.
    pub(super) fn bits(self) -> u32 {
        match self {
            Layout::Masked { masks, .. } => masks.map(u32::count_ones).into_iter().max().unwrap_or(8),
            Layout::Deep { .. } | Layout::Half { .. } => 16,
            Layout::Float { .. } => 32,
        }
    }

    /// Makes samples of whole pixels.
    pub(super) fn samples(self, bytes: &[u8]) -> Samples {
        match self {
            Layout::Masked { bytes: each, masks, grey } if self.bits() <= 8 => {
                Samples::U8(spread(bytes, each, masks, grey, 255).map(|value| value as u8).collect())
            }
            Layout::Masked { bytes: each, masks, grey } => {
                Samples::U16(spread(bytes, each, masks, grey, 65_535).map(|value| value as u16).collect())
            }
            Layout::Deep { .. } => {
                Samples::U16(bytes.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two)).collect())
            }
            Layout::Half { .. } => {
                let half = |two: &[u8; 2]| exr::prelude::f16::from_le_bytes(*two).to_f32();
                Samples::F32(bytes.as_chunks::<2>().0.iter().map(half).collect())
            }
            Layout::Float { .. } => {
                Samples::F32(bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
            }
        }
    }
}

/// Takes the fields of every word and stretches them to the full range.
fn spread(bytes: &[u8], each: u8, masks: [u32; 4], grey: bool, full: u64) -> impl Iterator<Item = u32> {
    let wanted = match (grey, masks[3]) {
        (true, 0) => &[0][..],
        (true, _) => &[0, 3],
        (false, 0) => &[0, 1, 2],
        (false, _) => &[0, 1, 2, 3],
    };
    bytes.chunks_exact(usize::from(each).max(1)).flat_map(move |word| {
        let word = word.iter().rev().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        wanted.iter().map(move |index| stretch(word, masks.get(*index).copied().unwrap_or(0), full))
    })
}

/// A field's value, rounded to the range from 0 to `full`.
fn stretch(word: u32, mask: u32, full: u64) -> u32 {
    if mask == 0 {
        return 0;
    }
    let shift = mask.trailing_zeros();
    let (value, greatest) = (u64::from((word & mask) >> shift), u64::from(mask >> shift));
    ((value * full + greatest / 2) / greatest) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        let layout = Layout::Masked { bytes: 2, masks: [0xF800, 0x7E0, 0x1F, 0], grey: false };
        assert_eq!(layout.samples(&[0x1F, 0xF8, 0xE0, 0x07]), Samples::U8(vec![255, 0, 255, 0, 255, 0]));
        let layout =
            Layout::Masked { bytes: 4, masks: [0x3FF, 0xF_FC00, 0x3FF0_0000, 0xC000_0000], grey: false };
        assert_eq!(layout.samples(&[0xFF, 3, 0, 0xC0]), Samples::U16(vec![65_535, 0, 0, 65_535]));
        let grey = Layout::Masked { bytes: 1, masks: [0xFF, 0, 0, 0], grey: true };
        assert_eq!(grey.samples(&[3, 200]), Samples::U8(vec![3, 200]));
    }
}
