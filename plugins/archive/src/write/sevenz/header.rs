//! The directory of a 7z, and the start header that points to it.

use super::Listed;
use super::folder::Done;
use crate::codec::lzma2;
use crate::context::Context;
use crate::entry::Kind;
use crate::write::out::Out;
use formwork_sdk::Result;

/// Bytes of the start header.
pub(super) const START: u64 = 32;

// Property ids of the format.
const END: u8 = 0;
const HEADER: u8 = 1;
const MAIN_STREAMS: u8 = 4;
const FILES: u8 = 5;
const PACK_INFO: u8 = 6;
const UNPACK_INFO: u8 = 7;
const SUBSTREAMS: u8 = 8;
const SIZE: u8 = 9;
const CRC: u8 = 10;
const FOLDER: u8 = 11;
const UNPACK_SIZE: u8 = 12;
const STREAM_COUNT: u8 = 13;
const EMPTY_STREAM: u8 = 14;
const EMPTY_FILE: u8 = 15;
const NAMES: u8 = 17;
const MODIFIED: u8 = 20;
const ATTRIBUTES: u8 = 21;
const ENCODED_HEADER: u8 = 23;

/// Directories larger than this are compressed.
const PLAIN_MOST: usize = 256;

/// Writes the directory behind the folders, and the start header.
pub(super) fn write(
    context: &Context<'_>,
    out: &mut Out<'_>,
    folders: &[Done],
    files: &[Listed],
) -> Result<()> {
    let mut header = directory(folders, files);
    if files.is_empty() {
        header.clear();
    }
    if header.len() > PLAIN_MOST {
        header = compress(context, out, &header)?;
    }
    let offset = out.position() - START;
    out.put(&header)?;
    let mut pointer = offset.to_le_bytes().to_vec();
    pointer.extend_from_slice(&(header.len() as u64).to_le_bytes());
    pointer.extend_from_slice(&libdeflater::crc32(&header).to_le_bytes());
    let mut start = vec![b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, 0, 4];
    start.extend_from_slice(&libdeflater::crc32(&pointer).to_le_bytes());
    start.extend_from_slice(&pointer);
    out.patch(0, &start)
}

/// Compresses the directory, and returns a small one that says where it is.
fn compress(context: &Context<'_>, out: &mut Out<'_>, header: &[u8]) -> Result<Vec<u8>> {
    let (properties, packed) = lzma2::encode_lzma(context, header)?;
    let position = out.position() - START;
    out.put(&packed)?;
    let mut small = vec![ENCODED_HEADER, PACK_INFO];
    number(&mut small, position);
    small.extend_from_slice(&[1, SIZE]);
    number(&mut small, packed.len() as u64);
    // One folder of one LZMA coder: id of three bytes, five bytes of properties.
    small.extend_from_slice(&[END, UNPACK_INFO, FOLDER, 1, 0, 1, 0x23, 3, 1, 1, 5]);
    small.extend_from_slice(&properties);
    small.push(UNPACK_SIZE);
    number(&mut small, header.len() as u64);
    small.extend_from_slice(&[CRC, 1]);
    small.extend_from_slice(&libdeflater::crc32(header).to_le_bytes());
    small.extend_from_slice(&[END, END]);
    Ok(small)
}

fn directory(folders: &[Done], files: &[Listed]) -> Vec<u8> {
    let mut out = vec![HEADER];
    if !folders.is_empty() {
        out.push(MAIN_STREAMS);
        pack_info(&mut out, folders);
        unpack_info(&mut out, folders);
        substreams(&mut out, folders, files);
        out.push(END);
    }
    out.push(FILES);
    number(&mut out, files.len() as u64);
    empty_streams(&mut out, files);
    names(&mut out, files);
    times(&mut out, files);
    attributes(&mut out, files);
    out.extend_from_slice(&[END, END]);
    out
}

fn pack_info(out: &mut Vec<u8>, folders: &[Done]) {
    out.extend_from_slice(&[PACK_INFO, 0]);
    number(out, folders.len() as u64);
    out.push(SIZE);
    for folder in folders {
        number(out, folder.packed);
    }
    out.push(END);
}

fn unpack_info(out: &mut Vec<u8>, folders: &[Done]) {
    out.extend_from_slice(&[UNPACK_INFO, FOLDER]);
    number(out, folders.len() as u64);
    out.push(0);
    for folder in folders {
        coders(out, folder);
    }
    out.push(UNPACK_SIZE);
    for folder in folders {
        if folder.cipher.is_some() {
            number(out, folder.coded);
        }
        number(out, folder.plain);
        if folder.x86 {
            number(out, folder.plain);
        }
    }
    out.push(END);
}

/// The chain of coders in the order they are undone, which readers other than 7-Zip insist on.
fn coders(out: &mut Vec<u8>, folder: &Done) {
    let count = 1 + u64::from(folder.x86) + u64::from(folder.cipher.is_some());
    number(out, count);
    if let Some(properties) = &folder.cipher {
        out.extend_from_slice(&[0x24, 6, 0xF1, 7, 1]);
        number(out, properties.len() as u64);
        out.extend_from_slice(properties);
    }
    out.extend_from_slice(&[0x21, 0x21, 1, folder.dictionary]);
    if folder.x86 {
        out.extend_from_slice(&[4, 3, 3, 1, 3]);
    }
    // Each coder reads what the one before writes; the first one reads the packed stream.
    for index in 1..count {
        number(out, index);
        number(out, index - 1);
    }
}

fn substreams(out: &mut Vec<u8>, folders: &[Done], files: &[Listed]) {
    let mut sized = files.iter().filter(|file| file.bytes > 0);
    out.extend_from_slice(&[SUBSTREAMS, STREAM_COUNT]);
    for folder in folders {
        number(out, folder.files);
    }
    out.push(SIZE);
    for folder in folders {
        // The last size of a folder follows from the others.
        for place in 1..=folder.files {
            let bytes = sized.next().map_or(0, |file| file.bytes);
            if place < folder.files {
                number(out, bytes);
            }
        }
    }
    out.extend_from_slice(&[CRC, 1]);
    for file in files.iter().filter(|file| file.bytes > 0) {
        out.extend_from_slice(&file.crc.to_le_bytes());
    }
    out.push(END);
}

fn empty_streams(out: &mut Vec<u8>, files: &[Listed]) {
    let empty: Vec<&Listed> = files.iter().filter(|file| file.bytes == 0).collect();
    if empty.is_empty() {
        return;
    }
    property(out, EMPTY_STREAM, &bits(files.iter().map(|file| file.bytes == 0)));
    if empty.iter().any(|file| file.entry.kind != Kind::Directory) {
        property(out, EMPTY_FILE, &bits(empty.iter().map(|file| file.entry.kind != Kind::Directory)));
    }
}

fn names(out: &mut Vec<u8>, files: &[Listed]) {
    let mut names = vec![0];
    for file in files {
        names.extend(file.entry.name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    }
    property(out, NAMES, &names);
}

fn times(out: &mut Vec<u8>, files: &[Listed]) {
    let times: Vec<Option<u64>> =
        files.iter().map(|file| file.entry.modified.and_then(|time| time.to_nt())).collect();
    if times.iter().all(Option::is_none) {
        return;
    }
    let mut bytes = defined(times.iter().map(Option::is_some));
    bytes.push(0);
    for time in times.into_iter().flatten() {
        bytes.extend_from_slice(&time.to_le_bytes());
    }
    property(out, MODIFIED, &bytes);
}

fn attributes(out: &mut Vec<u8>, files: &[Listed]) {
    let mut bytes = vec![1, 0];
    for file in files {
        let (file_type, dos) = match file.entry.kind {
            Kind::Directory => (0o040_000, 0x10),
            Kind::Symlink(_) => (0o120_000, 0x20),
            _ => (0o100_000, 0x20),
        };
        let attributes: u32 = (file_type | file.entry.mode_or_default()) << 16 | 0x8000 | dos;
        bytes.extend_from_slice(&attributes.to_le_bytes());
    }
    property(out, ATTRIBUTES, &bytes);
}

/// Which of several values are there: one byte when all are, else a bit for each.
fn defined(values: impl Iterator<Item = bool> + Clone) -> Vec<u8> {
    if values.clone().all(|value| value) {
        return vec![1];
    }
    let mut out = vec![0];
    out.extend_from_slice(&bits(values));
    out
}

fn property(out: &mut Vec<u8>, id: u8, bytes: &[u8]) {
    out.push(id);
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Bits, the highest of each byte first.
fn bits(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, value) in values.enumerate() {
        if index % 8 == 0 {
            out.push(0);
        }
        if let Some(last) = out.last_mut().filter(|_| value) {
            *last |= 0x80 >> (index % 8);
        }
    }
    out
}

/// A number of 1 to 9 bytes: the ones at the top of the first byte say how many follow.
fn number(out: &mut Vec<u8>, value: u64) {
    let more = (1..8).find(|more| value < 1 << (7 * more)).map_or(8, |bytes| bytes - 1);
    let low = value.to_le_bytes();
    let high = if more < 7 { (value >> (8 * more)) as u8 } else { 0 };
    let ones = if more == 0 { 0 } else { !(0xFF_u32 >> more) as u8 };
    out.push(ones | high);
    out.extend(low.iter().take(more));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        number(&mut out, value);
        out
    }

    #[test]
    fn numbers_take_the_room_they_need() {
        assert_eq!(written(0), [0]);
        assert_eq!(written(0x7F), [0x7F]);
        assert_eq!(written(0x80), [0x80, 0x80]);
        assert_eq!(written(0x3FFF), [0xBF, 0xFF]);
        assert_eq!(written(0x4000), [0xC0, 0, 0x40]);
        assert_eq!(written(0xFFFF_FFFF_FFFF), [0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(written(u64::MAX).len(), 9);
    }

    #[test]
    fn bits_start_at_the_top() {
        assert_eq!(bits([true, false, true].into_iter()), [0xA0]);
    }
}
