//! The sRGB curve, and single colours in every sample type.

use crate::Channels;
use std::sync::OnceLock;

/// Rec. 709 luma weights, which are also sRGB's.
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Turns an sRGB-encoded value into linear light (IEC 61966-2-1).
pub fn to_linear(value: f32) -> f32 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Encodes linear light with the sRGB curve (IEC 61966-2-1).
pub fn from_linear(value: f32) -> f32 {
    if value <= 0.003_130_8 { value * 12.92 } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

/// Linear light of every 8-bit value.
pub(crate) fn linear_table_u8() -> &'static [f32; 256] {
    static TABLE: OnceLock<[f32; 256]> = OnceLock::new();
    TABLE.get_or_init(|| std::array::from_fn(|value| to_linear(value as f32 / 255.0)))
}

/// Linear light of every 16-bit value.
pub(crate) fn linear_table_u16() -> &'static [f32] {
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    TABLE.get_or_init(|| (0..=65_535u32).map(|value| to_linear(value as f32 / 65_535.0)).collect())
}

/// Encodes linear light from 0 to 1 by a table, exact to well below one 16-bit step.
pub(crate) fn encode_fast(value: f32) -> f32 {
    static TABLE: OnceLock<Vec<f32>> = OnceLock::new();
    const STEPS: f32 = 65_536.0;
    let table = TABLE.get_or_init(|| (0..=65_537u32).map(|step| from_linear(step as f32 / STEPS)).collect());
    // `max` turns NaN into 0.
    let place = value.max(0.0) * STEPS;
    let index = place as usize;
    // Beyond the table lies white.
    let (Some(low), Some(high)) = (table.get(index), table.get(index + 1)) else { return 1.0 };
    low + (high - low) * (place - index as f32)
}

/// The luma of a colour in 8 bits.
pub(crate) fn luma_u8([r, g, b]: [u8; 3]) -> u8 {
    // 16-bit fixed point weights that add up to 65536.
    ((13_933 * u32::from(r) + 46_871 * u32::from(g) + 4_732 * u32::from(b) + 32_768) >> 16) as u8
}

/// The luma of a colour in 16 bits.
pub(crate) fn luma_u16([r, g, b]: [u16; 3]) -> u16 {
    ((13_933 * u64::from(r) + 46_871 * u64::from(g) + 4_732 * u64::from(b) + 32_768) >> 16) as u16
}

/// The luminance of a colour in linear light.
pub(crate) fn luminance([r, g, b]: [f32; 3]) -> f32 {
    LUMA[0] * r + LUMA[1] * g + LUMA[2] * b
}

/// One pixel of a colour in 8 bits.
pub(crate) fn pixel_u8(channels: Channels, [r, g, b, a]: [u8; 4]) -> Vec<u8> {
    let grey = luma_u8([r, g, b]);
    match channels {
        Channels::Grey => vec![grey],
        Channels::GreyAlpha => vec![grey, a],
        Channels::Rgb => vec![r, g, b],
        Channels::Rgba => vec![r, g, b, a],
        Channels::Cmyk => vec![255 - r, 255 - g, 255 - b, 0],
    }
}

/// One pixel of a colour in 16 bits.
pub(crate) fn pixel_u16(channels: Channels, colour: [u8; 4]) -> Vec<u16> {
    pixel_u8(channels, colour).into_iter().map(|sample| u16::from(sample) * 257).collect()
}

/// One pixel of a colour in linear light.
pub(crate) fn pixel_f32(channels: Channels, [r, g, b, a]: [u8; 4]) -> Vec<f32> {
    let table = linear_table_u8();
    let [r, g, b] = [r, g, b].map(|value| table[usize::from(value)]);
    let (grey, a) = (luminance([r, g, b]), f32::from(a) / 255.0);
    match channels {
        Channels::Grey => vec![grey],
        Channels::GreyAlpha => vec![grey, a],
        Channels::Rgb => vec![r, g, b],
        Channels::Rgba => vec![r, g, b, a],
        Channels::Cmyk => vec![1.0 - r, 1.0 - g, 1.0 - b, 0.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_with_the_formula() {
        for value in 0..=65_535u32 {
            let encoded = value as f32 / 65_535.0;
            let back = encode_fast(to_linear(encoded));
            assert_eq!((back * 65_535.0).round() as u32, value);
        }
        assert!(encode_fast(7.0) > 0.999_999);
        assert_eq!(encode_fast(-7.0), 0.0);
        assert_eq!(encode_fast(f32::NAN), 0.0);
    }
}
