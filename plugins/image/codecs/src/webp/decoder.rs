//! A safe wrapper around libwebp's incremental decoder.

use formwork_sdk::{Error, Result, Step};
use libwebp_sys as sys;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

/// Bytes fed at one go: between two of them the job may be cancelled.
const PORTION: usize = 1 << 17;

/// What the header of one picture says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) alpha: bool,
}

/// Reads the header of a file or a wrapped frame.
pub(super) fn header(file: &[u8]) -> Option<Header> {
    let mut features = MaybeUninit::<sys::WebPBitstreamFeatures>::zeroed();
    let abi = sys::WEBP_DECODER_ABI_VERSION as i32;
    // SAFETY: pointer and length belong together; the struct is all integers, so zeroes are a value.
    let (status, features) = unsafe {
        let status = sys::WebPGetFeaturesInternal(file.as_ptr(), file.len(), features.as_mut_ptr(), abi);
        (status, features.assume_init())
    };
    let good = status == sys::VP8StatusCode::VP8_STATUS_OK;
    let side = |side: i32| u32::try_from(side).ok();
    Some(Header {
        width: side(features.width)?,
        height: side(features.height)?,
        alpha: features.has_alpha != 0,
    })
    .filter(|_| good)
}

/// What came of decoding.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Samples of `width * 3` or `width * 4` bytes in a row.
    pub(super) samples: Vec<u8>,
    /// Rows that are there; all of them unless the file is damaged.
    pub(super) rows: u32,
}

/// Decodes one picture to RGB, or to RGBA when it has alpha. The caller has checked the limits.
pub(super) fn decode(step: &Step<'_>, file: &[u8], header: &Header) -> Result<Decoded> {
    let count = if header.alpha { 4 } else { 3 };
    let mode = if header.alpha { sys::WEBP_CSP_MODE::MODE_RGBA } else { sys::WEBP_CSP_MODE::MODE_RGB };
    let row = header.width as usize * count;
    let mut samples = vec![0; row * header.height as usize];
    // SAFETY: the buffer outlives the decoder, which writes at most its length, in rows of `row` bytes.
    let decoder = unsafe { sys::WebPINewRGB(mode, samples.as_mut_ptr(), samples.len(), row as i32) };
    let decoder = Decoder(NonNull::new(decoder).ok_or_else(|| Error::corrupt("the WebP cannot be decoded"))?);
    let mut length = 0;
    let status = loop {
        length = (length + PORTION).min(file.len());
        // SAFETY: the decoder is live and always sees the same bytes, more of them each time.
        let status = unsafe { sys::WebPIUpdate(decoder.0.as_ptr(), file.as_ptr(), length) };
        step.tick(length as u64, file.len() as u64)?;
        if status != sys::VP8StatusCode::VP8_STATUS_SUSPENDED || length == file.len() {
            break status;
        }
    };
    let rows = if status == sys::VP8StatusCode::VP8_STATUS_OK { header.height } else { decoder.rows() };
    drop(decoder);
    Ok(Decoded { samples, rows })
}

struct Decoder(NonNull<sys::WebPIDecoder>);

impl Decoder {
    /// Rows decoded so far.
    fn rows(&self) -> u32 {
        let mut last = 0;
        // SAFETY: the decoder is live; all other results are not asked for.
        unsafe { sys::WebPIDecGetRGB(self.0.as_ptr(), &mut last, null_mut(), null_mut(), null_mut()) };
        u32::try_from(last).unwrap_or(0)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the decoder is live and not used again.
        unsafe { sys::WebPIDelete(self.0.as_ptr()) };
    }
}
