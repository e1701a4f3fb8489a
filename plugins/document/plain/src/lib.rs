//! What plugins that look into PDF share: files opened by `hayro`, in Rust alone, the pages a step takes, and what the
//! names of glyphs mean.

pub mod glyphs;

use formwork_image_pixels::Pages;
use formwork_sdk::{Error, Result, Step};
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

/// Points in an inch (ISO 32000-2, 8.3.2.3).
pub const POINTS: f64 = 72.0;
/// The longest side in pixels that `hayro` draws.
pub const LONGEST: u64 = 32_767;

/// Opens a document.
///
/// # Errors
///
/// `password_required`; `unsupported`; `corrupt_input`.
pub fn open(bytes: Vec<u8>, password: &str) -> Result<Pdf> {
    Pdf::new_with_password(bytes, password).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Error::password("this PDF asks for a password: give the right one with the option `password`")
        }
        LoadPdfError::Decryption(_) => {
            Error::unsupported("this PDF is protected in a way that is not known here")
        }
        LoadPdfError::Invalid => Error::corrupt("this is no PDF that can be read: its structure is broken"),
    })
}

/// The pages that the option `pages` of a step names, counted from 0, in the order of the document; at least one.
///
/// # Errors
///
/// `corrupt_input` for a document without pages; `invalid_request` when none of those asked for is there;
/// `limit_exceeded` (`frames`).
pub fn wanted(step: &Step<'_>, count: usize) -> Result<Vec<usize>> {
    if count == 0 {
        return Err(Error::corrupt("the PDF has no pages"));
    }
    let text = step.options().text("pages").unwrap_or("all");
    let pages = Pages::parse(text);
    let taken = |index: &usize| pages.as_ref().is_none_or(|pages| pages.contains(index + 1));
    let wanted: Vec<usize> = (0..count).filter(taken).collect();
    if wanted.is_empty() {
        return Err(Error::invalid(format!(
            "the PDF has {count} pages, and none of them is in `pages` {text}"
        )));
    }
    step.within("frames", wanted.len() as u64, step.limits().frames)?;
    Ok(wanted)
}
