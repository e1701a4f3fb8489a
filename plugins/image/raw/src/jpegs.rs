//! JPEG pictures inside other files, found by their markers (ITU-T T.81 annex B).
//!
//! Every camera embeds its own development of a photo as JPEG, in a place of its maker's choice. Looking
//! for the marker that starts one finds them all, even in files that were cut short.

use memchr::{memchr, memmem};
use std::ops::Range;

/// What every JPEG starts with.
const START: &[u8] = b"\xFF\xD8\xFF";
/// Most places that are looked at in one file.
const PLACES: usize = 65_536;
/// Most segments before the first scan.
const SEGMENTS: usize = 256;

/// One JPEG picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Jpeg {
    /// Where it starts.
    pub(crate) start: usize,
    /// Where its first scan starts.
    scan: usize,
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// Where its EXIF block lies, from `II` or `MM` on.
    pub(crate) exif: Option<Range<usize>>,
    /// True for the lossless kind, which holds what the sensor saw.
    pub(crate) lossless: bool,
}

impl Jpeg {
    /// Number of pixels.
    pub(crate) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Where it ends; `None` when the file ends before.
    pub(crate) fn end(&self, bytes: &[u8]) -> Option<usize> {
        let mut place = self.scan;
        loop {
            place += memchr(0xFF, bytes.get(place..)?)?;
            match bytes.get(place + 1)? {
                0xD9 => return Some(place + 2),
                // Stuffed bytes, restarts and fill bytes belong to the scan.
                0x00 | 0xD0..=0xD7 => place += 2,
                0xFF => place += 1,
                _ => place += 2 + usize::from(short(bytes, place + 2)?).max(2),
            }
        }
    }
}

/// Finds all pictures, in the order of the file. Pictures inside the header of others are left out.
pub(crate) fn find(bytes: &[u8]) -> Vec<Jpeg> {
    let finder = memmem::Finder::new(START);
    let (mut found, mut from) = (Vec::new(), 0);
    for _ in 0..PLACES {
        let Some(offset) = bytes.get(from..).and_then(|rest| finder.find(rest)) else { break };
        let start = from + offset;
        from = start + 2;
        if let Some(jpeg) = header(bytes, start) {
            from = jpeg.scan;
            found.push(jpeg);
        }
    }
    found
}

/// Reads the segments before the first scan.
fn header(bytes: &[u8], start: usize) -> Option<Jpeg> {
    let mut place = start + 2;
    let mut jpeg = Jpeg { start, scan: 0, width: 0, height: 0, exif: None, lossless: false };
    for _ in 0..SEGMENTS {
        if *bytes.get(place)? != 0xFF {
            return None;
        }
        let marker = *bytes.get(place + 1)?;
        let length = usize::from(short(bytes, place + 2)?);
        let end = place + 2 + length.max(2);
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                jpeg.height = short(bytes, place + 5)?.into();
                jpeg.width = short(bytes, place + 7)?.into();
                jpeg.lossless = marker == 0xC3;
            }
            0xE1 if bytes.get(place + 4..place + 10) == Some(b"Exif\0\0") && end <= bytes.len() => {
                jpeg.exif = Some(place + 10..end);
            }
            0xDA if jpeg.pixels() > 0 => {
                jpeg.scan = end;
                return Some(jpeg);
            }
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE => {}
            _ => return None,
        }
        place = end;
    }
    None
}

fn short(bytes: &[u8], place: usize) -> Option<u16> {
    bytes.get(place..)?.first_chunk().map(|two| u16::from_be_bytes(*two))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The markers of a grey picture of 3 by 2, without a decodable scan.
    fn made() -> Vec<u8> {
        let mut bytes = b"\xFF\xD8\xFF\xE1\0\x0EExif\0\0II*\0\x08\0".to_vec();
        bytes.extend(b"\xFF\xC0\0\x0B\x08\0\x02\0\x03\x01\x01\x11\0");
        bytes.extend(b"\xFF\xDA\0\x08\x01\x01\0\0\x3F\0");
        bytes.extend(b"\x12\xFF\0\x34\xFF\xD0\x56\xFF\xD9");
        bytes
    }

    #[test]
    fn finds_them_anywhere() {
        let one = made();
        let file = [b"noise\xFF\xD8\xFF\xFFnoise".as_slice(), &one, b"\xFF\xD8\xFF", &one].concat();
        let found = find(&file);
        assert_eq!(found.len(), 2);
        for jpeg in &found {
            assert_eq!((jpeg.width, jpeg.height, jpeg.lossless), (3, 2, false));
            assert_eq!(jpeg.end(&file), Some(jpeg.start + one.len()));
            assert_eq!(jpeg.exif.clone().and_then(|range| file.get(range)), Some(b"II*\0\x08\0".as_slice()));
        }
    }

    #[test]
    fn every_cut_is_survived() {
        let one = made();
        for length in 0..one.len() {
            let cut = &one[..length];
            assert!(find(cut).iter().all(|jpeg| jpeg.end(cut).is_none()), "{length}");
        }
    }
}
