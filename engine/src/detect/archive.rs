//! Archives other than ZIP and tar.

use super::bytes::{byte, find, has, le16, le32, le64, slice};
use super::compressed;
use super::finding::Finding;
use super::reader::Reader;

/// The first volume descriptor of an ISO 9660 image: sector 16 (ECMA-119, 7.2.1).
const DISC_DESCRIPTOR: u64 = 0x8001;
/// The most bytes of a 7z end header that are searched.
const END_HEADER: usize = 64 << 10;
/// The most blocks of a RAR archive that are looked at for an encryption flag.
const RAR_BLOCKS: usize = 32;

/// 7z (7zFormat.txt): a start header that points to the end header, which names the coders.
pub(super) fn seven_zip(reader: &Reader<'_>) -> Option<Finding> {
    Some(Finding::certain("7z", "signature of 7z").encrypted(seven_zip_is_encrypted(reader).unwrap_or(false)))
}

/// Looks for the method id of AES-256 (06 F1 07 01) in the end header; where that header is compressed
/// the contents' encryption is not seen.
fn seven_zip_is_encrypted(reader: &Reader<'_>) -> Option<bool> {
    let (offset, size) = (le64(reader.head(), 12)?, le64(reader.head(), 20)?);
    let header = reader.read(offset.checked_add(32)?, usize::try_from(size).ok()?.min(END_HEADER));
    Some(find(&header, b"\x06\xF1\x07\x01").is_some())
}

/// RAR up to 4 and RAR 5 (rarlab.com/technote.htm), with a look for encryption flags.
pub(super) fn rar(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    if head.starts_with(b"RE~^") {
        return (head.len() > 7).then(|| Finding::certain("rar", "signature of RAR 1.3"));
    }
    let five = has(head, 6, b"\x01\x00");
    let encrypted = if five { rar5_is_encrypted(head) } else { rar4_is_encrypted(reader) };
    let version = if five { "signature of RAR 5" } else { "signature of RAR 4" };
    Some(Finding::certain("rar", version).encrypted(encrypted.unwrap_or(false)))
}

/// Blocks of RAR 1.5 to 4: CRC u16, type u8, flags u16, size u16, and with flag 8000 the data size u32.
fn rar4_is_encrypted(reader: &Reader<'_>) -> Option<bool> {
    let mut at = 7;
    for _ in 0..RAR_BLOCKS {
        let block = reader.read(at, 11);
        let (kind, flags, size) = (byte(&block, 2)?, le16(&block, 3)?, le16(&block, 5)?);
        match kind {
            0x73 if flags & 0x0080 != 0 => return Some(true),
            0x74 => return Some(flags & 0x0004 != 0),
            0x72..=0x7B if size >= 7 => {}
            _ => return None,
        }
        let data = if flags & 0x8000 == 0 { 0 } else { le32(&block, 7)? };
        at = at.checked_add(u64::from(size))?.checked_add(u64::from(data))?;
    }
    None
}

/// Blocks of RAR 5: CRC u32, header size, type and flags as variable-length numbers. Type 4 says that all
/// headers are encrypted; a file (type 2) with an extra record of type 1 is encrypted itself.
fn rar5_is_encrypted(head: &[u8]) -> Option<bool> {
    let mut at = 8;
    for _ in 0..RAR_BLOCKS {
        let (size, body) = variable(head, at + 4)?;
        let (kind, next) = variable(head, body)?;
        let (flags, next) = variable(head, next)?;
        let (extra, next) = if flags & 1 == 0 { (0, next) } else { variable(head, next)? };
        let data = if flags & 2 == 0 { 0 } else { variable(head, next)?.0 };
        let end = body.checked_add(usize::try_from(size).ok()?)?;
        match kind {
            4 => return Some(true),
            2 => {
                let start = end.checked_sub(usize::try_from(extra).ok()?)?;
                return Some(extra > 0 && variable(head, variable(head, start)?.1)?.0 == 1);
            }
            _ => at = end.checked_add(usize::try_from(data).ok()?)?,
        }
    }
    None
}

/// A number of RAR 5: seven bits a byte, lowest first; the top bit says that more follow.
fn variable(data: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in data.get(at..)?.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, at + index + 1));
        }
    }
    None
}

/// Archives without a signature of their own at a fixed place.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    lha(head)
        .or_else(|| arj(head))
        .or_else(|| old_cpio(head))
        .or_else(|| lzma(head))
        .or_else(|| compressed::probe_skippable(reader))
}

/// LHA: the method, as in `-lh5-`, stands behind header size and checksum.
fn lha(head: &[u8]) -> Option<Finding> {
    let method = slice(head, 2, 5)?;
    let known = (method.starts_with(b"-lh") || method.starts_with(b"-lz")) && method.ends_with(b"-");
    // Level 0 to 3 in byte 20; the first byte is the header's size, never zero below level 2.
    (known && byte(head, 20)? <= 3).then(|| Finding::certain("lzh", "LHA method in the header"))
}

/// ARJ: id 60 EA, a basic header of at most 2600 bytes whose first part is 30 to 60 bytes long.
fn arj(head: &[u8]) -> Option<Finding> {
    let fits = head.starts_with(b"\x60\xEA")
        && (30..=2600).contains(&le16(head, 2)?)
        && (30..=60).contains(&byte(head, 4)?)
        && byte(head, 10)? == 2;
    fits.then(|| Finding::likely("arj", "ARJ main header"))
}

/// The old binary cpio header: magic 070707 (octal) in either byte order, then a plausible name length.
fn old_cpio(head: &[u8]) -> Option<Finding> {
    let swapped = match slice(head, 0, 2)? {
        b"\xC7\x71" => false,
        b"\x71\xC7" => true,
        _ => return None,
    };
    let raw = le16(head, 20)?;
    let length = usize::from(if swapped { raw.swap_bytes() } else { raw });
    // A long name may end behind what was read.
    let ends = (2..=8192).contains(&length) && byte(head, 26 + length - 1).is_none_or(|last| last == 0);
    ends.then(|| Finding::likely("cpio", "binary cpio header"))
}

/// The .lzma header: properties below 225, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that is
/// unknown or below 256 GiB (as XZ Utils and libarchive check it); the first coded byte is zero.
fn lzma(head: &[u8]) -> Option<Finding> {
    let (properties, dictionary, size) = (byte(head, 0)?, le32(head, 1)?, le64(head, 5)?);
    let round = dictionary.is_power_of_two() || (dictionary / 3).is_power_of_two() && dictionary % 3 == 0;
    let fits = matches!(properties, 0x5D | 0x2C | 0x5E | 0x5B)
        && round
        && dictionary >= 1 << 12
        && (size == u64::MAX || size < 1 << 38)
        && byte(head, 13)? == 0;
    fits.then(|| Finding::likely("lzma", "LZMA properties and dictionary size"))
}

/// ISO 9660: the descriptor stands 32 KiB into the image, before that there may be anything.
pub(super) fn probe_disc(reader: &Reader<'_>) -> Option<Finding> {
    let descriptor = reader.read(DISC_DESCRIPTOR, 5);
    (descriptor == b"CD001").then(|| Finding::certain("iso", "ISO 9660 volume descriptor"))
}
