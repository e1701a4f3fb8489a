//! Choosing a palette: greedy bisection of the colour cube by variance (X. Wu, "Efficient statistical
//! computations for optimal color quantization", Graphics Gems II, 1991), then k-means.

use super::{Dot, nearest};

/// Bits of a channel that tell cells of the cube apart.
const BITS: u32 = 5;
/// Cells along an edge, and one before the first for sums that start at nothing.
const EDGE: usize = (1 << BITS) + 1;
/// Rounds of k-means.
const ROUNDS: usize = 3;

/// Sums over colours: how many, red, green, blue, and the squares together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Moments {
    count: i64,
    sum: [i64; 3],
    squares: i64,
}

impl Moments {
    fn plus(self, other: Moments, sign: i64) -> Moments {
        let [a, b, c] = self.sum;
        let [x, y, z] = other.sum;
        Moments {
            count: self.count + sign * other.count,
            sum: [a + sign * x, b + sign * y, c + sign * z],
            squares: self.squares + sign * other.squares,
        }
    }

    /// Squared length of the sum over the count: the part of the squares the mean accounts for.
    fn explained(&self) -> f64 {
        let length: f64 = self.sum.iter().map(|value| (*value as f64).powi(2)).sum();
        if self.count == 0 { 0.0 } else { length / self.count as f64 }
    }

    fn variance(&self) -> f64 {
        self.squares as f64 - self.explained()
    }

    fn mean(&self) -> [u8; 3] {
        self.sum.map(|value| ((value + self.count / 2) / self.count.max(1)).clamp(0, 255) as u8)
    }
}

/// The cube of moments: at first of each cell, then of everything from the origin to it.
struct Cube(Vec<Moments>);

fn place(at: [usize; 3]) -> usize {
    (at[0] * EDGE + at[1]) * EDGE + at[2]
}

impl Cube {
    fn of(dots: &[Dot]) -> Cube {
        let mut cells = vec![Moments::default(); EDGE * EDGE * EDGE];
        for colour in dots.iter().flatten() {
            let at = colour.map(|value| (value >> (8 - BITS)) as usize + 1);
            if let Some(cell) = cells.get_mut(place(at)) {
                let wide = colour.map(i64::from);
                cell.count += 1;
                cell.sum.iter_mut().zip(wide).for_each(|(sum, value)| *sum += value);
                cell.squares += wide.iter().map(|value| value * value).sum::<i64>();
            }
        }
        Cube(cells)
    }

    /// The cells that hold colours.
    fn cells(&self) -> Vec<Moments> {
        self.0.iter().copied().filter(|cell| cell.count > 0).collect()
    }

    fn accumulate(&mut self) {
        for axis in 0..3 {
            for first in 0..EDGE {
                for second in 0..EDGE {
                    let mut running = Moments::default();
                    for along in 0..EDGE {
                        let at = match axis {
                            0 => [along, first, second],
                            1 => [first, along, second],
                            _ => [first, second, along],
                        };
                        if let Some(cell) = self.0.get_mut(place(at)) {
                            running = running.plus(*cell, 1);
                            *cell = running;
                        }
                    }
                }
            }
        }
    }

    fn at(&self, at: [usize; 3]) -> Moments {
        self.0.get(place(at)).copied().unwrap_or_default()
    }

    /// Moments of a box: the sums at its corners with alternating signs.
    fn of_box(&self, area: &Area) -> Moments {
        (0..8).fold(Moments::default(), |total, corner| {
            let pick = |axis: usize| if corner >> axis & 1 == 1 { area.low[axis] } else { area.high[axis] };
            let sign = if (corner as u32).count_ones() % 2 == 1 { -1 } else { 1 };
            total.plus(self.at([pick(0), pick(1), pick(2)]), sign)
        })
    }

    /// The best cut of a box: the two halves, or `None` when it cannot be cut.
    fn cut(&self, area: &Area) -> Option<(Area, Area)> {
        let whole = self.of_box(area);
        let mut best: Option<(f64, Area, Area)> = None;
        for axis in 0..3 {
            for at in area.low[axis] + 1..area.high[axis] {
                let (mut left, mut right) = (*area, *area);
                left.high[axis] = at;
                right.low[axis] = at;
                let half = self.of_box(&left);
                let rest = whole.plus(half, -1);
                let gain = half.explained() + rest.explained();
                if half.count > 0 && rest.count > 0 && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, left, right));
                }
            }
        }
        best.map(|(_, left, right)| (left, right))
    }
}

/// A box of cells: beyond `low`, up to `high`.
#[derive(Clone, Copy, Debug)]
struct Area {
    low: [usize; 3],
    high: [usize; 3],
}

/// Chooses at most `most` colours.
pub(super) fn palette(dots: &[Dot], most: usize) -> Vec<[u8; 3]> {
    let mut cube = Cube::of(dots);
    let cells = cube.cells();
    cube.accumulate();
    let first = Area { low: [0; 3], high: [EDGE - 1; 3] };
    let mut areas = vec![(first, cube.of_box(&first).variance())];
    while areas.len() < most {
        let worst = areas.iter().enumerate().filter(|(_, (_, variance))| *variance > 0.0);
        let Some((index, area)) =
            worst.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1)).map(|(index, (area, _))| (index, *area))
        else {
            break;
        };
        match cube.cut(&area) {
            Some((left, right)) => {
                let with_variance = |area: Area| (area, cube.of_box(&area).variance());
                areas.push(with_variance(right));
                if let Some(slot) = areas.get_mut(index) {
                    *slot = with_variance(left);
                }
            }
            // A single cell: its colours cannot be told apart here.
            None => {
                if let Some(slot) = areas.get_mut(index) {
                    slot.1 = 0.0;
                }
            }
        }
    }
    let mut palette: Vec<[u8; 3]> = areas.iter().map(|(area, _)| cube.of_box(area).mean()).collect();
    for _ in 0..ROUNDS {
        palette = settle(&cells, &palette);
    }
    palette
}

/// One round of k-means: each colour moves to the mean of the cells it is nearest to.
fn settle(cells: &[Moments], palette: &[[u8; 3]]) -> Vec<[u8; 3]> {
    let mut groups = vec![Moments::default(); palette.len()];
    for cell in cells {
        if let Some(group) = groups.get_mut(nearest(cell.mean(), palette)) {
            *group = group.plus(*cell, 1);
        }
    }
    groups
        .iter()
        .zip(palette)
        .map(|(group, old)| if group.count == 0 { *old } else { group.mean() })
        .collect()
}
