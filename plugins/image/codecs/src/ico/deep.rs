//! Bitmaps of 32 bits a pixel in icons: their own alpha counts, and the mask only when there is none.

use formwork_image_pixels::{Channels, Frame, Samples};

/// Bytes of the plain bitmap header.
const HEADER: usize = 40;

/// Decodes an uncompressed bitmap of 32 bits; `None` for every other kind. The caller has checked its size.
pub(super) fn decode(data: &[u8]) -> Option<Frame> {
    let number = |at: usize| {
        data.get(at..).and_then(|rest| rest.first_chunk::<4>()).map(|four| u32::from_le_bytes(*four))
    };
    let (header, width, twice) = (number(0)? as usize, number(4)?, number(8)?);
    let kind = (number(12)? >> 16, number(16)?);
    let height = twice / 2;
    if header < HEADER || kind != (32, 0) || width == 0 || height == 0 {
        return None;
    }
    let row = width as usize * 4;
    let pixels = data.get(header..header.checked_add(row.checked_mul(height as usize)?)?)?;
    let mut samples = Vec::with_capacity(pixels.len());
    // Rows stand from bottom to top, colours as blue, green, red.
    for line in pixels.chunks_exact(row).rev() {
        samples.extend(line.as_chunks::<4>().0.iter().flat_map(|[b, g, r, a]| [*r, *g, *b, *a]));
    }
    if samples.iter().skip(3).step_by(4).all(|alpha| *alpha == 0) {
        let mask = data.get(header + pixels.len()..).unwrap_or(&[]);
        apply_mask(&mut samples, mask, width as usize, height as usize);
    }
    Frame::new(width, height, Channels::Rgba, Samples::U8(samples))
}

/// Sets alpha from a mask of one bit a pixel, rows padded to four bytes: a set bit is transparent.
fn apply_mask(samples: &mut [u8], mask: &[u8], width: usize, height: usize) {
    let row = width.div_ceil(32) * 4;
    for (index, pixel) in samples.chunks_exact_mut(4).enumerate() {
        let (x, y) = (index % width, height - 1 - index / width);
        let clear = mask.get(y * row + x / 8).is_some_and(|byte| byte & (0x80 >> (x % 8)) != 0);
        pixel[3] = if clear { 0 } else { u8::MAX };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(alpha: u8) -> Vec<u8> {
        let mut data = Vec::new();
        for number in [40, 1u32, 4, 1 | 32 << 16, 0, 0, 0, 0, 0, 0] {
            data.extend(number.to_le_bytes());
        }
        data.extend([1, 2, 3, alpha, 4, 5, 6, alpha]);
        data.extend([0x80, 0, 0, 0, 0x00, 0, 0, 0]);
        data
    }

    #[test]
    fn alpha_counts_and_else_the_mask() {
        let samples = |alpha| decode(&bitmap(alpha)).map(|frame| frame.samples);
        assert_eq!(samples(7), Some(Samples::U8(vec![6, 5, 4, 7, 3, 2, 1, 7])));
        assert_eq!(samples(0), Some(Samples::U8(vec![6, 5, 4, 255, 3, 2, 1, 0])));
        for length in 0..bitmap(7).len() {
            let _ = decode(&bitmap(7)[..length]);
        }
    }
}
