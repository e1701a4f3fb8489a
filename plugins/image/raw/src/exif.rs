//! EXIF blocks made of the directories of a camera raw file.
//!
//! In a raw file EXIF is spread over the whole of it, so a block of its own is put together: the tags of
//! the first directory that describe the photo, EXIF's and the position's.

use crate::tiff::{Directory, Entry, Place, Tiff, tag};

/// Tags of the first directory that say something of the photo: description, make, model, orientation,
/// resolution, software, date, artist, copyright, rating.
const DESCRIPTIVE: &[u16] =
    &[0x010E, 0x010F, 0x0110, 0x0112, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x4746, 0x4749, 0x8298];

/// Largest value that is taken over.
const LARGEST: u64 = 64 << 10;

/// A directory and the file it lies in.
pub(crate) type Part<'d, 'b> = (Tiff<'b>, &'d Directory);

/// One entry to be written.
struct Value<'b> {
    tag: u16,
    kind: u16,
    count: u32,
    bytes: &'b [u8],
}

/// Puts a block together; `None` when there is nothing to tell.
pub(crate) fn block(parts: &[Part<'_, '_>]) -> Option<Vec<u8>> {
    let big_endian = parts.first()?.0.big_endian;
    let collect = |place: Place| {
        let from = parts.iter().filter(|(tiff, part)| part.place == place && tiff.big_endian == big_endian);
        let mut values: Vec<Value<'_>> = from
            .flat_map(|(tiff, part)| part.entries.iter().filter_map(|entry| take(tiff, part, entry)))
            .collect();
        values.sort_by_key(|value| value.tag);
        values.dedup_by_key(|value| value.tag);
        values
    };
    let (first, exif, gps) = (collect(Place::First), collect(Place::Exif), collect(Place::Gps));
    if first.is_empty() && exif.is_empty() && gps.is_empty() {
        return None;
    }
    let mut writer = Writer { bytes: Vec::new(), big_endian };
    writer.bytes.extend(if big_endian { b"MM\0*" } else { b"II*\0" });
    writer.long(8);
    let links: Vec<u16> = [(tag::EXIF, exif.is_empty()), (tag::GPS, gps.is_empty())]
        .into_iter()
        .filter_map(|(tag, absent)| (!absent).then_some(tag))
        .collect();
    let places = writer.directory(&first, &links);
    for (tag, values) in [(tag::EXIF, &exif), (tag::GPS, &gps)] {
        let Some((_, place)) = places.iter().find(|(link, _)| *link == tag) else { continue };
        writer.point_here(*place);
        writer.directory(values, &[]);
    }
    Some(writer.bytes)
}

/// Whether the maker's own notes are left behind: their offsets hold only in the original file.
pub(crate) fn has_maker_note(parts: &[Part<'_, '_>]) -> bool {
    parts.iter().any(|(_, part)| part.place == Place::Exif && part.entry(tag::MAKER_NOTE).is_some())
}

fn take<'b>(tiff: &Tiff<'b>, part: &Directory, entry: &Entry) -> Option<Value<'b>> {
    let wanted = match part.place {
        Place::First => DESCRIPTIVE.contains(&entry.tag),
        Place::Exif => !matches!(entry.tag, tag::MAKER_NOTE | tag::INTEROPERABILITY),
        Place::Gps => true,
        Place::Picture => false,
    };
    if !wanted || !matches!(entry.kind, 1..=12) || entry.length() == 0 || entry.length() > LARGEST {
        return None;
    }
    let bytes = tiff.bytes_of(entry)?;
    Some(Value { tag: entry.tag, kind: entry.kind, count: u32::try_from(entry.count).ok()?, bytes })
}

struct Writer {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Writer {
    fn short(&mut self, value: u16) {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn long(&mut self, value: u32) {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    /// Writes the end of the block into an offset left open before.
    fn point_here(&mut self, place: usize) {
        let end = self.bytes.len() as u32;
        let end = if self.big_endian { end.to_be_bytes() } else { end.to_le_bytes() };
        if let Some(slot) = self.bytes.get_mut(place..place + 4) {
            slot.copy_from_slice(&end);
        }
    }

    /// Writes a directory with links to others; returns where the links' offsets are to be filled in.
    fn directory(&mut self, values: &[Value<'_>], links: &[u16]) -> Vec<(u16, usize)> {
        self.short((values.len() + links.len()) as u16);
        let mut outside: Vec<(usize, &[u8])> = Vec::new();
        for value in values {
            self.short(value.tag);
            self.short(value.kind);
            self.long(value.count);
            let place = self.bytes.len();
            self.bytes.extend(value.bytes.iter().take(4).copied().chain([0; 4]).take(4));
            if value.bytes.len() > 4 {
                outside.push((place, value.bytes));
            }
        }
        let mut places = Vec::new();
        for link in links {
            self.short(*link);
            self.short(4);
            self.long(1);
            places.push((*link, self.bytes.len()));
            self.long(0);
        }
        self.long(0);
        for (place, bytes) in outside {
            self.point_here(place);
            self.bytes.extend(bytes);
            self.bytes.extend(std::iter::repeat_n(0, bytes.len() % 2));
        }
        places
    }
}
