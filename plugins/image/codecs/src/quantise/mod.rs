//! Few colours for many: palettes for GIF and indexed PNG.
//!
//! A picture that has few colours keeps exactly those. Otherwise Wu's method chooses a palette by
//! variance, a few rounds of k-means settle it, and error diffusion hides the steps. All of it is
//! deterministic.

mod dither;
mod wu;

use std::collections::HashMap;

/// A picture in few colours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Indexed {
    /// One index a pixel.
    pub(crate) indices: Vec<u8>,
    /// The colours. A transparent one, if any, is the last.
    pub(crate) palette: Vec<[u8; 3]>,
    /// Index of the transparent colour.
    pub(crate) transparent: Option<u8>,
    /// No colour was changed.
    pub(crate) exact: bool,
}

/// A pixel on its way: a colour, or a place that stays empty.
pub(crate) type Dot = Option<[u8; 3]>;

/// Reduces pixels, rows of `width`, to at most `most` colours (2 to 256), the transparent one included.
pub(crate) fn quantise(dots: &[Dot], width: usize, most: usize) -> Indexed {
    let most = most.clamp(2, 256);
    let holes = dots.iter().any(Option::is_none);
    let room = most - usize::from(holes);
    let (palette, indices, exact) = match few_colours(dots, room) {
        Some((palette, indices)) => (palette, indices, true),
        None => {
            let palette = wu::palette(dots, room);
            let indices = dither::indices(dots, width, &palette);
            (palette, indices, false)
        }
    };
    finish(palette, indices, exact)
}

/// Puts the transparent colour behind the others.
fn finish(mut palette: Vec<[u8; 3]>, indices: Vec<Option<u8>>, exact: bool) -> Indexed {
    let transparent = indices.iter().any(Option::is_none).then_some(palette.len() as u8);
    palette.extend(transparent.map(|_| [0; 3]));
    let hole = transparent.unwrap_or(0);
    let indices = indices.into_iter().map(|index| index.unwrap_or(hole)).collect();
    Indexed { indices, palette, transparent, exact }
}

/// Colours, and for every pixel the number of one of them.
type Chosen = (Vec<[u8; 3]>, Vec<Option<u8>>);

/// The colours in the order they appear, when there are few enough.
fn few_colours(dots: &[Dot], room: usize) -> Option<Chosen> {
    let mut palette: Vec<[u8; 3]> = Vec::new();
    let mut places: HashMap<[u8; 3], u8> = HashMap::new();
    let mut last = (None, None);
    let mut indices = Vec::with_capacity(dots.len());
    for dot in dots {
        if *dot != last.0 {
            let index = match dot {
                None => None,
                Some(colour) => Some(match places.get(colour) {
                    Some(index) => *index,
                    None if palette.len() == room => return None,
                    None => {
                        let index = palette.len() as u8;
                        palette.push(*colour);
                        places.insert(*colour, index);
                        index
                    }
                }),
            };
            last = (*dot, index);
        }
        indices.push(last.1);
    }
    Some((palette, indices))
}

/// How far apart two colours look: squares weighted by how much each channel is seen.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    2 * square(a[0], b[0]) + 4 * square(a[1], b[1]) + square(a[2], b[2])
}

/// Index of the nearest colour; the first of equals.
fn nearest(colour: [u8; 3], palette: &[[u8; 3]]) -> usize {
    let best = palette.iter().enumerate().min_by_key(|(_, candidate)| distance(colour, **candidate));
    best.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_stay_exact() {
        let dots = [Some([1, 2, 3]), None, Some([9, 9, 9]), Some([1, 2, 3])];
        let indexed = quantise(&dots, 2, 4);
        assert!(indexed.exact);
        assert_eq!(indexed.palette, [[1, 2, 3], [9, 9, 9], [0; 3]]);
        assert_eq!((indexed.indices, indexed.transparent), (vec![0, 2, 1, 0], Some(2)));
    }

    #[test]
    fn a_gradient_comes_out_close() {
        let dots: Vec<Dot> = (0..=255u8).flat_map(|y| (0..=255u8).map(move |x| Some([x, y, 128]))).collect();
        let indexed = quantise(&dots, 256, 256);
        assert!(!indexed.exact && indexed.palette.len() <= 256 && indexed.transparent.is_none());
        let error: u64 = dots
            .iter()
            .zip(&indexed.indices)
            .map(|(dot, index)| u64::from(distance(dot.unwrap(), indexed.palette[usize::from(*index)])))
            .sum();
        assert!(error / (dots.len() as u64) < 600, "{}", error / dots.len() as u64);
        assert_eq!(indexed, quantise(&dots, 256, 256));
    }

    #[test]
    fn two_colours_are_enough() {
        let dots: Vec<Dot> = (0..=255u8).map(|v| Some([v; 3])).collect();
        assert!(quantise(&dots, 16, 2).palette.len() <= 2);
    }
}
