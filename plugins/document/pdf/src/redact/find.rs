//! Finds words among letters that stand on a page, and in texts.

use super::font::Code;
use super::scan::Letter;
use std::collections::BTreeSet;

/// A gap between letters that parts words, as a part of their size.
const GAP: f64 = 0.2;
/// How far a letter stands from the line of the one before it when it is on another, as a part of its size.
const OTHER_LINE: f64 = 0.5;
/// Letters of a word that may stand apart from each other and be found all the same.
const SPREAD: usize = 3;

/// What is looked for: letters without regard to case, and which of them come after a space.
pub(super) struct Needle(Vec<(char, bool)>);

impl Needle {
    /// None for a text without letters.
    pub(super) fn new(text: &str) -> Option<Needle> {
        let mut letters = Vec::new();
        let mut gap = false;
        for letter in text.chars() {
            if letter.is_whitespace() {
                gap = !letters.is_empty();
                continue;
            }
            for letter in plain(letter) {
                letters.push((letter, gap));
                gap = false;
            }
        }
        (!letters.is_empty()).then_some(Needle(letters))
    }

    /// The numbers of the letters of a page that are part of what is looked for, however they were drawn.
    pub(super) fn among(&self, letters: &[Letter]) -> BTreeSet<usize> {
        let drawn: Vec<usize> = (0..letters.len()).collect();
        let mut read = drawn.clone();
        read.sort_by(|a, b| {
            key(letters.get(*a)).partial_cmp(&key(letters.get(*b))).unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut found = BTreeSet::new();
        let readings: &[Reading] = if letters.iter().any(|letter| letter.code.copied.is_some()) {
            &[|code| &code.text, |code| code.copied.as_deref().unwrap_or(&code.text)]
        } else {
            &[|code| &code.text]
        };
        for order in [drawn, read] {
            for reading in readings {
                for joins_lines in [false, true] {
                    self.within(&units(letters, &order, *reading, joins_lines), &mut found);
                }
            }
        }
        found
    }

    /// A text without what is looked for; `None` when that is not in it.
    pub(super) fn taken_from(&self, text: &str) -> Option<String> {
        let mut units = Vec::new();
        let mut gap = false;
        for (place, letter) in text.chars().enumerate() {
            if letter.is_whitespace() {
                gap = true;
                continue;
            }
            for letter in plain(letter) {
                units.push(Unit { letter, place, gap });
                gap = false;
            }
        }
        let mut found = BTreeSet::new();
        self.within(&units, &mut found);
        (!found.is_empty()).then(|| {
            text.chars().enumerate().filter(|(place, _)| !found.contains(place)).map(|(_, it)| it).collect()
        })
    }

    fn within(&self, units: &[Unit], found: &mut BTreeSet<usize>) {
        let inner = self.0.len() - 1;
        for window in units.windows(self.0.len()) {
            let alike = window.iter().zip(&self.0).all(|(unit, (letter, _))| unit.letter == *letter);
            if !alike {
                continue;
            }
            let gaps = window.iter().zip(&self.0).skip(1).filter(|(unit, (_, gap))| unit.gap && !gap).count();
            // Other words may have these letters as well; one whose letters all stand apart is one word.
            if gaps == 0 || gaps >= SPREAD && gaps == inner - self.0.iter().filter(|(_, gap)| *gap).count() {
                found.extend(window.iter().map(|unit| unit.place));
            }
        }
    }
}

/// One of the ways to read a letter.
type Reading = fn(&Code) -> &str;

/// One letter to compare.
struct Unit {
    letter: char,
    /// The number of what it comes from.
    place: usize,
    /// Whether it begins a word.
    gap: bool,
}

/// Lines from top to bottom, letters from left to right.
fn key(letter: Option<&Letter>) -> (f64, f64) {
    letter.map_or((0.0, 0.0), |letter| {
        let line = letter.size.max(1.0) * OTHER_LINE;
        (-(letter.area[1] / line).round() * line, letter.area[0])
    })
}

fn units(letters: &[Letter], order: &[usize], reading: Reading, joins_lines: bool) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut before: Option<&Letter> = None;
    let mut gap = false;
    for place in order {
        let Some(letter) = letters.get(*place) else { continue };
        let step = before.map_or(Step::Near, |before| step(before, letter));
        let hyphen = matches!(units.last(), Some(Unit { letter: '-' | '\u{AD}' | '\u{2010}', .. }));
        match step {
            Step::Near => {}
            // A word goes on behind the hyphen at a line's end.
            Step::Line if joins_lines && hyphen => drop(units.pop()),
            Step::Gap | Step::Line => gap = true,
        }
        before = Some(letter);
        for one in reading(&letter.code).chars() {
            if one.is_whitespace() {
                gap = true;
                continue;
            }
            for one in plain(one) {
                units.push(Unit { letter: one, place: *place, gap });
                gap = false;
            }
        }
    }
    units
}

/// How a letter stands to the one before it.
enum Step {
    Near,
    Gap,
    Line,
}

fn step(before: &Letter, letter: &Letter) -> Step {
    let size = before.size.max(letter.size).max(0.1);
    let (x, y) = before.along;
    let corner = |it: &Letter| (it.area[0], it.area[1]);
    let ((ax, ay), (bx, by)) = (corner(before), corner(letter));
    let (along, across) = ((bx - ax) * x + (by - ay) * y, (by - ay) * x - (bx - ax) * y);
    let width = (before.area[2] - before.area[0]) * x.abs() + (before.area[3] - before.area[1]) * y.abs();
    match () {
        () if across.abs() > OTHER_LINE * size => Step::Line,
        () if (along - width).abs() > GAP * size && (along + width).abs() > GAP * size => Step::Gap,
        () => Step::Near,
    }
}

/// A letter as it is compared: small, and without ligatures.
fn plain(letter: char) -> Vec<char> {
    let whole = match letter {
        '\u{FB00}' => "ff",
        '\u{FB01}' => "fi",
        '\u{FB02}' => "fl",
        '\u{FB03}' => "ffi",
        '\u{FB04}' => "ffl",
        _ => return letter.to_lowercase().filter(|letter| !letter.is_control()).collect(),
    };
    whole.chars().collect()
}

#[cfg(test)]
mod tests {
    use super::Needle;

    #[test]
    fn words_are_found_in_texts() {
        let taken = |needle: &str, text: &str| Needle::new(needle).and_then(|needle| needle.taken_from(text));
        assert_eq!(taken("John  Doe", "by JOHN\nDOE, 1999").as_deref(), Some("by \n, 1999"));
        assert_eq!(taken("heart", "the art"), None);
        assert_eq!(taken("secret", "S E C R E T!").as_deref(), Some("     !"));
        assert_eq!(taken("office", "o\u{FB03}ce").as_deref(), Some(""));
        assert!(Needle::new(" \n").is_none());
    }
}
