//! Image resources: numbered blocks between the colour table and the layers (specification, "Image
//! Resources Section").

use super::bytes::Bytes;
use formwork_image_pixels::{Metadata, exif};
use formwork_sdk::Result;

const RESOLUTION: u16 = 1005;
const CHANNEL_NAMES: u16 = 1006;
const ICC: u16 = 1039;
const TRANSPARENT_INDEX: u16 = 1047;
const VERSION: u16 = 1057;
const EXIF: u16 = 1058;
const XMP: u16 = 1060;

/// The resources that matter here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resources<'b> {
    pub(super) icc: Option<&'b [u8]>,
    exif: Option<&'b [u8]>,
    xmp: Option<&'b [u8]>,
    /// Names of the spare channels.
    pub(super) channel_names: Option<&'b [u8]>,
    /// Index that stands for transparency.
    pub(super) transparent: Option<u16>,
    /// The document was saved without a flattened picture; the one in the file is blank.
    pub(super) blank: bool,
    density: Option<(f64, f64)>,
}

impl<'b> Resources<'b> {
    /// Reads as many resources as are intact.
    pub(super) fn parse(mut section: Bytes<'b>) -> Resources<'b> {
        let mut found = Resources::default();
        while let Ok((number, data)) = next(&mut section) {
            found.add(number, data);
        }
        found
    }

    fn add(&mut self, number: u16, data: &'b [u8]) {
        let mut bytes = Bytes(data);
        let filled = Some(data).filter(|data| !data.is_empty());
        match number {
            RESOLUTION => self.density = density(bytes).ok(),
            CHANNEL_NAMES => self.channel_names = filled,
            ICC => self.icc = filled,
            EXIF => self.exif = filled.map(exif::without_prefix),
            XMP => self.xmp = filled,
            TRANSPARENT_INDEX => self.transparent = bytes.u16().ok(),
            VERSION => self.blank = data.get(4) == Some(&0),
            _ => {}
        }
    }

    /// Bytes of what [`Resources::metadata`] copies.
    pub(super) fn length(&self) -> u64 {
        [self.icc, self.exif, self.xmp].iter().flatten().map(|block| block.len() as u64).sum()
    }

    pub(super) fn metadata(&self) -> Metadata {
        Metadata {
            icc: self.icc.map(<[u8]>::to_vec),
            exif: self.exif.map(<[u8]>::to_vec),
            xmp: self.xmp.map(<[u8]>::to_vec),
            orientation: self.exif.map(exif::orientation).unwrap_or_default(),
            density: self.density,
        }
    }
}

/// One resource: `8BIM`, number, a name of even length, data of even length.
fn next<'b>(section: &mut Bytes<'b>) -> Result<(u16, &'b [u8])> {
    section.take(4)?;
    let number = section.u16()?;
    let name = section.u8()?;
    section.take(u64::from(name | 1))?;
    let data = section.block(false)?.0;
    section.take_up_to(data.len() & 1);
    Ok((number, data))
}

/// Dots per inch in 16.16 fixed point, each followed by two units for display.
fn density(mut bytes: Bytes<'_>) -> Result<(f64, f64)> {
    let mut fixed = || -> Result<f64> {
        let value = bytes.u32()?;
        bytes.take_up_to(4);
        Ok(f64::from(value) / 65_536.0)
    };
    Ok((fixed()?, fixed()?))
}

/// Makes the resources of a picture.
pub(super) fn encode(metadata: &Metadata) -> Vec<u8> {
    let mut section = Vec::new();
    let (horizontal, vertical) = metadata.density.unwrap_or((72.0, 72.0));
    let mut resolution = Vec::new();
    for value in [horizontal, vertical] {
        resolution.extend(((value * 65_536.0).round() as u32).to_be_bytes());
        // Shown in dots an inch, the side in inches.
        resolution.extend([0, 1, 0, 1]);
    }
    put(&mut section, RESOLUTION, &resolution);
    let blocks = [(ICC, &metadata.icc), (EXIF, &metadata.exif), (XMP, &metadata.xmp)];
    for (number, block) in blocks {
        if let Some(block) = block {
            put(&mut section, number, block);
        }
    }
    section
}

fn put(section: &mut Vec<u8>, number: u16, data: &[u8]) {
    section.extend(b"8BIM");
    section.extend(number.to_be_bytes());
    section.extend([0, 0]);
    section.extend((data.len() as u32).to_be_bytes());
    section.extend(data);
    section.extend((data.len() % 2 == 1).then_some(0));
}
