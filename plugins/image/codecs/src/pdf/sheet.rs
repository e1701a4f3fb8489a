//! The sheet a picture lies on: as large as the picture, or paper of a size that is named.

use crate::paper::Place;
use formwork_sdk::{OptionSpec, Options, options::option};

/// Points in a millimetre.
const MILLIMETRE: f64 = 72.0 / 25.4;
/// Width and height in millimetres (ISO 216; ANSI Y14.1 and US Legal in inches).
const PAPERS: &[(&str, f64, f64)] = &[
    ("a3", 297.0, 420.0),
    ("a4", 210.0, 297.0),
    ("a5", 148.0, 210.0),
    ("letter", 215.9, 279.4),
    ("legal", 215.9, 355.6),
    ("tabloid", 279.4, 431.8),
];

/// What is wished of the sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    /// Width and height in points, standing upright.
    paper: Option<(f64, f64)>,
    /// Points on each side.
    margin: f64,
}

/// A picture on its sheet, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Laid {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The picture's lower left corner.
    pub(super) at: (f64, f64),
    pub(super) place: Place,
}

pub(super) fn options() -> Vec<OptionSpec> {
    let papers: Vec<&str> = PAPERS.iter().map(|(name, ..)| *name).collect();
    let size = "Size of the paper, lying for pictures that are wider than high; pictures that are larger are made to \
        fit. Without it each page is as large as its picture.";
    let margin = "Least distance of the picture from the edges of the page in millimetres; default 0.";
    vec![
        option("page_size").with_choices(&papers).with_summary(size),
        option("margin").with_range(0, 100).with_summary(margin),
    ]
}

impl Sheet {
    pub(super) fn of(options: &Options<'_>) -> Sheet {
        let named = options.text("page_size").and_then(|name| PAPERS.iter().find(|paper| paper.0 == name));
        Sheet {
            paper: named.map(|(_, width, height)| (width * MILLIMETRE, height * MILLIMETRE)),
            margin: options.number("margin").unwrap_or(0.0) * MILLIMETRE,
        }
    }

    /// Lays a picture in the middle of a sheet.
    pub(super) fn lay(&self, place: Place) -> Laid {
        let Some((short, long)) = self.paper else {
            let (width, height) = (place.width + 2.0 * self.margin, place.height + 2.0 * self.margin);
            return Laid { width, height, at: (self.margin, self.margin), place };
        };
        let (width, height) = if place.width > place.height { (long, short) } else { (short, long) };
        let room = |side: f64| (side - 2.0 * self.margin).max(MILLIMETRE);
        let too_large = (place.width / room(width)).max(place.height / room(height)).max(1.0);
        let place = place.divided(too_large);
        Laid { width, height, at: ((width - place.width) / 2.0, (height - place.height) / 2.0), place }
    }
}

impl Laid {
    /// The same on a sheet smaller by a factor.
    pub(super) fn divided(self, by: f64) -> Laid {
        Laid {
            width: self.width / by,
            height: self.height / by,
            at: (self.at.0 / by, self.at.1 / by),
            place: self.place.divided(by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use formwork_image_pixels::Orientation;

    fn laid(sheet: Sheet, size: (u32, u32)) -> (f64, f64, f64, f64, f64) {
        let laid = sheet.lay(Place::new(size, (72.0, 72.0), Orientation::Upright));
        let round = |value: f64| value.round();
        (round(laid.width), round(laid.height), round(laid.at.0), round(laid.at.1), round(laid.place.width))
    }

    #[test]
    fn pictures_lie_in_the_middle_and_fit() {
        let a4 = Sheet { paper: Some((210.0 * MILLIMETRE, 297.0 * MILLIMETRE)), margin: 0.0 };
        assert_eq!(laid(Sheet::default(), (100, 50)), (100.0, 50.0, 0.0, 0.0, 100.0));
        assert_eq!(
            laid(Sheet { margin: 10.0, ..Sheet::default() }, (100, 50)),
            (120.0, 70.0, 10.0, 10.0, 100.0)
        );
        assert_eq!(laid(a4, (100, 200)), (595.0, 842.0, 248.0, 321.0, 100.0), "not enlarged");
        assert_eq!(laid(a4, (2000, 1000)), (842.0, 595.0, 0.0, 87.0, 842.0), "lying, and made smaller");
        let wide = Sheet { margin: 30.0, ..a4 };
        assert_eq!(laid(wide, (2000, 1000)), (842.0, 595.0, 30.0, 102.0, 782.0));
    }
}
