//! Text boxes: where text stands on a page, and what it looks like.

use super::family::Family;
use super::layers::{Face, Faces};
use crate::text::{Area, Drawn, LEANS, Line, Piece, Style, Turned, arranged, paragraphs};
use std::rc::Rc;

/// A gap between words that begins another box, as a part of the size of letters.
const GAP: f32 = 1.1;
/// How much distances between lines of one box may differ, as a part of the size of letters.
const UNEVEN: f32 = 0.08;
/// How far lines may stand from where they would, in points.
const OFF: f32 = 1.0;
/// How far letters stand above or below their line from which they are raised or lowered, as a part of its size.
const RAISED: f32 = 0.12;

/// Lines that stand below each other.
pub(super) struct TextBox {
    /// On the page as it is when the text stands upright.
    pub(super) area: Area,
    /// Clockwise quarter turns of the text.
    pub(super) turns: u8,
    /// Where the first line stands.
    pub(super) base: f32,
    /// The distance between lines, when there are several.
    pub(super) leading: Option<f32>,
    pub(super) is_centred: bool,
    pub(super) rows: Vec<Row>,
}

/// One line of a box.
pub(super) struct Row {
    pub(super) left: f32,
    pub(super) width: f32,
    pub(super) size: f32,
    pub(super) runs: Vec<Run>,
}

/// Text of one look.
pub(super) struct Run {
    pub(super) text: String,
    pub(super) face: Face,
    pub(super) style: Style,
    /// How far it is raised, as a part of the size of its line.
    pub(super) raised: f32,
    pub(super) link: Option<Rc<str>>,
}

/// The boxes of letters of one direction.
pub(super) fn boxes(turned: &Turned, faces: &Faces, drawn: &Drawn) -> Vec<TextBox> {
    if turned.direction == LEANS {
        return Vec::new();
    }
    let mut boxes = Vec::new();
    for piece in arranged(turned, drawn, Vec::new()) {
        match piece {
            Piece::Lines(lines) => {
                paragraphs(&lines)
                    .into_iter()
                    .for_each(|lines| add(lines, turned.direction, faces, &mut boxes));
            }
            Piece::Table(table) => {
                let cells = table.rows.iter().flatten();
                cells.for_each(|cell| add(&cell.lines, turned.direction, faces, &mut boxes));
            }
            Piece::Picture(_) => {}
        }
    }
    boxes
}

/// Adds a paragraph: in one box when that puts all lines where they stand, else each in boxes of its own.
fn add(lines: &[Line], turns: u8, faces: &Faces, boxes: &mut Vec<TextBox>) {
    if let Some(arranged) = together(lines) {
        boxes.extend(text_box(lines, turns, faces, arranged));
        return;
    }
    for line in lines {
        for part in parts(line) {
            boxes.extend(text_box(std::slice::from_ref(&part), turns, faces, Arranged::default()));
        }
    }
}

/// How the lines of a box stand.
#[derive(Default)]
struct Arranged {
    leading: Option<f32>,
    is_centred: bool,
}

/// How lines can stand in one box; `None` when they cannot.
fn together(lines: &[Line]) -> Option<Arranged> {
    let first = lines.first()?;
    if lines.iter().any(|line| line.widest_gap() > GAP * line.size()) {
        return None;
    }
    if lines.len() == 1 {
        return Some(Arranged::default());
    }
    let leading = (lines.last()?.base() - first.base()) / (lines.len() - 1) as f32;
    let even = lines.iter().enumerate().all(|(number, line)| {
        let off = line.base() - first.base() - leading * number as f32;
        off.abs() < UNEVEN * line.size()
    });
    let rest = lines.get(1..)?;
    let left = rest.first()?.area.left;
    let middle = first.area.middle().0;
    let is_flush = rest.iter().all(|line| (line.area.left - left).abs() < OFF);
    let is_centred = rest.iter().all(|line| (line.area.middle().0 - middle).abs() < OFF);
    (even && leading > 0.0 && (is_flush || is_centred))
        .then_some(Arranged { leading: Some(leading), is_centred: is_centred && !is_flush })
}

/// A line in parts, cut where its gaps are wide.
fn parts(line: &Line) -> Vec<Line> {
    let mut words = line.words.clone();
    words.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
    let mut parts: Vec<Vec<_>> = Vec::new();
    let mut end = f32::NEG_INFINITY;
    for word in words {
        let is_far = word.area.left - end > GAP * word.size.max(1.0);
        end = word.area.right;
        match parts.last_mut().filter(|_| !is_far) {
            Some(part) => part.push(word),
            None => parts.push(vec![word]),
        }
    }
    parts.into_iter().filter_map(Line::new).collect()
}

fn text_box(lines: &[Line], turns: u8, faces: &Faces, arranged: Arranged) -> Option<TextBox> {
    Some(TextBox {
        area: Area::around(lines.iter().map(|line| line.area))?,
        turns,
        base: lines.first()?.base(),
        leading: arranged.leading,
        is_centred: arranged.is_centred,
        rows: lines.iter().map(|line| row(line, faces)).collect(),
    })
}

fn row(line: &Line, faces: &Faces) -> Row {
    let (base, size) = (line.base(), line.size().max(1.0));
    let mut runs: Vec<Run> = Vec::new();
    for word in &line.words {
        let Some(mut face) = faces.get(&word.object).copied() else { continue };
        if word.style.fixed {
            face.family = Family::Fixed;
        }
        let raised = (base - word.base) / size;
        let raised = if raised.abs() < RAISED { 0.0 } else { raised };
        let space = if word.spaced && !runs.is_empty() { " " } else { "" };
        match runs.last_mut() {
            Some(last)
                if last.face == face
                    && last.style == word.style
                    && last.link == word.link
                    && last.raised == raised =>
            {
                last.text.push_str(space);
                last.text.push_str(&word.text);
            }
            last => {
                if let Some(last) = last {
                    last.text.push_str(space);
                }
                let (style, link) = (word.style, word.link.clone());
                runs.push(Run { text: word.text.clone(), face, style, raised, link });
            }
        }
    }
    Row { left: line.area.left, width: line.area.width(), size, runs }
}
