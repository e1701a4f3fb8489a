use std::fmt;

/// Something a file can hold, and a conversion can therefore lose.
///
/// The same word is used on both sides: a format row lists the features it [can
/// hold](crate::Format::holds), a loss names the feature that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Feature {
    /// Transparency.
    Alpha,
    /// More than one frame with timing.
    Animation,
    /// More than 8 bits a sample (16 bit, half, float) or high dynamic range.
    BitDepth,
    /// An embedded colour profile (ICC) or colour space tag.
    ColourProfile,
    /// More colours than a palette of the target.
    Colours,
    /// CMYK or other print inks.
    Inks,
    /// Separate editable layers.
    Layers,
    /// More than one page or picture.
    Pages,
    /// Shapes that scale without loss.
    Vector,
    /// Text as text, not as pixels.
    Text,
    /// Descriptive data: EXIF, XMP, tags, author, title.
    Metadata,
    /// A picture that stands for the whole, as the cover of an album.
    Cover,
    /// Audio or video tracks.
    Tracks,
    /// Subtitle tracks.
    Subtitles,
    /// Chapter marks.
    Chapters,
    /// Embedded or named fonts.
    Fonts,
    /// Formulas that compute.
    Formulas,
    /// Macros and scripts.
    Macros,
    /// Several files under one roof.
    Entries,
    /// Names and folder structure of the files inside.
    Names,
    /// Modification times of the files inside.
    Timestamps,
    /// Unix permission bits and owners.
    Permissions,
    /// Symbolic and hard links.
    Links,
    /// Encryption with a password.
    Encryption,
    /// Exact samples: a lossy target re-encodes and changes them.
    Quality,
}

impl Feature {
    /// Every feature with the word used for it in JSON and on the command line.
    pub const ALL: &'static [(Feature, &'static str)] = &[
        (Feature::Alpha, "alpha"),
        (Feature::Animation, "animation"),
        (Feature::BitDepth, "bit_depth"),
        (Feature::ColourProfile, "colour_profile"),
        (Feature::Colours, "colours"),
        (Feature::Inks, "inks"),
        (Feature::Layers, "layers"),
        (Feature::Pages, "pages"),
        (Feature::Vector, "vector"),
        (Feature::Text, "text"),
        (Feature::Metadata, "metadata"),
        (Feature::Cover, "cover"),
        (Feature::Tracks, "tracks"),
        (Feature::Subtitles, "subtitles"),
        (Feature::Chapters, "chapters"),
        (Feature::Fonts, "fonts"),
        (Feature::Formulas, "formulas"),
        (Feature::Macros, "macros"),
        (Feature::Entries, "entries"),
        (Feature::Names, "names"),
        (Feature::Timestamps, "timestamps"),
        (Feature::Permissions, "permissions"),
        (Feature::Links, "links"),
        (Feature::Encryption, "encryption"),
        (Feature::Quality, "quality"),
    ];

    /// Returns the word for this feature, as in `"colour_profile"`.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(feature, _)| *feature == self).map_or("quality", |(_, word)| word)
    }

    /// Finds the feature a word stands for.
    pub fn from_word(word: &str) -> Option<Feature> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(feature, _)| *feature)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
