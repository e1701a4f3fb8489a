//! Ogg (RFC 3533): the first page of every logical stream names its codec.

use super::bytes::{byte, has, slice};
use super::finding::Finding;
use super::reader::Reader;

/// The most pages that are looked at.
const PAGES: usize = 32;

/// What a stream holds, by the first bytes of its first packet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Codec {
    Video,
    Vorbis,
    Opus,
    Speex,
    Flac,
    OtherAudio,
}

/// First bytes of identification packets (RFC 5334, section 10, and the codecs' own documents).
const CODECS: &[(&[u8], Codec)] = &[
    (b"\x80theora", Codec::Video),
    (b"BBCD\x00", Codec::Video),
    (b"\x01video", Codec::Video),
    (b"OVP80", Codec::Video),
    (b"\x80daala", Codec::Video),
    (b"\x01vorbis", Codec::Vorbis),
    (b"OpusHead", Codec::Opus),
    (b"Speex   ", Codec::Speex),
    (b"\x7FFLAC", Codec::Flac),
    (b"fLaC", Codec::Flac),
    (b"CELT    ", Codec::OtherAudio),
    (b"PCM     ", Codec::OtherAudio),
];

/// Tells which use of Ogg a file is.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    let codecs = codecs(reader);
    let found = if codecs.contains(&Codec::Video) {
        Finding::certain("ogv", "Ogg with a video stream").or_named(&["ogg"])
    } else {
        match codecs.first() {
            Some(Codec::Opus) => {
                Finding::certain("opus", "Ogg with an Opus stream").or_named(&["ogg", "oga"])
            }
            Some(Codec::Speex) => {
                Finding::certain("spx", "Ogg with a Speex stream").or_named(&["ogg", "oga"])
            }
            Some(Codec::Flac) => Finding::certain("oga", "Ogg with a FLAC stream").or_named(&["ogg"]),
            Some(Codec::Vorbis) => Finding::certain("ogg", "Ogg with a Vorbis stream").or_named(&["oga"]),
            _ => Finding::likely("ogg", "Ogg pages").or_named(&["oga", "ogv", "opus", "spx"]),
        }
    };
    Some(found)
}

/// Collects the codecs of the leading first-of-stream pages.
fn codecs(reader: &Reader<'_>) -> Vec<Codec> {
    let mut found = Vec::new();
    let mut at = 0;
    for _ in 0..PAGES {
        let page = reader.read(at, 27 + 255 + 16);
        let Some((codec, length)) = first_page(&page) else { break };
        found.extend(codec);
        at += length as u64;
    }
    found
}

/// The codec and the length of a page that begins a stream; `None` for every other page.
///
/// Header: capture pattern, version, flags (2 = begins a stream), position, serial, sequence, checksum,
/// segment count at 26, segment lengths.
fn first_page(page: &[u8]) -> Option<(Option<Codec>, usize)> {
    if !page.starts_with(b"OggS") || byte(page, 5)? & 2 == 0 {
        return None;
    }
    let count = usize::from(byte(page, 26)?);
    let body = 27 + count;
    let length = slice(page, 27, count)?.iter().map(|length| usize::from(*length)).sum::<usize>();
    let codec = CODECS.iter().find(|(start, _)| has(page, body, start)).map(|(_, codec)| *codec);
    Some((codec, body + length))
}
