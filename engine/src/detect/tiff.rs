//! TIFF (Adobe TIFF 6.0, BigTIFF) and the camera raw formats laid out like it.
//!
//! A file is camera raw when a directory says that its samples are a colour filter array, or are packed
//! in a way only cameras use; the maker then says which raw format it is.

use super::bytes::{has, slice};
use super::finding::Finding;
use super::reader::Reader;

/// Tags (TIFF 6.0; TIFF/EP, ISO 12234-2; DNG 1.7.1).
const SUBFILE_TYPE: u16 = 254;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const MAKE: u16 = 271;
const MODEL: u16 = 272;
const SUB_DIRECTORIES: u16 = 330;
const DNG_VERSION: u16 = 50706;

/// PhotometricInterpretation of sensor data: colour filter array, linear raw.
const SENSOR_COLOURS: &[u32] = &[32803, 34892];
/// Compression schemes of camera makers: Sony, packed, Samsung, Panasonic, Nikon, Kodak, Pentax.
const SENSOR_PACKING: &[u32] = &[32767, 32769, 32770, 34316, 34713, 65000, 65535];

/// The most directories, and entries of each, that are looked at.
const DIRECTORIES: usize = 24;
const ENTRIES: usize = 512;

/// Makers by the start of their name, upper case, with the raw format their cameras write.
const MAKERS: &[(&str, &str)] = &[
    ("NIKON", "nef"),
    ("SONY", "arw"),
    ("PENTAX", "pef"),
    ("RICOH", "pef"),
    ("SAMSUNG", "srw"),
    ("SEIKO EPSON", "erf"),
    ("HASSELBLAD", "3fr"),
    ("PHASE ONE", "iiq"),
    ("LEICA", "raw"),
    ("LEAF", "raw"),
    ("MAMIYA", "raw"),
];

/// Tells which use of TIFF a file is.
pub(super) fn refine(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    if has(head, 8, b"CR\x02") {
        return Some(raw("cr2", "TIFF with the mark CR"));
    }
    if has(head, 8, b"IIII") || has(head, 8, b"MMMM") {
        return Some(raw("iiq", "TIFF with the mark of Phase One"));
    }
    let facts = Facts::read(reader)?;
    if facts.dng {
        return Some(raw("dng", "TIFF with a DNG version"));
    }
    let Some(id) = facts.raw_format() else { return Some(plain()) };
    let maker = String::from_utf8_lossy(&facts.make).into_owned();
    if facts.sensor {
        return Some(raw(id, &format!("TIFF with sensor data by {maker}")));
    }
    if facts.preview_first && facts.divided {
        return Some(raw(id, &format!("TIFF by {maker} that opens with a preview")));
    }
    // Files cut down to their previews have the maker's name only; so have pictures a camera made.
    if reader.is_called(id) { Some(raw(id, &format!("TIFF by {maker}"))) } else { Some(plain()) }
}

fn raw(id: &'static str, evidence: &str) -> Finding {
    Finding::certain(id, evidence).also_called(&["raw"])
}

fn plain() -> Finding {
    Finding::certain("tiff", "TIFF header and directory")
}

/// What the directories say.
#[derive(Default)]
struct Facts {
    make: Vec<u8>,
    model: Vec<u8>,
    dng: bool,
    sensor: bool,
    /// A first kind of picture was stated.
    opened: bool,
    /// The first picture is a reduced one.
    preview_first: bool,
    /// There are sub-directories.
    divided: bool,
}

impl Facts {
    /// Walks the chain of directories and the sub-directories; a file whose first directory cannot be
    /// read is still a TIFF by its header.
    fn read(reader: &Reader<'_>) -> Option<Facts> {
        let layout = Layout::of(reader.head())?;
        let mut facts = Facts::default();
        let mut waiting = vec![layout.first(reader.head())?];
        let mut seen = Vec::new();
        while let Some(offset) = waiting.pop().filter(|_| seen.len() < DIRECTORIES) {
            if offset != 0 && !seen.contains(&offset) {
                seen.push(offset);
                layout.directory(reader, offset, &mut facts, &mut waiting);
            }
        }
        Some(facts)
    }

    /// The raw format of the maker; Kodak has one for consumer and one for professional cameras.
    fn raw_format(&self) -> Option<&'static str> {
        let named = if self.make.is_empty() { &self.model } else { &self.make };
        let make = String::from_utf8_lossy(named).to_ascii_uppercase();
        let model = String::from_utf8_lossy(&self.model).to_ascii_uppercase();
        if make.contains("KODAK") {
            return Some(if model.contains("DCS") || model.contains("PRO") { "dcr" } else { "kdc" });
        }
        let known = MAKERS.iter().find(|(maker, _)| make.starts_with(maker)).map(|(_, id)| *id);
        known.or(self.sensor.then_some("raw"))
    }
}

/// Byte order, and whether offsets are 32 or 64 bits wide.
#[derive(Clone, Copy)]
struct Layout {
    little: bool,
    big: bool,
}

impl Layout {
    fn of(head: &[u8]) -> Option<Layout> {
        let little = has(head, 0, b"II");
        let layout = Layout { little, big: false };
        Some(Layout { big: layout.number(head, 2, 2)? == 43, ..layout })
    }

    /// The offset of the first directory.
    fn first(self, head: &[u8]) -> Option<u64> {
        if self.big { self.number(head, 8, 8) } else { self.number(head, 4, 4) }
    }

    fn number(self, data: &[u8], at: usize, width: usize) -> Option<u64> {
        let bytes = slice(data, at, width)?;
        let join = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
    }

    /// Reads one directory: a count, entries of tag, type, count and value, and the next one's offset.
    fn directory(
        self,
        reader: &Reader<'_>,
        at: u64,
        facts: &mut Facts,
        waiting: &mut Vec<u64>,
    ) -> Option<()> {
        let (width, entry_size) = if self.big { (8, 20) } else { (2, 12) };
        let stated = usize::try_from(self.number(&reader.read(at, width), 0, width)?).ok()?;
        let data = reader.read(at + width as u64, stated.min(ENTRIES) * entry_size + 8);
        for entry in data.chunks_exact(entry_size).take(stated) {
            self.note(reader, entry, facts, waiting);
        }
        let offset = if self.big { 8 } else { 4 };
        waiting.insert(0, self.number(&data, stated.min(ENTRIES) * entry_size, offset)?);
        Some(())
    }

    fn note(
        self,
        reader: &Reader<'_>,
        entry: &[u8],
        facts: &mut Facts,
        waiting: &mut Vec<u64>,
    ) -> Option<()> {
        let tag = u16::try_from(self.number(entry, 0, 2)?).ok()?;
        match tag {
            MAKE if facts.make.is_empty() => facts.make = self.text(reader, entry)?,
            MODEL if facts.model.is_empty() => facts.model = self.text(reader, entry)?,
            DNG_VERSION => facts.dng = true,
            SUBFILE_TYPE if !facts.opened => {
                facts.opened = true;
                facts.preview_first = self.value(entry)? & 1 == 1;
            }
            COMPRESSION => facts.sensor |= SENSOR_PACKING.contains(&self.value(entry)?),
            PHOTOMETRIC => facts.sensor |= SENSOR_COLOURS.contains(&self.value(entry)?),
            SUB_DIRECTORIES => {
                facts.divided = true;
                waiting.extend(self.offsets(reader, entry)?);
            }
            _ => {}
        }
        Some(())
    }

    /// A value of type SHORT (3) or LONG (4) that stands in the entry itself.
    fn value(self, entry: &[u8]) -> Option<u32> {
        let width = if self.number(entry, 2, 2)? == 3 { 2 } else { 4 };
        u32::try_from(self.number(entry, self.value_at(), width)?).ok()
    }

    fn value_at(self) -> usize {
        if self.big { 12 } else { 8 }
    }

    fn count(self, entry: &[u8]) -> Option<usize> {
        usize::try_from(self.number(entry, 4, if self.big { 8 } else { 4 })?).ok()
    }

    fn pointer(self, entry: &[u8]) -> Option<u64> {
        self.number(entry, self.value_at(), if self.big { 8 } else { 4 })
    }

    fn text(self, reader: &Reader<'_>, entry: &[u8]) -> Option<Vec<u8>> {
        let count = self.count(entry)?.min(64);
        let room = if self.big { 8 } else { 4 };
        let raw = match slice(entry, self.value_at(), count).filter(|_| count <= room) {
            Some(short) => short.to_vec(),
            None => reader.read(self.pointer(entry)?, count),
        };
        Some(raw.split(|byte| *byte == 0).next()?.trim_ascii().to_vec())
    }

    /// The offsets of sub-directories: one stands in the entry, several at the place it points to.
    fn offsets(self, reader: &Reader<'_>, entry: &[u8]) -> Option<Vec<u64>> {
        let wide = self.big && matches!(self.number(entry, 2, 2)?, 16 | 18);
        let width = if wide { 8 } else { 4 };
        let count = self.count(entry)?.min(DIRECTORIES);
        let room = if self.big { 8 } else { 4 };
        if count * width <= room {
            let bytes = slice(entry, self.value_at(), count * width)?;
            return Some((0..count).filter_map(|index| self.number(bytes, index * width, width)).collect());
        }
        let list = reader.read(self.pointer(entry)?, count * width);
        Some((0..count).filter_map(|index| self.number(&list, index * width, width)).collect())
    }
}
