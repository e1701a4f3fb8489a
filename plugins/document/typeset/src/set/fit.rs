//! How a table fits on paper: widths of columns, smaller letters, and columns in groups where nothing else helps.

use super::measure::Measure;
use crate::tree::{Block, Cell, Inline, Table};

/// Space left and right of a cell's text, in points.
pub(super) const ASIDE: f64 = 4.0;
/// The widest word a column makes room for, in ems; longer ones break.
const WORD: f64 = 14.0;
/// The same before columns are parted.
const BROKEN: f64 = 11.0;
/// The widest line a column makes room for, in ems.
const LINE: f64 = 42.0;
/// The least room of a column, in ems.
const NARROWEST: f64 = 2.5;
/// Heavy letters are that much wider.
pub(super) const HEAVY: f64 = 1.12;
/// The smallest letters, in points.
const SMALLEST: f64 = 6.5;
/// How far lines may be folded before smaller letters are better.
const FOLDED: f64 = 1.7;

/// What the columns of a table need, in ems.
pub(super) struct Needs {
    /// For the widest word of each, and for its widest line.
    columns: Vec<(f64, f64)>,
}

/// How a table is set.
#[derive(Debug, PartialEq)]
pub(super) struct Fit {
    /// Height of its letters in points.
    pub(super) size: f64,
    /// Columns that stand beside each other, with their widths in points; several groups stand below each other.
    pub(super) groups: Vec<Vec<(usize, f64)>>,
}

impl Needs {
    /// Looks at all cells. Those that cover several columns make no demands.
    pub(super) fn of(table: &Table, columns: usize, measure: &Measure) -> Needs {
        let mut needs = vec![(NARROWEST, NARROWEST); columns];
        let places = super::table::places(table, columns);
        for (cell, column) in places.iter().map(|place| (place.cell, place.column)) {
            let Some(need) = needs.get_mut(column).filter(|_| cell.columns == 1) else { continue };
            let (word, line) = demand(cell, measure);
            let heavy = if cell.head { HEAVY } else { 1.0 };
            need.0 = need.0.max((word * heavy).min(WORD));
            need.1 = need.1.max((line * heavy).min(LINE)).max(need.0);
        }
        Needs { columns: needs }
    }

    fn least(&self, size: f64) -> f64 {
        self.columns.iter().map(|need| need.0 * size + 2.0 * ASIDE).sum()
    }

    /// The same, where long words break sooner.
    fn tighter(&self) -> Needs {
        Needs { columns: self.columns.iter().map(|(word, line)| (word.min(BROKEN), *line)).collect() }
    }

    fn natural(&self, size: f64) -> f64 {
        self.columns.iter().map(|need| need.1 * size + 2.0 * ASIDE).sum()
    }

    /// Whether all columns stand beside each other in so many points, without much folding.
    pub(super) fn is_easy(&self, size: f64, room: f64) -> bool {
        self.least(size) <= room && self.natural(size) <= room * FOLDED
    }

    /// Sets the table into `room` points with letters of `size` points or smaller ones.
    pub(super) fn fit(&self, size: f64, room: f64, splits: bool) -> Fit {
        let sizes = || sizes(size);
        let easy = sizes().find(|size| self.is_easy(*size, room));
        if let Some(size) = easy.or_else(|| sizes().find(|size| self.least(*size) <= room)) {
            return Fit { size, groups: vec![self.widths(0..self.columns.len(), size, room)] };
        }
        let size = SMALLEST.min(size);
        let tighter = self.tighter();
        if tighter.least(size) <= room {
            return Fit { size, groups: vec![tighter.widths(0..self.columns.len(), size, room)] };
        }
        if splits {
            return Fit { size, groups: self.groups(size, room) };
        }
        // Nothing is cut off: narrow columns break words.
        let share = room / self.least(size);
        let all = self.columns.iter().map(|need| (need.0 * size + 2.0 * ASIDE) * share).enumerate();
        Fit { size, groups: vec![all.collect()] }
    }

    /// Widths of columns beside each other: what their words need, and a share of what is left.
    fn widths(&self, columns: std::ops::Range<usize>, size: f64, room: f64) -> Vec<(usize, f64)> {
        let needs = self.columns.get(columns.clone()).unwrap_or(&[]);
        let least: f64 = needs.iter().map(|need| need.0 * size + 2.0 * ASIDE).sum();
        let wanted: f64 = needs.iter().map(|need| (need.1 - need.0) * size).sum();
        let share = if wanted > 0.0 { ((room - least) / wanted).clamp(0.0, 1.0) } else { 0.0 };
        let width = |need: &(f64, f64)| need.0 * size + 2.0 * ASIDE + (need.1 - need.0) * size * share;
        columns.zip(needs.iter().map(width)).collect()
    }

    /// As many columns as fit, then the next ones. The first column is repeated when it leaves room for others.
    fn groups(&self, size: f64, room: f64) -> Vec<Vec<(usize, f64)>> {
        let width =
            |at: usize| self.columns.get(at).map_or(0.0, |need| need.0 * size + 2.0 * ASIDE).min(room);
        let key = Some(width(0)).filter(|width| *width < room / 3.0);
        let mut groups: Vec<Vec<(usize, f64)>> = Vec::new();
        let mut taken = f64::INFINITY;
        for at in 0..self.columns.len() {
            if taken + width(at) > room {
                let repeats = key.filter(|_| !groups.is_empty());
                groups.push(repeats.map(|width| (0, width)).into_iter().collect());
                taken = repeats.unwrap_or(0.0);
            }
            taken += width(at);
            groups.last_mut().into_iter().for_each(|group| group.push((at, width(at))));
        }
        // What a group leaves free goes to its columns.
        for group in &mut groups {
            let used: f64 = group.iter().map(|(_, width)| width).sum();
            let natural = |at: usize| self.columns.get(at).map_or(0.0, |need| need.1 * size + 2.0 * ASIDE);
            let wanted: f64 = group.iter().map(|(at, width)| (natural(*at) - width).max(0.0)).sum();
            let share = if wanted > 0.0 { ((room - used) / wanted).clamp(0.0, 1.0) } else { 0.0 };
            group.iter_mut().for_each(|(at, width)| *width += (natural(*at) - *width).max(0.0) * share);
        }
        groups
    }
}

fn sizes(first: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(first), |size| Some(size - 0.5))
        .take_while(move |size| *size >= SMALLEST.min(first))
}

/// The widest word and line of a cell, in ems.
fn demand(cell: &Cell, measure: &Measure) -> (f64, f64) {
    let (mut word, mut line) = (0.0_f64, 0.0_f64);
    for block in &cell.blocks {
        let (Block::Paragraph(paragraph) | Block::Heading(_, paragraph)) = block else {
            // Lists, code and tables within tables take what they get, but not too little.
            (word, line) = (word.max(WORD / 2.0), line.max(LINE / 2.0));
            continue;
        };
        let mut length = 0.0;
        for inline in &paragraph.inlines {
            match inline {
                Inline::Text(text, style) => {
                    let heavy = if style.bold { HEAVY } else { 1.0 };
                    word = word.max(measure.word(text, style.code) * heavy);
                    length += measure.line(text, style.code) * heavy;
                }
                Inline::Break => length = 0.0,
                Inline::Picture(..) => {
                    word = word.max(WORD / 3.0);
                    length += WORD / 3.0;
                }
                Inline::Note(_) | Inline::Anchor(_) => {}
            }
            line = line.max(length);
        }
    }
    // Rounding must not push the last letter out.
    (word * 1.02 + 0.05, line * 1.02 + 0.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(columns: &[(f64, f64)]) -> Needs {
        Needs { columns: columns.to_vec() }
    }

    fn width(group: &[(usize, f64)]) -> f64 {
        group.iter().map(|(_, width)| width).sum()
    }

    #[test]
    fn what_fits_keeps_its_size() {
        let fit = needs(&[(5.0, 10.0), (5.0, 10.0)]).fit(10.0, 500.0, true);
        assert_eq!((fit.size, fit.groups.len()), (10.0, 1));
        assert!((width(&fit.groups[0]) - 216.0).abs() < 1e-6);
    }

    #[test]
    fn letters_get_smaller_before_columns_part() {
        let fit = needs(&[(10.0, 10.0); 5]).fit(10.0, 480.0, true);
        assert!(fit.size < 10.0 && fit.size >= SMALLEST && fit.groups.len() == 1);
        assert!(width(&fit.groups[0]) <= 480.01);
    }

    #[test]
    fn columns_part_and_none_is_lost() {
        let fit = needs(&[(7.0, 12.0); 40]).fit(10.0, 480.0, true);
        assert!(fit.groups.len() > 3);
        let mut all: Vec<usize> = fit.groups.iter().flatten().map(|(at, _)| *at).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, (0..40).collect::<Vec<_>>());
        assert!(fit.groups.iter().all(|group| width(group) <= 480.01));
        assert!(fit.groups.iter().all(|group| group.first().map(|(at, _)| *at) == Some(0)));
        let whole = needs(&[(7.0, 12.0); 40]).fit(10.0, 480.0, false);
        assert_eq!(whole.groups.len(), 1);
        assert!(width(&whole.groups[0]) <= 480.01);
    }
}
