//! Lines to paragraphs, headings and lists.

use super::columns::Piece;
use super::glyphs::Style;
use super::lines::Line;
use super::pictures::Picture;
use super::table::Table;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A heading's letters are larger than the text's by this factor at least.
const HEADING: f32 = 1.12;
/// Lines and letters of a heading.
const HEADING_LINES: usize = 4;
const HEADING_LETTERS: usize = 240;
/// Levels of headings that are told apart.
const LEVELS: u8 = 6;
/// A distance between lines that begins a paragraph, as a part of the usual one, and of the size of letters.
const WIDER: f32 = 1.35;
const FAR: f32 = 2.1;
const LED: f32 = 1.25;
/// An indent that begins a paragraph, as a part of the size of letters.
const INDENT: f32 = 0.9;
/// Sizes within this factor are the same.
const SAME: f32 = 1.08;
/// What items of a list begin with.
const BULLETS: &[char] =
    &['•', '◦', '‣', '▪', '▫', '■', '□', '●', '○', '·', '∙', '–', '—', '-', '*', '➢', '\u{F0B7}', '\u{F0A7}'];

/// A part of a document.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// A heading with its level, 1 for the greatest.
    Heading(u8, Vec<Span>),
    /// Running text.
    Paragraph(Vec<Span>),
    /// An item of a list, with its number or letter when it has one.
    Item(Option<String>, Vec<Span>),
    /// A table.
    Table(Table),
    /// A picture.
    Picture(Picture),
}

/// Text of one look.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Span {
    pub(crate) text: String,
    pub(crate) style: Style,
    /// Where it leads.
    pub(crate) link: Option<Rc<str>>,
}

/// The sizes of letters in a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sizes {
    /// Letters of each size, in half points.
    letters: BTreeMap<u32, usize>,
}

impl Sizes {
    /// Counts the letters of a page.
    pub(crate) fn add(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            if let Piece::Lines(lines) = piece {
                for word in lines.iter().flat_map(|line| &line.words) {
                    *self.letters.entry(halves(word.size)).or_default() += word.text.len();
                }
            }
        }
    }

    /// The size of running text: the one most letters have.
    fn body(&self) -> f32 {
        let most = self.letters.iter().max_by_key(|(_, letters)| **letters);
        most.map_or(10.0, |(halves, _)| *halves as f32 / 2.0)
    }

    /// The level of a heading of this size: 1 for the largest letters of the document; `None` for running text.
    fn level(&self, size: f32) -> Option<u8> {
        let least = self.body() * HEADING;
        if size < least {
            return None;
        }
        let larger = self.letters.keys().filter(|halves| **halves > self::halves(size)).count();
        Some(u8::try_from(larger + 1).unwrap_or(LEVELS).min(LEVELS))
    }
}

fn halves(size: f32) -> u32 {
    (size * 2.0).round().clamp(0.0, 10_000.0) as u32
}

/// Makes the blocks of a page.
pub(crate) fn blocks(pieces: Vec<Piece>, sizes: &Sizes) -> Vec<Block> {
    let mut blocks = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Table(table) => blocks.push(Block::Table(table)),
            Piece::Picture(picture) => blocks.push(Block::Picture(picture)),
            Piece::Lines(lines) => {
                blocks.extend(paragraphs(&lines).into_iter().map(|lines| block(lines, sizes)))
            }
        }
    }
    blocks
}

/// Groups of lines that are one paragraph each.
pub(crate) fn paragraphs(lines: &[Line]) -> Vec<&[Line]> {
    let right = lines.iter().map(|line| line.area.right).fold(0.0, f32::max);
    let usual = usual_distance(lines);
    let mut groups = Vec::new();
    let mut start = 0;
    for (index, two) in lines.windows(2).enumerate() {
        let [before, line] = two else { continue };
        let first = lines.get(start).unwrap_or(before);
        if begins(first, before, line, right, usual) {
            groups.extend(lines.get(start..=index));
            start = index + 1;
        }
    }
    groups.extend(lines.get(start..).filter(|rest| !rest.is_empty()));
    groups
}

/// The distance most lines have from the one before.
fn usual_distance(lines: &[Line]) -> f32 {
    let mut distances: Vec<f32> = lines
        .windows(2)
        .filter_map(|two| match two {
            [a, b] => Some(b.base() - a.base()).filter(|distance| *distance > 1.0),
            _ => None,
        })
        .collect();
    distances.sort_by(f32::total_cmp);
    distances.get(distances.len() / 3).copied().unwrap_or(f32::INFINITY)
}

/// Whether a line begins another paragraph than the one before it, whose first line is `first`.
fn begins(first: &Line, before: &Line, line: &Line, right: f32, usual: f32) -> bool {
    let size = line.size().max(1.0);
    let distance = line.base() - before.base();
    let ratio = size / before.size().max(1.0);
    // The usual distance is that of the text; larger letters stand further apart.
    if distance > (usual * WIDER).max(size * LED)
        || distance > size * FAR
        || distance < 0.0
        || !(1.0 / SAME..=SAME).contains(&ratio)
    {
        return true;
    }
    // Lines that are centred begin anywhere.
    let centred = (line.area.middle().0 - before.area.middle().0).abs() < size * 0.5
        && (line.area.left - before.area.left).abs() > size;
    if centred {
        return false;
    }
    if marker(line).is_some() || is_bold(line) != is_bold(before) {
        return true;
    }
    let next = line.words.first().map_or(0.0, |word| word.area.width());
    let had_room = before.area.right + size * 0.5 + next < right - size;
    // Items hang: what follows stands below their text, or goes on from a full line.
    if marker(first).is_some() {
        let text = first.words.get(1).map_or(first.area.left, |word| word.area.left);
        return line.area.left < text - size * 0.5 && had_room;
    }
    let indented = line.area.left - before.area.left > size * INDENT;
    let ended = before.text().ends_with(['.', ':', '!', '?', ';']);
    indented && (ended || before.area.right > right - size * 2.0) || had_room
}

fn is_bold(line: &Line) -> bool {
    line.words.iter().all(|word| word.style.bold)
}

/// The mark that an item of a list begins with: empty for a bullet.
fn marker(line: &Line) -> Option<String> {
    let first = line.words.first().filter(|_| line.words.len() > 1)?;
    let mut letters = first.text.chars();
    if let (Some(letter), None) = (letters.next(), letters.next())
        && BULLETS.contains(&letter)
    {
        return Some(String::new());
    }
    let inner = first.text.strip_suffix(['.', ')'])?;
    let inner = inner.strip_prefix('(').unwrap_or(inner);
    let is_number = (1..=3).contains(&inner.len()) && inner.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = inner.len() == 1 && inner.bytes().all(|byte| byte.is_ascii_lowercase());
    (is_number || is_letter).then(|| inner.to_owned())
}

fn block(lines: &[Line], sizes: &Sizes) -> Block {
    let letters: usize = lines.iter().flat_map(|line| &line.words).map(|word| word.text.len()).sum();
    let short = lines.len() <= HEADING_LINES && letters <= HEADING_LETTERS;
    let size = lines.iter().map(Line::size).fold(0.0, f32::max);
    let has_letters =
        lines.iter().flat_map(|line| &line.words).any(|word| word.text.chars().any(char::is_alphabetic));
    if let Some(level) = sizes.level(size).filter(|_| short && has_letters) {
        return Block::Heading(level, spans(lines, 0, true));
    }
    match lines.first().and_then(marker) {
        Some(mark) => Block::Item(Some(mark).filter(|mark| !mark.is_empty()), spans(lines, 1, false)),
        None => Block::Paragraph(spans(lines, 0, false)),
    }
}

/// The words of lines as text that flows, without the first `skip` of them.
fn spans(lines: &[Line], skip: usize, is_heading: bool) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut left = skip;
    for (number, line) in lines.iter().enumerate() {
        let follows = lines
            .get(number + 1)
            .and_then(|next| next.words.first())
            .and_then(|word| word.text.chars().next());
        for (place, word) in line.words.iter().enumerate() {
            if left > 0 {
                left -= 1;
                continue;
            }
            let is_last = place + 1 == line.words.len();
            let hyphen = (is_last && follows.is_some_and(char::is_lowercase))
                .then(|| without_hyphen(&word.text))
                .flatten();
            let style = if is_heading { Style { bold: false, ..word.style } } else { word.style };
            let starts = word.spaced || place == 0;
            push(
                &mut spans,
                word.text.get(..hyphen.unwrap_or(word.text.len())).unwrap_or(&word.text),
                style,
                word.link.clone(),
                starts,
            );
            if hyphen.is_some() {
                // The next line goes on with this word.
                spans.push(Span { style, ..Span::default() });
            }
        }
    }
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// The length of a word without the hyphen that ends a line in the middle of it.
fn without_hyphen(text: &str) -> Option<usize> {
    let inner = text.strip_suffix(['-', '\u{AD}', '\u{2010}'])?;
    inner.ends_with(char::is_lowercase).then_some(inner.len())
}

fn push(spans: &mut Vec<Span>, text: &str, style: Style, link: Option<Rc<str>>, spaced: bool) {
    // An empty span asks that the word before goes on.
    let goes_on = spans.last().is_some_and(|last| last.text.is_empty());
    if goes_on {
        spans.pop();
    }
    let space = if spaced && !goes_on && !spans.is_empty() { " " } else { "" };
    match spans.last_mut().filter(|last| last.style == style && last.link == link) {
        Some(last) => {
            last.text.push_str(space);
            last.text.push_str(text);
        }
        None => {
            // The space belongs to what has no marks, so that those hug their words.
            let is_plain = style == Style::default() && link.is_none();
            let (before, own) = if is_plain { ("", space) } else { (space, "") };
            if let Some(last) = spans.last_mut() {
                last.text.push_str(before);
            }
            spans.push(Span { text: format!("{own}{text}"), style, link });
        }
    }
}
