//! The container (ISO/IEC 18181-2): boxes around the codestream that hold EXIF and XMP.

use formwork_image_pixels::{Metadata, Orientation, exif};
use formwork_sdk::{Error, Result};
use jxl_oxide::{AuxBoxData, JxlImage};

/// The signature box and the file type box.
const START: &[u8] = b"\0\0\0\x0CJXL \x0D\x0A\x87\x0A\0\0\0\x14ftypjxl \0\0\0\0jxl ";

/// EXIF and XMP. The codestream's orientation holds and is applied by the decoder, so EXIF's is set upright.
pub(super) fn metadata(image: &JxlImage) -> Metadata {
    let boxes = image.aux_boxes();
    let exif = match boxes.first_exif() {
        Ok(AuxBoxData::Data(raw)) => raw.payload().get(raw.tiff_header_offset() as usize..),
        _ => None,
    };
    let exif = exif.map(|block| {
        let mut block = exif::without_prefix(block).to_vec();
        exif::set_orientation(&mut block, Orientation::Upright);
        block
    });
    let xmp = match boxes.first_xml() {
        AuxBoxData::Data(packet) => Some(packet.to_vec()),
        _ => None,
    };
    Metadata { exif, xmp, ..Metadata::default() }
}

/// What stands before the codestream; nothing when there is no metadata. The codestream's box comes last.
pub(super) fn before(codestream: usize, metadata: &Metadata) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if metadata.exif.is_none() && metadata.xmp.is_none() {
        return Ok(bytes);
    }
    bytes.extend(START);
    if let Some(exif) = &metadata.exif {
        head(&mut bytes, b"Exif", exif.len() + 4)?;
        // The TIFF stream begins at once.
        bytes.extend([0; 4]);
        bytes.extend(exif);
    }
    if let Some(xmp) = &metadata.xmp {
        head(&mut bytes, b"xml ", xmp.len())?;
        bytes.extend(xmp);
    }
    head(&mut bytes, b"jxlc", codestream)?;
    Ok(bytes)
}

fn head(bytes: &mut Vec<u8>, kind: &[u8; 4], length: usize) -> Result<()> {
    let length =
        u32::try_from(length + 8).map_err(|_| Error::unsupported("the JPEG XL is larger than 4 GiB"))?;
    bytes.extend(length.to_be_bytes());
    bytes.extend(kind);
    Ok(())
}
