//! What the pages show and where: letters, images and paths, each with the operation that draws it.

use super::font::{Code, Font};
use crate::content::{Operand, Operation, Operations};
use crate::draw::{IDENTITY, Matrix, apply, matrix_of, page_content, times, unpacked};
use crate::graph::{array_at, as_dict, dict_at, name_at, number, resolve, value};
use crate::mark::contents;
use formwork_sdk::{Error, Result, Step};
use lopdf::{Dictionary, Document, Object, ObjectId};
use std::collections::HashMap;

/// Forms within forms, and forms drawn on one page.
const DEEPEST: usize = 12;
const MOST_FORMS: usize = 5_000;
/// States that are saved within each other.
const MOST_SAVED: usize = 100_000;
/// How far letters reach below and above their line, as parts of their size.
const BELOW: f64 = -0.2;
const ABOVE: f64 = 0.75;

/// A rectangle: left, bottom, right, top.
pub(super) type Box4 = [f64; 4];

/// The operation of a stream: the page or form it belongs to, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) stream: ObjectId,
    pub(super) operation: usize,
}

/// A letter, or a text that cannot be taken apart.
pub(super) struct Letter {
    pub(super) at: At,
    /// Its number within the operation.
    pub(super) place: usize,
    pub(super) code: Code,
    /// The distance that takes its place when it goes, as `TJ` has it.
    pub(super) back: f64,
    pub(super) area: Box4,
    pub(super) size: f64,
    /// The direction of its line.
    pub(super) along: (f64, f64),
}

/// An image, with what makes a square of the side 1 its place.
pub(super) struct Image {
    pub(super) at: At,
    /// None for one that is part of the content.
    pub(super) id: Option<ObjectId>,
    pub(super) matrix: Matrix,
}

/// What one page shows.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) letters: Vec<Letter>,
    pub(super) images: Vec<Image>,
    /// Paths that are painted, with the areas they cover.
    pub(super) paths: Vec<(At, Box4)>,
}

/// Looks at what a page shows.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(super) fn page(step: &Step<'_>, doc: &Document, page: ObjectId) -> Result<Shown> {
    let nothing = Dictionary::new();
    let Some(dict) = doc.objects.get(&page).and_then(as_dict) else { return Ok(Shown::default()) };
    let mut scanner = Scanner::new(step, doc);
    let resources = dict_at(doc, dict, b"Resources").unwrap_or(&nothing);
    let parts = contents(doc, dict);
    let streams = parts.iter().filter_map(|part| resolve(doc, part).as_stream().ok());
    if streams.into_iter().any(|stream| unpacked(step, stream).is_none()) {
        return Err(unreadable());
    }
    let content = page_content(step, doc, dict);
    scanner.content(page, &content, resources, State::at(IDENTITY), 0)?;
    Ok(scanner.shown)
}

/// Looks at a form or pattern by itself, in its own coordinates.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(super) fn form(step: &Step<'_>, doc: &Document, id: ObjectId, above: &Dictionary) -> Result<Shown> {
    let mut scanner = Scanner::new(step, doc);
    scanner.form(id, above, State::at(IDENTITY), 0)?;
    Ok(scanner.shown)
}

fn unreadable() -> Error {
    Error::corrupt(
        "a part of what the pages show is damaged, so nothing can be taken out for sure: make pictures of the pages instead",
    )
}

/// What operators change.
#[derive(Clone)]
struct State<'d> {
    matrix: Matrix,
    font: Option<&'d Dictionary>,
    size: f64,
    letters: f64,
    words: f64,
    across: f64,
    leading: f64,
    rise: f64,
}

impl State<'_> {
    fn at(matrix: Matrix) -> Self {
        State {
            matrix,
            font: None,
            size: 0.0,
            letters: 0.0,
            words: 0.0,
            across: 1.0,
            leading: 0.0,
            rise: 0.0,
        }
    }
}

/// Where text stands.
struct Lines {
    text: Matrix,
    line: Matrix,
}

impl Lines {
    fn next(&mut self, x: f64, y: f64) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }
}

struct Scanner<'s, 'd> {
    step: &'s Step<'s>,
    doc: &'d Document,
    shown: Shown,
    fonts: HashMap<usize, Font<'d>>,
    left: usize,
    /// Forms that are being looked at: one within itself is a circle.
    open: Vec<ObjectId>,
}

impl<'s, 'd> Scanner<'s, 'd> {
    fn new(step: &'s Step<'s>, doc: &'d Document) -> Scanner<'s, 'd> {
        let (shown, fonts) = (Shown::default(), HashMap::new());
        Scanner { step, doc, shown, fonts, left: MOST_FORMS, open: Vec::new() }
    }

    fn form(
        &mut self,
        id: ObjectId,
        above: &'d Dictionary,
        mut state: State<'d>,
        depth: usize,
    ) -> Result<()> {
        let Some(Object::Stream(stream)) = self.doc.objects.get(&id) else { return Ok(()) };
        if self.open.contains(&id) {
            return Ok(());
        }
        // What is not looked at could not be taken out.
        if depth > DEEPEST || self.left == 0 {
            return Err(Error::limit("entries", "more", MOST_FORMS));
        }
        self.left -= 1;
        self.step.tick(0, 0)?;
        let resources = dict_at(self.doc, &stream.dict, b"Resources").unwrap_or(above);
        state.matrix = times(matrix_of(self.doc, &stream.dict), state.matrix);
        let content = unpacked(self.step, stream).ok_or_else(unreadable)?;
        self.open.push(id);
        let done = self.content(id, &content, resources, state, depth + 1);
        self.open.pop();
        done
    }

    fn content(
        &mut self,
        stream: ObjectId,
        content: &[u8],
        resources: &'d Dictionary,
        state: State<'d>,
        depth: usize,
    ) -> Result<()> {
        let mut saved: Vec<State<'d>> = Vec::new();
        let mut state = state;
        let mut lines = Lines { text: IDENTITY, line: IDENTITY };
        let mut path: Option<Box4> = None;
        let mut operations = Operations::new(content);
        for (number, operation) in operations.by_ref().enumerate() {
            if number % 4_096 == 0 {
                self.step.tick(0, 0)?;
            }
            let at = At { stream, operation: number };
            match operation.operator {
                b"q" if saved.len() < MOST_SAVED => saved.push(state.clone()),
                b"Q" => state = saved.pop().unwrap_or(state),
                b"cm" => {
                    if let Some(matrix) = operation.numbers() {
                        state.matrix = times(matrix, state.matrix);
                    }
                }
                b"Do" => self.draw(at, &operation, resources, &state, depth)?,
                b"ID" => self.shown.images.push(Image { at, id: None, matrix: state.matrix }),
                b"m" | b"l" | b"c" | b"v" | b"y" | b"re" => trace(&operation, state.matrix, &mut path),
                b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"S" | b"s" => {
                    self.shown.paths.extend(path.take().map(|area| (at, area)));
                }
                b"n" => path = None,
                _ => self.text(at, &operation, resources, &mut state, &mut lines),
            }
        }
        // Another reader may see words where this one sees none.
        if operations.is_broken { Err(unreadable()) } else { Ok(()) }
    }

    fn draw(
        &mut self,
        at: At,
        operation: &Operation<'_>,
        resources: &'d Dictionary,
        state: &State<'d>,
        depth: usize,
    ) -> Result<()> {
        let listed = dict_at(self.doc, resources, b"XObject");
        let object = operation.name().zip(listed).and_then(|(name, listed)| listed.get(name).ok());
        let Some(id) = object.and_then(|object| object.as_reference().ok()) else { return Ok(()) };
        let Some(dict) = self.doc.objects.get(&id).and_then(as_dict) else { return Ok(()) };
        match name_at(self.doc, dict, b"Subtype") {
            b"Image" => self.shown.images.push(Image { at, id: Some(id), matrix: state.matrix }),
            b"Form" => self.form(id, resources, state.clone(), depth)?,
            _ => {}
        }
        Ok(())
    }

    /// The operators of text (9.3 and 9.4).
    fn text(
        &mut self,
        at: At,
        operation: &Operation<'_>,
        resources: &'d Dictionary,
        state: &mut State<'d>,
        lines: &mut Lines,
    ) {
        let one = || operation.numbers::<1>().map(|[value]| value);
        match operation.operator {
            b"BT" => *lines = Lines { text: IDENTITY, line: IDENTITY },
            b"Tf" => {
                state.size = one().unwrap_or(state.size);
                let name = operation.operands.iter().find_map(|operand| match operand {
                    Operand::Name(name) => Some(name.as_slice()),
                    _ => None,
                });
                state.font = name
                    .and_then(|name| as_dict(value(self.doc, dict_at(self.doc, resources, b"Font")?, name)));
            }
            b"gs" => {
                let listed = dict_at(self.doc, resources, b"ExtGState");
                let dict = operation.name().zip(listed).and_then(|(name, all)| dict_at(self.doc, all, name));
                if let Some([font, size]) = dict.map(|dict| array_at(self.doc, dict, b"Font")) {
                    state.font = as_dict(resolve(self.doc, font));
                    state.size = number(size).unwrap_or(state.size);
                }
            }
            b"Tc" => state.letters = one().unwrap_or(0.0),
            b"Tw" => state.words = one().unwrap_or(0.0),
            b"Tz" => state.across = one().unwrap_or(100.0) / 100.0,
            b"TL" => state.leading = one().unwrap_or(0.0),
            b"Ts" => state.rise = one().unwrap_or(0.0),
            b"Td" | b"TD" => {
                if let Some([x, y]) = operation.numbers() {
                    lines.next(x, y);
                    if operation.operator == b"TD" {
                        state.leading = -y;
                    }
                }
            }
            b"Tm" => {
                if let Some(matrix) = operation.numbers() {
                    *lines = Lines { text: matrix, line: matrix };
                }
            }
            b"T*" => lines.next(0.0, -state.leading),
            b"'" | b"\"" | b"Tj" | b"TJ" => {
                if let (b"\"", [Operand::Number(words), Operand::Number(letters), ..]) =
                    (operation.operator, operation.operands.as_slice())
                {
                    (state.words, state.letters) = (*words, *letters);
                }
                if matches!(operation.operator, b"'" | b"\"") {
                    lines.next(0.0, -state.leading);
                }
                self.show(at, operation, state, lines);
            }
            _ => {}
        }
    }

    fn show(&mut self, at: At, operation: &Operation<'_>, state: &State<'d>, lines: &mut Lines) {
        let Some(dict) = state.font else { return };
        let key = std::ptr::from_ref(dict).addr();
        let font = self.fonts.entry(key).or_insert_with(|| Font::of(self.step, self.doc, dict));
        let mut place = 0;
        for item in shown_items(operation) {
            match item {
                Operand::Number(back) => {
                    let along = -back / 1_000.0 * state.size;
                    advance(lines, font, along * if font.is_vertical { 1.0 } else { state.across });
                }
                Operand::Text(text) => {
                    for code in font.codes(text) {
                        let along = moved(&code, state);
                        self.shown.letters.push(letter(at, place, code, state, lines, font.is_vertical));
                        advance(lines, font, along * if font.is_vertical { 1.0 } else { state.across });
                        place += 1;
                    }
                }
                _ => {}
            }
        }
    }
}

/// The texts and distances that an operation shows.
pub(super) fn shown_items<'o>(operation: &'o Operation<'_>) -> &'o [Operand] {
    match operation.operands.last() {
        Some(Operand::Array(items)) => items,
        Some(_) => operation.operands.get(operation.operands.len() - 1..).unwrap_or_default(),
        None => &[],
    }
}

/// How far a code moves what follows, before it is stretched.
fn moved(code: &Code, state: &State<'_>) -> f64 {
    let space = if code.bytes == [32] { state.words } else { 0.0 };
    code.width * state.size + state.letters + space
}

fn advance(lines: &mut Lines, font: &Font<'_>, along: f64) {
    let (x, y) = if font.is_vertical { (0.0, along) } else { (along, 0.0) };
    lines.text = times([1.0, 0.0, 0.0, 1.0, x, y], lines.text);
}

fn letter(at: At, place: usize, code: Code, state: &State<'_>, lines: &Lines, is_vertical: bool) -> Letter {
    let whole = times(
        times([state.size * state.across, 0.0, 0.0, state.size, 0.0, state.rise], lines.text),
        state.matrix,
    );
    // What runs down stands in the middle of its line.
    let (left, right, below, above) =
        if is_vertical { (-0.5, 0.5, -1.0, 0.0) } else { (0.0, code.width, BELOW, ABOVE) };
    let area = around(
        [(left, below), (right, below), (left, above), (right, above)].map(|(x, y)| apply(whole, x, y)),
    );
    let size = whole[2].hypot(whole[3]);
    let (x, y) = if is_vertical { (-whole[2], -whole[3]) } else { (whole[0], whole[1]) };
    let length = x.hypot(y).max(1e-9);
    let back = if state.size == 0.0 { 0.0 } else { -moved(&code, state) / state.size * 1_000.0 };
    Letter { at, place, code, back, area, size, along: (x / length, y / length) }
}

/// The smallest rectangle around points.
pub(super) fn around<const N: usize>(points: [(f64, f64); N]) -> Box4 {
    points
        .iter()
        .fold([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY], |[l, b, r, t], (x, y)| {
            [l.min(*x), b.min(*y), r.max(*x), t.max(*y)]
        })
}

/// Adds the points of an operation to the area of a path.
fn trace(operation: &Operation<'_>, matrix: Matrix, path: &mut Option<Box4>) {
    let numbers: Vec<f64> = operation.operands.iter().filter_map(Operand::number).collect();
    let points: Vec<(f64, f64)> = match (operation.operator, numbers.as_slice()) {
        (b"re", [x, y, width, height, ..]) => {
            vec![(*x, *y), (x + width, *y), (*x, y + height), (x + width, y + height)]
        }
        (_, numbers) => numbers.as_chunks::<2>().0.iter().map(|[x, y]| (*x, *y)).collect(),
    };
    for (x, y) in points {
        let point = apply(matrix, x, y);
        let one = around([point]);
        *path = Some(
            path.map_or(one, |[l, b, r, t]| [l.min(one[0]), b.min(one[1]), r.max(one[2]), t.max(one[3])]),
        );
    }
}
