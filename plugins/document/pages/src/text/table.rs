//! Tables: rows of cells.

use super::area::Area;
use super::lines::Line;
use super::words::Word;

/// Rows and columns a table has at least.
const LEAST_ROWS: usize = 2;
const LEAST_COLUMNS: usize = 2;
/// Part of the rows that have something in more than one column.
const SHARED: f32 = 0.6;

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
}

/// The table that lines with strips between their words are, when they are one.
pub(crate) fn aligned(lines: &[Line], strips: &[f32]) -> Option<Table> {
    if lines.len() < LEAST_ROWS || strips.len() + 1 < LEAST_COLUMNS {
        return None;
    }
    let rows: Vec<Vec<Cell>> = lines.iter().map(|line| row(line, strips)).collect();
    let shared = rows.iter().filter(|row| row.iter().filter(|cell| !cell.lines.is_empty()).count() > 1).count();
    if (shared as f32) < SHARED * rows.len() as f32 || shared < LEAST_ROWS {
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
