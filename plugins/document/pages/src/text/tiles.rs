//! Cells that only their colours tell apart: filled boxes side by side and one below the other.

use super::area::Area;
use super::rules::{Rule, Rules};

/// How far sides that are one may lie apart, in points.
const NEAR: f32 = 1.5;

/// The sides of the boxes that have one of the same height beside them, and one of the same width above or below.
pub(super) fn sides(boxes: &[Area]) -> Rules {
    let mut rules = Rules::default();
    for tile in boxes.iter().filter(|tile| is_tile(tile, boxes)) {
        rules.across.extend([tile.top, tile.bottom].map(|at| Rule { at, start: tile.left, end: tile.right }));
        rules.down.extend([tile.left, tile.right].map(|at| Rule { at, start: tile.top, end: tile.bottom }));
    }
    rules
}

fn is_tile(tile: &Area, boxes: &[Area]) -> bool {
    let near = |a: f32, b: f32| (a - b).abs() <= NEAR;
    let is_beside = |other: &Area| {
        near(tile.top, other.top)
            && near(tile.bottom, other.bottom)
            && (near(tile.right, other.left) || near(tile.left, other.right))
    };
    let is_above = |other: &Area| {
        near(tile.left, other.left)
            && near(tile.right, other.right)
            && (near(tile.bottom, other.top) || near(tile.top, other.bottom))
    };
    boxes.iter().any(is_beside) && boxes.iter().any(is_above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(left: f32, top: f32, right: f32, bottom: f32) -> Area {
        Area { left, top, right, bottom }
    }

    #[test]
    fn only_boxes_with_two_neighbours_are_tiles() {
        let mut boxes = vec![tile(0.0, 0.0, 50.0, 20.0), tile(50.0, 0.0, 90.0, 20.0)];
        assert!(sides(&boxes).across.is_empty(), "a row");
        boxes.extend([
            tile(0.0, 20.5, 50.0, 40.0),
            tile(50.0, 20.5, 90.0, 40.0),
            tile(0.0, 0.0, 90.0, 300.0),
        ]);
        let rules = sides(&boxes);
        assert_eq!((rules.across.len(), rules.down.len()), (8, 8));
        assert!(rules.down.iter().all(|side| side.end <= 40.0));
    }
}
