//! Tables: rows of cells.

use super::area::Area;
use super::lines::Line;
use super::words::Word;

/// Rows and columns a table has at least.
const LEAST_ROWS: usize = 2;
const LEAST_COLUMNS: usize = 2;
/// Part of the rows that have something in more than one column.
const SHARED: f32 = 0.6;
/// Part of all cells that have something in them.
const FILLED: f32 = 0.65;

/// A table; every row has as many cells as there are columns.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) area: Area,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// It was found by the lines drawn around its cells.
    pub(crate) is_drawn: bool,
}

/// A cell: lines of words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) lines: Vec<Line>,
}

impl Cell {
    /// Its text, lines joined by spaces.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(Line::text).collect::<Vec<_>>().join(" ")
    }
}

impl Table {
    pub(crate) fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Takes the rows of a table that goes on with this one on the next page, but not its header again. False when it
    /// is another table.
    pub(crate) fn take_on(&mut self, next: &mut Table) -> bool {
        let alike = self.is_drawn && next.is_drawn && self.columns() == next.columns();
        let near = |a: f32, b: f32| (a - b).abs() < 3.0;
        if !alike || !near(self.area.left, next.area.left) || !near(self.area.right, next.area.right) {
            return false;
        }
        let text = |row: &[Cell]| row.iter().map(Cell::text).collect::<Vec<_>>();
        let repeats = self.rows.first().zip(next.rows.first()).is_some_and(|(a, b)| text(a) == text(b));
        self.rows.extend(next.rows.drain(..).skip(usize::from(repeats)));
        true
    }
}

/// The table that lines with strips between their words are, when they are one.
pub(crate) fn aligned(lines: &[Line], strips: &[f32]) -> Option<Table> {
    if lines.len() < LEAST_ROWS || strips.len() + 1 < LEAST_COLUMNS {
        return None;
    }
    let rows: Vec<Vec<Cell>> = lines.iter().map(|line| row(line, strips)).collect();
    let filled = |row: &Vec<Cell>| row.iter().filter(|cell| !cell.lines.is_empty()).count();
    let shared = rows.iter().filter(|row| filled(row) > 1).count();
    let all: usize = rows.iter().map(filled).sum();
    let columns = strips.len() + 1;
    let is_table = shared >= LEAST_ROWS
        && shared as f32 >= SHARED * rows.len() as f32
        && all as f32 >= FILLED * (rows.len() * columns) as f32
        // What stands above a table is not its header.
        && rows.first().map_or(0, filled) * 2 >= columns;
    if !is_table {
        return None;
    }
    let area = Area::around(lines.iter().map(|line| line.area))?;
    Some(Table { area, rows, is_drawn: false })
}

fn row(line: &Line, strips: &[f32]) -> Vec<Cell> {
    let mut cells: Vec<Vec<Word>> = vec![Vec::new(); strips.len() + 1];
    for word in &line.words {
        let number = strips.iter().take_while(|strip| word.area.left > **strip).count();
        if let Some(cell) = cells.get_mut(number) {
            cell.push(word.clone());
        }
    }
    cells.into_iter().map(|words| Cell { lines: Line::new(words).into_iter().collect() }).collect()
}
