//! The little of CSS and of HTML's own attributes that is heard.

use crate::tree::Align;

/// Colours lighter than this are meant for a dark ground, which is not drawn.
const LIGHTEST: f64 = 0.75;

/// What an element says of its look.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Look {
    /// Heavier, or not.
    pub(super) bold: Option<bool>,
    /// Slanted, or not.
    pub(super) italic: Option<bool>,
    /// With a line below.
    pub(super) underline: Option<bool>,
    /// With a line through it.
    pub(super) strike: Option<bool>,
    /// Red, green and blue.
    pub(super) colour: Option<[u8; 3]>,
    /// Where lines stand.
    pub(super) align: Option<Align>,
    /// Not shown at all.
    pub(super) hidden: bool,
    /// On a new page.
    pub(super) new_page: bool,
}

impl Look {
    /// Reads a `style` attribute.
    pub(super) fn of(style: &str) -> Look {
        let mut look = Look::default();
        for declaration in style.split(';').take(200) {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let value = value.trim().trim_end_matches("!important").trim().to_ascii_lowercase();
            look.hear(name.trim().to_ascii_lowercase().as_str(), &value);
        }
        look
    }

    fn hear(&mut self, name: &str, value: &str) {
        match name {
            "font-weight" => {
                let number =
                    value.parse::<u32>().map_or(matches!(value, "bold" | "bolder"), |weight| weight >= 600);
                self.bold = Some(number);
            }
            "font-style" => self.italic = Some(matches!(value, "italic" | "oblique")),
            "text-decoration" | "text-decoration-line" => {
                self.underline = Some(value.contains("underline"));
                self.strike = Some(value.contains("line-through"));
            }
            "color" => self.colour = colour(value),
            "text-align" => self.align = align(value),
            "display" => self.hidden |= value == "none",
            "visibility" => self.hidden |= value == "hidden",
            "page-break-before" | "break-before" => {
                self.new_page = matches!(value, "always" | "page" | "left" | "right");
            }
            _ => {}
        }
    }
}

/// Reads where lines stand.
pub(super) fn align(word: &str) -> Option<Align> {
    match word.trim().to_ascii_lowercase().as_str() {
        "left" => Some(Align::Left),
        "center" | "middle" => Some(Align::Center),
        "right" | "end" => Some(Align::Right),
        "start" | "justify" => Some(Align::Start),
        _ => None,
    }
}

/// Reads a colour that can be seen on white paper.
pub(super) fn colour(value: &str) -> Option<[u8; 3]> {
    let value = value.trim().to_ascii_lowercase();
    let found = match value.strip_prefix('#') {
        Some(digits) => hexadecimal(digits)?,
        None => match value.strip_prefix("rgb").and_then(|rest| rest.split_once('(')) {
            Some((_, numbers)) => decimal(numbers)?,
            None => NAMED.iter().find(|(name, _)| *name == value)?.1,
        },
    };
    let [red, green, blue] = found.map(|part| f64::from(part) / 255.0);
    (0.2126 * red + 0.7152 * green + 0.0722 * blue <= LIGHTEST).then_some(found)
}

fn hexadecimal(digits: &str) -> Option<[u8; 3]> {
    let value = u32::from_str_radix(digits, 16).ok()?;
    let part = |shift: u32| (value >> shift & 0xFF) as u8;
    let short = |shift: u32| (value >> shift & 0xF) as u8 * 17;
    match digits.len() {
        3 => Some([short(8), short(4), short(0)]),
        6 => Some([part(16), part(8), part(0)]),
        8 => Some([part(24), part(16), part(8)]),
        _ => None,
    }
}

fn decimal(numbers: &str) -> Option<[u8; 3]> {
    let mut parts = numbers.trim_end_matches(')').split([',', ' ', '/']).filter(|part| !part.is_empty());
    let mut next = || parts.next()?.trim().parse::<f64>().ok().map(|part| part.clamp(0.0, 255.0) as u8);
    Some([next()?, next()?, next()?])
}

/// CSS Color Module Level 4, section 6.1: those that are used.
const NAMED: &[(&str, [u8; 3])] = &[
    ("black", [0, 0, 0]),
    ("blue", [0, 0, 255]),
    ("brown", [165, 42, 42]),
    ("crimson", [220, 20, 60]),
    ("darkblue", [0, 0, 139]),
    ("darkgreen", [0, 100, 0]),
    ("darkorange", [255, 140, 0]),
    ("darkred", [139, 0, 0]),
    ("gray", [128, 128, 128]),
    ("green", [0, 128, 0]),
    ("grey", [128, 128, 128]),
    ("indigo", [75, 0, 130]),
    ("magenta", [255, 0, 255]),
    ("maroon", [128, 0, 0]),
    ("navy", [0, 0, 128]),
    ("olive", [128, 128, 0]),
    ("orange", [255, 165, 0]),
    ("purple", [128, 0, 128]),
    ("red", [255, 0, 0]),
    ("teal", [0, 128, 128]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_heard() {
        let look =
            Look::of("COLOR: #F00 ; font-weight:700;text-align : center; font-style: italic !important");
        assert_eq!((look.colour, look.bold, look.italic), (Some([255, 0, 0]), Some(true), Some(true)));
        assert_eq!(look.align, Some(Align::Center));
        assert!(Look::of("display:none").hidden && !Look::of("display:block;:;color").hidden);
    }

    #[test]
    fn colours_that_paper_does_not_show_are_black() {
        assert_eq!(colour("rgb(0, 128, 255)"), Some([0, 128, 255]));
        assert_eq!(colour("navy"), Some([0, 0, 128]));
        for none in ["#fff", "#ffffff", "rgb(255,255,240)", "yellowish", "#12", "rgb(1,2)"] {
            assert_eq!(colour(none), None, "{none}");
        }
    }
}
