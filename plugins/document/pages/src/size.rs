//! From points to pixels.

use formwork_sdk::{Error, Options, Result, Step};

/// Points in an inch (ISO 32000-2, 8.3.2.3).
const POINTS: f64 = 72.0;
/// Dots per inch when nothing is said.
pub(crate) const DENSITY: f64 = 150.0;
/// Longest side of a thumbnail when no size is given.
const THUMBNAIL: f64 = 256.0;
/// A part of a pixel that does not begin another one: sizes are written with few digits.
const TOLERANCE: f64 = 0.01;

/// How large pages are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Dots per inch.
    Density(f64),
    /// A box in pixels; what is not given follows from the page.
    Box { width: Option<f64>, height: Option<f64>, fit: Fit },
}

/// How a box is met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fit {
    /// As large as fits inside.
    Inside,
    /// As small as covers; the rest is cut off later.
    Cover,
    /// Both sides exactly.
    Stretch,
}

/// A page's size in pixels, and the dots per inch that gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) density: (f64, f64),
}

impl Scale {
    /// Reads the options of a step.
    pub(crate) fn of(options: &Options<'_>, thumbnail: bool) -> Scale {
        let side = |name: &str| options.number(name).filter(|value| *value > 0.0);
        let fit = match options.text("fit") {
            Some("crop") => Fit::Cover,
            Some("scale") => Fit::Stretch,
            _ => Fit::Inside,
        };
        match (side("width"), side("height")) {
            (None, None) if thumbnail => {
                Scale::Box { width: Some(THUMBNAIL), height: Some(THUMBNAIL), fit: Fit::Inside }
            }
            (None, None) => Scale::Density(side("density").unwrap_or(DENSITY)),
            (width, height) => Scale::Box { width, height, fit },
        }
    }

    /// The pixels of a page that is so many points large, checked against the limits.
    ///
    /// # Errors
    ///
    /// `corrupt_input` for a page without a size; `limit_exceeded` (`side`, `pixels`, `memory`).
    pub(crate) fn pixels(&self, step: &Step<'_>, (width, height): (f64, f64)) -> Result<Pixels> {
        let usable = |side: f64| side.is_finite() && side > 0.0;
        if !usable(width) || !usable(height) {
            return Err(Error::corrupt(format!("the page is {width} by {height} points large")));
        }
        let (x, y) = self.factors(width, height);
        // More than any limit stays more, and fits a number.
        let count = |side: f64, factor: f64| ((side * factor - TOLERANCE).ceil().clamp(1.0, 1e12)) as u64;
        let (across, down) = (count(width, x), count(height, y));
        step.check_picture(across, down, 4)?;
        let narrow = |side: u64| u32::try_from(side).map_err(|_| Error::limit("side", side, u32::MAX));
        Ok(Pixels { width: narrow(across)?, height: narrow(down)?, density: (x * POINTS, y * POINTS) })
    }

    /// Pixels for each point, across and down.
    fn factors(&self, width: f64, height: f64) -> (f64, f64) {
        match *self {
            Scale::Density(density) => (density / POINTS, density / POINTS),
            Scale::Box { width: w, height: h, fit } => {
                let (x, y) = (w.map(|w| w / width), h.map(|h| h / height));
                match (x, y, fit) {
                    (Some(x), Some(y), Fit::Stretch) => (x, y),
                    (Some(x), Some(y), Fit::Cover) => (x.max(y), x.max(y)),
                    (Some(x), Some(y), Fit::Inside) => (x.min(y), x.min(y)),
                    (Some(one), None, _) | (None, Some(one), _) => (one, one),
                    (None, None, _) => (DENSITY / POINTS, DENSITY / POINTS),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_met() {
        let scale = |width, height, fit| Scale::Box { width, height, fit }.factors(100.0, 200.0);
        assert_eq!(scale(Some(50.0), None, Fit::Inside), (0.5, 0.5));
        assert_eq!(scale(Some(50.0), Some(50.0), Fit::Inside), (0.25, 0.25));
        assert_eq!(scale(Some(50.0), Some(50.0), Fit::Cover), (0.5, 0.5));
        assert_eq!(scale(Some(50.0), Some(50.0), Fit::Stretch), (0.5, 0.25));
    }
}
