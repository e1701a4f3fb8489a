//! Compound files ([MS-CFB]): the binary Office formats, and encrypted Office Open XML.

use super::bytes::{array, byte, le16, le32, slice};
use super::finding::Finding;
use super::reader::Reader;

/// The signature of a compound file (2.2).
const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Sector numbers from here on have a meaning of their own (2.1).
const LAST_SECTOR: u32 = 0xFFFF_FFFA;
/// The most directory sectors that are read.
const SECTORS: usize = 64;
/// The most directory entries that are looked at.
const ENTRIES: usize = 1024;

/// The class ids of the root storage that tell a format when no stream does, as they lie in the file.
const CLASSES: &[([u8; 8], &str)] = &[
    ([0x06, 0x09, 0x02, 0, 0, 0, 0, 0], "doc"),
    ([0x00, 0x09, 0x02, 0, 0, 0, 0, 0], "doc"),
    ([0x20, 0x08, 0x02, 0, 0, 0, 0, 0], "xls"),
    ([0x10, 0x08, 0x02, 0, 0, 0, 0, 0], "xls"),
    ([0x10, 0x8D, 0x81, 0x64, 0x9B, 0x4F, 0xCF, 0x11], "ppt"),
];

/// Tells which Office format a compound file is; others, such as messages and installers, are unknown.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    if reader.head().starts_with(SIGNATURE) { Compound::open(reader)?.format() } else { bare_stream(reader) }
}

/// Streams without their compound file: worksheets of Excel 2 to 4 ([MS-XLS] 2.4.21, BOF), Word 2.
fn bare_stream(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let workbook = match array::<4>(head, 0)? {
        [0x09, 0x00, 0x04, 0x00] | [0x09, 0x02, 0x06, 0x00] | [0x09, 0x04, 0x06, 0x00] => true,
        [0x09, 0x08, 0x08 | 0x10, 0x00] => matches!(le16(head, 4)?, 0x0500 | 0x0600),
        _ => false,
    };
    if workbook && matches!(le16(head, 6)?, 0x05 | 0x10 | 0x20 | 0x40 | 0x0100) {
        return Some(Finding::likely("xls", "BIFF worksheet without a compound file"));
    }
    head.starts_with(b"\xDB\xA5\x2D\x00").then(|| Finding::certain("doc", "Word 2 file header"))
}

struct Compound<'a, 'b> {
    reader: &'a Reader<'b>,
    /// log2 of the sector size.
    shift: u32,
    directory: Vec<u8>,
}

impl<'a, 'b> Compound<'a, 'b> {
    fn open(reader: &'a Reader<'b>) -> Option<Self> {
        let shift = u32::from(le16(reader.head(), 30)?);
        if !matches!(shift, 9 | 12) {
            return None;
        }
        let mut file = Compound { reader, shift, directory: Vec::new() };
        let mut sector = le32(reader.head(), 48)?;
        for _ in 0..SECTORS {
            let data = file.sector(sector);
            file.directory.extend_from_slice(&data);
            // A chain that cannot be followed is taken to go on behind.
            sector = file.next_sector(sector).unwrap_or(sector.saturating_add(1));
            if data.is_empty() || sector >= LAST_SECTOR {
                break;
            }
        }
        Some(file)
    }

    fn sector_size(&self) -> usize {
        1 << self.shift
    }

    fn sector(&self, number: u32) -> Vec<u8> {
        self.reader.read((u64::from(number) + 1) << self.shift, self.sector_size())
    }

    /// Looks `number` up in the allocation table, whose first 109 sectors the header lists (2.3, 2.5).
    fn next_sector(&self, number: u32) -> Option<u32> {
        let per_sector = 1_u32 << (self.shift - 2);
        let (table, index) = (number / per_sector, number % per_sector);
        let at = 76 + 4 * usize::try_from(table).ok().filter(|table| *table < 109)?;
        let base = (u64::from(le32(self.reader.head(), at)?) + 1) << self.shift;
        le32(&self.reader.read(base + 4 * u64::from(index), 4), 0)
    }

    fn format(&self) -> Option<Finding> {
        let names = self.root_streams();
        let has = |name: &str| names.iter().find(|stream| stream.name.eq_ignore_ascii_case(name));
        if has("EncryptedPackage").is_some() {
            return Some(encrypted_office(self.reader));
        }
        if let Some(stream) = has("Workbook").or_else(|| has("Book")) {
            let locked = self.workbook_is_locked(stream).unwrap_or(false);
            return Some(office("xls", "Workbook", locked));
        }
        if let Some(stream) = has("WordDocument") {
            return Some(office("doc", "WordDocument", self.document_is_locked(stream).unwrap_or(false)));
        }
        if has("PowerPoint Document").is_some() {
            let locked = has("EncryptedSummary").is_some()
                || has("Current User").and_then(|stream| self.show_is_locked(stream)).unwrap_or(false);
            return Some(office("ppt", "PowerPoint Document", locked));
        }
        let class = array::<8>(&self.directory, 80)?;
        let (_, id) = CLASSES.iter().find(|(known, _)| *known == class)?;
        Some(Finding::likely(id, "class id of the root storage"))
    }

    /// The streams and storages right under the root: what lies deeper belongs to embedded objects.
    ///
    /// Directory entries are 128 bytes (2.6.1): name in UTF-16, its length at 64, left and right sibling
    /// at 68 and 72, child at 76, start sector at 116, size at 120.
    fn root_streams(&self) -> Vec<Stream> {
        let mut waiting = vec![le32(&self.directory, 76).unwrap_or(u32::MAX)];
        let mut seen = std::collections::BTreeSet::new();
        let mut streams = Vec::new();
        while let Some(number) = waiting.pop().filter(|_| streams.len() < ENTRIES) {
            let Some(entry) = self.entry(number).filter(|_| seen.insert(number)) else { continue };
            waiting.extend([le32(entry, 68), le32(entry, 72)].into_iter().flatten());
            streams.extend(Stream::parse(entry));
        }
        streams
    }

    fn entry(&self, number: u32) -> Option<&[u8]> {
        slice(&self.directory, usize::try_from(number).ok()?.checked_mul(128)?, 128)
    }

    /// The first bytes of a stream: small ones lie in 64 byte pieces of the root's own stream (2.4).
    fn start_of(&self, stream: &Stream) -> Vec<u8> {
        if stream.size >= 4096 {
            return self.sector(stream.sector);
        }
        let offset = u64::from(stream.sector) * 64;
        let mut sector = le32(&self.directory, 116).unwrap_or(u32::MAX);
        for _ in 0..(offset >> self.shift).min(SECTORS as u64) {
            sector = self.next_sector(sector).unwrap_or(u32::MAX);
        }
        let within = usize::try_from(offset).unwrap_or(0) & (self.sector_size() - 1);
        self.sector(sector).get(within..).unwrap_or_default().to_vec()
    }

    /// A workbook with a password has a FILEPASS record right behind BOF ([MS-XLS] 2.1.7.20.3, 2.4.117).
    fn workbook_is_locked(&self, stream: &Stream) -> Option<bool> {
        let data = self.start_of(stream);
        let mut at = 0;
        for _ in 0..4 {
            if le16(&data, at)? == 0x002F {
                return Some(true);
            }
            at += 4 + usize::from(le16(&data, at + 2)?);
        }
        Some(false)
    }

    /// Bit fEncrypted of the file information block ([MS-DOC] 2.5.2).
    fn document_is_locked(&self, stream: &Stream) -> Option<bool> {
        Some(byte(&self.start_of(stream), 11)? & 0x01 != 0)
    }

    /// The header token of the current user atom is another one in an encrypted file ([MS-PPT] 2.3.2).
    fn show_is_locked(&self, stream: &Stream) -> Option<bool> {
        Some(le32(&self.start_of(stream), 12)? == 0xF3D1_C4DF)
    }
}

fn office(id: &'static str, stream: &str, locked: bool) -> Finding {
    Finding::certain(id, format!("compound file with the stream {stream}")).encrypted(locked)
}

/// [MS-OFFCRYPTO] 2.3: which kind the package is cannot be seen without the password. A name decides, also
/// one of the older kind; without one a workbook is the likeliest.
fn encrypted_office(reader: &Reader<'_>) -> Finding {
    let older = [("doc", "docx"), ("ppt", "pptx")];
    let id = older.iter().find(|(old, _)| reader.is_called(old)).map_or("xlsx", |(_, new)| new);
    Finding::guess(id, "encrypted Office Open XML; its kind shows only with the password")
        .or_named(&["docx", "xlsx", "pptx", "xlsb"])
        .encrypted(true)
}

struct Stream {
    name: String,
    sector: u32,
    size: u32,
}

impl Stream {
    fn parse(entry: &[u8]) -> Option<Stream> {
        let length = usize::from(le16(entry, 64)?).saturating_sub(2).min(62);
        let units: Vec<u16> =
            slice(entry, 0, length)?.chunks_exact(2).filter_map(|pair| le16(pair, 0)).collect();
        let name = String::from_utf16_lossy(&units);
        Some(Stream { name, sector: le32(entry, 116)?, size: le32(entry, 120)? })
    }
}
