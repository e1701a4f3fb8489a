//! How many pixels a drawing becomes.

use formwork_sdk::{Error, Limits, Options, Result};
use resvg::usvg::Size;

/// Pixels of CSS in one inch (CSS Values and Units 3, section 6.2).
pub(crate) const CSS_DENSITY: f64 = 96.0;

/// What the options ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wish {
    width: Option<f64>,
    height: Option<f64>,
    fit: Fit,
    pub(super) density: f64,
    pub(super) background: Option<[u8; 4]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fit {
    Inside,
    Cover,
    Stretch,
}

/// Size and scale to draw at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) scale_x: f32,
    pub(super) scale_y: f32,
}

impl Wish {
    /// Reads the options.
    pub(super) fn new(options: &Options<'_>) -> Wish {
        Wish {
            width: options.number("width").filter(|width| *width > 0.0),
            height: options.number("height").filter(|height| *height > 0.0),
            fit: match options.text("fit") {
                Some("crop") => Fit::Cover,
                Some("scale") => Fit::Stretch,
                _ => Fit::Inside,
            },
            density: options.number("density").filter(|density| *density > 0.0).unwrap_or(CSS_DENSITY),
            background: options.colour("background").filter(|colour| colour[3] > 0),
        }
    }

    /// Whether the drawing's own size is changed.
    pub(super) fn is_free(&self) -> bool {
        self.width.is_none() && self.height.is_none()
    }

    /// Works out the canvas for a drawing of this size in CSS pixels.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`side`, `pixels`, `memory`).
    pub(super) fn canvas(&self, size: Size, limits: &Limits) -> Result<Canvas> {
        let (width, height) = (f64::from(size.width()), f64::from(size.height()));
        let natural = self.density / CSS_DENSITY;
        let wanted = (self.width.map(|wanted| wanted / width), self.height.map(|wanted| wanted / height));
        let (scale_x, scale_y) = match (wanted, self.fit) {
            ((None, None), _) => (natural, natural),
            ((Some(scale), None) | (None, Some(scale)), _) => (scale, scale),
            ((Some(x), Some(y)), Fit::Stretch) => (x, y),
            ((Some(x), Some(y)), Fit::Inside) => (x.min(y), x.min(y)),
            ((Some(x), Some(y)), Fit::Cover) => (x.max(y), x.max(y)),
        };
        let pixels = |side: f64, scale: f64| (side * scale).round().max(1.0);
        let (columns, rows) = (pixels(width, scale_x), pixels(height, scale_y));
        check(columns as u64, rows as u64, limits)?;
        Ok(Canvas {
            width: columns as u32,
            height: rows as u32,
            scale_x: scale_x as f32,
            scale_y: scale_y as f32,
        })
    }
}

/// Checks a picture's size in pixels against the limits, at four bytes a pixel.
///
/// # Errors
///
/// `limit_exceeded` (`side`, `pixels`, `memory`).
pub(super) fn check(width: u64, height: u64, limits: &Limits) -> Result<()> {
    let side = width.max(height);
    let pixels = width.saturating_mul(height);
    let bytes = pixels.saturating_mul(4);
    for (name, met, allowed) in
        [("side", side, limits.side), ("pixels", pixels, limits.pixels), ("memory", bytes, limits.memory)]
    {
        if met > allowed {
            return Err(Error::limit(name, met, allowed));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Wish =
        Wish { width: None, height: None, fit: Fit::Inside, density: CSS_DENSITY, background: None };

    fn canvas(wish: Wish) -> (u32, u32) {
        let canvas = wish.canvas(Size::from_wh(200.0, 100.0).unwrap(), &Limits::default()).unwrap();
        (canvas.width, canvas.height)
    }

    #[test]
    fn sizes() {
        let (width, height) = (Some(50.0), Some(50.0));
        assert_eq!(canvas(FREE), (200, 100));
        assert_eq!(canvas(Wish { density: 192.0, ..FREE }), (400, 200));
        assert_eq!(canvas(Wish { width, ..FREE }), (50, 25));
        assert_eq!(canvas(Wish { height, ..FREE }), (100, 50));
        assert_eq!(canvas(Wish { width, height, ..FREE }), (50, 25));
        assert_eq!(canvas(Wish { width, height, fit: Fit::Cover, ..FREE }), (100, 50));
        assert_eq!(canvas(Wish { width, height, fit: Fit::Stretch, ..FREE }), (50, 50));
    }

    #[test]
    fn a_million_pixels_a_side_is_too_much() {
        let size = Size::from_wh(1e6, 1e6).unwrap();
        let error = FREE.canvas(size, &Limits::default()).unwrap_err();
        assert_eq!(error.limit.as_deref(), Some("side"));
    }
}
