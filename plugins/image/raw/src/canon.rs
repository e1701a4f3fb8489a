//! The boxes of Canon's CR3 that say what the photo is (ISO/IEC 14496-12; the boxes inside Canon's own
//! are known from what cameras write).

/// Boxes whose content is a TIFF stream with one directory: the first one, EXIF's, the position's.
const STREAMS: [&[u8; 4]; 3] = [b"CMT1", b"CMT2", b"CMT4"];

/// Most boxes looked at.
const BOXES: usize = 4_096;
/// How deep boxes are opened.
const DEPTH: usize = 8;

/// What was found.
#[derive(Default)]
pub(crate) struct Canon<'b> {
    /// The TIFF streams, in the order of [`STREAMS`].
    pub(crate) streams: [Option<&'b [u8]>; 3],
    /// Sizes of what is compressed in the film tracks: the sensor's picture is one of them.
    pub(crate) sizes: Vec<(u64, u64)>,
}

/// Whether the file is a CR3.
pub(crate) fn is_canon(bytes: &[u8]) -> bool {
    bytes.get(4..12) == Some(b"ftypcrx ")
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
