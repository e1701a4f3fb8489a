//! Where a picture lies on its page.

use formwork_image_pixels::{Metadata, Orientation};
use formwork_sdk::Options;

/// Pixels for one inch when neither the user nor the picture says.
const DENSITY: f64 = 96.0;
/// Points, the unit of both formats, in one inch.
const POINTS: f64 = 72.0;

/// A page, and the matrix that brings the unit square onto it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Width of the page in points.
    pub(crate) width: f64,
    /// Height of the page in points.
    pub(crate) height: f64,
    orientation: Orientation,
}

impl Place {
    /// Places a picture of so many stored pixels, turned as its orientation says.
    pub(crate) fn new(size: (u32, u32), density: (f64, f64), orientation: Orientation) -> Place {
        let (width, height) =
            (f64::from(size.0) * POINTS / density.0, f64::from(size.1) * POINTS / density.1);
        let (width, height) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
        Place { width, height, orientation }
    }

    /// The same place on a page smaller by a factor.
    pub(crate) fn divided(self, by: f64) -> Place {
        Place { width: self.width / by, height: self.height / by, ..self }
    }

    /// The matrix `[a b c d e f]` of PDF and PostScript (ISO 32000-1 section 8.3.3): the picture's lower
    /// left corner is at 0 0, its upper right one at 1 1.
    pub(crate) fn matrix(&self) -> String {
        let (w, h) = (self.width, self.height);
        let matrix = match self.orientation {
            Orientation::Upright => [w, 0.0, 0.0, h, 0.0, 0.0],
            Orientation::MirroredHorizontally => [-w, 0.0, 0.0, h, w, 0.0],
            Orientation::Turned180 => [-w, 0.0, 0.0, -h, w, h],
            Orientation::MirroredVertically => [w, 0.0, 0.0, -h, 0.0, h],
            Orientation::Transposed => [0.0, -h, -w, 0.0, w, h],
            Orientation::Turned90 => [0.0, -h, w, 0.0, 0.0, h],
            Orientation::Transversed => [0.0, h, w, 0.0, 0.0, 0.0],
            Orientation::Turned270 => [0.0, h, -w, 0.0, w, 0.0],
        };
        matrix.map(number).join(" ")
    }
}

/// Dots per inch: what the user asks for, else what the picture says, else [`DENSITY`].
pub(crate) fn density(options: &Options<'_>, metadata: &Metadata) -> (f64, f64) {
    let usable = |density: &(f64, f64)| {
        (1.0..=100_000.0).contains(&density.0) && (1.0..=100_000.0).contains(&density.1)
    };
    let asked = options.number("density").map(|density| (density, density));
    asked.or(metadata.density).filter(usable).unwrap_or((DENSITY, DENSITY))
}

/// A number without exponent and needless digits.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a corner of the stored picture ends up, x to the right and y upwards.
    fn corner(orientation: Orientation, x: f64, y: f64) -> (f64, f64) {
        let place = Place::new((200, 100), (72.0, 72.0), orientation);
        let matrix: Vec<f64> = place.matrix().split(' ').map(|number| number.parse().unwrap()).collect();
        (matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5])
    }

    #[test]
    fn the_first_row_goes_where_exif_says() {
        // Upper left and upper right corner of the stored picture, as EXIF 2.3 section 4.6.4 words it.
        let rows = [
            (Orientation::Upright, (0.0, 100.0), (200.0, 100.0)),
            (Orientation::MirroredHorizontally, (200.0, 100.0), (0.0, 100.0)),
            (Orientation::Turned180, (200.0, 0.0), (0.0, 0.0)),
            (Orientation::MirroredVertically, (0.0, 0.0), (200.0, 0.0)),
            (Orientation::Transposed, (0.0, 200.0), (0.0, 0.0)),
            (Orientation::Turned90, (100.0, 200.0), (100.0, 0.0)),
            (Orientation::Transversed, (100.0, 0.0), (100.0, 200.0)),
            (Orientation::Turned270, (0.0, 0.0), (0.0, 200.0)),
        ];
        for (orientation, left, right) in rows {
            assert_eq!(
                (corner(orientation, 0.0, 1.0), corner(orientation, 1.0, 1.0)),
                (left, right),
                "{orientation:?}"
            );
        }
    }

    #[test]
    fn numbers() {
        assert_eq!([0.0, -0.0, 1.5, 595.275_59, 100.0].map(number), ["0", "0", "1.5", "595.2756", "100"]);
    }
}
