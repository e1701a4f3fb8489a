//! Turning pictures upright.

use crate::{Frame, Orientation, Picture, Samples, exif};

/// Side of the square tiles in which pixels are moved, so that both sides stay in the cache.
const TILE: usize = 32;

/// Turns the pixels as the metadata says and makes the metadata say upright: in
/// [`Metadata::orientation`](crate::Metadata), in the EXIF block and in the XMP packet. Does nothing to a
/// picture that is upright already.
pub fn orient(picture: &mut Picture) {
    let orientation = std::mem::take(&mut picture.metadata.orientation);
    if orientation == Orientation::Upright {
        return;
    }
    for frame in &mut picture.frames {
        turn(frame, orientation);
    }
    let metadata = &mut picture.metadata;
    if orientation.swaps_sides() {
        metadata.density = metadata.density.map(|(x, y)| (y, x));
    }
    if let Some(block) = &mut metadata.exif {
        exif::set_orientation(block, Orientation::Upright);
        exif::unlink_thumbnail(block);
    }
    if let Some(packet) = &mut metadata.xmp {
        exif::set_xmp_orientation(packet, Orientation::Upright);
    }
}

/// Turns one frame.
pub fn turn(frame: &mut Frame, orientation: Orientation) {
    let size = (frame.width as usize, frame.height as usize);
    let count = frame.channels.count();
    match &mut frame.samples {
        Samples::U8(samples) => turn_samples(samples, size, count, orientation),
        Samples::U16(samples) => turn_samples(samples, size, count, orientation),
        Samples::F32(samples) => turn_samples(samples, size, count, orientation),
    }
    if orientation.swaps_sides() {
        std::mem::swap(&mut frame.width, &mut frame.height);
    }
}

fn turn_samples<T: Copy + Default>(
    samples: &mut Vec<T>,
    size: (usize, usize),
    count: usize,
    orientation: Orientation,
) {
    match count {
        1 => turn_pixels::<T, 1>(samples, size, orientation),
        2 => turn_pixels::<T, 2>(samples, size, orientation),
        3 => turn_pixels::<T, 3>(samples, size, orientation),
        _ => turn_pixels::<T, 4>(samples, size, orientation),
    }
}

fn turn_pixels<T: Copy + Default, const N: usize>(
    samples: &mut Vec<T>,
    (width, height): (usize, usize),
    orientation: Orientation,
) {
    let pixels = samples.as_chunks_mut::<N>().0;
    let mirror_rows = |pixels: &mut [[T; N]]| pixels.chunks_exact_mut(width).for_each(<[_]>::reverse);
    match orientation {
        Orientation::Upright => {}
        Orientation::MirroredHorizontally => mirror_rows(pixels),
        Orientation::Turned180 => pixels.reverse(),
        Orientation::MirroredVertically => {
            pixels.reverse();
            mirror_rows(pixels);
        }
        swapping => *samples = swap_sides(pixels, width, height, swapping).into_flattened(),
    }
}

/// Makes the pixels of a picture whose rows were the columns.
fn swap_sides<P: Copy + Default, const N: usize>(
    pixels: &[[P; N]],
    width: usize,
    height: usize,
    orientation: Orientation,
) -> Vec<[P; N]> {
    let flip_x = matches!(orientation, Orientation::Turned270 | Orientation::Transversed);
    let flip_y = matches!(orientation, Orientation::Turned90 | Orientation::Transversed);
    let mut turned = vec![[P::default(); N]; width * height];
    for tile_y in (0..height).step_by(TILE) {
        for tile_x in (0..width).step_by(TILE) {
            for y in tile_y..height.min(tile_y + TILE) {
                let column = if flip_y { height - 1 - y } else { y };
                for x in tile_x..width.min(tile_x + TILE) {
                    let row = if flip_x { width - 1 - x } else { x };
                    turned[row * height + column] = pixels[y * width + x];
                }
            }
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Channels;

    /// Two columns, three rows: `1 2 / 3 4 / 5 6`.
    fn turned(orientation: Orientation) -> (u32, u32, Vec<u8>) {
        let mut frame = Frame::new(2, 3, Channels::Grey, Samples::U8(vec![1, 2, 3, 4, 5, 6])).unwrap();
        turn(&mut frame, orientation);
        let Samples::U8(samples) = frame.samples else { panic!("depth changed") };
        (frame.width, frame.height, samples)
    }

    #[test]
    fn all_eight_orientations() {
        use Orientation::*;
        assert_eq!(turned(Upright), (2, 3, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(turned(MirroredHorizontally), (2, 3, vec![2, 1, 4, 3, 6, 5]));
        assert_eq!(turned(Turned180), (2, 3, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(MirroredVertically), (2, 3, vec![5, 6, 3, 4, 1, 2]));
        assert_eq!(turned(Transposed), (3, 2, vec![1, 3, 5, 2, 4, 6]));
        assert_eq!(turned(Turned90), (3, 2, vec![5, 3, 1, 6, 4, 2]));
        assert_eq!(turned(Transversed), (3, 2, vec![6, 4, 2, 5, 3, 1]));
        assert_eq!(turned(Turned270), (3, 2, vec![2, 4, 6, 1, 3, 5]));
    }
}
