//! JPEG inside TIFF: the present kind (technical note 2) and the old one (TIFF 6.0, section 22).

use super::ifd::{Directory, File};
use super::layout::Layout;
use super::tags;
use crate::jpg;
use formwork_image_pixels::Frame;
use formwork_sdk::{Error, Result, Step};

pub(super) const OLD: u64 = 6;
pub(super) const NEW: u64 = 7;

/// Decodes one chunk. YCbCr comes out as RGB.
pub(super) fn chunk(step: &Step<'_>, layout: &Layout, tables: Option<&[u8]>, packed: &[u8]) -> Result<Frame> {
    let body = packed.strip_prefix(&[0xFF, 0xD8]).unwrap_or(packed);
    let mut stream = vec![0xFF, 0xD8];
    stream.extend(adobe(layout));
    if let Some(tables) = tables {
        let tables = tables.strip_prefix(&[0xFF, 0xD8]).unwrap_or(tables);
        stream.extend_from_slice(tables.strip_suffix(&[0xFF, 0xD9]).unwrap_or(tables));
    }
    stream.extend_from_slice(body);
    jpg::embedded(step, &stream)
}

/// A marker that tells the decoder what the components are, which the TIFF says instead of the JPEG.
fn adobe(layout: &Layout) -> Vec<u8> {
    let transform = u8::from(layout.photometric == tags::YCBCR && layout.chunk_samples() >= 3);
    let mut marker = vec![0xFF, 0xEE, 0, 14];
    marker.extend(b"Adobe");
    marker.extend([0, 100, 0, 0, 0, 0, transform]);
    marker
}

/// Decodes a whole page of the old kind: a complete JPEG somewhere in the file, or one put together from
/// tables and strips.
pub(super) fn old(step: &Step<'_>, file: &File<'_>, page: &Directory<'_>, layout: &Layout) -> Result<Frame> {
    if let Some(stream) = complete(file, page, layout) {
        return jpg::embedded(step, stream);
    }
    let stream =
        assembled(file, page, layout).ok_or_else(|| Error::corrupt("the TIFF lacks tables of its JPEG"))?;
    jpg::embedded(step, &stream)
}

/// The JPEG the page points to, when it holds the samples as well.
fn complete<'b>(file: &File<'b>, page: &Directory<'_>, layout: &Layout) -> Option<&'b [u8]> {
    let start = file.number(page, tags::OLD_JPEG)?;
    let stream = file.bytes.get(usize::try_from(start).ok()?..)?;
    let first = layout.places.first().map_or(start, |(offset, _)| *offset);
    let length = file.number(page, tags::OLD_JPEG_LENGTH).unwrap_or(u64::MAX);
    let holds_samples = first >= start && first - start < length;
    (stream.starts_with(&[0xFF, 0xD8]) && holds_samples).then_some(stream)
}

fn assembled(file: &File<'_>, page: &Directory<'_>, layout: &Layout) -> Option<Vec<u8>> {
    let count = layout.samples.min(3);
    let table = |offset: u64, length: usize| {
        let start = usize::try_from(offset).ok()?;
        file.bytes.get(start..start.checked_add(length)?)
    };
    let mut stream = vec![0xFF, 0xD8];
    stream.extend(adobe(layout));
    for (number, offset) in file.numbers(page, tags::OLD_JPEG_Q).into_iter().take(count).enumerate() {
        stream.extend([0xFF, 0xDB, 0, 67, number as u8]);
        stream.extend_from_slice(table(offset, 64)?);
    }
    for (class, tag) in [(0x00, tags::OLD_JPEG_DC), (0x10, tags::OLD_JPEG_AC)] {
        for (number, offset) in file.numbers(page, tag).into_iter().take(count).enumerate() {
            let lengths = table(offset, 16)?;
            let values = lengths.iter().map(|length| usize::from(*length)).sum::<usize>();
            let whole = table(offset, 16 + values)?;
            stream.extend([0xFF, 0xC4]);
            stream.extend((whole.len() as u16 + 3).to_be_bytes());
            stream.push(class | number as u8);
            stream.extend_from_slice(whole);
        }
    }
    let restart = file.number(page, tags::OLD_JPEG_RESTART).unwrap_or(0) as u16;
    if restart > 0 {
        stream.extend([0xFF, 0xDD, 0, 4]);
        stream.extend(restart.to_be_bytes());
    }
    stream.extend(frame_and_scan(layout, count));
    for (offset, length) in &layout.places {
        stream.extend_from_slice(table(*offset, usize::try_from(*length).ok()?)?);
    }
    stream.extend([0xFF, 0xD9]);
    Some(stream)
}

/// The headers of the frame and its only scan (T.81, B.2.2 and B.2.3).
fn frame_and_scan(layout: &Layout, count: usize) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xC0];
    bytes.extend((8 + 3 * count as u16).to_be_bytes());
    bytes.push(8);
    bytes.extend((layout.height as u16).to_be_bytes());
    bytes.extend((layout.width as u16).to_be_bytes());
    bytes.push(count as u8);
    for component in 0..count as u8 {
        let (x, y) = if component == 0 && count == 3 { layout.subsampling } else { (1, 1) };
        bytes.extend([component + 1, (x << 4 | y) as u8, component]);
    }
    bytes.extend([0xFF, 0xDA]);
    bytes.extend((6 + 2 * count as u16).to_be_bytes());
    bytes.push(count as u8);
    bytes.extend((0..count as u8).flat_map(|component| [component + 1, component << 4 | component]));
    bytes.extend([0, 63, 0]);
    bytes
}
