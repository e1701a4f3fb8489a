//! What changed from one frame of an animation to the next.

use formwork_image_pixels::{Frame, Samples};

/// The smallest rectangle (left, top, width, height) outside which two frames of one size are equal. At
/// least one pixel, for animations must have something in every frame.
pub(crate) fn changed_rectangle(before: &Frame, after: &Frame) -> (u32, u32, u32, u32) {
    let whole = (0, 0, after.width, after.height);
    if (before.width, before.height, before.channels) != (after.width, after.height, after.channels) {
        return whole;
    }
    let (width, count) = (after.width as usize, after.channels.count());
    match (&before.samples, &after.samples) {
        (Samples::U8(a), Samples::U8(b)) => bounds(a, b, width, count),
        (Samples::U16(a), Samples::U16(b)) => bounds(a, b, width, count),
        (Samples::F32(a), Samples::F32(b)) => bounds(a, b, width, count),
        _ => whole,
    }
}

fn bounds<T: PartialEq>(before: &[T], after: &[T], width: usize, count: usize) -> (u32, u32, u32, u32) {
    let rows = || before.chunks_exact(width * count).zip(after.chunks_exact(width * count)).enumerate();
    let mut changed = rows().filter(|(_, (a, b))| a != b);
    let Some((top, _)) = changed.next() else { return (0, 0, 1, 1) };
    let bottom = changed.last().map_or(top, |(row, _)| row);
    let (mut left, mut right) = (width - 1, 0);
    for (_, (a, b)) in rows().skip(top).take(bottom - top + 1) {
        let differs = |x: &usize| a.get(x * count..(x + 1) * count) != b.get(x * count..(x + 1) * count);
        left = (0..left).find(differs).unwrap_or(left);
        right = (right + 1..width).rev().find(differs).unwrap_or(right);
    }
    if right < left {
        right = left;
    }
    (left as u32, top as u32, (right - left + 1) as u32, (bottom - top + 1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_rectangle() {
        let before = [0u8; 20];
        let mut after = before;
        assert_eq!(bounds(&before, &after, 5, 1), (0, 0, 1, 1));
        after[6] = 1;
        after[13] = 1;
        assert_eq!(bounds(&before, &after, 5, 1), (1, 1, 3, 2));
        let mut one = before;
        one[19] = 1;
        assert_eq!(bounds(&before, &one, 5, 1), (4, 3, 1, 1));
        one[0] = 1;
        assert_eq!(bounds(&before, &one, 5, 1), (0, 0, 5, 4));
    }
}
