//! From a user's options to the encoder's settings.

use crate::library::{Layout, Settings};
use formwork_image_pixels::{Frame, Samples};
use formwork_sdk::{OptionSpec, Options, option};

/// Quality when none is asked for: a little above what other programs take by default.
pub(crate) const QUALITY: i64 = 60;
/// Effort when none is asked for: libaom's speed 6.
const EFFORT: i64 = 4;

/// Quality from which colour keeps its full size.
const FULL_COLOUR: i64 = 85;

/// Threads of the encoder at least: with one, libaom takes other ways to the same picture, and other bytes.
const LEAST_THREADS: usize = 2;
/// Threads for a film: from some number on, libaom looks for the motion of the camera in more frames.
pub(crate) const FILM_THREADS: usize = LEAST_THREADS;
/// Pixels from which a picture is divided into tiles, which decoders work on side by side. The division
/// depends on the size alone, so that the number of threads does not change the result.
const TILED: u64 = 4 << 20;
/// Greatest binary logarithm of the number of tiles either way.
const MOST_TILES: u8 = 3;

/// The options beyond those every image target takes.
pub(crate) fn options() -> Vec<OptionSpec> {
    vec![
        option("quality").with_default(QUALITY),
        option("lossless").with_default(false),
        option("effort").with_default(EFFORT),
        option("color_depth").with_range(8, 12).with_summary("Bits a sample: 8, 10 or 12."),
    ]
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wish {
    /// 1 to 100.
    pub(crate) quality: i64,
    /// Every sample is kept.
    pub(crate) lossless: bool,
    /// 0 to 9.
    pub(crate) effort: i64,
    /// Bits a sample, when asked for.
    pub(crate) depth: Option<u32>,
}

impl Wish {
    /// Reads the options.
    pub(crate) fn of(options: &Options<'_>) -> Wish {
        Wish {
            quality: options.integer("quality").unwrap_or(QUALITY),
            lossless: options.flag("lossless"),
            effort: options.integer("effort").unwrap_or(EFFORT),
            depth: options.get("color_depth"),
        }
    }

    /// Bits a sample of the file: 8, 10 or 12.
    pub(crate) fn depth_for(&self, samples: &Samples) -> u32 {
        match (self.depth, samples.width()) {
            (Some(..=8), _) | (None, 1) => 8,
            (Some(..=10), _) => 10,
            (None, _) if !self.lossless => 10,
            _ => 12,
        }
    }

    /// Which planes are written for a frame of colours.
    pub(crate) fn layout_for(&self, frame: &Frame) -> Layout {
        let colours = frame.channels.count() >= 3;
        match colours {
            false => Layout::Grey,
            true if self.lossless || self.quality >= FULL_COLOUR || has_hard_edges(frame) => Layout::Full,
            true => Layout::Halved,
        }
    }

    /// The encoder's settings for frames of this size.
    pub(crate) fn settings(&self, width: u32, height: u32, threads: usize) -> Settings {
        // 100 is lossless to the library, and only what was asked for as lossless shall be.
        let lossy = self.quality.clamp(0, 99) as u8;
        Settings {
            quality: if self.lossless { 100 } else { lossy },
            // Wrong edges show more than wrong colours.
            alpha_quality: if self.lossless { 100 } else { lossy.midpoint(99) },
            speed: (10 - self.effort.clamp(0, 9)) as u8,
            threads: threads.max(LEAST_THREADS),
            tiles: tiles(width, height),
            perceptual: !self.lossless,
            loops: 0,
        }
    }
}

/// Rows and columns of tiles as binary logarithms: about one tile for each 4 megapixels, the longer side
/// divided first.
fn tiles(width: u32, height: u32) -> (u8, u8) {
    let (mut rows, mut columns) = (0, 0);
    while (u64::from(width) * u64::from(height)) >> (rows + columns) > TILED && rows.min(columns) < MOST_TILES
    {
        if (width >> columns) >= (height >> rows) && columns < MOST_TILES {
            columns += 1;
        } else {
            rows += 1;
        }
    }
    (rows, columns)
}

/// Whether colours change from one pixel to the next in many places, as in drawings and text: halving
/// them would show. Looks at pairs of pixels on every eighth row.
fn has_hard_edges(frame: &Frame) -> bool {
    let count = frame.channels.count();
    let row = frame.width as usize * count;
    let (mut edges, mut pairs) = (0usize, 0usize);
    let mut look = |left: [i32; 3], right: [i32; 3]| {
        let difference = |of: fn([i32; 3]) -> i32| (of(left) - of(right)).abs();
        let blue = difference(|[r, g, b]| b - (r + 2 * g) / 3);
        let red = difference(|[r, g, b]| r - (2 * g + b) / 3);
        edges += usize::from(blue.max(red) > 96);
        pairs += 1;
    };
    match &frame.samples {
        Samples::U8(samples) => {
            for row in samples.chunks_exact(row.max(1)).step_by(8) {
                each_pair(row, count, |sample| i32::from(*sample), &mut look);
            }
        }
        Samples::U16(samples) => {
            for row in samples.chunks_exact(row.max(1)).step_by(8) {
                each_pair(row, count, |sample| i32::from(*sample >> 8), &mut look);
            }
        }
        Samples::F32(_) => {}
    }
    // Photographs have fewer than one in a thousand.
    edges * 200 > pairs
}

fn each_pair<T>(row: &[T], count: usize, value: fn(&T) -> i32, look: &mut impl FnMut([i32; 3], [i32; 3])) {
    let colour = |pixel: &[T]| match pixel {
        [r, g, b, ..] => [value(r), value(g), value(b)],
        _ => [0; 3],
    };
    let mut pixels = row.chunks_exact(count);
    while let (Some(left), Some(right)) = (pixels.next(), pixels.next()) {
        look(colour(left), colour(right));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_image_pixels::Channels;

    #[test]
    fn tiles_follow_the_size() {
        assert_eq!(tiles(800, 600), (0, 0));
        assert_eq!(tiles(4000, 3000), (1, 1));
        assert_eq!(tiles(8000, 1000), (0, 1));
        assert_eq!(tiles(16_000, 16_000), (3, 3));
        assert_eq!(tiles(65_535, 4), (0, 0));
    }

    #[test]
    fn drawings_keep_full_colour_and_smooth_pictures_do_not() {
        let wish = Wish { quality: 60, lossless: false, effort: 4, depth: None };
        let drawing: Vec<u8> =
            (0..64 * 64).flat_map(|at| if at % 2 == 0 { [255, 0, 0] } else { [0, 0, 255] }).collect();
        let frame = |samples| Frame::new(64, 64, Channels::Rgb, Samples::U8(samples)).unwrap();
        assert_eq!(wish.layout_for(&frame(drawing)), Layout::Full);
        let smooth: Vec<u8> = (0..64 * 64).flat_map(|at| [at as u8, 40, 200]).collect();
        assert_eq!(wish.layout_for(&frame(smooth.clone())), Layout::Halved);
        assert_eq!(Wish { lossless: true, ..wish }.layout_for(&frame(smooth)), Layout::Full);
    }

    #[test]
    fn depths() {
        let wish = |depth, lossless| Wish { quality: 60, lossless, effort: 4, depth };
        let (eight, sixteen) = (Samples::U8(vec![0]), Samples::U16(vec![0]));
        assert_eq!(wish(None, false).depth_for(&eight), 8);
        assert_eq!(wish(None, false).depth_for(&sixteen), 10);
        assert_eq!(wish(None, true).depth_for(&sixteen), 12);
        assert_eq!(wish(Some(9), false).depth_for(&eight), 10);
        assert_eq!(wish(Some(12), false).depth_for(&sixteen), 12);
    }
}
