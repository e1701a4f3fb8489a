//! Finding the AV1 streams in a file, so that their sizes can be checked before libaom sees them.

use crate::isobmff::{BoxIter, HeifFile};
use crate::{broken, guard, obu};
use formwork_sdk::{Error, Result, Step};

/// Bytes a pixel may take while it is decoded: planes of 16 bit words, the result, the library's copy.
const BYTES: u64 = 16;

/// Checks the size of every coded picture in a file.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`side`, `pixels`, `memory`, `entries`).
pub(crate) fn check(step: &Step<'_>, bytes: &[u8]) -> Result<()> {
    let bytes = guard::without_trailer(bytes);
    guard::check(bytes)?;
    let mut found = false;
    let mut look = |stream: &[u8]| {
        step.tick(0, 0)?;
        let (width, height) = obu::largest(stream);
        found |= width > 0;
        if width > 0 { step.check_picture(width, height, BYTES) } else { Ok(()) }
    };
    each_item(bytes, &mut look)?;
    each_sample(bytes, step.limits().frames, &mut look)?;
    if found { Ok(()) } else { Err(Error::corrupt("the file holds no AV1 picture")) }
}

/// Calls `look` with the data of every item coded as AV1.
fn each_item(bytes: &[u8], look: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let boxes = BoxIter::new(bytes);
    if boxes.flatten().all(|part| part.header.box_type.0 != *b"meta") {
        return Ok(());
    }
    let file = HeifFile::parse(bytes).map_err(broken)?;
    let mut joined = 0u64;
    for item in file.items.iter().filter(|item| item.item_type.0 == *b"av01") {
        let extents = item.location.as_ref().map_or(&[][..], |location| &location.extents);
        if extents.len() > 1 {
            // Parts are copied together: not again and again.
            joined = extents.iter().fold(joined, |sum, extent| sum.saturating_add(extent.length));
            if joined > bytes.len() as u64 {
                return Err(Error::corrupt("the parts of the pictures overlap"));
            }
        }
        look(&file.item_data(item.id).map_err(broken)?)?;
    }
    Ok(())
}

/// Whether the file says it holds a map that makes highlights brighter on HDR screens.
pub(crate) fn has_gain_map(bytes: &[u8]) -> bool {
    let parsed = HeifFile::parse(guard::without_trailer(bytes));
    parsed.is_ok_and(|file| file.items.iter().any(|item| item.item_type.0 == *b"tmap"))
}

/// Calls `look` with every sample of every track; no track may have more than `frames`.
fn each_sample(bytes: &[u8], frames: u64, look: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    for moov in children(bytes, b"moov") {
        for track in children(moov, b"trak") {
            if let Some(table) = descend(track, &[*b"mdia", *b"minf", *b"stbl"]) {
                let samples = Samples::of(table)?;
                if u64::from(samples.count) > frames {
                    return Err(Error::limit("frames", samples.count, frames));
                }
                samples.each(bytes, look)?;
            }
        }
    }
    Ok(())
}

fn children<'b>(bytes: &'b [u8], wanted: &'static [u8; 4]) -> impl Iterator<Item = &'b [u8]> {
    BoxIter::new(bytes)
        .flatten()
        .filter(move |part| part.header.box_type.0 == *wanted)
        .map(|part| part.content)
}

/// The contents of the first box at the end of a path.
fn descend<'b>(bytes: &'b [u8], path: &[[u8; 4]]) -> Option<&'b [u8]> {
    path.iter().try_fold(bytes, |inside, name| {
        BoxIter::new(inside).flatten().find(|part| part.header.box_type.0 == *name).map(|part| part.content)
    })
}

/// Where the samples of a track lie (ISO/IEC 14496-12, section 8.7).
struct Samples<'b> {
    /// Size of every sample, or 0 when `sizes` lists them.
    size: u32,
    count: u32,
    sizes: &'b [u8],
    /// First chunk, samples in each, description: three numbers a row.
    chunks: &'b [u8],
    offsets: &'b [u8],
    wide: bool,
}

impl<'b> Samples<'b> {
    fn of(table: &'b [u8]) -> Result<Samples<'b>> {
        let part = |name: &[u8; 4]| descend(table, &[*name]);
        let missing = || Error::corrupt("a track does not say where its samples are");
        let sizes = part(b"stsz").ok_or_else(missing)?;
        let (offsets, wide) = match (part(b"stco"), part(b"co64")) {
            (Some(offsets), _) => (offsets, false),
            (None, Some(offsets)) => (offsets, true),
            (None, None) => return Err(missing()),
        };
        Ok(Samples {
            size: number(sizes, 4).ok_or_else(missing)?,
            count: number(sizes, 8).ok_or_else(missing)?,
            sizes: sizes.get(12..).unwrap_or(&[]),
            chunks: part(b"stsc").and_then(|content| content.get(8..)).ok_or_else(missing)?,
            offsets: offsets.get(8..).ok_or_else(missing)?,
            wide,
        })
    }

    /// Goes through the chunks and their samples.
    fn each(&self, bytes: &[u8], look: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut sample = 0;
        let mut row = 0;
        for chunk in 0.. {
            let Some(mut offset) = self.offset(chunk) else { break };
            // The rows are ordered by the first chunk they hold for, counted from 1.
            while number(self.chunks, (row + 1) * 12).is_some_and(|first| first as usize <= chunk + 1) {
                row += 1;
            }
            for _ in 0..number(self.chunks, row * 12 + 4).unwrap_or(0) {
                let Some(size) = self.size_of(sample) else { return Ok(()) };
                sample += 1;
                let end = offset.saturating_add(size as usize).min(bytes.len());
                look(bytes.get(offset.min(end)..end).unwrap_or(&[]))?;
                offset = end;
            }
        }
        Ok(())
    }

    fn offset(&self, chunk: usize) -> Option<usize> {
        if !self.wide {
            return number(self.offsets, chunk.checked_mul(4)?).map(|offset| offset as usize);
        }
        let eight = self.offsets.get(chunk.checked_mul(8)?..)?.first_chunk::<8>()?;
        Some(usize::try_from(u64::from_be_bytes(*eight)).unwrap_or(usize::MAX))
    }

    fn size_of(&self, sample: usize) -> Option<u32> {
        if sample >= self.count as usize {
            return None;
        }
        if self.size > 0 { Some(self.size) } else { number(self.sizes, sample * 4) }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|four| u32::from_be_bytes(*four))
}
