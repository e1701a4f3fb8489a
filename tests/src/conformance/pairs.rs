//! Which formats are asked for, in and out, and which of them a file of the corpus stands for.

use crate::corpus::Sample;

/// A family whose pairs are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Pictures.
    Image,
    /// Archives and compressed streams.
    Archive,
}

const IMAGE_IN: &[&str] = &[
    "jpg", "png", "gif", "webp", "bmp", "tiff", "svg", "svgz", "heic", "ico", "psd", "eps", "avif", "raw",
    "cr2", "cr3", "nef", "arw", "dng", "kdc", "tga", "hdr", "exr", "dds", "pcx", "apng", "jxl", "jp2", "qoi",
    "pnm",
];

const IMAGE_OUT: &[&str] = &[
    "jpg", "png", "gif", "webp", "bmp", "tiff", "svg", "svgz", "ico", "avif", "pdf", "eps", "psd", "tga",
    "hdr", "exr", "dds", "pcx", "apng", "heic", "jxl", "qoi", "pnm",
];

const ARCHIVE_IN: &[&str] =
    &["zip", "rar", "7z", "tar", "gz", "bz2", "xz", "zst", "lz4", "tgz", "tbz2", "txz", "cpio"];

const ARCHIVE_OUT: &[&str] = &["zip", "7z", "tar", "gz", "bz2", "xz", "tgz", "tbz2", "txz", "zst"];

impl Suite {
    /// Finds the suite of a family's word.
    pub fn from_word(word: &str) -> Option<Suite> {
        [Suite::Image, Suite::Archive].into_iter().find(|suite| suite.word() == word)
    }

    /// The family's word, which is also its folder in the corpus.
    pub fn word(self) -> &'static str {
        match self {
            Suite::Image => "image",
            Suite::Archive => "archive",
        }
    }

    /// Formats that must be read.
    pub fn inputs(self) -> &'static [&'static str] {
        match self {
            Suite::Image => IMAGE_IN,
            Suite::Archive => ARCHIVE_IN,
        }
    }

    /// Formats that must be written.
    pub fn outputs(self) -> &'static [&'static str] {
        match self {
            Suite::Image => IMAGE_OUT,
            Suite::Archive => ARCHIVE_OUT,
        }
    }

    /// The inputs a file of the corpus stands for. A camera's own format is also tried as plain `raw`.
    pub fn roles(self, sample: &Sample) -> Vec<&'static str> {
        let name = sample.name().to_ascii_lowercase();
        let tar = name.contains(".tar.") || name.ends_with(".tbz2") || sample.note.contains("tar inside");
        let format = match sample.format.as_str() {
            "xz" if tar => "txz",
            "bz2" if tar => "tbz2",
            format => format,
        };
        let raw = matches!(format, "nef" | "dng" | "kdc").then_some("raw");
        let inputs = self.inputs().iter().copied();
        inputs.filter(|input| *input == format || Some(*input) == raw).collect()
    }
}

/// True for formats that hold several frames with their timing.
pub(super) fn animates(format: &str) -> bool {
    matches!(format, "gif" | "webp" | "apng")
}

/// True for formats in which a picture that is not opaque must stay so.
pub(super) fn keeps_alpha(format: &str) -> bool {
    matches!(
        format,
        "png" | "apng" | "webp" | "tiff" | "tga" | "qoi" | "avif" | "jxl" | "psd" | "exr" | "ico"
    )
}

/// True for formats whose size is a matter of interpretation, so that only the proportions count.
pub(super) fn scales(format: &str) -> bool {
    matches!(format, "svg" | "svgz" | "eps" | "pdf")
}

/// True for camera raw formats, whose borders readers crop differently.
pub(super) fn raw(format: &str) -> bool {
    matches!(format, "raw" | "cr2" | "cr3" | "nef" | "arw" | "dng" | "kdc")
}
