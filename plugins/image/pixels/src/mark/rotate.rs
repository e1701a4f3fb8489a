//! Turning a mark by any angle.

use super::stamp::Level;
use crate::{Frame, Samples};

/// The size of what was a rectangle, turned by degrees.
pub(super) fn turned_size((width, height): (f64, f64), angle: f64) -> (f64, f64) {
    let (sin, cos) = angle.to_radians().sin_cos();
    // A quarter turn is to be one exactly.
    let clean = |value: f64| if value.abs() < 1e-9 { 0.0 } else { value.abs() };
    let (sin, cos) = (clean(sin), clean(cos));
    (width * cos + height * sin, width * sin + height * cos)
}

/// Turns red, green, blue, alpha clockwise by degrees, between pixels as much of each as is near. The result is no
/// larger than `most`.
pub(super) fn rotated(frame: &Frame, angle: f64, most: (u32, u32)) -> Frame {
    let (width, height) = turned_size((f64::from(frame.width), f64::from(frame.height)), angle);
    let side = |side: f64, most: u32| ((side - 1e-6).ceil().max(1.0) as u32).min(most.max(1));
    let size = (side(width, most.0), side(height, most.1));
    let samples = match &frame.samples {
        Samples::U8(samples) => Samples::U8(turn(samples, frame.size(), angle, size)),
        Samples::U16(samples) => Samples::U16(turn(samples, frame.size(), angle, size)),
        Samples::F32(samples) => Samples::F32(turn(samples, frame.size(), angle, size)),
    };
    Frame { width: size.0, height: size.1, samples, ..*frame }
}

fn turn<T: Level>(from: &[T], own: (u32, u32), angle: f64, size: (u32, u32)) -> Vec<T> {
    let (sin, cos) = angle.to_radians().sin_cos();
    let middle = |size: (u32, u32)| (f64::from(size.0) / 2.0, f64::from(size.1) / 2.0);
    let (here, there) = (middle(size), middle(own));
    let mut turned = Vec::with_capacity(size.0 as usize * size.1 as usize * 4);
    for row in 0..size.1 {
        let y = f64::from(row) + 0.5 - here.1;
        for column in 0..size.0 {
            let x = f64::from(column) + 0.5 - here.0;
            let place = (x * cos + y * sin + there.0 - 0.5, y * cos - x * sin + there.1 - 0.5);
            turned.extend(between(from, own, place).map(T::of));
        }
    }
    turned
}

/// The pixel at a place between four; beyond the edge there is nothing.
fn between<T: Level>(from: &[T], (width, height): (u32, u32), (x, y): (f64, f64)) -> [f32; 4] {
    let (left, upper) = ((x + 1e-6).floor(), (y + 1e-6).floor());
    let (right_part, lower_part) = (((x - left).max(0.0)) as f32, ((y - upper).max(0.0)) as f32);
    let (mut sum, mut alpha) = ([0.0; 3], 0.0);
    for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let (column, row) = (left + dx, upper + dy);
        if column < 0.0 || row < 0.0 || column >= f64::from(width) || row >= f64::from(height) {
            continue;
        }
        let part = |far: f64, part: f32| if far > 0.0 { part } else { 1.0 - part };
        let weight = part(dx, right_part) * part(dy, lower_part);
        let start = (row as usize * width as usize + column as usize) * 4;
        if let Some([r, g, b, a]) = from.get(start..start + 4).and_then(|pixel| pixel.first_chunk::<4>()) {
            let share = a.number() * weight;
            alpha += share;
            sum.iter_mut().zip([r, g, b]).for_each(|(sum, value)| *sum += value.number() * share);
        }
    }
    let [r, g, b] = if alpha > 0.0 { sum.map(|sum| sum / alpha) } else { [0.0; 3] };
    [r, g, b, alpha]
}
