//! Puts the directory of an MPEG-4 file in front, so that a browser can play it while it still loads.
//!
//! FFmpeg writes the directory (`moov`) behind the media. A file of up to [`MOST`] bytes is held in memory until it
//! is whole, and the directory then moved, with the offsets in it (`stco`, `co64`: ISO/IEC 14496-12, 8.7.5) made
//! larger by its length. A longer file goes out as it comes, and keeps its directory at the end.

use formwork_sdk::{Result, Writer};

/// The longest file that is held in memory.
const MOST: usize = 48 << 20;
/// Boxes that hold the offsets, from the outside in.
const WAY: [&[u8; 4]; 4] = [b"trak", b"mdia", b"minf", b"stbl"];

/// A file that is held in memory while it is short.
pub(super) struct Front<'s> {
    writer: Writer<'s>,
    held: Option<Vec<u8>>,
}

impl<'s> Front<'s> {
    pub(super) fn new(writer: Writer<'s>) -> Front<'s> {
        Front { writer, held: Some(Vec::new()) }
    }

    pub(super) fn length(&self) -> u64 {
        self.held.as_ref().map_or_else(|| self.writer.length(), |held| held.len() as u64)
    }

    pub(super) fn write(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        let Some(held) = &mut self.held else {
            return if position == self.writer.length() {
                self.writer.append(bytes)
            } else {
                self.writer.write_at(position, bytes)
            };
        };
        // A position is never behind the end: see `seek`.
        let start = usize::try_from(position).unwrap_or(held.len()).min(held.len());
        let over = (held.len() - start).min(bytes.len());
        let (inside, behind) = bytes.split_at(over);
        held[start..start + over].copy_from_slice(inside);
        held.extend_from_slice(behind);
        if held.len() > MOST {
            self.writer.append(held)?;
            self.held = None;
        }
        Ok(())
    }

    pub(super) fn close(mut self) -> Result<()> {
        if let Some(mut held) = self.held.take() {
            match parts(&mut held) {
                Some((head, media, directory)) => {
                    self.writer.append(head)?;
                    self.writer.append(directory)?;
                    self.writer.append(media)?;
                }
                None => self.writer.append(&held)?,
            }
        }
        self.writer.close()
    }
}

/// What stands before the media, the media, and the directory with its offsets already moved; `None` when the
/// directory is in front, or the file is not understood.
fn parts(file: &mut [u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let boxes = boxes(file);
    let place = |name: &[u8; 4]| boxes.iter().position(|found| &found.name == name);
    let (media, directory) = (place(b"mdat")?, place(b"moov")?);
    if directory < media || directory + 1 != boxes.len() {
        return None;
    }
    // Free space before the media is part of what moves.
    let media = boxes.iter().position(|found| matches!(&found.name, b"mdat" | b"free" | b"wide"))?;
    let (media, directory) = (boxes.get(media)?.start, boxes.get(directory)?);
    let (start, body) = (directory.start, directory.body);
    let (before, moov) = file.split_at_mut_checked(start)?;
    let length = u32::try_from(moov.len()).ok()?;
    shift(moov.get_mut(body - start..)?, &WAY, length)?;
    let (head, media) = before.split_at_checked(media)?;
    Some((head, media, moov))
}

struct Found {
    name: [u8; 4],
    start: usize,
    body: usize,
    end: usize,
}

/// The boxes that stand side by side in some bytes; empty when they do not fill them.
fn boxes(bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(head) = bytes.get(start..start + 8) {
        let (mut length, name) = (u64::from(number(head)), [head[4], head[5], head[6], head[7]]);
        let mut body = start + 8;
        if length == 1 {
            let Some(long) = bytes.get(body..body + 8) else { return Vec::new() };
            length = u64::from(number(long)) << 32 | u64::from(number(&long[4..]));
            body += 8;
        }
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let Some(end) = end.filter(|end| *end >= body && *end <= bytes.len()) else { return Vec::new() };
        found.push(Found { name, start, body, end });
        start = end;
    }
    found
}

/// The first four bytes as a number.
fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |four| u32::from_be_bytes(*four))
}

/// Adds to all offsets below `way`.
fn shift(bytes: &mut [u8], way: &[&[u8; 4]], by: u32) -> Option<()> {
    for found in boxes(bytes) {
        let inside = bytes.get_mut(found.body..found.end)?;
        match way.split_first() {
            Some((name, rest)) if &found.name == *name => shift(inside, rest, by)?,
            None if &found.name == b"stco" => {
                for offset in inside.get_mut(8..)?.as_chunks_mut::<4>().0 {
                    *offset = u32::from_be_bytes(*offset).checked_add(by)?.to_be_bytes();
                }
            }
            None if &found.name == b"co64" => {
                for offset in inside.get_mut(8..)?.as_chunks_mut::<8>().0 {
                    *offset = u64::from_be_bytes(*offset).checked_add(u64::from(by))?.to_be_bytes();
                }
            }
            _ => {}
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), name.as_slice(), body].concat()
    }

    #[test]
    fn offsets_follow_the_media() {
        let head = boxed(b"ftyp", b"isom");
        let mut table = vec![0, 0, 0, 0, 0, 0, 0, 1];
        table.extend((head.len() as u32 + 8).to_be_bytes());
        let within = WAY.iter().rev().fold(boxed(b"stco", &table), |inside, name| boxed(name, &inside));
        let (media, directory) = (boxed(b"mdat", b"media"), boxed(b"moov", &within));
        let mut file = [head.clone(), media.clone(), directory.clone()].concat();
        let (first, moved, moov) = parts(&mut file).unwrap();
        assert_eq!((first, moved), (head.as_slice(), media.as_slice()));
        let offset = u32::from_be_bytes(*moov.last_chunk().unwrap()) as usize;
        let whole = [first, moov, moved].concat();
        assert_eq!(&whole[offset..offset + 5], b"media");
        // What is in front already stays.
        assert!(parts(&mut whole.clone()).is_none());
    }
}
