//! Reading and changing single tags inside an EXIF block without rewriting it.
//!
//! An EXIF block is a TIFF stream (TIFF 6.0 section 2): byte order, the offset of the first directory,
//! then directories of 12-byte entries. Only the entries needed here are looked at; everything else,
//! maker notes with their absolute offsets included, stays where it is.

use crate::Orientation;

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;

/// Reads the orientation; upright when the block is malformed or does not say.
pub fn orientation(block: &[u8]) -> Orientation {
    let value = Tiff::open(block).and_then(|tiff| tiff.short_at(tiff.value_of(ORIENTATION)?));
    Orientation::from_exif(value.unwrap_or(1).into())
}

/// Overwrites the orientation where the block has one.
pub fn set_orientation(block: &mut [u8], orientation: Orientation) {
    let Some(tiff) = Tiff::open(block) else { return };
    let big = tiff.big_endian;
    let Some(place) = tiff.value_of(ORIENTATION) else { return };
    let value = orientation as u16;
    if let Some(bytes) = block.get_mut(place..place + 2) {
        bytes.copy_from_slice(&if big { value.to_be_bytes() } else { value.to_le_bytes() });
    }
}

/// Unlinks the second directory, which holds a thumbnail: after a turn, cut or resize it would show
/// another picture.
pub fn unlink_thumbnail(block: &mut [u8]) {
    let link = Tiff::open(block).and_then(|tiff| tiff.link());
    if let Some(bytes) = link.and_then(|link| block.get_mut(link..link + 4)) {
        bytes.fill(0);
    }
}

/// Overwrites `tiff:Orientation` in an XMP packet, written as an attribute or as an element.
pub fn set_xmp_orientation(packet: &mut [u8], orientation: Orientation) {
    let name = b"tiff:Orientation";
    let mut from = 0;
    while let Some(found) = find(packet.get(from..).unwrap_or(&[]), name) {
        let value = from + found + name.len();
        from = value;
        if let Some([b'=', b'"' | b'\'', digit @ b'1'..=b'8', ..] | [b'>', digit @ b'1'..=b'8', ..]) =
            packet.get_mut(value..)
        {
            *digit = b'0' + orientation as u8;
        }
    }
}

/// Removes the `Exif\0\0` that JPEG, and some writers elsewhere, put before the block.
pub fn without_prefix(block: &[u8]) -> &[u8] {
    block.strip_prefix(b"Exif\0\0").unwrap_or(block)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A look into the first directory.
struct Tiff<'b> {
    bytes: &'b [u8],
    big_endian: bool,
    directory: usize,
    entries: usize,
}

impl<'b> Tiff<'b> {
    fn open(bytes: &'b [u8]) -> Option<Tiff<'b>> {
        let big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        let mut tiff = Tiff { bytes, big_endian, directory: 0, entries: 0 };
        tiff.directory = tiff.long_at(4)? as usize;
        tiff.entries = tiff.short_at(tiff.directory)?.into();
        Some(tiff)
    }

    fn short_at(&self, place: usize) -> Option<u16> {
        let bytes = self.bytes.get(place..)?.first_chunk::<2>()?;
        Some(if self.big_endian { u16::from_be_bytes(*bytes) } else { u16::from_le_bytes(*bytes) })
    }

    fn long_at(&self, place: usize) -> Option<u32> {
        let bytes = self.bytes.get(place..)?.first_chunk::<4>()?;
        Some(if self.big_endian { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) })
    }

    /// Place of the value of a tag that holds one short.
    fn value_of(&self, tag: u16) -> Option<usize> {
        let entry = (0..self.entries)
            .map(|index| self.directory + 2 + index * 12)
            .find(|entry| self.short_at(*entry) == Some(tag))?;
        (self.short_at(entry + 2)? == SHORT && self.long_at(entry + 4)? == 1).then_some(entry + 8)
    }

    /// Place of the offset of the next directory.
    fn link(&self) -> Option<usize> {
        Some(self.directory + 2 + self.entries * 12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(big: bool, value: u16) -> Vec<u8> {
        let short = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let long = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut bytes = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
        bytes.extend(long(8));
        bytes.extend(short(1));
        bytes.extend(short(ORIENTATION));
        bytes.extend(short(SHORT));
        bytes.extend(long(1));
        bytes.extend(short(value));
        bytes.extend([0, 0]);
        bytes.extend(long(1234));
        bytes
    }

    #[test]
    fn reads_and_rewrites_both_byte_orders() {
        for big in [false, true] {
            let mut bytes = block(big, 6);
            assert_eq!(orientation(&bytes), Orientation::Turned90);
            set_orientation(&mut bytes, Orientation::Upright);
            assert_eq!(orientation(&bytes), Orientation::Upright);
            unlink_thumbnail(&mut bytes);
            assert_eq!(bytes[bytes.len() - 4..], [0; 4]);
        }
    }

    #[test]
    fn short_and_broken_blocks_are_upright() {
        let bytes = block(false, 6);
        for length in 0..18 {
            assert_eq!(orientation(&bytes[..length]), Orientation::Upright);
        }
        let mut far = bytes.clone();
        far[4..8].fill(0xFF);
        set_orientation(&mut far, Orientation::Turned90);
        unlink_thumbnail(&mut far);
        assert_eq!(orientation(&far), Orientation::Upright);
    }

    #[test]
    fn rewrites_xmp_in_both_spellings() {
        let mut packet = b"<a tiff:Orientation=\"6\"/><tiff:Orientation>8</tiff:Orientation>".to_vec();
        set_xmp_orientation(&mut packet, Orientation::Upright);
        assert_eq!(packet, b"<a tiff:Orientation=\"1\"/><tiff:Orientation>1</tiff:Orientation>");
    }
}
