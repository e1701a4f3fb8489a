//! What Photoshop's samples mean as colours.

use formwork_image_pixels::from_linear;

/// A sample type of the format.
pub(super) trait Level: Copy + PartialEq {
    /// The greatest value.
    const FULL: Self;
    /// From 0 to 1.
    fn to_unit(self) -> f32;
    /// From 0 to 1, rounded.
    fn from_unit(value: f32) -> Self;
    /// Appends the samples of a row.
    fn levels(row: &[u8], to: &mut Vec<Self>);
}

impl Level for u8 {
    const FULL: u8 = u8::MAX;
    fn to_unit(self) -> f32 {
        f32::from(self) / 255.0
    }
    fn from_unit(value: f32) -> u8 {
        (value * 255.0 + 0.5) as u8
    }
    fn levels(row: &[u8], to: &mut Vec<u8>) {
        to.extend(row);
    }
}

impl Level for u16 {
    const FULL: u16 = u16::MAX;
    fn to_unit(self) -> f32 {
        f32::from(self) / 65_535.0
    }
    fn from_unit(value: f32) -> u16 {
        (value * 65_535.0 + 0.5) as u16
    }
    fn levels(row: &[u8], to: &mut Vec<u16>) {
        to.extend(row.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two)));
    }
}

impl Level for f32 {
    const FULL: f32 = 1.0;
    fn to_unit(self) -> f32 {
        self
    }
    fn from_unit(value: f32) -> f32 {
        value
    }
    fn levels(row: &[u8], to: &mut Vec<f32>) {
        to.extend(row.as_chunks::<4>().0.iter().map(|four| f32::from_be_bytes(*four)));
    }
}

/// Whether half-transparent pixels were laid over white, as Photoshop does and not all writers do: none of
/// them is darker than the white that shines through.
pub(super) fn is_over_white<T: Level>(samples: &[T], count: usize) -> bool {
    samples.chunks_exact(count).all(|pixel| {
        let Some((alpha, colours)) = pixel.split_last() else { return true };
        let least = 1.0 - alpha.to_unit() - 0.015;
        least <= 0.0 || colours.iter().all(|colour| colour.to_unit() >= least)
    })
}

/// Takes the white away under the half-transparent pixels of a flattened picture: Photoshop stores
/// `colour * alpha + white * (1 - alpha)`.
pub(super) fn remove_white<T: Level>(samples: &mut [T], count: usize) {
    change(samples, count, |level, alpha| (level - (1.0 - alpha)) / alpha);
}

/// Lays half-transparent pixels over white, the inverse of [`remove_white`].
pub(super) fn add_white<T: Level>(samples: &mut [T], count: usize) {
    change(samples, count, |level, alpha| level * alpha + (1.0 - alpha));
}

fn change<T: Level>(samples: &mut [T], count: usize, new: impl Fn(f32, f32) -> f32) {
    for pixel in samples.chunks_exact_mut(count) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        if *alpha == T::FULL {
            continue;
        }
        let alpha = alpha.to_unit();
        for colour in colours {
            let value = new(colour.to_unit(), alpha);
            *colour = if alpha > 0.0 { T::from_unit(value.clamp(0.0, 1.0)) } else { T::FULL };
        }
    }
}

/// Turns amounts of light, which is how inks are stored, into amounts of ink.
pub(super) fn invert<T: Level>(samples: &mut [T]) {
    samples.iter_mut().for_each(|sample| *sample = T::from_unit(1.0 - sample.to_unit()));
}

/// Turns CIE L*a*b* under D50 into sRGB, pixel by pixel.
pub(super) fn lab_to_srgb<T: Level>(samples: &mut [T], count: usize) {
    for pixel in samples.chunks_exact_mut(count) {
        if let [l, a, b, ..] = pixel {
            let [red, green, blue] = srgb(l.to_unit() * 100.0, centred(*a), centred(*b));
            (*l, *a, *b) = (T::from_unit(red), T::from_unit(green), T::from_unit(blue));
        }
    }
}

/// The chroma axes go from -128 to 127.
fn centred<T: Level>(value: T) -> f32 {
    value.to_unit() * 255.0 - 128.0
}

/// CIE 15:2004 section 8.2.1, then XYZ under D50 to linear sRGB by the Bradford transform (ICC.1:2022
/// annex E).
fn srgb(l: f32, a: f32, b: f32) -> [f32; 3] {
    let fy = (l + 16.0) / 116.0;
    let inverse = |f: f32| if f > 6.0 / 29.0 { f.powi(3) } else { (f - 4.0 / 29.0) * 108.0 / 841.0 };
    let (x, y, z) = (0.964_22 * inverse(fy + a / 500.0), inverse(fy), 0.825_21 * inverse(fy - b / 200.0));
    let linear = [
        3.133_856 * x - 1.616_867 * y - 0.490_615 * z,
        -0.978_768 * x + 1.916_142 * y + 0.033_454 * z,
        0.071_945 * x - 0.228_991 * y + 1.405_243 * z,
    ];
    linear.map(|value| from_linear(value.clamp(0.0, 1.0)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lab() {
        let mut samples = [255u8, 128, 128, 0, 128, 128, 138, 209, 198];
        lab_to_srgb(&mut samples, 3);
        assert_eq!(samples[..6], [255, 255, 255, 0, 0, 0]);
        // Red is about L 54, a 81, b 70 under D50.
        assert!(samples[6] > 250 && samples[7] < 12 && samples[8] < 12, "{samples:?}");
    }

    #[test]
    fn white_under_transparency() {
        let before = [10u8, 200, 128, 7, 9, 0, 1, 2, 255];
        let mut samples = before;
        assert!(!is_over_white(&samples, 3));
        add_white(&mut samples, 3);
        assert!(is_over_white(&samples, 3));
        assert_eq!(samples, [132, 227, 128, 255, 255, 0, 1, 2, 255]);
        remove_white(&mut samples, 3);
        assert_eq!(samples[..2].iter().zip(&before).filter(|(a, b)| a.abs_diff(**b) > 1).count(), 0);
        assert_eq!(samples[6..], before[6..]);
        invert(&mut samples);
        assert_eq!(samples[6..], [254, 253, 0]);
    }
}
