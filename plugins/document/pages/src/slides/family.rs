//! The three families of letters that slides are written in, and how wide those letters are.
//!
//! The fonts of a PDF are not there when a slide is edited. These three are, or fonts of the same widths, so that the
//! space between letters can make lines as long as they were.

/// A family of letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Family {
    #[default]
    Sans,
    Serif,
    Fixed,
}

/// Width of letters without a row in the tables, and of those as high as wide, in parts of a thousand of the size.
const OTHER: f32 = 556.0;
const FULL: f32 = 1_000.0;
/// Width of all letters of the fixed family.
const FIXED: f32 = 600.0;
/// Words in names of fonts with serifs.
const SERIFS: &[&str] = &[
    "times",
    "serif",
    "roman",
    "georgia",
    "garamond",
    "cambria",
    "palatino",
    "bookman",
    "century",
    "minion",
    "caslon",
    "baskerville",
    "didot",
    "nimbusrom",
    "cmr",
    "cmbx",
    "cmti",
    "sfrm",
    "lmroman",
    "utopia",
    "charter",
    "song",
    "mincho",
    "ming",
];

impl Family {
    /// The family of a font, by its name and whether its letters are all as wide.
    pub(super) fn of(font: &str, is_fixed: bool, has_serifs: bool) -> Family {
        let name = font.to_ascii_lowercase();
        let says_sans = name.contains("sans") || name.contains("gothic");
        match () {
            () if is_fixed => Family::Fixed,
            () if !says_sans && (has_serifs || SERIFS.iter().any(|word| name.contains(word))) => {
                Family::Serif
            }
            () => Family::Sans,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Family::Sans => "Arial",
            Family::Serif => "Times New Roman",
            Family::Fixed => "Courier New",
        }
    }

    /// How far letters reach above and below their line, as parts of their size.
    pub(super) fn reach(self) -> (f32, f32) {
        match self {
            Family::Sans => (0.905, 0.212),
            Family::Serif => (0.891, 0.216),
            Family::Fixed => (0.833, 0.300),
        }
    }

    /// The width of a text in letters of a size of 1.
    pub(super) fn width(self, text: &str, bold: bool) -> f32 {
        text.chars().map(|letter| self.letter(letter, bold)).sum::<f32>() / 1_000.0
    }

    fn letter(self, letter: char, bold: bool) -> f32 {
        let table = match (self, bold) {
            (Family::Fixed, _) => return FIXED,
            (Family::Sans, false) => &SANS,
            (Family::Sans, true) => &SANS_BOLD,
            (Family::Serif, false) => &SERIF,
            (Family::Serif, true) => &SERIF_BOLD,
        };
        let place = (u32::from(letter)).checked_sub(32).and_then(|place| table.get(place as usize));
        match place {
            Some(width) => f32::from(*width),
            None if ('\u{1100}'..='\u{115F}').contains(&letter)
                || ('\u{2E80}'..='\u{FFDC}').contains(&letter) =>
            {
                FULL
            }
            None => OTHER,
        }
    }
}

// From space to tilde, in parts of a thousand (Adobe Core 14 font metrics: Helvetica and Times).
const SANS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const SANS_BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278,
    556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584,
    556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556,
    333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
const SERIF: [u16; 95] = [
    250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722, 722, 333,
    389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469,
    500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389,
    278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];
const SERIF_BOLD: [u16; 95] = [
    250, 333, 555, 500, 500, 1000, 833, 278, 333, 333, 500, 570, 250, 333, 250, 278, 500, 500, 500, 500, 500,
    500, 500, 500, 500, 500, 333, 333, 570, 570, 570, 500, 930, 722, 667, 722, 722, 667, 611, 778, 778, 389,
    500, 778, 667, 944, 722, 778, 611, 778, 722, 556, 667, 722, 722, 1000, 722, 722, 667, 333, 278, 333, 581,
    500, 333, 500, 556, 444, 556, 444, 333, 500, 556, 278, 333, 556, 278, 833, 556, 500, 556, 556, 444, 389,
    333, 556, 500, 722, 500, 500, 444, 394, 220, 394, 520,
];

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn letters_are_as_wide_as_their_family_has_them() {
        assert_eq!(Family::Fixed.width("ab", false), 1.2);
        assert!(Family::Sans.width("W", true) > Family::Sans.width("i", true) * 3.0);
        assert_eq!(Family::of("ABCDEF+TimesNewRomanPSMT", false, false), Family::Serif);
        assert_eq!(Family::of("NotoSansSerifless", false, true), Family::Sans);
    }
}
