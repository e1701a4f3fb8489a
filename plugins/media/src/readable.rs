//! Which formats can be read: by the demuxer the library has for them.

use crate::library;

/// A format's id, and FFmpeg's demuxer.
type Row = (&'static str, &'static str);

/// Formats of sound alone.
const AUDIO: &[Row] = &[
    ("mp3", "mp3"),
    ("wav", "wav"),
    ("flac", "flac"),
    ("aac", "aac"),
    ("ogg", "ogg"),
    ("oga", "ogg"),
    ("m4a", "mov"),
    ("wma", "asf"),
    ("aiff", "aiff"),
    ("opus", "ogg"),
    ("alac", "mov"),
    ("amr", "amr"),
    ("ac3", "ac3"),
    ("dts", "dts"),
    ("caf", "caf"),
    ("au", "au"),
    ("m4b", "mov"),
    ("spx", "ogg"),
    ("wv", "wv"),
    ("3ga", "mov"),
    ("mka", "matroska"),
    ("mp2", "mp3"),
    ("ape", "ape"),
    ("dsf", "dsf"),
    ("ra", "rm"),
    ("tta", "tta"),
];

/// Formats of pictures, usually with sound.
const VIDEO: &[Row] = &[
    ("mp4", "mov"),
    ("mov", "mov"),
    ("avi", "avi"),
    ("mkv", "matroska"),
    ("webm", "matroska"),
    ("wmv", "asf"),
    ("flv", "flv"),
    ("m4v", "mov"),
    ("3gp", "mov"),
    ("mpeg", "mpeg"),
    ("mts", "mpegts"),
    ("ogv", "ogg"),
    ("vob", "mpeg"),
    ("ts", "mpegts"),
    ("m2ts", "mpegts"),
    ("f4v", "mov"),
    ("divx", "avi"),
    ("xvid", "avi"),
    ("swf", "swf"),
    ("asf", "asf"),
    ("dv", "dv"),
    ("mxf", "mxf"),
    ("rm", "rm"),
    ("y4m", "yuv4mpegpipe"),
];

/// Formats of pictures that have no place for sound.
const SILENT: &[&str] = &["y4m"];

/// Ids of all formats that can be read here and may hold sound.
pub fn sounding() -> Vec<String> {
    let films = video().into_iter().filter(|id| !SILENT.contains(&id.as_str()));
    audio().into_iter().chain(films).collect()
}

/// Ids of the sound formats that can be read here.
pub fn audio() -> Vec<String> {
    present(AUDIO)
}

/// Ids of the video formats that can be read here.
pub fn video() -> Vec<String> {
    present(VIDEO)
}

/// The demuxer for a format that is frames without a header around them; `None` for others.
pub(crate) fn headerless(id: &str) -> Option<&'static str> {
    const IDS: [&str; 5] = ["mp3", "mp2", "aac", "ac3", "dts"];
    AUDIO.iter().find(|(format, _)| *format == id && IDS.contains(format)).map(|(_, demuxer)| *demuxer)
}

fn present(rows: &[Row]) -> Vec<String> {
    rows.iter().filter(|(_, demuxer)| library::has_demuxer(demuxer)).map(|(id, _)| (*id).to_owned()).collect()
}
