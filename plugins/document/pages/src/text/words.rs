//! Letters to words.

use super::area::Area;
use super::glyphs::{Glyph, ObjectKey, Style};
use std::collections::HashSet;

/// A gap that ends a word, as a part of the size of its letters.
const GAP: f32 = 0.12;
/// How far a letter may lie before the end of the one before it.
const BACK: f32 = 0.5;
/// Letters and marks of Chinese, Japanese and Korean begin with the general marks (Unicode, U+2010).
const FIRST_WIDE: char = '\u{2010}';
/// The part of a space on which a letter stands, so that it is none.
const COVERED: f32 = 0.8;
/// How far letters of one word may lie from one line.
const SHIFT: f32 = 0.35;
/// How far a raised or lowered letter may stand from the line of the one it belongs to.
const RAISED: f32 = 0.7;
/// Sizes of letters of one word may differ by this factor.
const SIZES: f32 = 1.8;

/// A word.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) area: Area,
    /// Where its line stands.
    pub(crate) base: f32,
    pub(crate) size: f32,
    pub(crate) style: Style,
    /// What its first letter was drawn by.
    pub(crate) object: ObjectKey,
    /// Whether a space stands before it, when it does not begin a line.
    pub(crate) spaced: bool,
    /// Where it leads.
    pub(crate) link: Option<std::rc::Rc<str>>,
}

impl Word {
    pub(crate) fn middle(&self) -> f32 {
        (self.area.top + self.area.bottom) / 2.0
    }
}

/// Joins letters, in the order they were drawn, to words. A change of style within a word begins another one that has
/// no space before it.
pub(crate) fn words(glyphs: &[Glyph]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut before, mut letter): (Option<&Glyph>, Option<&Glyph>) = (None, None);
    for glyph in glyphs {
        let previous = before.replace(glyph);
        if glyph.letter.is_whitespace() {
            continue;
        }
        let letter_before = letter.replace(glyph);
        let previous = match previous {
            Some(space) if space.letter.is_whitespace() => letter_before.filter(|_| is_covered(space, glyph)),
            previous => previous,
        };
        let hangs_on = previous.is_some_and(|previous| touches(previous, glyph));
        let joins = previous.zip(words.last()).is_some_and(|(previous, last)| {
            // The letters of a ligature all stand where it stands.
            last.style == glyph.style && (previous.area == glyph.area || continues(last, glyph))
        });
        match words.last_mut().filter(|_| joins) {
            Some(last) => {
                push(&mut last.text, glyph.letter);
                last.area = last.area.with(&glyph.area);
                last.size = last.size.max(glyph.size);
            }
            None => words.push(begin(glyph, !hangs_on)),
        }
    }
    without_doubles(words)
}

/// Whether a letter stands where the space before it is, as Chinese is set that keeps a narrow space with each letter and
/// mark.
fn is_covered(space: &Glyph, glyph: &Glyph) -> bool {
    let covered = space.area.right.min(glyph.area.right) - space.area.left.max(glyph.area.left);
    glyph.letter >= FIRST_WIDE && covered > COVERED * space.area.width()
}

/// Whether a letter begins where the one before it ends, though it may stand higher or lower, or look different.
fn touches(before: &Glyph, glyph: &Glyph) -> bool {
    let size = before.size.max(glyph.size);
    let gap = glyph.area.left - before.area.right;
    before.area == glyph.area || gap.abs() < GAP * size && (before.base - glyph.base).abs() < RAISED * size
}

/// Drops words that are drawn again where they stand already: shadows, and pictures placed twice.
fn without_doubles(words: Vec<Word>) -> Vec<Word> {
    let mut seen = HashSet::new();
    let place = |word: &Word| [word.area.left, word.area.top].map(|side| side.round() as i32);
    words.into_iter().filter(|word| seen.insert((place(word), word.text.clone()))).collect()
}

fn begin(glyph: &Glyph, spaced: bool) -> Word {
    let mut text = String::new();
    push(&mut text, glyph.letter);
    Word {
        text,
        area: glyph.area,
        base: glyph.base,
        size: glyph.size,
        style: glyph.style,
        object: glyph.object,
        spaced,
        link: None,
    }
}

/// Ligatures are letters drawn as one.
fn push(text: &mut String, letter: char) {
    match letter {
        '\u{FB00}' => text.push_str("ff"),
        '\u{FB01}' => text.push_str("fi"),
        '\u{FB02}' => text.push_str("fl"),
        '\u{FB03}' => text.push_str("ffi"),
        '\u{FB04}' => text.push_str("ffl"),
        '\u{FB05}' | '\u{FB06}' => text.push_str("st"),
        letter => text.push(letter),
    }
}

/// Whether a letter goes on with a word.
fn continues(word: &Word, glyph: &Glyph) -> bool {
    let size = word.size.max(glyph.size);
    let gap = glyph.area.left - word.area.right;
    let near = gap < GAP * size && gap > -BACK * size;
    // Letters of a line that runs from right to left come from right to left.
    let behind = word.area.left - glyph.area.right;
    let near_behind = is_right_to_left(glyph.letter) && behind < GAP * size && behind > -BACK * size;
    (near || near_behind)
        && (word.base - glyph.base).abs() < SHIFT * size
        && word.size < glyph.size * SIZES
        && glyph.size < word.size * SIZES
}

/// Letters of Hebrew, Arabic and their relatives.
pub(crate) fn is_right_to_left(letter: char) -> bool {
    matches!(letter, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}')
}
