//! A look into TIFF directories (TIFF 6.0 section 2, BigTIFF), which most camera raw files are made of.
//!
//! Makers change the number 42 of the header and hide directories in tags of their own; what is needed
//! here, sizes, names, EXIF and previews, lies in the directories every maker has in common.

/// Most directories looked at in one file.
const DIRECTORIES: usize = 256;
/// Most entries looked at in one directory.
const ENTRIES: usize = 4_096;

/// Tags by their numbers in TIFF 6.0, EXIF 2.32 and DNG 1.7.
pub(crate) mod tag {
    pub(crate) const SUBFILE: u16 = 0x00FE;
    pub(crate) const WIDTH: u16 = 0x0100;
    pub(crate) const HEIGHT: u16 = 0x0101;
    pub(crate) const BITS: u16 = 0x0102;
    pub(crate) const COMPRESSION: u16 = 0x0103;
    pub(crate) const PHOTOMETRIC: u16 = 0x0106;
    pub(crate) const MAKE: u16 = 0x010F;
    pub(crate) const MODEL: u16 = 0x0110;
    pub(crate) const STRIP_OFFSETS: u16 = 0x0111;
    pub(crate) const ORIENTATION: u16 = 0x0112;
    pub(crate) const SAMPLES: u16 = 0x0115;
    pub(crate) const TILE_WIDTH: u16 = 0x0142;
    pub(crate) const TILE_HEIGHT: u16 = 0x0143;
    pub(crate) const TILE_OFFSETS: u16 = 0x0144;
    pub(crate) const SUB_DIRECTORIES: u16 = 0x014A;
    pub(crate) const XMP: u16 = 0x02BC;
    pub(crate) const EXIF: u16 = 0x8769;
    pub(crate) const ICC: u16 = 0x8773;
    pub(crate) const GPS: u16 = 0x8825;
    pub(crate) const MAKER_NOTE: u16 = 0x927C;
    pub(crate) const PIXEL_WIDTH: u16 = 0xA002;
    pub(crate) const PIXEL_HEIGHT: u16 = 0xA003;
    pub(crate) const INTEROPERABILITY: u16 = 0xA005;
    pub(crate) const DNG_VERSION: u16 = 0xC612;
    pub(crate) const DNG_CROP_SIZE: u16 = 0xC620;
    pub(crate) const FUJIFILM: u16 = 0xF000;
}

/// Where a directory was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first of the file.
    First,
    /// Another one in the chain, or one below a directory that holds a picture.
    Picture,
    /// The one with EXIF's tags.
    Exif,
    /// The one with the position.
    Gps,
}

/// One entry of a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// What it is.
    pub(crate) tag: u16,
    /// The type of its values.
    pub(crate) kind: u16,
    /// Number of values.
    pub(crate) count: u64,
    /// Where the values start.
    pub(crate) start: u64,
}

impl Entry {
    /// Bytes of all values.
    pub(crate) fn length(&self) -> u64 {
        self.count.saturating_mul(size_of_kind(self.kind))
    }
}

/// One directory.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    /// Where it was found.
    pub(crate) place: Place,
    /// Its entries in the order of the file.
    pub(crate) entries: Vec<Entry>,
}

impl Directory {
    /// The entry of a tag.
    pub(crate) fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

/// Bytes of one value of a type.
const fn size_of_kind(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}

/// A file, or part of one, that is laid out as TIFF.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiff<'b> {
    bytes: &'b [u8],
    /// Whether the most significant byte comes first.
    pub(crate) big_endian: bool,
    wide: bool,
}

impl<'b> Tiff<'b> {
    /// Recognises the header.
    pub(crate) fn open(bytes: &'b [u8]) -> Option<Tiff<'b>> {
        let big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let tiff = Tiff { bytes, big_endian, wide: false };
        // 42, BigTIFF, Panasonic, Olympus twice.
        match tiff.short(2)? {
            42 | 0x55 | 0x4F52 | 0x5352 => Some(tiff),
            43 => Some(Tiff { wide: true, ..tiff }),
            _ => None,
        }
    }

    /// Bytes of the whole.
    pub(crate) fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Where the first directory starts; `None` in a BigTIFF.
    pub(crate) fn first(&self) -> Option<u64> {
        if self.wide { None } else { self.place(4) }
    }

    /// The place of a directory that stands here.
    pub(crate) fn place(&self, at: u64) -> Option<u64> {
        self.long(at).map(u64::from)
    }

    /// How many entries a directory says it has, and up to `most` of them that are in the file; the place of the
    /// next directory stands behind as many as were looked at.
    pub(crate) fn entries(&self, start: u64, most: usize) -> Option<(usize, Vec<Entry>, u64)> {
        let count = usize::from(self.short(start)?).min(most);
        let starts = (0..count as u64).map(|index| start + 2 + index * 12);
        let entries = starts.map_while(|start| self.entry_at(start)).collect();
        Some((count, entries, start + 2 + count as u64 * 12))
    }

    /// All directories of pictures, of EXIF and of the position.
    pub(crate) fn directories(&self) -> Vec<Directory> {
        let mut found: Vec<Directory> = Vec::new();
        let mut seen: Vec<u64> = Vec::new();
        let first = if self.wide { self.long_long(8) } else { self.long(4).map(u64::from) };
        let mut waiting: Vec<(Place, u64)> = first.map(|start| (Place::First, start)).into_iter().collect();
        while let Some((place, start)) = waiting.pop() {
            if start == 0 || seen.contains(&start) || found.len() >= DIRECTORIES {
                continue;
            }
            seen.push(start);
            let Some((directory, next)) = self.directory(place, start) else { continue };
            if matches!(place, Place::First | Place::Picture) {
                waiting.extend(next.map(|next| (Place::Picture, next)));
                for (tag, place) in
                    [(tag::GPS, Place::Gps), (tag::EXIF, Place::Exif), (tag::SUB_DIRECTORIES, Place::Picture)]
                {
                    let starts = directory.entry(tag).map(|entry| self.numbers(entry, DIRECTORIES));
                    waiting.extend(starts.into_iter().flatten().rev().map(|start| (place, start)));
                }
            }
            found.push(directory);
        }
        found
    }

    fn directory(&self, place: Place, start: u64) -> Option<(Directory, Option<u64>)> {
        let (count, head, size) =
            if self.wide { (self.long_long(start)?, 8, 20) } else { (u64::from(self.short(start)?), 2, 12) };
        let starts = (0..count.min(ENTRIES as u64)).map(|index| start.saturating_add(head + index * size));
        let entries: Vec<Entry> = starts.map_while(|start| self.entry_at(start)).collect();
        let end = start.saturating_add(head).saturating_add(count.saturating_mul(size));
        let next = if self.wide { self.long_long(end) } else { self.long(end).map(u64::from) };
        Some((Directory { place, entries }, next))
    }

    fn entry_at(&self, start: u64) -> Option<Entry> {
        let (tag, kind) = (self.short(start)?, self.short(start + 2)?);
        let (count, value, room) = if self.wide {
            (self.long_long(start + 4)?, start + 12, 8)
        } else {
            (u64::from(self.long(start + 4)?), start + 8, 4)
        };
        let mut entry = Entry { tag, kind, count, start: value };
        if entry.length() > room {
            entry.start = if self.wide { self.long_long(value)? } else { u64::from(self.long(value)?) };
        }
        Some(entry)
    }

    /// The bytes of an entry's values, when all of them are in the file.
    pub(crate) fn bytes_of(&self, entry: &Entry) -> Option<&'b [u8]> {
        self.slice(entry.start, entry.length())
    }

    /// Up to `most` values as whole numbers; the whole part of rationals.
    pub(crate) fn numbers(&self, entry: &Entry, most: usize) -> Vec<u64> {
        let size = size_of_kind(entry.kind);
        let one = |index: u64| {
            let start = entry.start.saturating_add(index * size);
            match entry.kind {
                1 | 6 | 7 => self.slice(start, 1)?.first().map(|byte| u64::from(*byte)),
                3 | 8 => self.short(start).map(u64::from),
                4 | 9 | 13 => self.long(start).map(u64::from),
                5 => {
                    let (above, below) = (self.long(start)?, self.long(start + 4)?);
                    above.checked_div(below).map(u64::from)
                }
                16..=18 => self.long_long(start),
                _ => None,
            }
        };
        (0..entry.count.min(most as u64)).map_while(one).collect()
    }

    /// The first value of a tag.
    pub(crate) fn number(&self, directory: &Directory, tag: u16) -> Option<u64> {
        self.numbers(directory.entry(tag)?, 1).first().copied()
    }

    /// Two values of a pair of tags.
    pub(crate) fn pair(&self, directory: &Directory, first: u16, second: u16) -> Option<(u64, u64)> {
        self.number(directory, first).zip(self.number(directory, second))
    }

    /// The text of a tag, without what follows a zero; `None` when there is none.
    pub(crate) fn text(&self, directory: &Directory, tag: u16) -> Option<String> {
        let bytes = self.bytes_of(directory.entry(tag).filter(|entry| entry.kind == 2)?)?;
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or(&[]);
        let text = String::from_utf8_lossy(text.get(..text.len().min(256))?).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Part of the file.
    pub(crate) fn slice(&self, start: u64, length: u64) -> Option<&'b [u8]> {
        let start = usize::try_from(start).ok()?;
        self.bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }

    fn short(&self, start: u64) -> Option<u16> {
        let bytes = *self.slice(start, 2)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(&self, start: u64) -> Option<u32> {
        let bytes = *self.slice(start, 4)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn long_long(&self, start: u64) -> Option<u64> {
        let bytes = *self.slice(start, 8)?.first_chunk()?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}
