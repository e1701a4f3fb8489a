//! A JPEG as it stands, for formats that can hold one inside: its samples are not touched.

use super::markers::Header;
use super::read::{open, prepared};
use super::turbo;
use formwork_image_pixels::{Channels, Metadata};
use formwork_sdk::{Result, Step};
use std::borrow::Cow;

/// A complete JPEG and what one has to know to show it.
#[derive(Debug)]
pub(crate) struct Whole<'b> {
    pub(crate) bytes: Cow<'b, [u8]>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: Channels,
    /// Inks are stored upside down, as Adobe does.
    pub(crate) inverted: bool,
    /// Sent in several scans, each finer than the last.
    pub(crate) progressive: bool,
    pub(crate) metadata: Metadata,
}

/// Takes a JPEG as it is; with `strip`, without EXIF, XMP and comments. `None` when it is damaged, or of a
/// kind that readers of other formats do not know: 12 bits, lossless, arithmetic coding, bare RGB.
///
/// # Errors
///
/// `corrupt_input` when it has no header; `limit_exceeded`.
pub(crate) fn whole<'b>(step: &Step<'_>, bytes: &'b [u8], strip: bool) -> Result<Option<Whole<'b>>> {
    let header = open(step, bytes)?;
    let Some(walk) = Walk::through(bytes) else { return Ok(None) };
    let known = matches!(walk.frame, 0xC0..=0xC2) && header.precision == 8;
    let bare = header.components == 3 && !header.adobe && walk.components == *b"RGB";
    if !known || bare || !matches!(header.components, 1 | 3 | 4) || !is_sound(step, bytes, &header)? {
        return Ok(None);
    }
    Ok(Some(Whole {
        bytes: if strip { Cow::Owned(walk.stripped(bytes)) } else { Cow::Borrowed(bytes) },
        width: header.width,
        height: header.height,
        channels: header.channels(),
        inverted: header.adobe && header.components == 4,
        progressive: walk.frame == 0xC2,
        metadata: header.metadata,
    }))
}

/// Whether all scans decode without complaint. At an eighth of the size this is most of the entropy
/// decoding and nothing else.
fn is_sound(step: &Step<'_>, bytes: &[u8], header: &Header) -> Result<bool> {
    step.tick(0, 1)?;
    let channels = header.channels();
    let format = match channels {
        Channels::Grey => turbo::GREY,
        Channels::Cmyk => turbo::CMYK,
        _ => turbo::RGB,
    };
    let (row, rows) =
        (header.width.div_ceil(8) as usize * channels.count(), header.height.div_ceil(8) as usize);
    let Ok(library) = prepared(step, bytes, header) else { return Ok(false) };
    let mut samples = vec![0; row * rows];
    let sound = library.scale(1).is_ok() && library.decode_u8(bytes, &mut samples, row, rows, format).is_ok();
    step.tick(1, 1)?;
    Ok(sound)
}

/// The segments of a file from its start to its end (T.81 annex B).
struct Walk {
    /// Marker of the frame header.
    frame: u8,
    /// Ids of the components.
    components: Vec<u8>,
    /// Start and end of each segment that describes rather than draws.
    described: Vec<(usize, usize)>,
}

impl Walk {
    /// Goes through all segments and scans; `None` unless the file is complete.
    fn through(bytes: &[u8]) -> Option<Walk> {
        let mut walk = Walk { frame: 0, components: Vec::new(), described: Vec::new() };
        let mut at = 2;
        let mut scans = 0;
        loop {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
            let marker = *bytes.get(at + 1)?;
            match marker {
                // Within scans: a stuffed byte, a restart; or a byte that fills.
                0x00 | 0x01 | 0xD0..=0xD8 => at += 2,
                0xFF => at += 1,
                0xD9 => return (scans > 0 && walk.frame != 0).then_some(walk),
                _ => {
                    let length = usize::from(u16::from_be_bytes(*bytes.get(at + 2..)?.first_chunk()?));
                    let end = at + 2 + length;
                    scans += u32::from(marker == 0xDA);
                    walk.note(marker, at, bytes.get(at + 4..end)?, end);
                    at = end;
                }
            }
        }
    }

    fn note(&mut self, marker: u8, start: usize, payload: &[u8], end: usize) {
        match marker {
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                self.frame = marker;
                let components = payload.get(6..).unwrap_or(&[]).chunks(3);
                self.components = components.filter_map(|component| component.first().copied()).collect();
            }
            0xE2 if payload.starts_with(b"ICC_PROFILE\0") => {}
            0xE1..=0xED | 0xEF | 0xFE => self.described.push((start, end)),
            _ => {}
        }
    }

    /// The file without the segments that describe it.
    fn stripped(&self, bytes: &[u8]) -> Vec<u8> {
        let mut kept = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for (start, end) in &self.described {
            kept.extend(bytes.get(from..*start).unwrap_or(&[]));
            from = *end;
        }
        kept.extend(bytes.get(from..).unwrap_or(&[]));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 9, 9, 0xFF, 0xC0, 0, 11, 8, 0, 3, 0, 5, 1, 1, 17, 0, 0xFF, 0xDA, 0, 2,
        1, 0xFF, 0, 2, 0xFF, 0xD0, 3, 0xFF, 0xD9,
    ];

    #[test]
    fn only_complete_files_are_taken() {
        let walk = Walk::through(FILE).unwrap();
        assert_eq!((walk.frame, walk.components.as_slice()), (0xC0, [1].as_slice()));
        for length in 0..FILE.len() {
            assert!(Walk::through(&FILE[..length]).is_none());
        }
    }

    #[test]
    fn stripping_takes_descriptions_only() {
        let stripped = Walk::through(FILE).unwrap().stripped(FILE);
        assert_eq!(stripped, [&FILE[..2], &FILE[8..]].concat());
    }
}
