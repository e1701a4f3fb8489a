//! The same JPEG in fewer bytes: its coefficients coded anew, in several passes with fitted tables.

use super::read::{open, set_up};
use super::turbo::{self, Turbo};
use formwork_image_pixels::Orientation;
use formwork_sdk::{Error, Result, Step};

/// Codes a file anew without changing a sample. With `strip`, without EXIF, XMP and comments; a turn they
/// asked for is then done to the coefficients.
pub(crate) fn smaller(step: &Step<'_>, bytes: &[u8], strip: bool) -> Result<Vec<u8>> {
    let header = open(step, bytes)?;
    step.check_picture(header.width.into(), header.height.into(), 2 * u64::from(header.components))?;
    let failure = |fault: turbo::Fault| Error::corrupt(format!("the JPEG is damaged: {}", fault.message));
    let library = set_up(step, bytes, &header, Turbo::transcoder()).map_err(failure)?;
    let turned = header.metadata.orientation != Orientation::Upright;
    if !strip {
        return library.transcode(bytes, Orientation::Upright, turbo::Markers::All).map_err(failure);
    }
    match library.transcode(bytes, header.metadata.orientation, turbo::Markers::Profile) {
        // Blocks at the edge cannot be turned: keep the EXIF that says how to look at it.
        Err(_) if turned => {
            step.warn("the metadata was kept: this picture cannot be turned upright without changing it");
            library.transcode(bytes, Orientation::Upright, turbo::Markers::All).map_err(failure)
        }
        result => result.map_err(failure),
    }
}
