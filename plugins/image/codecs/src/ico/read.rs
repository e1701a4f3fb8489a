use super::deep;
use super::directory::{self, Entry, HEAD};
use crate::codec::{Facts, Reader, Wish};
use crate::through_image;
use formwork_image_pixels::Picture;
use formwork_sdk::{Error, Input, Result, Step};
use image::codecs::ico::IcoDecoder;
use image::codecs::png::PngDecoder;
use std::io::Cursor;

pub(super) const READER: Reader = Reader { decode, inspect };

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn decode(step: &Step<'_>, input: &Input<'_>, _: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let entries = directory::read(&bytes)?;
    let entry = best(&entries)?;
    if entry.data.starts_with(PNG) {
        return through_image::decode(step, PngDecoder::new(Cursor::new(entry.data)));
    }
    check_bitmap(step, entry)?;
    if let Some(frame) = deep::decode(entry.data) {
        return Ok(Picture::still(frame));
    }
    through_image::decode(step, IcoDecoder::new(Cursor::new(alone(entry).as_slice())))
}

fn best<'e, 'b>(entries: &'e [Entry<'b>]) -> Result<&'e Entry<'b>> {
    directory::best(entries).ok_or_else(|| Error::corrupt("the icon is empty"))
}

/// A bitmap in an icon tells its size again, and nothing keeps it from lying.
fn check_bitmap(step: &Step<'_>, entry: &Entry<'_>) -> Result<()> {
    let side =
        |at: usize| entry.data.get(at..at + 4).and_then(|four| four.try_into().ok()).map(i32::from_le_bytes);
    let (Some(width), Some(twice)) = (side(4), side(8)) else {
        return Err(Error::corrupt("the icon's bitmap has no header"));
    };
    // The height counts the transparency mask as well.
    step.check_picture(u64::from(width.unsigned_abs()), u64::from(twice.unsigned_abs() / 2), 4)
}

/// An icon of one entry: the decoder then has nothing to choose.
fn alone(entry: &Entry<'_>) -> Vec<u8> {
    let mut icon = vec![0, 0, 1, 0, 1, 0];
    icon.extend(entry.raw.get(..12).unwrap_or(&[]));
    icon.extend((HEAD as u32 + directory::ENTRY as u32).to_le_bytes());
    icon.extend(entry.data);
    icon
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let entries = directory::read(&bytes)?;
    let entry = best(&entries)?;
    let facts = if entry.data.starts_with(PNG) {
        through_image::inspect(PngDecoder::new(Cursor::new(entry.data)))?
    } else {
        check_bitmap(step, entry)?;
        through_image::inspect(IcoDecoder::new(Cursor::new(alone(entry).as_slice())))?
    };
    // Sizes of one picture, not pages: the largest stands for all.
    Ok(Facts { frames: entries.len() as u64, ..facts })
}
