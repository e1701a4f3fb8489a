//! The order in which a page is read.
//!
//! A page is cut into bands from top to bottom wherever nothing stands. Bands that follow each other and share an
//! empty strip from top to bottom are columns, when what stands in them is running text; then each column is read by
//! itself. What stands side by side otherwise is a table, or a line with wide gaps.

use super::area::Area;
use super::lines::{Line, lines};
use super::pictures::Picture;
use super::table::{self, Table};
use super::words::Word;

/// The least width of the strip between columns, as a part of the size of letters.
const STRIP: f32 = 0.9;
/// Lines a column has at least.
const LEAST_LINES: usize = 3;
/// Columns within columns.
const DEEPEST: usize = 8;
/// Words a line of running text has on average.
const RUNNING_WORDS: f32 = 3.2;
/// Part of the lines of running text that may have wide gaps.
const GAPPED: f32 = 0.4;
/// Part of a column's width that lines of running text fill on average.
const RUNNING_WIDTH: f32 = 0.5;

/// A part of a page.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// Lines below each other.
    Lines(Vec<Line>),
    /// A table.
    Table(Table),
    /// A picture.
    Picture(Picture),
}

impl Piece {
    /// How many words are in it.
    pub(crate) fn words(&self) -> usize {
        let count = |lines: &[Line]| lines.iter().map(|line| line.words.len()).sum::<usize>();
        match self {
            Piece::Lines(lines) => count(lines),
            Piece::Picture(_) => 0,
            Piece::Table(table) => table.rows.iter().flatten().map(|cell| count(&cell.lines)).sum(),
        }
    }
}

/// What is put in order.
#[derive(Clone, Debug)]
enum Thing {
    Word(Word),
    Table(Table),
    Picture(Picture),
}

impl Thing {
    fn area(&self) -> Area {
        match self {
            Thing::Word(word) => word.area,
            Thing::Table(table) => table.area,
            Thing::Picture(picture) => picture.area,
        }
    }

    /// The area without the room above and below letters that lines share.
    fn core(&self) -> Area {
        let area = self.area();
        let spare = area.height() * 0.15;
        Area { top: area.top + spare, bottom: area.bottom - spare, ..area }
    }
}

/// Puts the words of a page, and the tables and pictures that were found in it, in the order they are read.
pub(crate) fn order(words: Vec<Word>, tables: Vec<Table>, pictures: Vec<Picture>) -> Vec<Piece> {
    let placed = tables.into_iter().map(Thing::Table).chain(pictures.into_iter().map(Thing::Picture));
    let things = words.into_iter().map(Thing::Word).chain(placed).collect();
    let mut pieces = Vec::new();
    arrange(things, 0, &mut pieces);
    pieces
}

fn arrange(things: Vec<Thing>, depth: usize, pieces: &mut Vec<Piece>) {
    let size = usual_size(&things);
    let bands = bands(things);
    let mut first = 0;
    while let Some(rest) = bands.get(first..).filter(|rest| !rest.is_empty()) {
        let runs = runs(rest, STRIP * size);
        let longest = runs.last();
        let things = |count: usize| -> Vec<Thing> { rest.iter().take(count).flatten().cloned().collect() };
        let columns =
            longest.filter(|_| depth < DEEPEST).and_then(|run| columns(&things(run.count), &run.strips));
        if let (Some(columns), Some(run)) = (columns, longest) {
            columns.into_iter().for_each(|column| arrange(column, depth + 1, pieces));
            first += run.count;
            continue;
        }
        let best = widest(&runs).filter(|best| {
            // A line above a table that stands over some of its columns hides them.
            let below = rest.get(1..).map(|below| self::runs(below, STRIP * size)).unwrap_or_default();
            widest(&below).is_none_or(|below| below.cells() <= best.cells())
        });
        if let Some((table, run)) =
            best.and_then(|run| Some((table_of(&things(run.count), &run.strips)?, run)))
        {
            pieces.push(Piece::Table(table));
            first += run.count;
        } else {
            // What follows may still be columns or a table by itself.
            plain(rest.first().cloned().unwrap_or_default(), pieces);
            first += 1;
        }
    }
}

/// Bands from the first on that share empty strips.
struct Run {
    count: usize,
    /// The middles of the strips.
    strips: Vec<f32>,
}

impl Run {
    fn cells(&self) -> usize {
        (self.strips.len() + 1) * self.count
    }
}

/// The run with most cells.
fn widest(runs: &[Run]) -> Option<&Run> {
    runs.iter().max_by_key(|run| run.cells())
}

/// The table that words are, when they are one.
fn table_of(things: &[Thing], strips: &[f32]) -> Option<Table> {
    if strips.is_empty() {
        return None;
    }
    let word = |thing: &Thing| match thing {
        Thing::Word(word) => Some(word.clone()),
        Thing::Table(_) | Thing::Picture(_) => None,
    };
    let words: Option<Vec<Word>> = things.iter().map(word).collect();
    table::aligned(&lines(words?), strips)
}

/// What stands below each other.
fn plain(things: Vec<Thing>, pieces: &mut Vec<Piece>) {
    let mut words = Vec::new();
    let other = |piece: Piece, words: &mut Vec<Word>, pieces: &mut Vec<Piece>| {
        add_lines(lines(std::mem::take(words)), pieces);
        pieces.push(piece);
    };
    for thing in things {
        match thing {
            Thing::Word(word) => words.push(word),
            Thing::Table(table) => other(Piece::Table(table), &mut words, pieces),
            Thing::Picture(picture) => other(Piece::Picture(picture), &mut words, pieces),
        }
    }
    add_lines(lines(words), pieces);
}

fn add_lines(lines: Vec<Line>, pieces: &mut Vec<Piece>) {
    match pieces.last_mut() {
        _ if lines.is_empty() => {}
        Some(Piece::Lines(before)) if follows(before, &lines) => before.extend(lines),
        _ => pieces.push(Piece::Lines(lines)),
    }
}

/// Whether lines stand below those before, and not at the top of another column.
fn follows(before: &[Line], lines: &[Line]) -> bool {
    let (Some(last), Some(first)) = (before.last(), lines.first()) else { return false };
    let beside = first.area.left >= last.area.right || first.area.right <= last.area.left;
    first.area.top >= last.area.top && !beside
}

/// The size most letters have.
fn usual_size(things: &[Thing]) -> f32 {
    let mut sizes: Vec<f32> = things
        .iter()
        .filter_map(|thing| match thing {
            Thing::Word(word) => Some(word.size),
            Thing::Table(_) | Thing::Picture(_) => None,
        })
        .collect();
    sizes.sort_by(f32::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(10.0)
}

/// Cuts wherever a whole line is empty.
fn bands(mut things: Vec<Thing>) -> Vec<Vec<Thing>> {
    things.sort_by(|a, b| a.core().top.total_cmp(&b.core().top));
    let mut bands: Vec<Vec<Thing>> = Vec::new();
    let mut end = f32::NEG_INFINITY;
    for thing in things {
        let core = thing.core();
        match bands.last_mut().filter(|_| core.top < end) {
            Some(band) => band.push(thing),
            None => bands.push(vec![thing]),
        }
        end = end.max(core.bottom);
    }
    bands
}

/// All runs of the first bands that share strips of at least this width, the longest last.
fn runs(bands: &[Vec<Thing>], width: f32) -> Vec<Run> {
    let mut taken: Vec<(f32, f32)> = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    for (count, band) in bands.iter().enumerate() {
        taken.extend(band.iter().map(|thing| (thing.area().left, thing.area().right)));
        taken = united(taken);
        let strips: Vec<f32> = taken
            .windows(2)
            .filter_map(|two| match two {
                [(_, end), (start, _)] if start - end >= width => Some((start + end) / 2.0),
                _ => None,
            })
            .collect();
        if !strips.is_empty() {
            runs.push(Run { count: count + 1, strips });
        } else if count > 0 {
            break;
        }
        // The first band may have nothing beside it and still be one side of what follows.
    }
    runs
}

/// Ranges joined where they meet, in order.
fn united(mut ranges: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<(f32, f32)> = Vec::new();
    for (start, end) in ranges {
        match joined.last_mut().filter(|last| start <= last.1) {
            Some(last) => last.1 = last.1.max(end),
            None => joined.push((start, end)),
        }
    }
    joined
}

/// Cuts at the strips, when what stands between them is running text.
fn columns(run: &[Thing], strips: &[f32]) -> Option<Vec<Vec<Thing>>> {
    if strips.is_empty() {
        return None;
    }
    let cut = |strips: &[f32]| {
        let mut columns: Vec<Vec<Thing>> = vec![Vec::new(); strips.len() + 1];
        for thing in run {
            let number = strips.iter().take_while(|strip| thing.area().left > **strip).count();
            if let Some(column) = columns.get_mut(number) {
                column.push(thing.clone());
            }
        }
        columns
    };
    // Of all strips, those that part running text.
    let all = cut(strips);
    if all.iter().all(|column| is_running(column)) {
        return Some(all);
    }
    strips.iter().find_map(|strip| {
        let two = cut(&[*strip]);
        two.iter().all(|column| is_running(column)).then_some(two)
    })
}

/// Whether lines are long and many enough to be read one after the other.
fn is_running(things: &[Thing]) -> bool {
    let has_other = things.iter().any(|thing| !matches!(thing, Thing::Word(_)));
    let words: Vec<Word> = things
        .iter()
        .filter_map(|thing| match thing {
            Thing::Word(word) => Some(word.clone()),
            Thing::Table(_) | Thing::Picture(_) => None,
        })
        .collect();
    let Some(area) = Area::around(words.iter().map(|word| word.area)) else { return has_other };
    let lines = lines(words);
    let spaced = lines.iter().flat_map(|line| &line.words).filter(|word| word.spaced).count() as f32;
    let count = lines.len() as f32;
    let filled: f32 = lines.iter().map(|line| line.area.width()).sum();
    let gapped = lines.iter().filter(|line| line.widest_gap() > STRIP * line.size()).count();
    lines.len() >= LEAST_LINES
        && gapped as f32 <= count * GAPPED
        && spaced / count >= RUNNING_WORDS
        && filled / count >= area.width() * RUNNING_WIDTH
}
