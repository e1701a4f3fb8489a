//! Tables by the lines that are drawn around their cells.

use super::area::Area;
use super::lines::lines;
use super::rules::{Rule, Rules};
use super::table::{Cell, Table};
use super::tiles;
use super::words::Word;

/// How far lines that belong together may lie apart, in points.
const NEAR: f32 = 2.5;
/// Lines of one direction beyond which a page is a drawing.
const MOST: usize = 3_000;
/// Rows and columns of a table.
const MOST_ROWS: usize = 2_000;
const MOST_COLUMNS: usize = 200;

/// Part of the cells that have something in them, where colours alone tell them apart: less is a drawing.
const FILLED: f32 = 0.5;

/// Finds tables and takes the words in them out of `words`: first those with lines, then those of coloured cells.
pub(crate) fn tables(rules: &Rules, words: &mut Vec<Word>) -> Vec<Table> {
    let mut tables = ruled(rules, 0.0, words);
    tables.extend(ruled(&tiles::sides(&rules.boxes), FILLED, words));
    tables
}

/// The tables that lines make, of whose cells at least a part has words in it.
fn ruled(rules: &Rules, least: f32, words: &mut Vec<Word>) -> Vec<Table> {
    let (across, down) = (joined(&rules.across), joined(&rules.down));
    if across.len() < 2 || down.len() < 2 || across.len().max(down.len()) > MOST {
        return Vec::new();
    }
    let mut tables = Vec::new();
    for grid in grids(&across, &down) {
        let area = grid.area();
        let (inside, outside) =
            std::mem::take(words).into_iter().partition(|word| area.holds(word.area.middle()));
        *words = outside;
        match grid.table(&inside, least) {
            Some(table) => tables.push(table),
            None => words.extend(inside),
        }
    }
    tables
}

/// Lines that lie on each other or go on from each other, as one.
fn joined(rules: &[Rule]) -> Vec<Rule> {
    let mut rules = rules.to_vec();
    rules.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut groups: Vec<Vec<Rule>> = Vec::new();
    for rule in rules {
        match groups.last_mut().filter(|group| group.last().is_some_and(|last| rule.at - last.at <= NEAR)) {
            Some(group) => group.push(rule),
            None => groups.push(vec![rule]),
        }
    }
    groups.into_iter().flat_map(along).collect()
}

/// The lines of one height, joined where they meet.
fn along(mut group: Vec<Rule>) -> Vec<Rule> {
    group.sort_by(|a, b| a.start.total_cmp(&b.start));
    let at = group.iter().map(|rule| rule.at).sum::<f32>() / group.len().max(1) as f32;
    let mut lines: Vec<Rule> = Vec::new();
    for rule in group {
        match lines.last_mut().filter(|last| rule.start <= last.end + NEAR) {
            Some(last) => last.end = last.end.max(rule.end),
            None => lines.push(Rule { at, ..rule }),
        }
    }
    lines
}

/// Lines that hang together.
struct Grid {
    across: Vec<Rule>,
    down: Vec<Rule>,
    /// Where rows and columns begin and end.
    rows: Vec<f32>,
    columns: Vec<f32>,
}

/// Groups of lines that touch each other.
fn grids(across: &[Rule], down: &[Rule]) -> Vec<Grid> {
    // Each line points to one of its group; those that point to themselves stand for a group.
    let mut group: Vec<usize> = (0..across.len() + down.len()).collect();
    for (a, one) in across.iter().enumerate() {
        for (d, other) in down.iter().enumerate() {
            if touch(one, other) {
                let (first, second) = (leader(&group, a), leader(&group, across.len() + d));
                if let Some(place) = group.get_mut(first.max(second)) {
                    *place = first.min(second);
                }
            }
        }
    }
    let member = |rules: &[Rule], offset: usize, number: usize| -> Vec<Rule> {
        let own = rules.iter().enumerate().filter(|(place, _)| leader(&group, offset + place) == number);
        own.map(|(_, rule)| *rule).collect()
    };
    let leaders = (0..across.len()).filter(|place| leader(&group, *place) == *place);
    leaders
        .filter_map(|number| Grid::new(member(across, 0, number), member(down, across.len(), number)))
        .collect()
}

fn leader(group: &[usize], mut place: usize) -> usize {
    // A pointer always leads to a lower number, so this ends.
    while let Some(next) = group.get(place).copied().filter(|next| *next < place) {
        place = next;
    }
    place
}

fn touch(across: &Rule, down: &Rule) -> bool {
    across.start - NEAR <= down.at
        && down.at <= across.end + NEAR
        && down.start - NEAR <= across.at
        && across.at <= down.end + NEAR
}

impl Grid {
    fn new(across: Vec<Rule>, down: Vec<Rule>) -> Option<Grid> {
        let (rows, columns) = (places(&across), places(&down));
        // A box around something, with one row or one column, is no table.
        let fits = (3..=MOST_ROWS).contains(&rows.len()) && (3..=MOST_COLUMNS).contains(&columns.len());
        fits.then_some(Grid { across, down, rows, columns })
    }

    fn area(&self) -> Area {
        let ends =
            |places: &[f32]| (places.first().copied().unwrap_or(0.0), places.last().copied().unwrap_or(0.0));
        let ((top, bottom), (left, right)) = (ends(&self.rows), ends(&self.columns));
        Area { left, top, right, bottom }
    }

    /// The table with words in its cells; `None` when there is next to nothing in it.
    fn table(&self, words: &[Word], least: f32) -> Option<Table> {
        let (height, width) = (self.rows.len() - 1, self.columns.len() - 1);
        let mut cells: Vec<Vec<Vec<Word>>> = vec![vec![Vec::new(); width]; height];
        for word in words {
            let (row, column) = self.cell(word.area.middle());
            if let Some(cell) = cells.get_mut(row).and_then(|row| row.get_mut(column)) {
                cell.push(word.clone());
            }
        }
        let mut rows: Vec<Vec<Cell>> = cells
            .into_iter()
            .map(|row| row.into_iter().map(|words| Cell { lines: lines(words) }).collect())
            .collect();
        drop_empty(&mut rows);
        let filled = rows.iter().flatten().filter(|cell| !cell.lines.is_empty()).count();
        let table = Table { area: self.area(), rows, is_drawn: true };
        let is_filled = filled >= 2 && filled as f32 >= least * (height * width) as f32;
        (is_filled && (table.rows.len() >= 2 || table.columns() >= 2)).then_some(table)
    }

    /// The cell of a point: where no line parts it from the one above or to the left, it belongs to that.
    fn cell(&self, (x, y): (f32, f32)) -> (usize, usize) {
        let place = |starts: &[f32], at: f32| {
            starts.iter().take_while(|start| **start <= at).count().saturating_sub(1)
        };
        let (mut row, mut column) = (place(&self.rows, y), place(&self.columns, x));
        while column > 0 && !self.has_left_side(row, column) {
            column -= 1;
        }
        while row > 0 && !self.has_upper_side(row, column) {
            row -= 1;
        }
        (row, column)
    }

    fn has_left_side(&self, row: usize, column: usize) -> bool {
        crosses(&self.down, self.columns.get(column), middle(&self.rows, row))
    }

    fn has_upper_side(&self, row: usize, column: usize) -> bool {
        crosses(&self.across, self.rows.get(row), middle(&self.columns, column))
    }
}

/// Whether one of the lines at a place covers a point along it.
fn crosses(rules: &[Rule], at: Option<&f32>, point: Option<f32>) -> bool {
    let (Some(at), Some(point)) = (at, point) else { return true };
    rules.iter().any(|rule| (rule.at - at).abs() <= NEAR && rule.start <= point && point <= rule.end)
}

fn middle(places: &[f32], number: usize) -> Option<f32> {
    Some((places.get(number)? + places.get(number + 1)?) / 2.0)
}

/// Where lines lie, each place once.
fn places(rules: &[Rule]) -> Vec<f32> {
    let mut places: Vec<f32> = Vec::new();
    let mut sorted: Vec<f32> = rules.iter().map(|rule| rule.at).collect();
    sorted.sort_by(f32::total_cmp);
    for at in sorted {
        if places.last().is_none_or(|last| at - last > NEAR) {
            places.push(at);
        }
    }
    places
}

/// Drops rows and columns with nothing in them: double lines make such.
fn drop_empty(rows: &mut Vec<Vec<Cell>>) {
    rows.retain(|row| row.iter().any(|cell| !cell.lines.is_empty()));
    let width = rows.first().map_or(0, Vec::len);
    for column in (0..width).rev() {
        let empty = rows.iter().all(|row| row.get(column).is_none_or(|cell| cell.lines.is_empty()));
        if empty {
            rows.iter_mut().filter(|row| column < row.len()).for_each(|row| drop(row.remove(column)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::glyphs::{ObjectKey, Style};

    fn word(text: &str, x: f32, y: f32) -> Word {
        let area = Area { left: x, top: y, right: x + 5.0, bottom: y + 5.0 };
        Word {
            text: text.into(),
            area,
            base: y + 5.0,
            size: 5.0,
            style: Style::default(),
            object: ObjectKey(std::ptr::null_mut()),
            spaced: true,
            link: None,
        }
    }

    #[test]
    fn words_go_into_their_cells_and_cells_may_span() {
        let line = |at, start, end| Rule { at, start, end };
        let rules = Rules {
            across: vec![line(0.0, 0.0, 200.0), line(20.0, 0.0, 200.0), line(40.0, 0.0, 200.0)],
            // The middle line begins below the first row.
            down: vec![line(0.0, 0.0, 40.0), line(100.0, 20.0, 40.0), line(200.0, 0.0, 40.0)],
            boxes: Vec::new(),
        };
        let mut words = vec![
            word("title", 120.0, 8.0),
            word("a", 10.0, 28.0),
            word("b", 110.0, 28.0),
            word("out", 10.0, 60.0),
        ];
        let tables = tables(&rules, &mut words);
        let rows: Vec<Vec<String>> =
            tables[0].rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
        assert_eq!(rows, [["title", ""], ["a", "b"]]);
        assert_eq!(words.len(), 1);
    }
}
