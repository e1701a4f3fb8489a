//! Words to lines.

use super::area::Area;
use super::words::{Word, is_right_to_left};

/// Words stand on one line when they overlap by this part of the lower one.
const OVERLAP: f32 = 0.5;
/// What is lower than this part of a line may be raised or lowered; then this part is enough.
const SMALLER: f32 = 0.85;
const RAISED: f32 = 0.25;

/// Words side by side.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) words: Vec<Word>,
    pub(crate) area: Area,
}

impl Line {
    /// Makes a line of words in any order; `None` of none.
    pub(crate) fn new(mut words: Vec<Word>) -> Option<Line> {
        let area = Area::around(words.iter().map(|word| word.area))?;
        words.sort_by(|a, b| a.area.left.total_cmp(&b.area.left));
        let mut line = Line { words, area };
        line.space();
        if line.is_right_to_left() {
            line.words.reverse();
        }
        Some(line)
    }

    /// Decides about spaces between words by where they came to stand.
    fn space(&mut self) {
        let mut end = f32::NEG_INFINITY;
        for word in &mut self.words {
            word.spaced |= word.area.left - end > word.size * 0.12;
            end = word.area.right;
        }
    }

    fn is_right_to_left(&self) -> bool {
        let letters = || self.words.iter().flat_map(|word| word.text.chars());
        let turned = letters().filter(|letter| is_right_to_left(*letter)).count();
        turned * 2 > letters().filter(|letter| letter.is_alphabetic()).count() && turned > 0
    }

    /// The size most of its letters have.
    pub(crate) fn size(&self) -> f32 {
        let longest = self.words.iter().max_by_key(|word| word.text.len());
        longest.map_or(0.0, |word| word.size)
    }

    pub(crate) fn base(&self) -> f32 {
        let longest = self.words.iter().max_by_key(|word| word.text.len());
        longest.map_or(self.area.bottom, |word| word.base)
    }

    /// The widest gap between its words.
    pub(crate) fn widest_gap(&self) -> f32 {
        let gaps = self.words.windows(2).map(|two| match two {
            [a, b] => b.area.left - a.area.right,
            _ => 0.0,
        });
        gaps.fold(0.0, f32::max)
    }

    /// All of its words.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            if word.spaced && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.text);
        }
        text
    }
}

/// Puts words on lines, from top to bottom.
pub(crate) fn lines(mut words: Vec<Word>) -> Vec<Line> {
    words.sort_by(|a, b| a.middle().total_cmp(&b.middle()));
    let mut open: Vec<(Area, Vec<Word>)> = Vec::new();
    let mut closed = Vec::new();
    for word in words {
        // Lines that end above this word get no more words.
        let (gone, left): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(area, _)| area.bottom < word.area.top);
        closed.extend(gone);
        open = left;
        let place = open.iter_mut().filter_map(|line| overlap(&line.0, &word).map(|shared| (shared, line)));
        match place.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, (area, words))) => {
                *area = area.with(&narrowed(&word));
                words.push(word);
            }
            None => open.push((narrowed(&word), vec![word])),
        }
    }
    closed.extend(open);
    let mut lines: Vec<Line> = closed.into_iter().filter_map(|(_, words)| Line::new(words)).collect();
    lines.sort_by(|a, b| a.base().total_cmp(&b.base()).then(a.area.left.total_cmp(&b.area.left)));
    lines
}

/// A word's area without the room above and below that lines share.
fn narrowed(word: &Word) -> Area {
    let spare = word.area.height() * 0.2;
    Area { top: word.area.top + spare, bottom: word.area.bottom - spare, ..word.area }
}

/// How much of the lower of both they share, when that is enough.
fn overlap(line: &Area, word: &Word) -> Option<f32> {
    let word = narrowed(word);
    let shared = line.bottom.min(word.bottom) - line.top.max(word.top);
    let (less, more) = (line.height().min(word.height()).max(0.01), line.height().max(word.height()));
    let wanted = if less < more * SMALLER { RAISED } else { OVERLAP };
    Some(shared / less).filter(|part| *part > wanted)
}
