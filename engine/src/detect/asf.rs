//! Advanced Systems Format: the header's stream objects tell video from audio.
//!
//! Object ids and layouts: Microsoft, ASF Specification 01.20.05, sections 3 and 10.

use super::bytes::{has, le64, slice};
use super::finding::Finding;
use super::reader::Reader;

const STREAM_PROPERTIES: &[u8] = b"\x91\x07\xDC\xB7\xB7\xA9\xCF\x11\x8E\xE6\x00\xC0\x0C\x20\x53\x65";
const CONTENT_ENCRYPTION: &[u8] = b"\xFB\xB3\x11\x22\x23\xBD\xD2\x11\xB4\xB7\x00\xA0\xC9\x55\xFC\x6E";
const EXTENDED_ENCRYPTION: &[u8] = b"\x14\xE6\x8A\x29\x22\x26\x17\x4C\xB9\x35\xDA\xE0\x7E\xE9\x28\x9C";
const AUDIO: &[u8] = b"\x40\x9E\x69\xF8\x4D\x5B\xCF\x11\xA8\xFD\x00\x80\x5F\x5C\x44\x2B";
const VIDEO: &[u8] = b"\xC0\xEF\x19\xBC\x4D\x5B\xCF\x11\xA8\xFD\x00\x80\x5F\x5C\x44\x2B";

/// Codec names of Windows Media Video.
const WINDOWS_MEDIA: &[&[u8]] =
    &[b"WMV1", b"WMV2", b"WMV3", b"WMVA", b"WMVP", b"WVP2", b"WVC1", b"MSS1", b"MSS2"];
/// The most header objects that are looked at.
const OBJECTS: usize = 64;

/// What the header says of the streams.
#[derive(Default)]
struct Streams {
    audio: bool,
    video: bool,
    windows_media: bool,
    encrypted: bool,
}

/// Tells which use of ASF a file is.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    let streams = streams(reader);
    let found = match streams {
        Streams { video: true, windows_media: true, .. } => {
            Finding::certain("wmv", "ASF with Windows Media video").or_named(&["asf"])
        }
        Streams { video: true, .. } => Finding::certain("asf", "ASF with a video stream").or_named(&["wmv"]),
        Streams { audio: true, .. } => Finding::certain("wma", "ASF with only audio").or_named(&["asf"]),
        _ => Finding::likely("asf", "ASF header object").or_named(&["wmv", "wma"]),
    };
    Some(found.encrypted(streams.encrypted))
}

/// Walks the objects behind the header object's own 30 bytes.
fn streams(reader: &Reader<'_>) -> Streams {
    let mut streams = Streams::default();
    let end = le64(reader.head(), 16).unwrap_or(0);
    let mut at = 30;
    for _ in 0..OBJECTS {
        let object = reader.read(at, 128);
        let Some(size) = le64(&object, 16).filter(|size| *size >= 24 && at < end) else { break };
        note(&object, &mut streams);
        at = at.saturating_add(size);
    }
    streams
}

/// A stream properties object has the stream type at 24; for video the BITMAPINFOHEADER's codec at 105.
fn note(object: &[u8], streams: &mut Streams) {
    if has(object, 0, STREAM_PROPERTIES) {
        streams.audio |= has(object, 24, AUDIO);
        if has(object, 24, VIDEO) {
            streams.video = true;
            let codec = slice(object, 105, 4).map(<[u8]>::to_ascii_uppercase).unwrap_or_default();
            streams.windows_media |= WINDOWS_MEDIA.contains(&codec.as_slice());
        }
    }
    streams.encrypted |= has(object, 0, CONTENT_ENCRYPTION) || has(object, 0, EXTENDED_ENCRYPTION);
}
