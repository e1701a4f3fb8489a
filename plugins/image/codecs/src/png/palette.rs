//! Indexed PNG: exact when a picture has few colours, mixed when the user asks for few.

use crate::quantise::{Dot, quantise};
use formwork_image_pixels::{Channels, Frame, Samples};
use png::BitDepth;
use std::collections::HashMap;

/// A frame as indices, ready to be written.
pub(super) struct Indexed {
    /// Rows of packed indices.
    pub(super) rows: Vec<u8>,
    /// Bytes in a row.
    pub(super) row: usize,
    pub(super) depth: BitDepth,
    pub(super) palette: Vec<u8>,
    /// Alpha of the first colours; empty when all are opaque.
    pub(super) alpha: Vec<u8>,
}

/// The frame in its own colours, when there are at most 256 and it is not grey.
pub(super) fn exact(frame: &Frame) -> Option<Indexed> {
    let Samples::U8(samples) = &frame.samples else { return None };
    let mut colours = Colours::default();
    let indices: Vec<u8> = match frame.channels {
        Channels::Rgb => samples
            .as_chunks::<3>()
            .0
            .iter()
            .map(|[r, g, b]| colours.index([*r, *g, *b, u8::MAX]))
            .collect::<Option<_>>(),
        Channels::Rgba => samples.as_chunks::<4>().0.iter().map(|colour| colours.index(*colour)).collect(),
        _ => None,
    }?;
    // The table itself takes room: a small picture of many colours is better without.
    if colours.all.len() * 8 > indices.len() {
        return None;
    }
    let (order, palette) = colours.transparent_first();
    let indices = indices.iter().filter_map(|index| order.get(usize::from(*index)).copied()).collect();
    Some(packed(frame, indices, &palette))
}

/// The frame in at most `2^bits` colours.
pub(super) fn mixed(frame: &Frame, bits: u32) -> Option<(Indexed, bool)> {
    let Samples::U8(samples) = &frame.samples else { return None };
    let dots: Vec<Dot> = match frame.channels {
        Channels::Grey => samples.iter().map(|grey| Some([*grey; 3])).collect(),
        Channels::GreyAlpha => {
            samples.as_chunks::<2>().0.iter().map(|[g, a]| (*a > 127).then_some([*g; 3])).collect()
        }
        Channels::Rgba => {
            samples.as_chunks::<4>().0.iter().map(|[r, g, b, a]| (*a > 127).then_some([*r, *g, *b])).collect()
        }
        _ => samples.as_chunks::<3>().0.iter().map(|colour| Some(*colour)).collect(),
    };
    let found = quantise(&dots, frame.width as usize, 1 << bits);
    let opaque = |index: usize| if found.transparent.map(usize::from) == Some(index) { 0 } else { u8::MAX };
    let palette: Vec<[u8; 4]> =
        found.palette.iter().enumerate().map(|(index, [r, g, b])| [*r, *g, *b, opaque(index)]).collect();
    Some((packed(frame, found.indices, &palette), found.exact))
}

/// Colours in the order they appear.
#[derive(Default)]
struct Colours {
    all: Vec<[u8; 4]>,
    places: HashMap<[u8; 4], u8>,
    last: Option<([u8; 4], u8)>,
}

impl Colours {
    fn index(&mut self, colour: [u8; 4]) -> Option<u8> {
        if let Some((last, index)) = self.last
            && last == colour
        {
            return Some(index);
        }
        let index = match self.places.get(&colour) {
            Some(index) => *index,
            None => {
                let index = u8::try_from(self.all.len()).ok()?;
                self.all.push(colour);
                self.places.insert(colour, index);
                index
            }
        };
        self.last = Some((colour, index));
        Some(index)
    }

    /// Puts colours with alpha first, so that the alpha table is short: the new place of each, and all.
    fn transparent_first(self) -> (Vec<u8>, Vec<[u8; 4]>) {
        let mut order: Vec<usize> = (0..self.all.len()).collect();
        order.sort_by_key(|index| self.all[*index][3] == u8::MAX);
        let mut places = vec![0; order.len()];
        for (place, index) in order.iter().enumerate() {
            places[*index] = place as u8;
        }
        (places, order.into_iter().map(|index| self.all[index]).collect())
    }
}

fn packed(frame: &Frame, indices: Vec<u8>, palette: &[[u8; 4]]) -> Indexed {
    let depth = match palette.len() {
        ..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    let each = 8 / depth as usize;
    let width = frame.width as usize;
    let pack = |byte: &[u8]| {
        let whole = byte.iter().fold(0u32, |all, index| all << (depth as u32) | u32::from(*index));
        (whole << (depth as usize * (each - byte.len()))) as u8
    };
    let rows = if each == 1 {
        indices
    } else {
        indices.chunks(width).flat_map(|row| row.chunks(each).map(pack)).collect()
    };
    let opaque_from = palette.iter().rposition(|colour| colour[3] != u8::MAX).map_or(0, |last| last + 1);
    Indexed {
        rows,
        row: width.div_ceil(each),
        depth,
        palette: palette.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect(),
        alpha: palette.iter().take(opaque_from).map(|colour| colour[3]).collect(),
    }
}
