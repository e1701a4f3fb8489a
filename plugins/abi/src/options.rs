//! The one vocabulary of option names, with types, ranges and help.
//!
//! A plugin takes an entry of [`VOCABULARY`] with [`option`], narrows its range or sets its default
//! where it must, and puts it into a capability. An option that is not here may be added by a plugin
//! under a name of its own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// One option of a capability. Copies share what it says: most capabilities of a plugin take the same options.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionSpec(Arc<OptionFacts>);

/// What an option says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionFacts {
    /// The name, as in `quality`.
    pub name: String,
    /// What values it takes.
    pub kind: OptionKind,
    /// One sentence for help texts, with the unit.
    pub summary: String,
    /// The value used when none is given; `None` means the option is then not in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<OptionDefault>,
}

impl Deref for OptionSpec {
    type Target = OptionFacts;

    fn deref(&self) -> &OptionFacts {
        &self.0
    }
}

impl Serialize for OptionSpec {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        OptionFacts::serialize(self, to)
    }
}

impl<'d> Deserialize<'d> for OptionSpec {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        OptionFacts::deserialize(from).map(|facts| OptionSpec(Arc::new(facts)))
    }
}

impl OptionSpec {
    /// An option without a default.
    pub fn new(name: &str, kind: OptionKind, summary: &str) -> OptionSpec {
        let facts = OptionFacts { name: name.to_owned(), kind, summary: summary.to_owned(), default: None };
        OptionSpec(Arc::new(facts))
    }

    fn change(mut self, change: impl FnOnce(&mut OptionFacts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// Sets the default.
    pub fn with_default(self, default: impl Into<OptionDefault>) -> Self {
        self.change(|facts| facts.default = Some(default.into()))
    }

    /// Narrows the range of an integer option.
    pub fn with_range(self, min: i64, max: i64) -> Self {
        self.change(|facts| facts.kind = OptionKind::Integer { min, max })
    }

    /// Replaces the words of a choice.
    pub fn with_choices(self, words: &[&str]) -> Self {
        self.change(|facts| facts.kind = choice(words))
    }

    /// Replaces the help sentence.
    pub fn with_summary(self, summary: &str) -> Self {
        self.change(|facts| facts.summary = summary.to_owned())
    }
}

/// A default value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptionDefault {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
}

impl From<bool> for OptionDefault {
    fn from(value: bool) -> Self {
        OptionDefault::Boolean(value)
    }
}
impl From<i64> for OptionDefault {
    fn from(value: i64) -> Self {
        OptionDefault::Integer(value)
    }
}
impl From<f64> for OptionDefault {
    fn from(value: f64) -> Self {
        OptionDefault::Number(value)
    }
}
impl From<&str> for OptionDefault {
    fn from(value: &str) -> Self {
        OptionDefault::Text(value.to_owned())
    }
}

/// What values an option takes, and how it crosses the border.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OptionKind {
    /// `true` or `false`. Crosses as a boolean.
    Boolean,
    /// A whole number in a range, both ends included. Crosses as an integer.
    Integer {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
    },
    /// A number in a range, both ends included. Crosses as a number.
    Number {
        /// Least value.
        min: f64,
        /// Greatest value.
        max: f64,
    },
    /// One of some words. Crosses as text.
    Choice {
        /// The words.
        words: Vec<String>,
    },
    /// 1 to 100, or low (40), medium (65), high (85), highest (95). Crosses as an integer.
    Quality,
    /// A colour: `#rgb`, `#rrggbb`, `#rrggbbaa`, `white`, `black` or `transparent`. Crosses as
    /// `#rrggbbaa`.
    Colour,
    /// Seconds, or `HH:MM:SS` with an optional fraction. Crosses as a number of seconds.
    Time,
    /// A number of bytes, or of bits a second, with an optional `k`, `M` or `G` (1000) or `Ki`, `Mi`, `Gi`
    /// (1024). Crosses as an integer.
    Bytes,
    /// Pages: `all`, `3`, `1-5`, `1,3,5-7`, `3-` to the end. Crosses as the same text, checked.
    Pages,
    /// Any text up to 4,096 bytes. Crosses as text.
    Text,
    /// Text that is never printed, logged or written to a receipt. Crosses as text.
    Secret,
}

/// A row of the vocabulary.
struct Word {
    name: &'static str,
    kind: fn() -> OptionKind,
    summary: &'static str,
}

const fn word(name: &'static str, kind: fn() -> OptionKind, summary: &'static str) -> Word {
    Word { name, kind, summary }
}

fn side() -> OptionKind {
    OptionKind::Integer { min: 1, max: 65_535 }
}

fn choice(words: &[&str]) -> OptionKind {
    OptionKind::Choice { words: words.iter().map(|word| word.to_string()).collect() }
}

/// Every option name of the project; see `DESIGN` in ARCHITECTURE.md.
const VOCABULARY: &[Word] = &[
    word(
        "quality",
        || OptionKind::Quality,
        "Quality of a lossy result: 1 to 100, or low, medium, high, highest.",
    ),
    word("width", side, "Width of the result in pixels; without height the proportions are kept."),
    word("height", side, "Height of the result in pixels; without width the proportions are kept."),
    word(
        "fit",
        || choice(&["max", "crop", "scale", "pad"]),
        "How width and height are met: max stays inside and never enlarges, crop fills and cuts, scale stretches, pad adds borders.",
    ),
    word("density", || OptionKind::Number { min: 1.0, max: 2400.0 }, "Resolution in dots per inch."),
    word("pages", || OptionKind::Pages, "Pages or frames to take: \"1-5\", \"1,3,5\" or \"all\"."),
    word("lossless", || OptionKind::Boolean, "Keeps every sample exactly, at a larger size."),
    word(
        "effort",
        || OptionKind::Integer { min: 0, max: 9 },
        "How hard to try for a small file: 0 is fastest, 9 smallest.",
    ),
    word("background", || OptionKind::Colour, "Colour that fills transparency and borders, as in #ffffff."),
    word("strip_metadata", || OptionKind::Boolean, "Drops EXIF, XMP and comments; the colour profile stays."),
    word(
        "color_depth",
        || OptionKind::Integer { min: 1, max: 32 },
        "Bits a sample in the result (8, 16, 32), or bits a pixel for palettes (1 to 8).",
    ),
    word("x", || OptionKind::Integer { min: 0, max: 65_535 }, "Left edge of the cut in pixels."),
    word("y", || OptionKind::Integer { min: 0, max: 65_535 }, "Upper edge of the cut in pixels."),
    word(
        "mode",
        || choice(&["trace", "embed"]),
        "How pixels become vector graphics: trace draws shapes, embed puts the picture inside.",
    ),
    word("password", || OptionKind::Secret, "Password that opens or protects the file."),
    word(
        "owner_password",
        || OptionKind::Secret,
        "Password that lifts restrictions; without it the one that opens the file.",
    ),
    word(
        "permissions",
        || OptionKind::Text,
        "What is allowed without the owner's password: words of printing, low-printing, copying, accessibility, modifying, annotating, filling, assembling; or all, none.",
    ),
    word(
        "ranges",
        || OptionKind::Text,
        "Parts to split into: \"1-3,4-6\" makes two, \"1,3;2\" parts of several pieces, \"bookmarks\" one for each bookmark.",
    ),
    word("every", || OptionKind::Integer { min: 1, max: 1_000_000 }, "Pages in each part."),
    word("max_bytes", || OptionKind::Bytes, "Greatest size of the result in bytes."),
    word("angle", || OptionKind::Number { min: -360.0, max: 360.0 }, "Clockwise turn in degrees."),
    word(
        "threads",
        || OptionKind::Integer { min: 0, max: 1024 },
        "Threads to use; 0 runs on the caller's thread.",
    ),
    word("fps", || OptionKind::Number { min: 1.0, max: 60.0 }, "Frames a second."),
    word("codec", || OptionKind::Text, "Name of the codec to write with."),
    word(
        "resolution",
        || choice(&["240p", "360p", "480p", "720p", "1080p", "1440p", "4k"]),
        "Greatest height of the picture by its common name; never enlarges, keeps the proportions.",
    ),
    word("bitrate", || OptionKind::Bytes, "Bits a second for the picture, as in 2M or 800k."),
    word("audio_codec", || OptionKind::Text, "Name of the codec to write sound with."),
    word("audio_bitrate", || OptionKind::Bytes, "Bits a second for sound, as in 128k."),
    word(
        "sample_rate",
        || OptionKind::Integer { min: 4_000, max: 768_000 },
        "Samples a second of sound, as in 44100.",
    ),
    word(
        "channels",
        || OptionKind::Integer { min: 1, max: 8 },
        "Channels of sound: 1 mono, 2 stereo, 6 for 5.1.",
    ),
    word(
        "preset",
        || {
            choice(&[
                "ultrafast",
                "superfast",
                "veryfast",
                "faster",
                "fast",
                "medium",
                "slow",
                "slower",
                "veryslow",
            ])
        },
        "Speed of the encoder: slower makes smaller files of the same quality.",
    ),
    word(
        "parallel",
        || OptionKind::Boolean,
        "Encodes pieces side by side on several processors; they share no bits, so it sounds a little worse at the same rate.",
    ),
    word(
        "two_pass",
        || OptionKind::Boolean,
        "Encodes twice to meet the bit rate more evenly; needs bitrate or max_bytes.",
    ),
    word("no_audio", || OptionKind::Boolean, "Leaves the sound out."),
    word("no_video", || OptionKind::Boolean, "Leaves the picture out."),
    word(
        "copy",
        || choice(&["auto", "never", "always"]),
        "Whether tracks are copied without being encoded again: auto where they fit, never, or always (else an error).",
    ),
    word("start_time", || OptionKind::Time, "Where to start: seconds or HH:MM:SS."),
    word("end_time", || OptionKind::Time, "Where to end: seconds or HH:MM:SS."),
    word("duration", || OptionKind::Time, "How much to take: seconds or HH:MM:SS."),
    word(
        "subtitles",
        || choice(&["keep", "burn", "drop"]),
        "What becomes of subtitles: kept as tracks, drawn into the picture, or dropped.",
    ),
    word(
        "loop",
        || OptionKind::Integer { min: 0, max: 65_535 },
        "How often an animation plays; 0 means for ever.",
    ),
    word("text", || OptionKind::Text, "Text to draw."),
    word(
        "position",
        || {
            choice(&[
                "top-left",
                "top",
                "top-right",
                "left",
                "center",
                "right",
                "bottom-left",
                "bottom",
                "bottom-right",
            ])
        },
        "Where it is put.",
    ),
    word(
        "opacity",
        || OptionKind::Number { min: 0.0, max: 1.0 },
        "How opaque it is: 0 is invisible, 1 covers.",
    ),
    word("margin", || OptionKind::Integer { min: 0, max: 10_000 }, "Distance from the edges in pixels."),
    word("font_size", || OptionKind::Integer { min: 4, max: 2_000 }, "Height of the letters in pixels."),
    word("color", || OptionKind::Colour, "Colour of what is drawn, as in #ffffff."),
    word(
        "bit_depth",
        || OptionKind::Integer { min: 8, max: 32 },
        "Bits of a sample of sound in lossless targets: 8, 16, 24 or 32.",
    ),
    word("count", || OptionKind::Integer { min: 1, max: 1_000 }, "How many to make, spread evenly."),
    word("title", || OptionKind::Text, "Title tag."),
    word("artist", || OptionKind::Text, "Artist or author tag."),
    word("album", || OptionKind::Text, "Album tag."),
    word("album_artist", || OptionKind::Text, "Album artist tag."),
    word("composer", || OptionKind::Text, "Composer tag."),
    word("genre", || OptionKind::Text, "Genre tag."),
    word("date", || OptionKind::Text, "Date tag: a year, or YYYY-MM-DD."),
    word("track", || OptionKind::Text, "Track number tag, as in 3 or 3/12."),
    word("comment", || OptionKind::Text, "Comment tag."),
    word("description", || OptionKind::Text, "Description tag."),
    word("copyright", || OptionKind::Text, "Copyright tag."),
    word("page_size", || choice(&["a4", "letter"]), "Size of the paper."),
    word("orientation", || choice(&["portrait", "landscape"]), "Whether the page stands or lies."),
    word("font", || OptionKind::Text, "Family of fonts to write with."),
    word(
        "tagged",
        || OptionKind::Boolean,
        "Writes what each part of the text is, for those who have it read out.",
    ),
    word("page_numbers", || OptionKind::Boolean, "Numbers the pages."),
    word("contents", || OptionKind::Boolean, "Puts a table of contents in front."),
    word(
        "monospaced",
        || choice(&["auto", "yes", "no"]),
        "Whether plain text has letters of one width: auto where its lines are short or stand in columns.",
    ),
    word("sheet", || OptionKind::Text, "Sheet to take: its name or its number, or all."),
    word("header", || OptionKind::Boolean, "The first record names the columns."),
];

/// Returns an option of the vocabulary, without a default. A name that is not in the vocabulary gives
/// an option of kind text.
pub fn option(name: &str) -> OptionSpec {
    let found = VOCABULARY.iter().find(|word| word.name == name);
    let kind = found.map_or(OptionKind::Text, |word| (word.kind)());
    OptionSpec::new(name, kind, found.map_or("", |word| word.summary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = VOCABULARY.iter().map(|word| word.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VOCABULARY.len());
    }

    #[test]
    fn specs_survive_json() {
        for word in VOCABULARY {
            let spec = option(word.name);
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<OptionSpec>(&json).unwrap(), spec);
        }
    }
}
