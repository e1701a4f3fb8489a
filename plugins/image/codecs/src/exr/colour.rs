//! Bringing light of other primaries to those of sRGB.

use exr::math::Vec2;
use exr::meta::attribute::Chromaticities;

type Matrix = [[f32; 3]; 3];

/// Linear sRGB to XYZ under D65 (IEC 61966-2-1), inverted.
const TO_SRGB: Matrix = [
    [3.240_97, -1.537_383_2, -0.498_610_8],
    [-0.969_243_6, 1.875_967_5, 0.041_555_06],
    [0.055_630_08, -0.203_977, 1.056_971_5],
];
/// Bradford's cone responses (ICC.1:2022 annex E), and back.
const CONES: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];
const FROM_CONES: Matrix = [
    [0.986_993, -0.147_054, 0.159_963],
    [0.432_305, 0.518_360, 0.049_291],
    [-0.008_529, 0.040_043, 0.968_487],
];
/// The white of sRGB.
const D65: [f32; 3] = [0.950_456, 1.0, 1.089_058];

/// A change of primaries.
pub(super) struct Primaries(Matrix);

impl Primaries {
    /// The change from these chromaticities to those of sRGB; `None` when they are the same or impossible.
    pub(super) fn of(given: &Chromaticities) -> Option<Primaries> {
        let srgb = [(given.red, 0.64, 0.33), (given.green, 0.30, 0.60), (given.blue, 0.15, 0.06)];
        let white = (given.white, 0.3127, 0.3290);
        let close =
            |(is, x, y): (Vec2<f32>, f32, f32)| (is.x() - x).abs() < 0.002 && (is.y() - y).abs() < 0.002;
        if srgb.into_iter().chain([white]).all(close) {
            return None;
        }
        let white = xyz(given.white)?;
        let (red, green, blue) = (xyz(given.red)?, xyz(given.green)?, xyz(given.blue)?);
        let columns: Matrix = std::array::from_fn(|row| [red[row], green[row], blue[row]]);
        let strengths = apply(&inverse(&columns)?, white);
        let to_xyz = columns.map(|row| std::array::from_fn(|column| row[column] * strengths[column]));
        let whole = product(&TO_SRGB, &product(&adaptation(white), &to_xyz));
        whole.as_flattened().iter().all(|value| value.is_finite()).then_some(Primaries(whole))
    }

    /// Changes one colour.
    pub(super) fn change(&self, colour: [f32; 3]) -> [f32; 3] {
        apply(&self.0, colour)
    }
}

/// A chromaticity at luminance 1.
fn xyz(at: Vec2<f32>) -> Option<[f32; 3]> {
    let (x, y) = (at.x(), at.y());
    (y.abs() > 1e-6).then(|| [x / y, 1.0, (1.0 - x - y) / y])
}

/// From one white to that of sRGB.
fn adaptation(white: [f32; 3]) -> Matrix {
    let (from, to) = (apply(&CONES, white), apply(&CONES, D65));
    let scaled: Matrix = std::array::from_fn(|row| CONES[row].map(|value| value * to[row] / from[row]));
    product(&FROM_CONES, &scaled)
}

fn apply(matrix: &Matrix, vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    left.map(|row| std::array::from_fn(|column| (0..3).map(|index| row[index] * right[index][column]).sum()))
}

/// By cofactors.
fn inverse(m: &Matrix) -> Option<Matrix> {
    let minor = |row: usize, column: usize| {
        let (a, b) = ((row + 1) % 3, (row + 2) % 3);
        let (c, d) = ((column + 1) % 3, (column + 2) % 3);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant: f32 = (0..3).map(|column| m[0][column] * minor(0, column)).sum();
    (determinant.abs() > 1e-9)
        .then(|| std::array::from_fn(|row| std::array::from_fn(|column| minor(column, row) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_primaries() {
        assert!(
            Primaries::of(&Chromaticities {
                red: Vec2(0.64, 0.33),
                green: Vec2(0.30, 0.60),
                blue: Vec2(0.15, 0.06),
                white: Vec2(0.3127, 0.3290),
            })
            .is_none()
        );
        let wide = Primaries::of(&Chromaticities {
            red: Vec2(0.708, 0.292),
            green: Vec2(0.170, 0.797),
            blue: Vec2(0.131, 0.046),
            white: Vec2(0.3127, 0.3290),
        })
        .unwrap();
        let white = wide.change([1.0; 3]);
        assert!(white.iter().all(|value| (value - 1.0).abs() < 0.002), "{white:?}");
        // ITU-R BT.2087: red of BT.2020 lies beyond red of BT.709.
        let red = wide.change([1.0, 0.0, 0.0]);
        assert!((red[0] - 1.6605).abs() < 0.003 && (red[1] + 0.1246).abs() < 0.003, "{red:?}");
    }
}
