//! How the pixels of one page are stored.

use super::ifd::{Directory, File};
use super::tags;
use formwork_sdk::{Error, Result, Step};

/// Samples of a pixel at the most.
const SAMPLES: u64 = 64;

/// What numbers the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Unsigned,
    Signed,
    Float,
}

/// One page, checked: sides are not zero, sizes are within limits.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: u32,
    pub(super) samples: usize,
    pub(super) number: Number,
    pub(super) photometric: u64,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    /// Each sample in chunks of its own.
    pub(super) planar: bool,
    /// Bits of a byte are stored from right to left.
    pub(super) reversed: bool,
    /// Kind of the first sample beyond the colours: 1 premultiplied alpha, 2 alpha, 0 anything.
    pub(super) extra: u64,
    pub(super) colour_map: Vec<u64>,
    /// Chroma subsampling of YCbCr.
    pub(super) subsampling: (u32, u32),
    pub(super) t4_options: u64,
    /// Width and height of a chunk.
    pub(super) chunk: (u32, u32),
    /// Chunks beside each other, and below each other.
    pub(super) grid: (u32, u32),
    /// Offset and number of bytes of each chunk.
    pub(super) places: Vec<(u64, u64)>,
    /// Chunks are tiles, all of the same size; the last strip is shorter.
    pub(super) tiled: bool,
}

impl Layout {
    pub(super) fn read(step: &Step<'_>, file: &File<'_>, page: &Directory<'_>) -> Result<Layout> {
        let number = |tag, default| file.number(page, tag).unwrap_or(default);
        let wrong = |what: &str| Error::corrupt(format!("the TIFF is damaged: {what}"));
        let (width, height) = (number(tags::WIDTH, 0), number(tags::HEIGHT, 0));
        step.check_picture(width, height, 0)?;
        let samples = number(tags::SAMPLES, 1);
        if samples == 0 || samples > SAMPLES {
            return Err(wrong(&format!("it has {samples} samples a pixel")));
        }
        let all_bits = file.numbers(page, tags::BITS);
        let bits = all_bits.first().copied().unwrap_or(1);
        if all_bits.iter().take(samples as usize).any(|other| *other != bits) || !matches!(bits, 1..=32 | 64)
        {
            return Err(Error::unsupported(format!("TIFF with samples of {all_bits:?} bits")));
        }
        if number(tags::SAMPLE_FORMAT, 1) == 3 && !matches!(bits, 16 | 32 | 64) {
            return Err(Error::unsupported(format!("TIFF with floating point samples of {bits} bits")));
        }
        let tiled = page.find(tags::TILE_OFFSETS).is_some();
        let chunk = if tiled {
            (number(tags::TILE_WIDTH, 0), number(tags::TILE_HEIGHT, 0))
        } else {
            (width, number(tags::ROWS_PER_STRIP, height).min(height))
        };
        if chunk.0 == 0 || chunk.1 == 0 || chunk.0 > step.limits().side || chunk.1 > step.limits().side {
            return Err(wrong(&format!("its chunks are {} by {} pixels", chunk.0, chunk.1)));
        }
        let subsampling = file.numbers(page, tags::SUBSAMPLING);
        let planar = number(tags::PLANAR, 1) == 2 && samples > 1;
        let grid = (width.div_ceil(chunk.0) as u32, height.div_ceil(chunk.1) as u32);
        let layout = Layout {
            width: width as u32,
            height: height as u32,
            bits: bits as u32,
            samples: samples as usize,
            number: match number(tags::SAMPLE_FORMAT, 1) {
                // Bytes that are called signed are plain bytes in the files there are, and every reader
                // shows them so.
                2 if bits > 8 => Number::Signed,
                3 => Number::Float,
                _ => Number::Unsigned,
            },
            photometric: number(
                tags::PHOTOMETRIC,
                if samples >= 3 { tags::RGB } else { tags::BLACK_IS_ZERO },
            ),
            compression: number(tags::COMPRESSION, 1),
            predictor: number(tags::PREDICTOR, 1),
            planar,
            reversed: number(tags::FILL_ORDER, 1) == 2,
            extra: number(tags::EXTRA_SAMPLES, 2),
            colour_map: file.numbers(page, tags::COLOUR_MAP),
            subsampling: (
                subsampling.first().map_or(2, |x| *x as u32).clamp(1, 4),
                subsampling.get(1).map_or(2, |y| *y as u32).clamp(1, 4),
            ),
            t4_options: number(tags::T4_OPTIONS, 0),
            chunk: (chunk.0 as u32, chunk.1 as u32),
            grid,
            places: places(file, page, tiled),
            tiled,
        };
        step.check_picture(width, height, layout.decoded_bytes() * samples)?;
        step.within("memory", chunk.0 * chunk.1 * samples * layout.decoded_bytes(), step.limits().memory)?;
        Ok(layout)
    }

    /// Bytes a sample takes once it is unpacked.
    pub(super) fn decoded_bytes(&self) -> u64 {
        match (self.number, self.bits) {
            (Number::Float, _) => 4,
            (_, ..=8) => 1,
            _ => 2,
        }
    }

    /// Number of samples that are colours.
    pub(super) fn colours(&self) -> usize {
        let wanted = match self.photometric {
            tags::RGB | tags::YCBCR | tags::CIELAB | tags::ICCLAB => 3,
            tags::SEPARATED => 4,
            _ => 1,
        };
        wanted.min(self.samples)
    }

    /// Whether the sample after the colours is alpha.
    pub(super) fn has_alpha(&self) -> bool {
        self.samples > self.colours() && matches!(self.extra, 1 | 2)
    }

    /// Chunks of one plane.
    pub(super) fn chunks(&self) -> u64 {
        u64::from(self.grid.0) * u64::from(self.grid.1)
    }

    /// Samples of a pixel within one chunk.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of a packed row of a chunk.
    pub(super) fn row_bytes(&self) -> usize {
        (self.chunk.0 as usize * self.chunk_samples() * self.bits as usize).div_ceil(8)
    }

    /// Where chunk number `index` of a plane lies: left, top, and its rows.
    pub(super) fn area(&self, index: u64) -> (u32, u32, u32) {
        let column = (index % u64::from(self.grid.0)) as u32;
        let row = (index / u64::from(self.grid.0)) as u32;
        let top = row * self.chunk.1;
        let rows = if self.tiled { self.chunk.1 } else { self.chunk.1.min(self.height - top) };
        (column * self.chunk.0, top, rows)
    }
}

/// Offsets and lengths. A file that does not say how long its only strip is has it to the end.
fn places(file: &File<'_>, page: &Directory<'_>, tiled: bool) -> Vec<(u64, u64)> {
    let (offsets, counts) = if tiled {
        (tags::TILE_OFFSETS, tags::TILE_COUNTS)
    } else {
        (tags::STRIP_OFFSETS, tags::STRIP_COUNTS)
    };
    let (offsets, counts) = (file.numbers(page, offsets), file.numbers(page, counts));
    let end = file.bytes.len() as u64;
    let length = |index: usize, offset: u64| counts.get(index).copied().unwrap_or(end.saturating_sub(offset));
    offsets.iter().enumerate().map(|(index, offset)| (*offset, length(index, *offset))).collect()
}
