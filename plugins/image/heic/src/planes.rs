//! Cutting tiles out of a picture as the planes a video encoder takes: BT.601, full range, 4:2:0.

use formwork_image_pixels::{Frame, Samples};
use heifer::heifer_hevc_enc::encoder::Planes16;

/// Which planes are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planes {
    /// Brightness and both colour differences.
    Colour,
    /// Alpha alone.
    Alpha,
}

/// A frame to cut tiles from.
pub(crate) struct Source<'f> {
    frame: &'f Frame,
    depth: u8,
}

/// The planes of one tile.
pub(crate) struct Tile {
    first: Vec<u16>,
    chroma: Option<(Vec<u16>, Vec<u16>)>,
    depth: u8,
}

impl Tile {
    /// The planes as the encoder takes them.
    pub(crate) fn view(&self) -> Planes16<'_> {
        let chroma = self.chroma.as_ref().map(|(blue, red)| (blue.as_slice(), red.as_slice()));
        Planes16 { y: &self.first, chroma, bit_depth: self.depth }
    }
}

impl<'f> Source<'f> {
    /// A source of RGB or RGBA samples, to be written with 8 or 10 bits.
    pub(crate) fn new(frame: &'f Frame, depth: u8) -> Source<'f> {
        Source { frame, depth }
    }

    /// Cuts a tile; what lies outside the picture repeats its edge.
    pub(crate) fn planes(&self, origin: (u32, u32), (width, height): (u32, u32), wanted: Planes) -> Tile {
        let (width, height) = (width as usize, height as usize);
        let mut rows = (0..height).map(|row| self.row(origin, row, width));
        if wanted == Planes::Alpha {
            let first = rows.flatten().map(|pixel| pixel[3] as u16).collect();
            return Tile { first, chroma: None, depth: self.depth };
        }
        let mut full = Full::with_capacity(width * height);
        rows.by_ref().flatten().for_each(|pixel| full.push(pixel));
        let halve = |plane: &[i32]| half(plane, width, height, self.depth);
        let chroma = Some((halve(&full.blue), halve(&full.red)));
        Tile { first: full.luma, chroma, depth: self.depth }
    }

    /// One row of a tile as red, green, blue, alpha in the target's depth.
    fn row(&self, origin: (u32, u32), row: usize, width: usize) -> impl Iterator<Item = [i32; 4]> {
        let frame = self.frame;
        let count = frame.channels.count();
        let y = (origin.1 as usize + row).min(frame.height as usize - 1);
        let start = y * frame.width as usize;
        let last = frame.width as usize - 1;
        let greatest = (1i32 << self.depth) - 1;
        (0..width).map(move |column| {
            let at = (start + (origin.0 as usize + column).min(last)) * count;
            let mut pixel = [greatest; 4];
            for (sample, value) in pixel.iter_mut().take(count).enumerate() {
                *value = match &frame.samples {
                    Samples::U8(samples) => i32::from(samples.get(at + sample).copied().unwrap_or(0)),
                    Samples::U16(samples) => {
                        let value = i32::from(samples.get(at + sample).copied().unwrap_or(0));
                        (value * greatest + 32_767) / 65_535
                    }
                    Samples::F32(_) => 0,
                };
            }
            pixel
        })
    }
}

/// Planes before colour differences are halved; those as fractions of 65,536, around zero.
struct Full {
    luma: Vec<u16>,
    blue: Vec<i32>,
    red: Vec<i32>,
}

impl Full {
    fn with_capacity(count: usize) -> Full {
        Full {
            luma: Vec::with_capacity(count),
            blue: Vec::with_capacity(count),
            red: Vec::with_capacity(count),
        }
    }

    /// ITU-R BT.601 in 16-bit fixed point; each row of weights adds up to exactly one or zero.
    fn push(&mut self, [r, g, b, _]: [i32; 4]) {
        self.luma.push(((19_595 * r + 38_470 * g + 7_471 * b + 32_768) >> 16) as u16);
        self.blue.push(-11_059 * r - 21_709 * g + 32_768 * b);
        self.red.push(32_768 * r - 27_439 * g - 5_329 * b);
    }
}

/// Halves a plane both ways with the weights 1 2 1: its samples lie on the even columns and rows, where
/// readers of HEIC expect them.
fn half(plane: &[i32], width: usize, height: usize, depth: u8) -> Vec<u16> {
    let (middle, greatest) = (1i64 << (depth - 1), (1i64 << depth) - 1);
    let at = |x: usize, y: usize| i64::from(plane.get(y * width + x).copied().unwrap_or(0));
    let line = |x: usize, y: usize| at(x.saturating_sub(1), y) + 2 * at(x, y) + at((x + 1).min(width - 1), y);
    let mut halved = Vec::with_capacity(width.div_ceil(2) * height.div_ceil(2));
    for y in (0..height).step_by(2) {
        for x in (0..width).step_by(2) {
            let sum = line(x, y.saturating_sub(1)) + 2 * line(x, y) + line(x, (y + 1).min(height - 1));
            let value = middle + ((sum + (8 << 16)) >> 20);
            halved.push(value.clamp(0, greatest) as u16);
        }
    }
    halved
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_image_pixels::Channels;

    #[test]
    fn grey_has_no_colour_and_edges_repeat() {
        let frame =
            Frame::new(3, 1, Channels::Rgb, Samples::U8(vec![7, 7, 7, 200, 200, 200, 9, 9, 9])).unwrap();
        let tile = Source::new(&frame, 8).planes((0, 0), (4, 2), Planes::Colour);
        assert_eq!(tile.first, [7, 200, 9, 9, 7, 200, 9, 9]);
        assert_eq!(tile.chroma, Some((vec![128; 2], vec![128; 2])));
    }

    #[test]
    fn sixteen_bits_become_ten() {
        let frame =
            Frame::new(1, 1, Channels::Rgba, Samples::U16(vec![65_535, 65_535, 65_535, 32_768])).unwrap();
        let source = Source::new(&frame, 10);
        assert_eq!(source.planes((0, 0), (1, 1), Planes::Colour).first, [1023]);
        assert_eq!(source.planes((0, 0), (1, 1), Planes::Alpha).first, [512]);
    }

    #[test]
    fn pure_red() {
        let frame = Frame::new(2, 2, Channels::Rgb, Samples::U8([255, 0, 0].repeat(4))).unwrap();
        let tile = Source::new(&frame, 8).planes((0, 0), (2, 2), Planes::Colour);
        assert_eq!((tile.first[0], tile.chroma), (76, Some((vec![85], vec![255]))));
    }
}
