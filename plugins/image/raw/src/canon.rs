//! The boxes of Canon's CR3 that say what the photo is (ISO/IEC 14496-12; the boxes inside Canon's own
//! are known from what cameras write).

/// Boxes whose content is a TIFF stream with one directory: the first one, EXIF's, the position's, the maker's.
const STREAMS: [&[u8; 4]; 4] = [b"CMT1", b"CMT2", b"CMT4", b"CMT3"];

/// Most boxes looked at.
const BOXES: usize = 4_096;
/// Most samples of a track: a photo is one.
const MOST_SAMPLES: u32 = 4_096;
/// How deep boxes are opened.
const DEPTH: usize = 8;

/// What was found.
#[derive(Default)]
pub(crate) struct Canon<'b> {
    /// The TIFF streams, in the order of [`STREAMS`].
    pub(crate) streams: [Option<&'b [u8]>; 4],
    /// Sizes of what is compressed in the film tracks: the sensor's picture is one of them.
    pub(crate) sizes: Vec<(u64, u64)>,
}

/// Whether the file is a CR3.
pub(crate) fn is_canon(bytes: &[u8]) -> bool {
    bytes.get(4..12) == Some(b"ftypcrx ")
}

/// Whether all boxes that `rawler` opens lie within each other, are at least as long as their heads, and hold
/// as many entries as they count. It goes by their sizes alone: a box of size 0 sends it round for ever, and a
/// count of four thousand millions has it ask for that memory.
pub(crate) fn is_sound(bytes: &[u8]) -> bool {
    let mut left = BOXES;
    let mut bytes = bytes;
    // The last box may be cut short with the file.
    while let Some((kind, content, rest)) = first_box(bytes) {
        if size_in_head(bytes).is_none() || kind == *b"moov" && !holds_sound(&kind, content, DEPTH, &mut left)
        {
            return false;
        }
        bytes = rest;
    }
    true
}

/// Whether there is a box `moov` in the row of boxes the file would be.
pub(crate) fn holds_film(mut bytes: &[u8]) -> bool {
    while let Some(size) = size_in_head(bytes) {
        if bytes.get(4..8) == Some(b"moov") {
            return true;
        }
        bytes = usize::try_from(size).ok().and_then(|size| bytes.get(size..)).unwrap_or_default();
    }
    false
}

fn holds_sound(kind: &[u8; 4], content: &[u8], depth: usize, left: &mut usize) -> bool {
    let start = match kind {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" => 0,
        // Version or identifier, numbers of entries and the like come first.
        b"uuid" => 16,
        b"stsd" => 8,
        b"CRAW" => 82,
        b"CCTP" => 12,
        b"CDI1" => 4,
        _ => return counts_truly(kind, content),
    };
    let Some(mut bytes) = content.get(start..) else { return false };
    while !bytes.is_empty() {
        let Some(size) = size_in_head(bytes).filter(|size| *size <= bytes.len() as u64) else { return false };
        let Some((kind, content, _)) = first_box(bytes) else { return false };
        if *left == 0 || depth == 0 {
            return false;
        }
        *left -= 1;
        if !holds_sound(&kind, content, depth - 1, left) {
            return false;
        }
        bytes = bytes.get(size as usize..).unwrap_or_default();
    }
    true
}

/// Whether a table holds as many entries as it says.
fn counts_truly(kind: &[u8; 4], content: &[u8]) -> bool {
    // Where the number stands, and the bytes of an entry.
    let (place, entry) = match kind {
        b"stts" | b"co64" => (4, 8),
        b"stsc" => (4, 12),
        b"stsz" => (8, 4),
        b"CTMD" => (8, 8),
        _ => return true,
    };
    let number = |at: usize| content.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four));
    // Samples of one size need no table.
    if kind == b"stsz" && number(4).is_some_and(|size| size > 0) {
        return number(place).is_some_and(|count| count <= MOST_SAMPLES);
    }
    number(place).is_some_and(|count| u64::from(count) * entry + place as u64 + 4 <= content.len() as u64)
}

/// The size the first box gives itself; `None` when it is shorter than its head.
fn size_in_head(bytes: &[u8]) -> Option<u64> {
    let short = u32::from_be_bytes(*bytes.first_chunk()?);
    let kind = bytes.get(4..8)?;
    let (head, size) = match short {
        1 => (16, u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)),
        size => (8, u64::from(size)),
    };
    let head = head + if kind == b"uuid" { 16 } else { 0 };
    (size >= head && size <= i64::MAX as u64).then_some(size)
}

/// Opens the boxes.
pub(crate) fn read(bytes: &[u8]) -> Canon<'_> {
    let mut canon = Canon::default();
    let mut left = BOXES;
    open(bytes, DEPTH, &mut left, &mut canon);
    canon
}

fn open<'b>(mut bytes: &'b [u8], depth: usize, left: &mut usize, canon: &mut Canon<'b>) {
    while let Some((kind, content, rest)) = first_box(bytes) {
        if *left == 0 || depth == 0 {
            return;
        }
        *left -= 1;
        bytes = rest;
        let inner = match &kind {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" => content,
            // The identifier comes first.
            b"uuid" => content.get(16..).unwrap_or(&[]),
            // Version and number of entries come first.
            b"stsd" => content.get(8..).unwrap_or(&[]),
            // A visual sample entry, followed by Canon's four bytes.
            b"CRAW" => content.get(82..).unwrap_or(&[]),
            b"CMP1" => {
                let size = |at: usize| content.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four));
                let sizes = [(8, 12), (16, 20)];
                canon.sizes.extend(
                    sizes.iter().filter_map(|(x, y)| Some((u64::from(size(*x)?), u64::from(size(*y)?)))),
                );
                continue;
            }
            kind => {
                if let Some(index) = STREAMS.iter().position(|name| *name == kind)
                    && let Some(slot) = canon.streams.get_mut(index)
                {
                    *slot = Some(content);
                }
                continue;
            }
        };
        open(inner, depth - 1, left, canon);
    }
}

/// Splits the first box off: its kind, its content as far as the file goes, what follows.
fn first_box(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let short = u32::from_be_bytes(*bytes.first_chunk()?);
    let kind = *bytes.get(4..)?.first_chunk()?;
    let (head, size) = match short {
        0 => (8, bytes.len() as u64),
        1 => (16, u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?)),
        size => (8, size.into()),
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(head).min(bytes.len());
    Some((kind, bytes.get(head..size)?, bytes.get(size..)?))
}
