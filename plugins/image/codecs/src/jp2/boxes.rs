//! The boxes of JP2 (ISO/IEC 15444-1 annex I) that hold what the decoder does not tell.

use formwork_image_pixels::{Metadata, exif};

/// Boxes looked at, so that a file of empty boxes takes no time.
const MOST: usize = 10_000;
/// XMP specification part 3, section 1.1.4.
const XMP: [u8; 16] = *b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
/// The custom of Adobe and Exiv2.
const EXIF: [u8; 16] = *b"JpgTiffExif->JP2";

/// Collects EXIF, XMP and the resolution.
pub(super) fn metadata(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    for (kind, content) in Boxes(bytes).take(MOST) {
        match &kind {
            b"uuid" => add_uuid(&mut metadata, content),
            b"jp2h" => metadata.density = metadata.density.or_else(|| density(content)),
            _ => {}
        }
    }
    metadata.orientation = metadata.exif.as_deref().map(exif::orientation).unwrap_or_default();
    metadata
}

fn add_uuid(metadata: &mut Metadata, content: &[u8]) {
    let Some((name, data)) = content.split_first_chunk::<16>() else { return };
    if *name == XMP && metadata.xmp.is_none() {
        metadata.xmp = Some(data.to_vec());
    }
    if *name == EXIF && metadata.exif.is_none() {
        metadata.exif = Some(exif::without_prefix(data).to_vec());
    }
}

/// The resolution for display, else that of capture: dots a metre as fractions with exponents.
fn density(header: &[u8]) -> Option<(f64, f64)> {
    let (_, resolutions) = Boxes(header).take(MOST).find(|(kind, _)| kind == b"res ")?;
    let find = |wanted: &[u8; 4]| Boxes(resolutions).take(MOST).find(|(kind, _)| kind == wanted);
    let (_, values) = find(b"resd").or_else(|| find(b"resc"))?;
    let [vn0, vn1, vd0, vd1, hn0, hn1, hd0, hd1, ve, he] = *values.first_chunk()?;
    let dots = |above: [u8; 2], below: [u8; 2], power: u8| {
        let (above, below) = (f64::from(u16::from_be_bytes(above)), f64::from(u16::from_be_bytes(below)));
        above / below * 10f64.powi(power.cast_signed().into()) * 0.0254
    };
    let (across, down) = (dots([hn0, hn1], [hd0, hd1], he), dots([vn0, vn1], [vd0, vd1], ve));
    let sensible = |value: f64| value.is_finite() && value > 0.1 && value < 1e6;
    (sensible(across) && sensible(down)).then_some((across, down))
}

/// Walks over boxes: length, kind, content.
struct Boxes<'b>(&'b [u8]);

impl<'b> Iterator for Boxes<'b> {
    type Item = ([u8; 4], &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (rest, length) = match u32::from_be_bytes(*length) {
            // Up to the end of the file.
            0 => (rest, rest.len()),
            1 => {
                let (length, rest) = rest.split_first_chunk()?;
                (rest, usize::try_from(u64::from_be_bytes(*length).checked_sub(16)?).ok()?)
            }
            length => (rest, usize::try_from(length.checked_sub(8)?).ok()?),
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*kind, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolution() {
        let resd = b"\0\0\0\x12resd\x00\x48\x00\xFE\x00\x90\x00\xFE\x04\x04";
        let inner = [&b"\0\0\0\x1Ares "[..], resd].concat();
        let header = [&b"\0\0\0\x22jp2h"[..], &inner].concat();
        let (across, down) = metadata(&header).density.unwrap();
        assert!((across - 144.0).abs() < 0.01 && (down - 72.0).abs() < 0.01);
        assert_eq!(metadata(header.get(..30).unwrap()).density, None);
    }
}
