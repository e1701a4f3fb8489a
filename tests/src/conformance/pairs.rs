//! Which formats are asked for, in and out, and which of them a file of the corpus stands for.

use crate::corpus::Sample;
use crate::judge::Streams;

/// A family whose pairs are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Pictures.
    Image,
    /// Archives and compressed streams.
    Archive,
    /// Moving pictures, into video, into sound, and into stills.
    Video,
    /// Sound.
    Audio,
    /// Pages, into pictures, text, tables and office files.
    Pdf,
    /// Text and markup, onto pages.
    Text,
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

const VIDEO_IN: &[&str] = &[
    "mp4", "mov", "avi", "mkv", "webm", "wmv", "flv", "m4v", "3gp", "mpeg", "mts", "ogv", "vob", "ts",
    "m2ts", "f4v", "divx", "xvid", "swf", "asf", "gif",
];

/// Video, then every sound that [`AUDIO_OUT`] has, then stills.
const VIDEO_OUT: &[&str] = &[
    "mp4", "mov", "avi", "mkv", "webm", "wmv", "flv", "m4v", "3gp", "mpeg", "ogv", "gif", "ts", "vob", "mts",
    "m2ts", "f4v", "swf", "asf", "mp3", "wav", "flac", "aac", "ogg", "oga", "m4a", "wma", "aiff", "opus",
    "alac", "amr", "ac3", "caf", "au", "m4b", "spx", "wv", "dts", "3ga", "png", "jpg",
];

const AUDIO_IN: &[&str] = &[
    "mp3", "wav", "flac", "aac", "ogg", "oga", "m4a", "wma", "aiff", "opus", "alac", "amr", "ac3", "dts",
    "caf", "au", "mid", "m4b", "spx", "wv", "3ga", "mka",
];

const AUDIO_OUT: &[&str] = &[
    "mp3", "wav", "flac", "aac", "ogg", "oga", "m4a", "wma", "aiff", "opus", "alac", "amr", "ac3", "caf",
    "au", "m4b", "spx", "wv", "dts", "3ga",
];

const PDF_OUT: &[&str] =
    &["txt", "md", "html", "docx", "pptx", "epub", "odt", "csv", "xlsx", "png", "jpg", "webp", "tiff"];

const TEXT_IN: &[&str] = &["txt", "md", "html", "csv"];

const TEXT_OUT: &[&str] = &["pdf"];

const RAW: &[&str] = &[
    "raw", "cr2", "cr3", "nef", "arw", "dng", "kdc", "3fr", "crw", "dcr", "erf", "iiq", "mrw", "orf", "pef",
    "raf", "rw2", "srw",
];

const STILLS: &[&str] = &["png", "jpg"];

impl Suite {
    /// Every family that is tried.
    pub const ALL: &[Suite] =
        &[Suite::Image, Suite::Archive, Suite::Video, Suite::Audio, Suite::Pdf, Suite::Text];

    /// Finds the suite of a family's word.
    pub fn from_word(word: &str) -> Option<Suite> {
        Suite::ALL.iter().copied().find(|suite| suite.word() == word)
    }

    /// The word it goes by, for families that of the family.
    pub fn word(self) -> &'static str {
        match self {
            Suite::Image => "image",
            Suite::Archive => "archive",
            Suite::Video => "video",
            Suite::Audio => "audio",
            Suite::Pdf => "pdf",
            Suite::Text => "text",
        }
    }

    /// The foreign reader that judges its outputs.
    pub fn judge(self) -> &'static str {
        match self {
            Suite::Image => "pillow, libvips",
            Suite::Archive => "libarchive",
            Suite::Video | Suite::Audio => "ffmpeg, mediainfo",
            Suite::Pdf | Suite::Text => "poppler",
        }
    }

    /// Formats that must be read.
    pub fn inputs(self) -> &'static [&'static str] {
        match self {
            Suite::Image => IMAGE_IN,
            Suite::Archive => ARCHIVE_IN,
            Suite::Video => VIDEO_IN,
            Suite::Audio => AUDIO_IN,
            Suite::Pdf => &["pdf"],
            Suite::Text => TEXT_IN,
        }
    }

    /// Formats that must be written.
    pub fn outputs(self) -> &'static [&'static str] {
        match self {
            Suite::Image => IMAGE_OUT,
            Suite::Archive => ARCHIVE_OUT,
            Suite::Video => VIDEO_OUT,
            Suite::Audio => AUDIO_OUT,
            Suite::Pdf => PDF_OUT,
            Suite::Text => TEXT_OUT,
        }
    }

    /// True for video and sound.
    pub fn is_media(self) -> bool {
        matches!(self, Suite::Video | Suite::Audio)
    }

    /// True for targets that are one picture out of a video.
    pub fn is_still(to: &str) -> bool {
        STILLS.contains(&to)
    }

    /// True for targets that are pictures of pages.
    pub fn is_page_picture(to: &str) -> bool {
        PDF_OUT.contains(&to) && IMAGE_OUT.contains(&to)
    }

    /// True when a file with these streams can become `to` at all.
    pub fn fits(streams: &Streams, to: &str) -> bool {
        let (moving, sounding) = (Suite::is_still(to) || to == "gif", AUDIO_OUT.contains(&to));
        (streams.video || !moving) && (streams.audio || !sounding)
    }

    /// True for files of the corpus that belong to the family. Moving GIFs are pictures and video.
    pub fn takes(self, sample: &Sample) -> bool {
        let folder = if matches!(self, Suite::Pdf | Suite::Text) { "document" } else { self.word() };
        sample.folder == folder || self == Suite::Video && sample.folder == "image" && sample.format == "gif"
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
    RAW.contains(&format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_becomes_every_sound() {
        for to in AUDIO_OUT {
            assert!(VIDEO_OUT.contains(to), "{to}");
        }
    }

    #[test]
    fn a_file_becomes_only_what_it_has_streams_for() {
        let streams = |video, audio| Streams { video, audio, cost: 1 };
        assert!(Suite::fits(&streams(true, false), "mp4") && Suite::fits(&streams(false, true), "mp4"));
        assert!(!Suite::fits(&streams(true, false), "mp3") && !Suite::fits(&streams(false, true), "gif"));
        assert!(!Suite::fits(&streams(false, true), "png") && Suite::fits(&streams(false, true), "ogg"));
    }
}
