use super::header::{Header, LENGTH};
use super::runs::Runs;
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Metadata, Picture, Samples};
use formwork_sdk::{Error, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

/// Rows between two ticks.
const STRIP: usize = 64;

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let header = Header::parse(&bytes)?;
    let look = Look::of(&header, &bytes);
    let count = look.channels.count();
    step.check_picture(header.width.into(), header.height.into(), count as u64)?;
    let samples = samples(step, &header, &look, bytes.get(LENGTH..look.end).unwrap_or(&[]))?;
    let frame = Frame::new(header.width, header.height, look.channels, Samples::U8(samples))
        .ok_or_else(|| Error::corrupt("the PCX has too few samples"))?;
    let metadata = Metadata { density: header.density, ..Metadata::default() };
    Ok(Picture { metadata, ..Picture::still(frame) })
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let header = Header::parse(&bytes)?;
    step.check_picture(header.width.into(), header.height.into(), 1)?;
    let look = Look::of(&header, &bytes);
    Ok(Facts::new(header.width, header.height, look.channels, header.bits.into()))
}

/// What the samples mean.
struct Look {
    channels: Channels,
    /// Empty when samples are colours themselves.
    colours: Vec<[u8; 3]>,
    /// Where the pixel data ends.
    end: usize,
}

impl Look {
    fn of(header: &Header, bytes: &[u8]) -> Look {
        let end = bytes.len();
        match header.depth() {
            24 => Look { channels: Channels::Rgb, colours: Vec::new(), end },
            32 => Look { channels: Channels::Rgba, colours: Vec::new(), end },
            _ => {
                let (colours, end) = header.colours(bytes);
                let grey = colours.iter().all(|[r, g, b]| r == g && g == b);
                Look { channels: if grey { Channels::Grey } else { Channels::Rgb }, colours, end }
            }
        }
    }

    /// Appends a row of pixels, given its planes.
    fn put(&self, header: &Header, planes: &[u8], samples: &mut Vec<u8>) {
        let width = header.width as usize;
        if self.colours.is_empty() {
            let at = |plane: usize, x: usize| planes.get(plane * header.stride + x).copied().unwrap_or(0);
            let count = self.channels.count();
            samples.extend((0..width).flat_map(|x| (0..count).map(move |plane| at(plane, x))));
            return;
        }
        let kept = self.channels.count();
        for x in 0..width {
            let colour = self.colours.get(index(header, planes, x)).unwrap_or(&[0; 3]);
            samples.extend(colour.iter().take(kept));
        }
    }
}

/// A pixel's place in the palette: plane 0 holds the lowest bits.
fn index(header: &Header, planes: &[u8], x: usize) -> usize {
    let bits = usize::from(header.bits);
    let (byte, shift) = (x * bits / 8, 8 - bits - x * bits % 8);
    let mask = (1 << bits) - 1;
    let planes = planes.chunks_exact(header.stride.max(1)).take(header.planes.into());
    planes.enumerate().fold(0, |index, (number, plane)| {
        let sample = usize::from(plane.get(byte).copied().unwrap_or(0)) >> shift & mask;
        index | sample << (number * bits)
    })
}

/// Decodes all rows. What a file that ends early does not hold stays black.
fn samples(step: &Step<'_>, header: &Header, look: &Look, bytes: &[u8]) -> Result<Vec<u8>> {
    let rows = header.height as usize;
    let all = header.width as usize * rows * look.channels.count();
    let mut runs = Runs::new(bytes, header.encoded);
    let mut planes = vec![0; header.stride * usize::from(header.planes)];
    // Grows with what the file really holds.
    let mut samples = Vec::new();
    for row in 0..rows {
        if row.is_multiple_of(STRIP) {
            step.tick(row as u64, rows as u64)?;
        }
        if runs.fill(&mut planes).is_none() {
            damage::accept_rows(step, row as u64, rows as u64, "the PCX ends too early")?;
            break;
        }
        look.put(header, &planes, &mut samples);
    }
    samples.resize(all, 0);
    Ok(samples)
}
