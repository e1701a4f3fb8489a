//! Where on a page a mark goes, as a reader sees the page.

use crate::draw::{Matrix, times};
use crate::graph::{array_at, as_dict, number, number_at, resolve};
use crate::open::Pdf;
use formwork_sdk::Options;
use lopdf::Dictionary;

/// Distance from the edges in points: half an inch.
const MARGIN: f64 = 36.0;

/// What of a page is shown, and how it is turned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) left: f64,
    pub(crate) bottom: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Clockwise quarter turns.
    pub(crate) turns: u8,
}

impl View {
    pub(crate) fn of_page(pdf: &Pdf, place: usize) -> View {
        let page = pdf.pages.get(place).and_then(|id| as_dict(pdf.doc.objects.get(id)?));
        page.map_or(View { left: 0.0, bottom: 0.0, width: 612.0, height: 792.0, turns: 0 }, |page| {
            View::of(&pdf.doc, page)
        })
    }

    pub(crate) fn of(doc: &lopdf::Document, page: &Dictionary) -> View {
        let media = rectangle(doc, page, b"MediaBox").unwrap_or([0.0, 0.0, 612.0, 792.0]);
        let crop = rectangle(doc, page, b"CropBox").unwrap_or(media);
        let both =
            [media[0].max(crop[0]), media[1].max(crop[1]), media[2].min(crop[2]), media[3].min(crop[3])];
        let [left, bottom, right, top] = if both[2] > both[0] && both[3] > both[1] { both } else { media };
        let quarter = number_at(doc, page, b"Rotate").unwrap_or(0.0) / 90.0;
        let turns = quarter.round().rem_euclid(4.0) as u8;
        View { left, bottom, width: right - left, height: top - bottom, turns }
    }

    /// Width and height as seen.
    pub(crate) fn size(&self) -> (f64, f64) {
        if self.turns % 2 == 1 { (self.height, self.width) } else { (self.width, self.height) }
    }

    /// From the page as seen, its lower left corner at 0 0, to the page's own coordinates.
    pub(crate) fn to_user(self) -> Matrix {
        let View { left, bottom, width, height, turns } = self;
        match turns {
            1 => [0.0, 1.0, -1.0, 0.0, left + width, bottom],
            2 => [-1.0, 0.0, 0.0, -1.0, left + width, bottom + height],
            3 => [0.0, -1.0, 1.0, 0.0, left, bottom + height],
            _ => [1.0, 0.0, 0.0, 1.0, left, bottom],
        }
    }

    /// The way back.
    pub(crate) fn upright(self) -> Matrix {
        let View { left, bottom, width, height, turns } = self;
        match turns {
            1 => [0.0, -1.0, 1.0, 0.0, -bottom, left + width],
            2 => [-1.0, 0.0, 0.0, -1.0, left + width, bottom + height],
            3 => [0.0, 1.0, -1.0, 0.0, bottom + height, -left],
            _ => [1.0, 0.0, 0.0, 1.0, -left, -bottom],
        }
    }
}

/// A rectangle with its corners in order: left, bottom, right, top. `None` when it is empty or no rectangle.
pub(crate) fn rectangle(doc: &lopdf::Document, dict: &Dictionary, key: &[u8]) -> Option<[f64; 4]> {
    let corners: Vec<f64> =
        array_at(doc, dict, key).iter().filter_map(|corner| number(resolve(doc, corner))).collect();
    let [a, b, c, d] = corners.try_into().ok()?;
    let ordered = [a.min(c), b.min(d), a.max(c), b.max(d)];
    (ordered[2] > ordered[0] && ordered[3] > ordered[1]).then_some(ordered)
}

/// Where the options put a mark.
pub(crate) struct Place {
    across: f64,
    up: f64,
    margin: f64,
    /// Anticlockwise, in radians.
    angle: f64,
}

impl Place {
    pub(crate) fn of(options: &Options<'_>) -> Place {
        let position = options.text("position").unwrap_or("center");
        let has = |word: &str| position.split('-').any(|part| part == word);
        let between = |low: &str, high: &str| {
            if has(low) {
                0.0
            } else if has(high) {
                1.0
            } else {
                0.5
            }
        };
        Place {
            across: between("left", "right"),
            up: between("bottom", "top"),
            margin: options.number("margin").unwrap_or(MARGIN),
            angle: -options.number("angle").unwrap_or(0.0).to_radians(),
        }
    }

    /// The size of what stands turned.
    fn turned(&self, (width, height): (f64, f64)) -> (f64, f64) {
        let (sine, cosine) = (self.angle.sin().abs(), self.angle.cos().abs());
        (width * cosine + height * sine, width * sine + height * cosine)
    }

    /// By how much a mark may be enlarged until it fills the page between its margins: across and up.
    pub(crate) fn room(&self, page: (f64, f64), mark: (f64, f64)) -> (f64, f64) {
        let (width, height) = self.turned(mark);
        let free = |side: f64| (side - 2.0 * self.margin).max(side * 0.1);
        (free(page.0) / width.max(0.01), free(page.1) / height.max(0.01))
    }

    /// From the mark, its lower left corner at 0 0, to the page as seen.
    pub(crate) fn matrix(&self, mark: (f64, f64), page: (f64, f64)) -> Matrix {
        let (width, height) = self.turned(mark);
        let at = |side: f64, mark: f64, part: f64| {
            let free = (side - mark - 2.0 * self.margin).max(0.0);
            // Without room for margins it stands in the middle.
            let margin = ((side - mark - free) / 2.0).min(self.margin);
            margin + free * part + mark / 2.0
        };
        let centre = (at(page.0, width, self.across), at(page.1, height, self.up));
        let (sine, cosine) = self.angle.sin_cos();
        let around_centre = [1.0, 0.0, 0.0, 1.0, -mark.0 / 2.0, -mark.1 / 2.0];
        times(around_centre, [cosine, sine, -sine, cosine, centre.0, centre.1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::apply;

    fn view(turns: u8) -> View {
        View { left: 10.0, bottom: 20.0, width: 300.0, height: 400.0, turns }
    }

    #[test]
    fn corners_as_seen_are_corners_of_the_page() {
        assert_eq!(apply(view(0).to_user(), 0.0, 0.0), (10.0, 20.0));
        // Turned clockwise, the lower right corner is seen at the lower left.
        assert_eq!(apply(view(1).to_user(), 0.0, 0.0), (310.0, 20.0));
        assert_eq!(apply(view(2).to_user(), 0.0, 0.0), (310.0, 420.0));
        assert_eq!(apply(view(3).to_user(), 0.0, 0.0), (10.0, 420.0));
        for turns in 0..4 {
            let (x, y) = apply(view(turns).to_user(), 33.0, 44.0);
            assert_eq!(apply(view(turns).upright(), x, y), (33.0, 44.0), "{turns}");
        }
    }

    #[test]
    fn a_mark_stands_between_the_margins() {
        let place = |across, up, angle| Place { across, up, margin: 10.0, angle };
        let corner = |place: Place| apply(place.matrix((40.0, 20.0), (200.0, 100.0)), 0.0, 0.0);
        assert_eq!(corner(place(0.0, 0.0, 0.0)), (10.0, 10.0));
        assert_eq!(corner(place(1.0, 1.0, 0.0)), (150.0, 70.0));
        assert_eq!(corner(place(0.5, 0.5, 0.0)), (80.0, 40.0));
        let (x, y) = corner(place(0.0, 0.0, -std::f64::consts::FRAC_PI_2));
        assert!((x - 10.0).abs() < 1e-9 && (y - 50.0).abs() < 1e-9, "{x} {y}");
    }
}
