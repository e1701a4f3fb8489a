//! Tables to content: every cell at its place, so that what a file says of spans cannot contradict itself.

use super::fit::{ASIDE, Fit, Needs};
use super::{Room, Setter};
use crate::tree::{Align, Block, Cell, Table};
use std::num::NonZeroUsize;
use typst::foundations::{Content, NativeElement, Packed, Smart};
use typst::layout::{Abs, Alignment, Celled, HAlignment, Length, Rel, Sides, Sizing, TrackSizings};
use typst::model::{TableCell, TableChild, TableElem, TableHeader, TableItem};
use typst::visualize::{Color, Paint};

/// Rows at the top are repeated on every page when they are no taller than that many letters in a cell.
const REPEATED: usize = 300;
/// Space above and below a cell's text, in points.
const ABOVE: f64 = 3.0;

/// A cell and where it stands.
pub(super) struct Place<'t> {
    pub(super) cell: &'t Cell,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// The number of columns of a table.
pub(super) fn columns(table: &Table) -> usize {
    let width = |row: &Vec<Cell>| row.iter().map(|cell| cell.columns).sum::<usize>();
    let plain = table.rows.iter().map(width).max().unwrap_or(0);
    if !table.rows.iter().flatten().any(|cell| cell.rows > 1) {
        return plain;
    }
    // Cells that reach down push those of later rows aside.
    let placed = places(table, usize::MAX);
    placed.iter().map(|place| place.column + place.columns).max().unwrap_or(plain)
}

/// Gives each cell its place (HTML Living Standard, 4.9.12.1): the first free one of its row.
pub(super) fn places(table: &Table, columns: usize) -> Vec<Place<'_>> {
    // For each column the first row that is free again.
    let mut free: Vec<usize> = Vec::new();
    let mut all = Vec::new();
    for (row, cells) in table.rows.iter().enumerate() {
        let last = if row < table.heads { table.heads } else { table.rows.len() };
        let mut column = 0;
        for cell in cells {
            while free.get(column).is_some_and(|until| *until > row) {
                column += 1;
            }
            if column >= columns {
                break;
            }
            let wide = (1..cell.columns.min(columns - column))
                .take_while(|at| free.get(column + at).is_none_or(|until| *until <= row))
                .count()
                + 1;
            let high = cell.rows.min(last - row).max(1);
            if free.len() < column + wide {
                free.resize(column + wide, 0);
            }
            free.iter_mut().skip(column).take(wide).for_each(|until| *until = row + high);
            all.push(Place { cell, row, column, columns: wide, rows: high });
            column += wide;
        }
    }
    all
}

impl Setter<'_> {
    pub(super) fn table(&self, table: &Table, room: Room) -> Content {
        let count = columns(table);
        if count == 0 {
            return Content::empty();
        }
        let places = places(table, count);
        let spans = places.iter().any(|place| place.columns > 1);
        let fit = Needs::of(table, count, self.measure).fit(room.size, room.width, table.splits && !spans);
        let mut all = Vec::new();
        if !table.caption.is_empty() {
            all.push(self.caption(&table.caption, room));
        }
        let several = fit.groups.len() > 1;
        for (at, group) in fit.groups.iter().enumerate() {
            let repeats = at > 0 && group.len() > 1 && group.first().is_some_and(|(column, _)| *column == 0);
            if several && let (Some(first), Some(last)) = (group.get(usize::from(repeats)), group.last()) {
                all.push(self.columns_note(first.0 + 1, last.0 + 1, count));
            }
            all.push(self.group(table, &places, group, &fit));
        }
        Content::sequence(all)
    }

    fn group(&self, table: &Table, places: &[Place<'_>], group: &[(usize, f64)], fit: &Fit) -> Content {
        let whole = fit.groups.len() == 1;
        let repeats = |place: &&Place<'_>| place.row < table.heads;
        let brief = places.iter().filter(repeats).all(|place| letters(place.cell) <= REPEATED);
        let (mut heads, mut items) = (Vec::new(), Vec::new());
        for place in places {
            let at = if whole {
                Some(place.column)
            } else {
                group.iter().position(|(column, _)| *column == place.column)
            };
            let Some(at) = at else { continue };
            let width: f64 = group.iter().skip(at).take(place.columns).map(|(_, width)| width).sum();
            let inner = Room { width: (width - 2.0 * ASIDE).max(1.0), size: fit.size };
            let item = TableItem::Cell(self.cell(place, at, inner));
            if place.row < table.heads && brief {
                heads.push(item)
            } else {
                items.push(TableChild::Item(item))
            }
        }
        let mut children = Vec::with_capacity(items.len() + 1);
        if !heads.is_empty() {
            children.push(TableChild::Header(Packed::new(TableHeader::new(heads))));
        }
        children.extend(items);
        let widths = group.iter().map(|(_, width)| Sizing::Rel(Rel::from(Abs::pt(*width))));
        let aligns = group.iter().map(|(column, _)| {
            let align = table.aligns.get(*column).copied().and_then(horizontal).unwrap_or(HAlignment::Start);
            Smart::Custom(Alignment::H(align))
        });
        let inset = Sides {
            left: Some(Rel::from(Abs::pt(ASIDE))),
            right: Some(Rel::from(Abs::pt(ASIDE))),
            top: Some(Rel::from(Abs::pt(ABOVE))),
            bottom: Some(Rel::from(Abs::pt(ABOVE))),
        };
        let set = TableElem::new(children)
            .with_columns(TrackSizings(widths.collect()))
            .with_inset(Celled::Value(inset))
            .with_align(Celled::Array(aligns.collect()))
            .pack();
        super::sized(set, fit.size)
    }

    fn cell(&self, place: &Place<'_>, at: usize, room: Room) -> Packed<TableCell> {
        let cell = place.cell;
        let mut body = match cell.blocks.as_slice() {
            [Block::Paragraph(paragraph)] => self.flowing(&paragraph.inlines, room),
            blocks => self.blocks(blocks, room),
        };
        if cell.head {
            body = body.strong();
        }
        let count = |count: usize| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let mut set = TableCell::new(body).with_x(Smart::Custom(at)).with_y(Smart::Custom(place.row));
        if (place.columns, place.rows) != (1, 1) {
            set = set.with_colspan(count(place.columns)).with_rowspan(count(place.rows));
        }
        if let Some(align) = cell.align.and_then(horizontal) {
            set = set.with_align(Smart::Custom(Alignment::H(align)));
        }
        if cell.head {
            set = set.with_fill(Smart::Custom(Some(Paint::Solid(Color::from_u8(238, 238, 238, 255)))));
        }
        Packed::new(set)
    }
}

/// How typst calls it; `None` for where the script begins.
pub(super) fn horizontal(align: Align) -> Option<HAlignment> {
    match align {
        Align::Start => None,
        Align::Left => Some(HAlignment::Left),
        Align::Center => Some(HAlignment::Center),
        Align::Right => Some(HAlignment::Right),
    }
}

fn letters(cell: &Cell) -> usize {
    cell.text().len()
}

/// A length in points.
pub(super) fn points(points: f64) -> Length {
    Length::from(Abs::pt(points))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(columns: usize, rows: usize) -> Cell {
        Cell { columns, rows, ..Cell::of("x".into()) }
    }

    #[test]
    fn no_two_cells_share_a_place() {
        let rows = vec![
            vec![cell(2, 3), cell(1, 1)],
            vec![cell(5, 1)],
            vec![cell(1, 200), cell(1, 1)],
            vec![cell(1, 1), cell(3, 1)],
        ];
        let table = Table { rows, ..Table::default() };
        let count = columns(&table);
        let mut taken = std::collections::HashSet::new();
        for place in places(&table, count) {
            assert!(place.column + place.columns <= count && place.row + place.rows <= table.rows.len());
            for row in place.row..place.row + place.rows {
                for column in place.column..place.column + place.columns {
                    assert!(taken.insert((row, column)), "{row} {column}");
                }
            }
        }
        assert_eq!(places(&table, count).len(), 7);
    }
}
