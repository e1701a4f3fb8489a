//! From a camera raw file to a picture: developed, or as the camera showed it.

use crate::header::{self, Header};
use crate::jpegs::Jpeg;
use crate::preview::{self, Preview};
use crate::{PREVIEW, develop};
use formwork_image_pixels::{Metadata, Picture};
use formwork_sdk::{Error, ErrorKind, Feature, Input, Result, Step};
use std::sync::Arc;

/// Reads the photo.
///
/// # Errors
///
/// `corrupt_input`; `unsupported_conversion`; `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, input: &Input<'_>) -> Result<Picture> {
    let bytes = Arc::new(input.bytes()?.into_owned());
    step.tick(0, 0)?;
    let (header, jpegs) = header::of(&bytes);
    step.tick(0, 0)?;
    if step.options().flag(PREVIEW) {
        header.within(step, 1)?;
        if let Some(preview) = preview::largest(step, &bytes, &header, &jpegs)? {
            return Ok(shown(step, header, preview, "the embedded preview was taken, as asked"));
        }
        step.warn("the file holds no preview, so the photo was developed");
    }
    header.within(step, develop::BYTES)?;
    let attempt = match header.broken {
        Some(why) => Err(Error::corrupt(why)),
        None => develop::develop(step, &bytes),
    };
    match attempt {
        Ok(frame) => Ok(Picture { metadata: metadata(step, header), ..Picture::still(frame) }),
        Err(error) if is_final(&error) => Err(error),
        Err(error) => instead(step, &bytes, header, &jpegs, error),
    }
}

/// Whether a preview is no answer to a failure.
fn is_final(error: &Error) -> bool {
    !matches!(error.kind, ErrorKind::CorruptInput | ErrorKind::UnsupportedConversion)
}

/// Takes the preview of a photo that cannot be developed.
fn instead(step: &Step<'_>, bytes: &[u8], header: Header, jpegs: &[Jpeg], error: Error) -> Result<Picture> {
    match preview::largest(step, bytes, &header, jpegs)? {
        Some(preview) => {
            let why = format!(
                "the photo cannot be developed ({}), so the embedded preview was taken",
                error.message
            );
            Ok(shown(step, header, preview, &why))
        }
        None => {
            let message = format!("the photo cannot be developed ({}) and holds no preview", error.message);
            Err(Error::new(error.kind, message))
        }
    }
}

fn shown(step: &Step<'_>, header: Header, preview: Preview, why: &str) -> Picture {
    let Preview { frame, icc, orientation, cut } = preview;
    let (width, height) = frame.size();
    let of = header.size.map_or(String::new(), |(width, height)| format!(" of {width} by {height}"));
    step.warn(format!("{why}: {width} by {height} pixels{of}"));
    if cut {
        step.warn("the file ends before its preview does: the rest of it is grey");
    }
    step.lose(Feature::BitDepth, "the preview has 8 bits a sample");
    if header.size.is_some_and(|whole| whole != (width.into(), height.into())) {
        step.lose(Feature::Quality, "the preview is of another size than the photo");
    }
    let mut metadata = metadata(step, header);
    metadata.icc = icc;
    metadata.orientation = orientation.unwrap_or(metadata.orientation);
    Picture { metadata, ..Picture::still(frame) }
}

fn metadata(step: &Step<'_>, header: Header) -> Metadata {
    if header.maker_note {
        step.lose(Feature::Metadata, "the notes the maker of the camera put into EXIF");
    }
    Metadata { exif: header.exif, xmp: header.xmp, orientation: header.orientation, ..Metadata::default() }
}
