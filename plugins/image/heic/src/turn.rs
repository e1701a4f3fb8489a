//! Turns as HEIC and AVIF list them, one after the other.

use formwork_image_pixels::Orientation;

/// A turn: mirrored left to right first, then turned clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    mirrored: bool,
    quarters: u8,
}

impl Turn {
    /// Appends a turn anti-clockwise by quarters.
    pub(crate) fn rotate_left(&mut self, quarters: u8) {
        self.quarters = (self.quarters + 4 - (quarters & 3)) & 3;
    }

    /// Appends a mirroring: top to bottom, or left to right.
    pub(crate) fn mirror(&mut self, top_bottom: bool) {
        let half = if top_bottom { 2 } else { 0 };
        *self = Turn { mirrored: !self.mirrored, quarters: (4 - self.quarters + half) & 3 };
    }

    /// The turn as a whole.
    pub(crate) fn orientation(self) -> Orientation {
        Orientation::from_exif(match (self.mirrored, self.quarters) {
            (false, 0) => 1,
            (false, 1) => 6,
            (false, 2) => 3,
            (false, _) => 8,
            (true, 0) => 2,
            (true, 1) => 7,
            (true, 2) => 4,
            (true, _) => 5,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_compose() {
        let mut turn = Turn::default();
        turn.mirror(true);
        assert_eq!(turn.orientation(), Orientation::MirroredVertically);
        turn.mirror(false);
        assert_eq!(turn.orientation(), Orientation::Turned180);
        // Turned clockwise, then mirrored left to right: the diagonal stays.
        let mut turn = Turn { mirrored: false, quarters: 1 };
        turn.mirror(false);
        assert_eq!(turn.orientation(), Orientation::Transposed);
    }
}
