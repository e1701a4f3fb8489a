//! The marker segments of a JPEG file up to the first scan (T.81 annex B): what the frame is, and the
//! metadata of JFIF, EXIF, XMP, ICC and Adobe.

use formwork_image_pixels::{Channels, Metadata, exif};
use formwork_sdk::{Error, Result};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
/// Payload of a segment at the most: its length field counts itself.
const SEGMENT: usize = 65_533;

/// What stands before the first scan.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample.
    pub(super) precision: u8,
    /// Number of components.
    pub(super) components: u8,
    /// Whether an Adobe marker says so: CMYK is then stored inverted.
    pub(super) adobe: bool,
    pub(super) metadata: Metadata,
}

impl Header {
    /// The channels the decoder delivers.
    pub(super) fn channels(&self) -> Channels {
        match self.components {
            1 => Channels::Grey,
            4 => Channels::Cmyk,
            _ => Channels::Rgb,
        }
    }

    /// Reads the segments. Stops without complaint at the first thing that is no segment: whether pixels
    /// follow the decoder finds out.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when there is no frame header; `limit_exceeded` (`metadata`).
    pub(super) fn read(bytes: &[u8], allowed: u64) -> Result<Header> {
        let mut header = Header::default();
        let mut icc = Vec::new();
        let mut kept = 0;
        let mut rest = bytes.strip_prefix(&[0xFF, 0xD8]).ok_or_else(|| Error::corrupt("not a JPEG"))?;
        while let Some((marker, payload, after)) = segment(rest) {
            rest = after;
            match marker {
                0xDA => break,
                0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => header.frame(payload),
                0xE0..=0xEF => {
                    kept += payload.len() as u64;
                    header.application(marker, payload, &mut icc);
                }
                _ => {}
            }
        }
        if kept > allowed {
            return Err(Error::limit("metadata", kept, allowed));
        }
        if header.components == 0 {
            return Err(Error::corrupt("the JPEG has no frame header"));
        }
        header.metadata.icc = join(icc);
        Ok(header)
    }

    fn frame(&mut self, payload: &[u8]) {
        if let &[precision, h1, h0, w1, w0, components, ..] = payload {
            self.precision = precision;
            self.height = u16::from_be_bytes([h1, h0]).into();
            self.width = u16::from_be_bytes([w1, w0]).into();
            self.components = components;
        }
    }

    fn application(&mut self, marker: u8, payload: &[u8], icc: &mut Vec<(u8, Vec<u8>)>) {
        let metadata = &mut self.metadata;
        match marker {
            0xE0 => metadata.density = metadata.density.or_else(|| density(payload)),
            0xE1 => {
                if let Some(block) = payload.strip_prefix(EXIF).filter(|_| metadata.exif.is_none()) {
                    metadata.orientation = exif::orientation(block);
                    metadata.exif = Some(block.to_vec());
                } else if let Some(packet) = payload.strip_prefix(XMP) {
                    metadata.xmp.get_or_insert_with(|| packet.to_vec());
                }
            }
            0xE2 => {
                if let Some([number, _, part @ ..]) = payload.strip_prefix(ICC) {
                    icc.push((*number, part.to_vec()));
                }
            }
            0xEE => self.adobe |= payload.starts_with(b"Adobe"),
            _ => {}
        }
    }
}

/// Splits the first marker segment off: marker, payload, what follows.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let start = bytes.iter().position(|byte| *byte == 0xFF)?;
    let mut rest = bytes.get(start..)?;
    while let [0xFF, 0xFF, ..] = rest {
        rest = rest.get(1..)?;
    }
    let [_, marker, after @ ..] = rest else { return None };
    // Markers without a length.
    if matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8) {
        return Some((*marker, &[], after));
    }
    let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
    Some((*marker, after.get(2..length)?, after.get(length..)?))
}

/// JFIF's density in dots per inch.
fn density(payload: &[u8]) -> Option<(f64, f64)> {
    let &[_, _, unit, x1, x0, y1, y0, ..] = payload.strip_prefix(b"JFIF\0")? else { return None };
    let (x, y) = (f64::from(u16::from_be_bytes([x1, x0])), f64::from(u16::from_be_bytes([y1, y0])));
    let inch = match unit {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    (x > 0.0 && y > 0.0).then_some((x * inch, y * inch))
}

/// Joins the numbered parts of a profile; `None` when one is missing.
fn join(mut parts: Vec<(u8, Vec<u8>)>) -> Option<Vec<u8>> {
    parts.sort_by_key(|(number, _)| *number);
    let complete = parts.iter().zip(1..).all(|((number, _), expected)| *number == expected);
    let joined: Vec<u8> = parts.into_iter().flat_map(|(_, part)| part).collect();
    (complete && !joined.is_empty()).then_some(joined)
}

/// Makes the APP1 segments for EXIF and XMP. A block too large for one segment is `None`.
pub(super) fn segments(metadata: &Metadata) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let make = |prefix: &[u8], block: &Option<Vec<u8>>| {
        let block = block.as_ref()?;
        let length = prefix.len() + block.len();
        let length = (length <= SEGMENT).then_some(length as u16 + 2)?;
        let mut segment = vec![0xFF, 0xE1];
        segment.extend(length.to_be_bytes());
        segment.extend(prefix);
        segment.extend(block);
        Some(segment)
    };
    (make(EXIF, &metadata.exif), make(XMP, &metadata.xmp))
}

/// Number of bytes up to where EXIF belongs: after SOI and a JFIF segment.
pub(super) fn insertion_point(jpeg: &[u8]) -> usize {
    match jpeg {
        [0xFF, 0xD8, 0xFF, 0xE0, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        _ => 2.min(jpeg.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_makes() {
        let metadata =
            Metadata { exif: Some(b"II*\0abc".to_vec()), xmp: Some(b"<x/>".to_vec()), ..Metadata::default() };
        let (exif, xmp) = segments(&metadata);
        let frame = [0xFF, 0xC0, 0, 11, 8, 0, 3, 0, 5, 1, 1, 17, 0];
        let file = [&[0xFF, 0xD8], exif.unwrap().as_slice(), &xmp.unwrap(), &frame].concat();
        let header = Header::read(&file, 1000).unwrap();
        assert_eq!((header.width, header.height, header.components), (5, 3, 1));
        assert_eq!(header.metadata, metadata);
        assert!(Header::read(&file, 3).is_err());
        for length in 0..file.len() {
            assert!(Header::read(&file[..length], 1000).is_err());
        }
    }

    #[test]
    fn parts_of_a_profile_are_ordered_and_complete() {
        assert_eq!(join(vec![(2, vec![2]), (1, vec![1])]), Some(vec![1, 2]));
        assert_eq!(join(vec![(2, vec![2])]), None);
        assert_eq!(join(vec![]), None);
    }
}
