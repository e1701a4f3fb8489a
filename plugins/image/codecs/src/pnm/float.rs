//! PFM: three lines of text, then rows of 32-bit floats from the bottom up. The sign of the scale tells
//! the byte order.

use formwork_image_pixels::{Channels, Frame, Picture, Samples};
use formwork_sdk::{Error, Result, Step};

/// What the three lines say.
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    little_endian: bool,
    /// Where the samples begin.
    start: usize,
}

/// The header is text: it ends within these bytes.
const LONGEST: usize = 256;

impl Header {
    /// Reads the header; `None` when this is no PFM.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let channels = match bytes.get(..2)? {
            b"PF" => Channels::Rgb,
            b"Pf" => Channels::Grey,
            _ => return None,
        };
        let head = bytes.get(..bytes.len().min(LONGEST))?;
        let mut at = 2;
        let mut word = || -> Option<&str> {
            let rest = head.get(at..)?;
            let begin = at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
            let length = head.get(begin..)?.iter().position(u8::is_ascii_whitespace)?;
            at = begin + length;
            std::str::from_utf8(head.get(begin..at)?).ok()
        };
        let (width, height) = (word()?.parse().ok()?, word()?.parse().ok()?);
        let scale: f32 = word()?.parse().ok()?;
        Some(Header { width, height, channels, little_endian: scale < 0.0, start: at + 1 })
    }
}

pub(super) fn decode(step: &Step<'_>, bytes: &[u8], header: &Header) -> Result<Picture> {
    let row = header.width as usize * header.channels.count() * 4;
    step.check_picture(header.width.into(), header.height.into(), header.channels.count() as u64 * 4)?;
    let data = bytes.get(header.start..).unwrap_or(&[]);
    let data = row.checked_mul(header.height as usize).and_then(|length| data.get(..length));
    let data = data.ok_or_else(|| Error::corrupt("the PFM ends before its last row"))?;
    let mut samples = Vec::with_capacity(data.len() / 4);
    for line in data.rchunks_exact(row) {
        step.tick(samples.len() as u64 * 4, data.len() as u64)?;
        let read = if header.little_endian { f32::from_le_bytes } else { f32::from_be_bytes };
        samples.extend(line.as_chunks::<4>().0.iter().map(|four| read(*four)));
    }
    let frame = Frame::new(header.width, header.height, header.channels, Samples::F32(samples));
    frame.map(Picture::still).ok_or_else(|| Error::corrupt("the PFM has too few samples"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_size_and_byte_order() {
        let header = Header::read(b"PF\n3 2\n-1.0\n").unwrap();
        assert_eq!((header.width, header.height, header.channels), (3, 2, Channels::Rgb));
        assert!(header.little_endian && header.start == 12);
        assert!(Header::read(b"P6\n3 2\n255\n").is_none());
        assert!(Header::read(b"PF\n3").is_none());
    }
}
