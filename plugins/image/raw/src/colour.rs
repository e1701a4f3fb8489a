//! From what a camera calls red, green and blue to sRGB.

use formwork_image_pixels::from_linear;
use rawler::RawImage;
use rawler::imgop::chromatic_adaption::adapt_bradford;
use rawler::imgop::matrix::{multiply, normalize, pseudo_inverse, transform_1d};
use rawler::imgop::xyz::{Illuminant, SRGB_TO_XYZ_D65};

/// Illuminants of colour matrices, best first.
const ILLUMINANTS: [Illuminant; 9] = [
    Illuminant::D65,
    Illuminant::Daylight,
    Illuminant::D55,
    Illuminant::D50,
    Illuminant::D75,
    Illuminant::Flash,
    Illuminant::C,
    Illuminant::B,
    Illuminant::A,
];

/// Share of the samples of a channel that may become white, as in dcraw.
const WHITE_SHARE: f64 = 0.01;

/// Most a photo is brightened: two stops. Beyond that it was meant to be dark.
const MOST_GAIN: f32 = 4.0;

/// A camera that states its white balance on top of the one its samples have already.
const NIKON_D1: &str = "NIKON D1";

/// The red and blue its samples have been multiplied with, undone (as dcraw does).
const NIKON_D1_GAINS: [f32; 2] = [256.0 / 527.0, 256.0 / 317.0];

/// How a camera's colours become linear light with sRGB's primaries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Colour {
    /// The white balance: the least is 1, so that what is clipped in the sensor becomes white.
    pub(crate) gains: [f32; 4],
    /// From balanced camera colours, of which unused ones are zero.
    pub(crate) matrix: [[f32; 4]; 3],
}

impl Colour {
    /// Works it out for a photo whose pixels have so many colours.
    pub(crate) fn of(image: &RawImage, planes: usize) -> Colour {
        let camera = camera_matrix(image);
        let to_camera = camera.map(|camera| multiply(&camera, &SRGB_TO_XYZ_D65));
        let known = |gain: &f32| gain.is_finite() && *gain > 0.0;
        let used = image.wb_coeffs.get(..planes).unwrap_or(&[]);
        let mut gains = image.wb_coeffs;
        if image.model == NIKON_D1 {
            gains = [gains[0] * NIKON_D1_GAINS[0], gains[1], gains[2] * NIKON_D1_GAINS[1], gains[3]];
        }
        if !used.iter().all(known) {
            // Daylight: what makes the matrix map white to white.
            gains = to_camera.map_or([1.0; 4], |rows| rows.map(|row| 1.0 / row.iter().sum::<f32>()));
        }
        let least = gains.iter().take(planes).copied().filter(known).fold(f32::INFINITY, f32::min);
        let gains = gains.map(|gain| if known(&gain) { (gain / least).max(1.0) } else { 1.0 });
        Colour { gains, matrix: to_camera.map_or(PLAIN, |rows| inverse(&rows, planes)) }
    }

    /// Linear light of one pixel, from 0 to 1.
    pub(crate) fn apply(&self, pixel: [f32; 4]) -> [f32; 3] {
        let mut balanced = [0.0; 4];
        for ((to, value), gain) in balanced.iter_mut().zip(pixel).zip(self.gains) {
            *to = (value * gain).min(1.0);
        }
        self.matrix.map(|row| {
            let sum: f32 = row.iter().zip(balanced).map(|(weight, value)| weight * value).sum();
            sum.clamp(0.0, 1.0)
        })
    }
}

/// The matrix of a camera nobody knows: its colours are taken for sRGB's.
const PLAIN: [[f32; 4]; 3] = [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]];

/// The camera's matrix from XYZ under D65; missing rows are zero.
fn camera_matrix(image: &RawImage) -> Option<[[f32; 3]; 4]> {
    let (illuminant, values) = image.color_matrix_find_first(ILLUMINANTS)?;
    if !values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mut camera = [[0.0; 3]; 4];
    match (values.len(), transform_1d::<3, 3>(&values)) {
        (9, Some(matrix)) => {
            let matrix = if illuminant == Illuminant::D65 {
                matrix
            } else {
                adapt_bradford(&illuminant, &Illuminant::D65, &matrix)
            };
            for (to, row) in camera.iter_mut().zip(matrix) {
                *to = row;
            }
        }
        (12, _) => camera = transform_1d::<4, 3>(&values)?,
        _ => return None,
    }
    Some(camera)
}

fn inverse(to_camera: &[[f32; 3]; 4], planes: usize) -> [[f32; 4]; 3] {
    let rows = normalize(*to_camera);
    let matrix = if planes == 4 {
        pseudo_inverse(rows)
    } else {
        pseudo_inverse([rows[0], rows[1], rows[2]]).map(|[a, b, c]| [a, b, c, 0.0])
    };
    if matrix.iter().flatten().all(|value| value.is_finite()) { matrix } else { PLAIN }
}

/// Makes the table from linear light to sRGB's curve, brightened so that a hundredth of the brightest
/// channel becomes white: sensors are exposed for highlights, and look dark as they are.
pub(crate) fn curve(samples: &[u16], channels: usize) -> Vec<u16> {
    let mut counts = vec![[0u64; 3]; 4_096];
    for pixel in samples.chunks_exact(channels.clamp(1, 3)) {
        for (channel, sample) in pixel.iter().enumerate() {
            if let Some(count) =
                counts.get_mut(usize::from(*sample >> 4)).and_then(|counts| counts.get_mut(channel))
            {
                *count += 1;
            }
        }
    }
    let allowed = (samples.len() / channels.clamp(1, 3)) as f64 * WHITE_SHARE;
    let white = |channel: usize| {
        let mut above = 0;
        let mut brighter = |counts: &[u64; 3]| {
            above += counts.get(channel).copied().unwrap_or(0);
            above as f64 <= allowed
        };
        counts.len() - counts.iter().rev().take_while(|counts| brighter(counts)).count()
    };
    let white = (0..channels.clamp(1, 3)).map(white).max().unwrap_or(0).max(1);
    let gain = (counts.len() as f32 / white as f32).clamp(1.0, MOST_GAIN);
    let encode =
        |value: u32| (from_linear((value as f32 / 65_535.0 * gain).min(1.0)) * 65_535.0).round() as u16;
    (0..=65_535).map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_photos_are_brightened_within_bounds() {
        let half = vec![16_384u16; 3_000];
        assert!(curve(&half, 3)[16_384] > 65_000);
        let dark = vec![16u16; 3_000];
        assert_eq!(curve(&dark, 3)[16_384], 65_535);
        assert!(curve(&dark, 3)[4_096] < 40_000);
        let bright = vec![65_535u16; 300];
        assert_eq!(curve(&bright, 1)[65_535], 65_535);
        assert!(curve(&bright, 1)[14_028].abs_diff(32_768) < 200);
    }

    #[test]
    fn white_stays_white() {
        let colour = Colour { gains: [2.0, 1.0, 1.5, 1.0], matrix: PLAIN };
        assert_eq!(colour.apply([0.9, 1.0, 0.8, 0.0]), [1.0, 1.0, 1.0]);
        assert_eq!(colour.apply([0.25, 0.5, 0.5 / 1.5, 0.0]), [0.5, 0.5, 0.5]);
    }
}
