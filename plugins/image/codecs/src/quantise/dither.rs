//! Error diffusion after Floyd and Steinberg, row by row in alternating direction.

use super::{Dot, nearest};

/// Bits of a channel by which answers are remembered.
const BITS: u32 = 6;
/// How much of an error is passed on, in 16ths of 16ths: a little less than all keeps noise down.
const STRENGTH: i32 = 14;

/// Remembers the nearest palette colour of every small cube of colours.
struct Memory<'p> {
    palette: &'p [[u8; 3]],
    known: Vec<u16>,
}

impl Memory<'_> {
    fn nearest(&mut self, colour: [u8; 3]) -> u8 {
        let [r, g, b] = colour.map(|value| usize::from(value >> (8 - BITS)));
        let place = (r << (2 * BITS)) | (g << BITS) | b;
        match self.known.get(place) {
            Some(index) if *index != u16::MAX => *index as u8,
            _ => {
                // The middle of the cube stands for all of it.
                let middle = colour.map(|value| (value >> (8 - BITS) << (8 - BITS)) | (1 << (7 - BITS)));
                let index = nearest(middle, self.palette);
                if let Some(slot) = self.known.get_mut(place) {
                    *slot = index as u16;
                }
                index as u8
            }
        }
    }
}

/// Finds an index for every pixel; `None` stays.
pub(super) fn indices(dots: &[Dot], width: usize, palette: &[[u8; 3]]) -> Vec<Option<u8>> {
    let width = width.max(1);
    let mut memory = Memory { palette, known: vec![u16::MAX; 1 << (3 * BITS)] };
    let mut indices = vec![None; dots.len()];
    // Errors for this row and the next one, with a place more on both sides.
    let (mut here, mut below) = (vec![[0i32; 3]; width + 2], vec![[0i32; 3]; width + 2]);
    for (number, (row, found)) in dots.chunks(width).zip(indices.chunks_mut(width)).enumerate() {
        let forward = number % 2 == 0;
        for step in 0..row.len() {
            let x = if forward { step } else { row.len() - 1 - step };
            let (Some(Some(colour)), Some(slot)) = (row.get(x), found.get_mut(x)) else { continue };
            let wanted: [i32; 3] = std::array::from_fn(|c| i32::from(colour[c]) + here[x + 1][c] / 256);
            let index = memory.nearest(wanted.map(|value| value.clamp(0, 255) as u8));
            *slot = Some(index);
            let chosen = palette.get(usize::from(index)).copied().unwrap_or_default();
            let (ahead, behind) = if forward { (x + 2, x) } else { (x, x + 2) };
            for c in 0..3 {
                let error = (wanted[c].clamp(0, 255) - i32::from(chosen[c])) * STRENGTH;
                here[ahead][c] += error * 7;
                below[behind][c] += error * 3;
                below[x + 1][c] += error * 5;
                below[ahead][c] += error;
            }
        }
        std::mem::swap(&mut here, &mut below);
        below.fill([0; 3]);
    }
    indices
}
