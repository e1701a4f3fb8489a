use crate::Feature;

/// The five families of formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Moving pictures, usually with sound.
    Video,
    /// Sound.
    Audio,
    /// Still and animated pictures.
    Image,
    /// Text, sheets, slides, books.
    Document,
    /// Files in a container or a compressed stream.
    Archive,
}

impl Family {
    /// All families, in the order they are listed to people.
    pub const ALL: [Family; 5] =
        [Family::Video, Family::Audio, Family::Image, Family::Document, Family::Archive];

    /// Returns the word for this family, as in `"image"`.
    pub fn word(self) -> &'static str {
        match self {
            Family::Video => "video",
            Family::Audio => "audio",
            Family::Image => "image",
            Family::Document => "document",
            Family::Archive => "archive",
        }
    }
}

/// Whether writing a format can change the samples or text it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// What is written is read back exactly.
    Lossless,
    /// Something is thrown away when writing.
    Lossy,
    /// Both kinds exist; an option decides.
    Either,
}

/// Bytes that open a file of one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Where the bytes stand, from the start of the file.
    pub offset: usize,
    /// The bytes themselves.
    pub bytes: &'static [u8],
}

/// One row: what a format is.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The stable id, lower case, as in `"jpg"`. Jobs, the matrix and receipts use it.
    pub id: &'static str,
    /// The name people know it by.
    pub name: &'static str,
    /// The family it belongs to.
    pub family: Family,
    /// File name extensions without the dot; the first one is given to new files.
    pub extensions: &'static [&'static str],
    /// Other words a user may type for it.
    pub aliases: &'static [&'static str],
    /// Media types; the first one is preferred.
    pub mime: &'static [&'static str],
    /// Byte signatures; empty when the format is found inside a container or by evidence.
    pub signatures: &'static [Signature],
    /// The format this one is a use of, as `zip` for `docx`; `None` when it stands alone.
    pub container: Option<&'static str>,
    /// Whether writing it loses something.
    pub compression: Compression,
    /// What it can hold.
    pub holds: &'static [Feature],
    /// Where it is specified: a title, and an address when there is a public one.
    pub specification: &'static str,
    /// True for formats that only pass between plugins and are never shown to people.
    pub internal: bool,
}

impl Signature {
    /// Bytes that stand at the very start.
    pub(crate) const fn start(bytes: &'static [u8]) -> Signature {
        Signature { offset: 0, bytes }
    }

    /// Bytes that stand at `offset`.
    pub(crate) const fn at(offset: usize, bytes: &'static [u8]) -> Signature {
        Signature { offset, bytes }
    }

    /// Tells whether `head`, the first bytes of a file, carries this signature.
    pub fn matches(&self, head: &[u8]) -> bool {
        head.get(self.offset..).is_some_and(|rest| rest.starts_with(self.bytes))
    }
}

impl Format {
    /// Tells whether a file of this format can carry `feature`.
    pub fn can_hold(&self, feature: Feature) -> bool {
        self.holds.contains(&feature)
    }

    /// Returns the extension given to new files, without the dot; the id for formats that have none.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or(self.id)
    }

    /// What rows start from: `Format { id: "…", ..Format::IMAGE }`.
    const fn base(family: Family, compression: Compression) -> Format {
        Format {
            id: "",
            name: "",
            family,
            extensions: &[],
            aliases: &[],
            mime: &[],
            signatures: &[],
            container: None,
            compression,
            holds: &[],
            specification: "",
            internal: false,
        }
    }

    /// A lossy video format.
    pub(crate) const VIDEO: Format = Format::base(Family::Video, Compression::Lossy);
    /// A lossy audio format.
    pub(crate) const AUDIO: Format = Format::base(Family::Audio, Compression::Lossy);
    /// A lossless image format.
    pub(crate) const IMAGE: Format = Format::base(Family::Image, Compression::Lossless);
    /// A document that keeps what is written into it.
    pub(crate) const DOCUMENT: Format = Format::base(Family::Document, Compression::Lossless);
    /// An archive or a compressed stream.
    pub(crate) const ARCHIVE: Format = Format::base(Family::Archive, Compression::Lossless);
}
