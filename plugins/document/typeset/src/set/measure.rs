//! Widths of text before it is set, in ems, and where long words may break.

use crate::fonts::{Fonts, tables};
use std::cell::RefCell;
use std::collections::HashMap;
use ttf_parser::Face;
use unicode_width::UnicodeWidthChar;

/// Where a line may end without a mark.
pub(super) const BREAK: char = '\u{200B}';

/// Measures text.
pub(crate) struct Measure<'f> {
    body: Option<Face<'f>>,
    mono: Option<Face<'f>>,
    known: RefCell<HashMap<(char, bool), f64>>,
}

impl<'f> Measure<'f> {
    /// Measures with these fonts.
    pub(crate) fn new(fonts: &'f Fonts) -> Measure<'f> {
        let font = |mono| fonts.regular(mono).and_then(tables);
        Measure { body: font(false), mono: font(true), known: RefCell::default() }
    }

    /// Width of one character in ems.
    pub(crate) fn char(&self, c: char, mono: bool) -> f64 {
        *self.known.borrow_mut().entry((c, mono)).or_insert_with(|| {
            let font = if mono { &self.mono } else { &self.body };
            let own = font.as_ref().and_then(|font| {
                let advance = font.glyph_hor_advance(font.glyph_index(c)?)?;
                Some(f64::from(advance) / f64::from(font.units_per_em()))
            });
            own.unwrap_or_else(|| c.width().unwrap_or(0) as f64 * 0.55)
        })
    }

    /// Width of a line in ems.
    pub(crate) fn line(&self, text: &str, mono: bool) -> f64 {
        text.chars().map(|c| self.char(c, mono)).sum()
    }

    /// Width of the widest word in ems.
    pub(crate) fn word(&self, text: &str, mono: bool) -> f64 {
        pieces(text).map(|piece| self.line(piece, mono)).fold(0.0, f64::max)
    }

    /// The same text, where words that are wider than `room` ems have [`BREAK`] wherever a line is full.
    pub(crate) fn breakable(&self, text: &str, room: f64, mono: bool) -> String {
        if pieces(text).all(|piece| self.line(piece, mono) <= room) {
            return text.to_owned();
        }
        let mut all = String::with_capacity(text.len() * 2);
        for piece in pieces(text) {
            if self.line(piece, mono) > room {
                self.part(piece, room, mono, &mut all);
            } else {
                all.push_str(piece);
            }
        }
        all
    }

    /// Parts a word into pieces that are no wider than `room`, between letters that do not belong together.
    fn part(&self, word: &str, room: f64, mono: bool, all: &mut String) {
        let mut before: Option<char> = None;
        let mut taken = 0.0;
        let apart =
            |c: char| c.is_ascii_graphic() || c.is_alphanumeric() && c.width() == Some(1) && !is_joined(c);
        for c in word.chars() {
            let width = self.char(c, mono);
            if taken + width > room && before.is_some_and(apart) && apart(c) {
                all.push(BREAK);
                taken = 0.0;
            }
            all.push(c);
            taken += width;
            before = Some(c);
        }
    }
}

/// Pieces of text that do not break: words with the space behind them; each ideograph is one.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c.is_whitespace() && !is_glue(c) || is_ideograph(c))
}

/// Spaces that hold words together.
fn is_glue(c: char) -> bool {
    matches!(c, '\u{A0}' | '\u{2007}' | '\u{202F}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}'
        | '\u{20000}'..='\u{3FFFF}')
}

/// Scripts whose letters change their shape beside each other.
fn is_joined(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{10FF}' | '\u{1780}'..='\u{18AF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}
