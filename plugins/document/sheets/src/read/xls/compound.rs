//! Compound files ([MS-CFB]): one stream taken out, and put into a file of its own. The library that reads workbooks then
//! sees chains of sectors that are known to end.

use crate::read::source::damaged;
use formwork_sdk::{Error, Result};

/// The signature (2.2).
const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Sector numbers from here on have a meaning of their own (2.1).
const LAST: u32 = 0xFFFF_FFFA;
/// What ends a chain, and what stands for no sector.
const END: u32 = 0xFFFF_FFFE;
const FREE: u32 = 0xFFFF_FFFF;
/// What stands for a sector of the table itself.
const TABLE: u32 = 0xFFFF_FFFD;
/// Bytes of a sector of the streams that are small, and from which size on they are not (2.2).
const SMALL_SECTOR: usize = 64;
const SMALL: u64 = 4096;
/// Bytes of an entry of the directory (2.6.1).
const ENTRY: usize = 128;
/// Sectors of the table that the header itself lists, and where (2.2).
const LISTED: usize = 109;
const LIST: usize = 76;
/// Bytes of a sector of version 4, the only one [`wrap`] writes.
const SECTOR: usize = 4096;

/// An opened file.
pub(super) struct Compound<'b> {
    bytes: &'b [u8],
    sector: usize,
    table: Vec<u32>,
    directory: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    length: u64,
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn longs(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes)
}

fn cut_off() -> Error {
    damaged("a chain of its sectors leads nowhere")
}

impl<'b> Compound<'b> {
    /// Reads the table of sectors and the directory.
    pub(super) fn open(bytes: &'b [u8]) -> Result<Compound<'b>> {
        if !bytes.starts_with(SIGNATURE) {
            return Err(Error::unsupported(
                "this is a worksheet of Excel 4 or older, which has no workbook around it; save it with a newer one",
            ));
        }
        let shift = word(bytes, 30).unwrap_or(0);
        if !matches!(shift, 9 | 12) {
            return Err(damaged("its sectors have no known size"));
        }
        let mut file = Compound { bytes, sector: 1 << shift, table: Vec::new(), directory: Vec::new() };
        file.read_table()?;
        let start = long(bytes, 48).unwrap_or(END);
        let directory = file.chain(start, &file.table, file.bytes.len() as u64, Compound::sector)?;
        file.directory = directory.as_chunks::<ENTRY>().0.iter().filter_map(Entry::of).collect();
        Ok(file)
    }

    fn sector(&self, number: u32) -> Option<&'b [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = start.saturating_add(self.sector).min(self.bytes.len());
        self.bytes.get(start..end).filter(|sector| !sector.is_empty())
    }

    /// The table says which sector follows which (2.3); the header and a chain of its own say where it lies (2.5).
    fn read_table(&mut self) -> Result<()> {
        let listed = self.bytes.get(LIST..LIST + 4 * LISTED).unwrap_or_default();
        let mut places: Vec<u32> = longs(listed).collect();
        let mut next = long(self.bytes, 68).unwrap_or(END);
        let sectors = self.bytes.len() / self.sector;
        for _ in 0..sectors {
            let Some(sector) = (next < LAST).then(|| self.sector(next)).flatten() else { break };
            places.extend(longs(sector));
            next = places.pop().unwrap_or(END);
        }
        let table = places.into_iter().filter(|place| *place < LAST).take(sectors);
        self.table = table.filter_map(|place| self.sector(place)).flat_map(longs).collect();
        Ok(())
    }

    /// The bytes of a chain, at most `length` of them.
    fn chain<'f>(
        &'f self,
        start: u32,
        table: &[u32],
        length: u64,
        sector: impl Fn(&'f Self, u32) -> Option<&'f [u8]>,
    ) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let (mut next, mut steps) = (start, 0);
        while next < LAST && (bytes.len() as u64) < length {
            bytes.extend_from_slice(sector(self, next).ok_or_else(cut_off)?);
            next = table.get(next as usize).copied().unwrap_or(END);
            // A chain has no more sectors than the file, unless it goes in a circle.
            steps += 1;
            if steps > self.bytes.len() / self.sector + 1 {
                return Err(cut_off());
            }
        }
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// Whether there is a stream or storage of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.directory.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The first of the streams with these names.
    pub(super) fn stream(&self, names: &[&str]) -> Result<Vec<u8>> {
        let named = |name: &&str| self.directory.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
        let entry = names.iter().find_map(named).ok_or_else(|| damaged("there is no workbook in it"))?;
        if entry.length >= SMALL {
            return self.chain(entry.start, &self.table, entry.length, Compound::sector);
        }
        let root = self.directory.first().ok_or_else(cut_off)?;
        let pieces = self.chain(root.start, &self.table, root.length, Compound::sector)?;
        let all = self.bytes.len() as u64;
        let table = self.chain(long(self.bytes, 60).unwrap_or(END), &self.table, all, Compound::sector)?;
        let table: Vec<u32> = longs(&table).collect();
        let piece =
            |number: u32| pieces.get((number as usize).checked_mul(SMALL_SECTOR)?..)?.get(..SMALL_SECTOR);
        let mut bytes = Vec::new();
        let mut next = entry.start;
        while next < LAST && (bytes.len() as u64) < entry.length {
            bytes.extend_from_slice(piece(next).ok_or_else(cut_off)?);
            next = table.get(next as usize).copied().unwrap_or(END);
        }
        bytes.truncate(usize::try_from(entry.length).unwrap_or(usize::MAX));
        Ok(bytes)
    }
}

impl Entry {
    /// Name in UTF-16 and its length at 64, start sector at 116, size at 120, whose upper half means nothing in version 3.
    fn of(entry: &[u8; ENTRY]) -> Option<Entry> {
        let length = usize::from(word(entry, 64)?).saturating_sub(2).min(62);
        let units: Vec<u16> =
            entry.get(..length)?.as_chunks::<2>().0.iter().copied().map(u16::from_le_bytes).collect();
        let name = String::from_utf16_lossy(&units);
        Some(Entry { name, start: long(entry, 116)?, length: u64::from(long(entry, 120)?) })
    }
}

/// A compound file that holds one stream, named `Workbook`.
///
/// # Errors
///
/// `limit_exceeded` (`memory`) beyond what the header alone can list: 446 MiB.
pub(super) fn wrap(stream: &[u8]) -> Result<Vec<u8>> {
    // A shorter one would be among the small ones.
    let length = stream.len().max(SMALL as usize);
    let sectors = length.div_ceil(SECTOR);
    // The directory, and the table, which lists itself too.
    let tables = (sectors + 1).div_ceil(SECTOR / 4 - 1);
    if tables > LISTED {
        return Err(Error::limit("memory", length, LISTED * SECTOR * (SECTOR / 4 - 1)));
    }
    let mut file = header(tables);
    file.resize(SECTOR, 0);
    let mut table = vec![TABLE; tables];
    table.push(END);
    let first = table.len();
    table.extend((first + 1..first + sectors).map(|next| next as u32));
    table.push(END);
    table.resize(tables * (SECTOR / 4), FREE);
    file.extend(table.into_iter().flat_map(u32::to_le_bytes));
    let start = file.len();
    file.extend(entry("Root Entry", 5, 0, 0, 1));
    file.extend(entry("Workbook", 2, first as u32, length as u64, FREE));
    file.resize(start + SECTOR, 0);
    file.extend_from_slice(stream);
    file.resize(start + SECTOR + sectors * SECTOR, 0);
    Ok(file)
}

/// The header (2.2) of a file whose first sectors are its table, then its directory.
fn header(tables: usize) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.resize(24, 0);
    for value in [0x3E_u16, 4, 0xFFFE, 12, 6] {
        header.extend(value.to_le_bytes());
    }
    header.resize(40, 0);
    for value in [1, tables as u32, tables as u32, 0, SMALL as u32, END, 0, END, 0] {
        header.extend(value.to_le_bytes());
    }
    header.extend((0..tables as u32).flat_map(u32::to_le_bytes));
    header.resize(LIST + 4 * LISTED, 0xFF);
    header
}

/// An entry of the directory (2.6.1): what it is, where it starts, how long it is, and what lies in it.
fn entry(name: &str, kind: u8, start: u32, length: u64, child: u32) -> Vec<u8> {
    let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let named = entry.len() as u16 + 2;
    entry.resize(64, 0);
    entry.extend(named.to_le_bytes());
    entry.extend([kind, 1]);
    for link in [FREE, FREE, child] {
        entry.extend(link.to_le_bytes());
    }
    entry.resize(116, 0);
    entry.extend(start.to_le_bytes());
    entry.extend(length.to_le_bytes());
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_is_found_again() {
        for length in [10, 5_000, 5_000_000] {
            let stream: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
            let file = wrap(&stream).unwrap();
            let found = Compound::open(&file).unwrap().stream(&["Workbook"]).unwrap();
            assert!(found.starts_with(&stream) && found.len() == stream.len().max(4096), "{length}");
        }
    }

    #[test]
    fn a_chain_in_a_circle_is_refused() {
        let mut file = wrap(&vec![1; 20_000]).unwrap();
        // The third sector of the stream is followed by its first.
        file[SECTOR + 4 * 4..][..4].copy_from_slice(&2_u32.to_le_bytes());
        assert_eq!(long(&file, SECTOR * 2 + ENTRY + 120), Some(20_000));
        file[SECTOR * 2 + ENTRY + 120..][..4].copy_from_slice(&4_000_000_000_u32.to_le_bytes());
        assert!(Compound::open(&file).unwrap().stream(&["Workbook"]).is_err());
        assert!(Compound::open(&file[..600]).and_then(|file| file.stream(&["Workbook"])).is_err());
    }
}
