//! Rectangles on a page, as it is shown: points from its upper left corner.

/// A rectangle; `top` is less than `bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) right: f32,
    pub(crate) bottom: f32,
}

impl Area {
    pub(crate) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// The smallest rectangle around both.
    pub(crate) fn with(&self, other: &Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The smallest rectangle around all.
    pub(crate) fn around(mut all: impl Iterator<Item = Area>) -> Option<Area> {
        let first = all.next()?;
        Some(all.fold(first, |sum, one| sum.with(&one)))
    }

    pub(crate) fn middle(&self) -> (f32, f32) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    /// Whether both share a part.
    pub(crate) fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether all of the other is within this one.
    pub(crate) fn contains(&self, other: &Area) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && other.right <= self.right
            && other.bottom <= self.bottom
    }

    pub(crate) fn holds(&self, (x, y): (f32, f32)) -> bool {
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }
}

/// Where a page's own coordinates lie on the page as it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    area: Area,
    /// Clockwise quarter turns.
    turns: u8,
}

impl Place {
    /// `box` in the page's own coordinates: `top` is its greatest y there.
    pub(crate) fn new(left: f32, bottom: f32, right: f32, top: f32, turns: u8) -> Place {
        Place { area: Area { left, top, right, bottom }, turns: turns % 4 }
    }

    /// Clockwise quarter turns from the page's own coordinates.
    pub(crate) fn turns(&self) -> u8 {
        self.turns
    }

    /// Width and height as shown.
    pub(crate) fn size(&self) -> (f32, f32) {
        let (across, up) = (self.area.right - self.area.left, self.area.top - self.area.bottom);
        if self.turns.is_multiple_of(2) { (across, up) } else { (up, across) }
    }

    pub(crate) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let Area { left, top, right, bottom } = self.area;
        match self.turns {
            0 => (x - left, top - y),
            1 => (y - bottom, x - left),
            2 => (right - x, y - bottom),
            _ => (top - y, right - x),
        }
    }

    /// A direction in the page's own coordinates, as shown (y down).
    pub(crate) fn direction(&self, x: f32, y: f32) -> (f32, f32) {
        match self.turns {
            0 => (x, -y),
            1 => (y, x),
            2 => (-x, y),
            _ => (-y, -x),
        }
    }

    /// A rectangle by two corners.
    pub(crate) fn area(&self, x0: f32, y0: f32, x1: f32, y1: f32) -> Area {
        let (ax, ay) = self.point(x0, y0);
        let (bx, by) = self.point(x1, y1);
        Area { left: ax.min(bx), top: ay.min(by), right: ax.max(bx), bottom: ay.max(by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_go_where_they_are_shown() {
        // The upper left corner of a page that is turned by 90 degrees is its own lower left one.
        let place = Place::new(0.0, 0.0, 100.0, 200.0, 1);
        assert_eq!(place.size(), (200.0, 100.0));
        assert_eq!(place.point(0.0, 0.0), (0.0, 0.0));
        assert_eq!(place.point(0.0, 200.0), (200.0, 0.0));
        assert_eq!(Place::new(0.0, 0.0, 100.0, 200.0, 0).point(0.0, 200.0), (0.0, 0.0));
        assert_eq!(Place::new(0.0, 0.0, 100.0, 200.0, 2).point(100.0, 0.0), (0.0, 0.0));
        assert_eq!(Place::new(0.0, 0.0, 100.0, 200.0, 3).point(100.0, 200.0), (0.0, 0.0));
    }
}
