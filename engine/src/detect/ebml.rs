//! EBML (RFC 8794) and Matroska (RFC 9559): the document type, then the kinds of tracks.

use super::finding::Finding;
use super::reader::Reader;

/// Element ids: RFC 8794, section 11.2; RFC 9559, section 5.
const EBML: u64 = 0x1A45_DFA3;
const DOC_TYPE: u64 = 0x4282;
const SEGMENT: u64 = 0x1853_8067;
const CLUSTER: u64 = 0x1F43_B675;
const TRACKS: u64 = 0x1654_AE6B;
const TRACK_ENTRY: u64 = 0xAE;
const TRACK_TYPE: u64 = 0x83;

/// The most elements that are looked at on one level.
const ELEMENTS: usize = 256;

/// Tells which use of EBML a file is.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let header = Element::at(reader, 0).filter(|header| header.id == EBML)?;
    let doc_type = header.children(reader).find(|child| child.id == DOC_TYPE)?;
    let word = reader.read(doc_type.body, usize::try_from(doc_type.end - doc_type.body).ok()?.min(32));
    match word.split(|byte| *byte == 0).next()? {
        b"webm" => Some(Finding::certain("webm", "EBML document type webm")),
        b"matroska" => Some(matroska(reader, header.end)),
        _ => None,
    }
}

fn matroska(reader: &Reader<'_>, segment: u64) -> Finding {
    let kinds = track_kinds(reader, segment).unwrap_or_default();
    if kinds.contains(&2) && !kinds.contains(&1) {
        return Finding::certain("mka", "EBML document type matroska, only audio tracks").or_named(&["mkv"]);
    }
    Finding::certain("mkv", "EBML document type matroska")
}

/// The TrackType of every track: 1 video, 2 audio, 17 subtitles.
fn track_kinds(reader: &Reader<'_>, segment: u64) -> Option<Vec<u8>> {
    let segment = Element::at(reader, segment).filter(|element| element.id == SEGMENT)?;
    let tracks = segment
        .children(reader)
        .take_while(|child| child.id != CLUSTER || !child.endless)
        .find(|child| child.id == TRACKS)?;
    let kinds = tracks
        .children(reader)
        .filter(|track| track.id == TRACK_ENTRY)
        .filter_map(|track| track.children(reader).find(|child| child.id == TRACK_TYPE))
        .filter_map(|kind| reader.read(kind.body, 1).first().copied());
    Some(kinds.collect())
}

/// An element: where its data starts and ends.
struct Element {
    id: u64,
    body: u64,
    end: u64,
    endless: bool,
}

impl Element {
    fn at(reader: &Reader<'_>, at: u64) -> Option<Element> {
        let start = reader.read(at, 12);
        let (id, id_length) = variable(&start, true)?;
        let rest = start.get(id_length..)?;
        let (size, size_length) = variable(rest, false)?;
        let body = at + (id_length + size_length) as u64;
        // All bits set: the size is unknown, the element goes on to the end.
        let endless = size == (1 << (7 * size_length)) - 1;
        let end = if endless { u64::MAX } else { body.checked_add(size)? };
        Some(Element { id, body, end, endless })
    }

    fn children<'a>(&self, reader: &'a Reader<'_>) -> impl Iterator<Item = Element> + use<'a> {
        let (mut at, end) = (self.body, self.end);
        std::iter::from_fn(move || {
            let child = (at < end).then(|| Element::at(reader, at)).flatten()?;
            at = child.end.max(at + 1);
            Some(child)
        })
        .take(ELEMENTS)
    }
}

/// A variable-size integer (RFC 8794, 4): the leading zero bits of the first byte say how many more
/// bytes follow; ids keep the marker bit.
fn variable(data: &[u8], keep_marker: bool) -> Option<(u64, usize)> {
    let first = *data.first()?;
    let length = first.leading_zeros() as usize + 1;
    let bytes = data.get(..length).filter(|_| length <= 8)?;
    let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((if keep_marker { value } else { value & ((1 << (7 * length)) - 1) }, length))
}
