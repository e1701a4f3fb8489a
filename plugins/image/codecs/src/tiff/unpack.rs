//! From the bytes of a row to samples: predictors, byte order, bit widths.

use super::layout::{Layout, Number};
use super::tags;
use formwork_image_pixels::Samples;

/// Samples of a type that rows are unpacked to.
pub(super) trait Unit: Copy + Default {
    /// Unpacks a row of `count` samples.
    fn row(layout: &Layout, big_endian: bool, bytes: &mut [u8], count: usize) -> Vec<Self>;
    fn samples(all: Vec<Self>) -> Samples;
}

impl Unit for u8 {
    fn row(layout: &Layout, _: bool, bytes: &mut [u8], count: usize) -> Vec<u8> {
        if layout.bits == 8 {
            if layout.predictor == 2 {
                sum(bytes, layout.chunk_samples(), u8::wrapping_add);
            }
            let offset = if layout.number == Number::Signed { 0x80 } else { 0 };
            return bytes.iter().take(count).map(|byte| byte ^ offset).collect();
        }
        // Indices of a palette stay as they are.
        let full = (1u32 << layout.bits) - 1;
        let scale = if layout.photometric == tags::PALETTE { full } else { 255 };
        Bits::of(bytes, layout.bits).take(count).map(|value| (value as u32 * scale / full) as u8).collect()
    }

    fn samples(all: Vec<u8>) -> Samples {
        Samples::U8(all)
    }
}

impl Unit for u16 {
    fn row(layout: &Layout, big_endian: bool, bytes: &mut [u8], count: usize) -> Vec<u16> {
        let offset = if layout.number == Number::Signed { 0x8000 } else { 0 };
        match layout.bits {
            16 => {
                let mut values: Vec<u16> = words(bytes, big_endian, u16::from_be_bytes, u16::from_le_bytes);
                if layout.predictor == 2 {
                    sum(&mut values, layout.chunk_samples(), u16::wrapping_add);
                }
                values.iter().take(count).map(|value| value ^ offset).collect()
            }
            32 => {
                let mut values: Vec<u32> = words(bytes, big_endian, u32::from_be_bytes, u32::from_le_bytes);
                if layout.predictor == 2 {
                    sum(&mut values, layout.chunk_samples(), u32::wrapping_add);
                }
                values.iter().take(count).map(|value| (value >> 16) as u16 ^ offset).collect()
            }
            64 => {
                let values: Vec<u64> = words(bytes, big_endian, u64::from_be_bytes, u64::from_le_bytes);
                values.iter().take(count).map(|value| (value >> 48) as u16 ^ offset).collect()
            }
            bits => {
                let full = (1u64 << bits) - 1;
                Bits::of(bytes, bits).take(count).map(|value| (value * 65_535 / full) as u16).collect()
            }
        }
    }

    fn samples(all: Vec<u16>) -> Samples {
        Samples::U16(all)
    }
}

impl Unit for f32 {
    fn row(layout: &Layout, big_endian: bool, bytes: &mut [u8], count: usize) -> Vec<f32> {
        let size = (layout.bits / 8).max(1) as usize;
        // After the floating point predictor the bytes stand in big endian order.
        let big_endian = big_endian || layout.predictor == 3;
        if layout.predictor == 3 {
            float_predictor(bytes, layout.chunk_samples(), size);
        }
        let values: Vec<f32> = match layout.bits {
            16 => words(bytes, big_endian, u16::from_be_bytes, u16::from_le_bytes)
                .into_iter()
                .map(half)
                .collect(),
            32 => {
                let mut values: Vec<u32> = words(bytes, big_endian, u32::from_be_bytes, u32::from_le_bytes);
                if layout.predictor == 2 {
                    sum(&mut values, layout.chunk_samples(), u32::wrapping_add);
                }
                values.into_iter().map(f32::from_bits).collect()
            }
            _ => words(bytes, big_endian, u64::from_be_bytes, u64::from_le_bytes)
                .into_iter()
                .map(|bits| f64::from_bits(bits) as f32)
                .collect(),
        };
        values.into_iter().take(count).collect()
    }

    fn samples(all: Vec<f32>) -> Samples {
        Samples::F32(all)
    }
}

/// Adds to each value the one a pixel before it.
fn sum<T: Copy>(values: &mut [T], stride: usize, add: fn(T, T) -> T) {
    for index in stride..values.len() {
        values[index] = add(values[index], values[index - stride]);
    }
}

/// Reads numbers of `N` bytes.
fn words<T, const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    big: fn([u8; N]) -> T,
    little: fn([u8; N]) -> T,
) -> Vec<T> {
    let read = if big_endian { big } else { little };
    bytes.as_chunks::<N>().0.iter().map(|chunk| read(*chunk)).collect()
}

/// Undoes the floating point predictor (TIFF technical note 3): bytes are differences, and stand plane by
/// plane, the most significant first.
fn float_predictor(bytes: &mut [u8], stride: usize, size: usize) {
    sum(bytes, stride, u8::wrapping_add);
    let count = bytes.len() / size;
    let planes = bytes.to_vec();
    for (index, value) in bytes.chunks_exact_mut(size).enumerate() {
        for (plane, byte) in value.iter_mut().enumerate() {
            *byte = planes.get(plane * count + index).copied().unwrap_or(0);
        }
    }
}

/// A half-precision number (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

/// Numbers of any width, most significant bit first.
struct Bits<'b> {
    bytes: &'b [u8],
    place: usize,
    width: usize,
}

impl<'b> Bits<'b> {
    fn of(bytes: &'b [u8], width: u32) -> Bits<'b> {
        Bits { bytes, place: 0, width: width as usize }
    }
}

impl Iterator for Bits<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let end = self.place + self.width;
        let mut value = 0;
        while self.place < end {
            let byte = u64::from(*self.bytes.get(self.place / 8)?);
            let (left, wanted) = (8 - self.place % 8, end - self.place);
            let taken = left.min(wanted);
            value = value << taken | (byte >> (left - taken) & ((1 << taken) - 1));
            self.place += taken;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_odd_widths() {
        let all: Vec<u64> = Bits::of(&[0b1011_0010, 0b0111_1111, 0xF0], 5).collect();
        assert_eq!(all, [0b10110, 0b01001, 0b11111, 0b11111]);
    }

    #[test]
    fn halves() {
        assert_eq!(
            [half(0x3C00), half(0xC000), half(0x0001), half(0x7C00)],
            [1.0, -2.0, 2f32.powi(-24), f32::INFINITY]
        );
    }

    #[test]
    fn predictors() {
        let mut bytes = [1u8, 2, 1, 1, 255, 255];
        sum(&mut bytes, 2, u8::wrapping_add);
        assert_eq!(bytes, [1, 2, 2, 3, 1, 2]);
        // 1.0 twice: planes 3F 3F | 80 80 | 0 0 | 0 0, as differences.
        let mut bytes = [0x3F, 0x00, 0x41, 0x00, 0x80, 0, 0, 0];
        float_predictor(&mut bytes, 1, 4);
        assert_eq!(bytes, [0x3F, 0x80, 0, 0, 0x3F, 0x80, 0, 0]);
    }
}
