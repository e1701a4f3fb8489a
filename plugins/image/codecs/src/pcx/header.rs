//! The 128 bytes a PCX file begins with.

use formwork_sdk::{Error, Result};

/// Bytes of the header.
pub(super) const LENGTH: usize = 128;
/// Bytes of a palette of 256 colours.
pub(super) const PALETTE: usize = 768;
/// The byte before that palette.
pub(super) const PALETTE_MARK: u8 = 0x0C;

/// The colours of the EGA, which files of version 3 use without saying so.
const EGA: [[u8; 3]; 16] = [
    [0, 0, 0],
    [0, 0, 170],
    [0, 170, 0],
    [0, 170, 170],
    [170, 0, 0],
    [170, 0, 170],
    [170, 85, 0],
    [170, 170, 170],
    [85, 85, 85],
    [85, 85, 255],
    [85, 255, 85],
    [85, 255, 255],
    [255, 85, 85],
    [255, 85, 255],
    [255, 255, 85],
    [255, 255, 255],
];

/// What a header says.
#[derive(Clone, Debug)]
pub(super) struct Header {
    version: u8,
    /// Rows are run-length encoded.
    pub(super) encoded: bool,
    /// Bits of a sample: 1, 2, 4 or 8.
    pub(super) bits: u8,
    /// Samples of a pixel, each in a plane of its own.
    pub(super) planes: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bytes of one plane of one row.
    pub(super) stride: usize,
    /// Dots per inch.
    pub(super) density: Option<(f64, f64)>,
    grey: bool,
    palette: [u8; 48],
}

impl Header {
    /// Reads and checks a header.
    pub(super) fn parse(bytes: &[u8]) -> Result<Header> {
        let head: &[u8; LENGTH] =
            bytes.first_chunk().ok_or_else(|| Error::corrupt("the PCX ends within its header"))?;
        let short = |place: usize| u16::from_le_bytes([head[place], head[place + 1]]);
        let side = |first: usize, last: usize| {
            u32::from(short(last)).checked_sub(short(first).into()).map(|distance| distance + 1)
        };
        let (Some(width), Some(height)) = (side(4, 8), side(6, 10)) else {
            return Err(Error::corrupt("the PCX has a window of negative size"));
        };
        let (bits, planes) = (head[3], head[65]);
        if head[0] != 0x0A || !matches!(bits, 1 | 2 | 4 | 8) || !matches!(planes, 1..=4) {
            return Err(Error::corrupt(format!("not a PCX header: {bits} bits in {planes} planes")));
        }
        if u32::from(bits) * u32::from(planes) > 8 && !(bits == 8 && planes > 2) {
            return Err(Error::unsupported(format!("PCX of {bits} bits in {planes} planes cannot be read")));
        }
        let mut palette = [0; 48];
        palette.copy_from_slice(&head[16..64]);
        let dots = (f64::from(short(12)), f64::from(short(14)));
        Ok(Header {
            version: head[1],
            encoded: head[2] != 0,
            bits,
            planes,
            width,
            height,
            stride: stride(width, bits, short(66)),
            // Many programs wrote the size of the screen here, which two different numbers give away.
            density: (dots.0 > 0.0 && dots.0 == dots.1).then_some(dots),
            grey: short(68) == 2,
            palette,
        })
    }

    /// Bits of a pixel.
    pub(super) const fn depth(&self) -> u32 {
        self.bits as u32 * self.planes as u32
    }

    /// The colours of a picture with a palette, and where its pixel data ends.
    pub(super) fn colours(&self, bytes: &[u8]) -> (Vec<[u8; 3]>, usize) {
        let all = bytes.len();
        match self.depth() {
            1 => (self.two_colours(), all),
            8 => match self.last_colours(bytes) {
                Some(colours) => (colours, all - PALETTE - 1),
                None => ((0..=255).map(|level| [level; 3]).collect(), all),
            },
            _ => (self.sixteen_colours(), all),
        }
    }

    /// Black and white in the order of the palette; other colours there are left over from a screen.
    fn two_colours(&self) -> Vec<[u8; 3]> {
        let (black, white) = ([0; 3], [255; 3]);
        if self.palette.starts_with(&[255, 255, 255, 0, 0, 0]) {
            vec![white, black]
        } else {
            vec![black, white]
        }
    }

    /// Up to 16 colours, from the header.
    fn sixteen_colours(&self) -> Vec<[u8; 3]> {
        let own = self.palette.as_chunks::<3>().0;
        let unset = own.iter().all(|colour| *colour == own[0]);
        if self.version == 3 || unset { EGA.to_vec() } else { own.to_vec() }
    }

    /// 256 colours, from the end of the file.
    fn last_colours(&self, bytes: &[u8]) -> Option<Vec<[u8; 3]>> {
        let start = bytes.len().checked_sub(PALETTE + 1).filter(|start| *start >= LENGTH)?;
        let (mark, colours) = bytes.get(start..)?.split_first()?;
        let there = *mark == PALETTE_MARK && self.version >= 5 && !self.grey;
        there.then(|| colours.as_chunks::<3>().0.to_vec())
    }
}

/// Bytes of a plane of a row. The manual wants an even number; files exist with an odd one, and with one
/// too small for the width, which is then worked out.
fn stride(width: u32, bits: u8, told: u16) -> usize {
    let least = (width as usize * usize::from(bits)).div_ceil(8);
    let told = usize::from(told);
    if told >= least { told } else { least.next_multiple_of(2) }
}
