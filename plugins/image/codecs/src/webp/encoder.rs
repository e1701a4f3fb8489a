//! A safe wrapper around libwebp's encoder.

use formwork_sdk::{Error, ErrorKind, Result, Step};
use libwebp_sys as sys;
use std::ffi::c_int;

/// How to encode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lossless: bool,
    /// 1 to 100.
    pub(super) quality: i64,
    /// 0 to 9.
    pub(super) effort: i64,
    pub(super) threads: bool,
}

impl Settings {
    /// The library's own form of the settings.
    pub(super) fn config(&self) -> Result<sys::WebPConfig> {
        let wrong = |()| Error::new(ErrorKind::Internal, "libwebp refuses its settings");
        let mut config = sys::WebPConfig::new().map_err(wrong)?;
        if self.lossless {
            // SAFETY: the config is initialised; levels out of range are refused.
            unsafe { sys::WebPConfigLosslessPreset(&mut config, self.effort.clamp(0, 9) as c_int) };
            config.exact = 1;
        } else {
            config.quality = self.quality as f32;
            config.method = self.effort.clamp(0, 6) as c_int;
        }
        config.thread_level = c_int::from(self.threads);
        // SAFETY: the config is initialised.
        if unsafe { sys::WebPValidateConfig(&config) } == 0 { Err(wrong(())) } else { Ok(config) }
    }
}

/// The samples to encode.
#[derive(Clone, Copy)]
pub(super) enum Source<'s> {
    Rgb(&'s [u8]),
    Rgba(&'s [u8]),
    /// Limited-range BT.601 planes: Y, U, V. Rows of Y have an even number of bytes; the chroma planes have
    /// half the size, rounded up.
    Planes([&'s [u8]; 3]),
}

/// A picture in the library's form, borrowed from `'s` where it holds planes.
pub(super) struct Picture<'s> {
    pub(super) raw: sys::WebPPicture,
    source: std::marker::PhantomData<&'s [u8]>,
}

impl<'s> Picture<'s> {
    /// Hands samples to the library. RGB is copied, in the form `lossless` or lossy coding needs; planes
    /// are borrowed.
    pub(super) fn new(
        (width, height): (u32, u32),
        source: Source<'s>,
        lossless: bool,
    ) -> Result<Picture<'s>> {
        let raw = sys::WebPPicture::new()
            .map_err(|()| Error::new(ErrorKind::Internal, "libwebp does not start"))?;
        let mut picture = Picture { raw, source: std::marker::PhantomData };
        let raw = &mut picture.raw;
        (raw.width, raw.height) = (width as c_int, height as c_int);
        raw.use_argb = c_int::from(lossless);
        let pixels = width as usize * height as usize;
        let done = match source {
            Source::Rgb(samples) => {
                assert!(samples.len() >= pixels * 3, "too few samples");
                // SAFETY: the assertion vouches for what is read.
                unsafe { sys::WebPPictureImportRGB(raw, samples.as_ptr(), width as c_int * 3) }
            }
            Source::Rgba(samples) => {
                assert!(samples.len() >= pixels * 4, "too few samples");
                // SAFETY: as above.
                unsafe { sys::WebPPictureImportRGBA(raw, samples.as_ptr(), width as c_int * 4) }
            }
            Source::Planes([y, u, v]) => {
                let (half, rows) = (width.div_ceil(2) as usize, height.div_ceil(2) as usize);
                let stride = half * 2;
                let enough = y.len() >= stride * height as usize && u.len().min(v.len()) >= half * rows;
                assert!(enough, "too few samples");
                // The encoder only reads its planes.
                (raw.y, raw.u, raw.v) = (y.as_ptr().cast_mut(), u.as_ptr().cast_mut(), v.as_ptr().cast_mut());
                (raw.y_stride, raw.uv_stride) = (stride as c_int, half as c_int);
                1
            }
        };
        if done == 0 { Err(out_of_memory()) } else { Ok(picture) }
    }
}

impl Drop for Picture<'_> {
    fn drop(&mut self) {
        // SAFETY: the picture was initialised; borrowed planes are not the library's memory and stay.
        unsafe { sys::WebPPictureFree(&mut self.raw) };
    }
}

pub(super) fn out_of_memory() -> Error {
    Error::new(ErrorKind::Internal, "libwebp is out of memory")
}

/// What the callbacks work with.
struct Call<'c> {
    step: &'c Step<'c>,
    file: Vec<u8>,
    stopped: Option<Error>,
}

/// Encodes one picture to a file without metadata.
pub(super) fn encode(step: &Step<'_>, settings: &Settings, mut picture: Picture<'_>) -> Result<Vec<u8>> {
    let config = settings.config()?;
    let mut call = Call { step, file: Vec::new(), stopped: None };
    let context: *mut Call<'_> = &mut call;
    picture.raw.writer = Some(take);
    picture.raw.custom_ptr = context.cast();
    picture.raw.progress_hook = Some(progress);
    picture.raw.user_data = context.cast();
    // SAFETY: config and picture are initialised; both callbacks get `call`, which outlives the call and is
    // touched by nothing else meanwhile.
    let done = unsafe { sys::WebPEncode(&config, &mut picture.raw) };
    let code = picture.raw.error_code;
    match call.stopped {
        Some(error) => Err(error),
        None if done == 0 => Err(failure(code)),
        None => Ok(call.file),
    }
}

fn failure(code: sys::WebPEncodingError) -> Error {
    match code {
        sys::WebPEncodingError::VP8_ENC_ERROR_OUT_OF_MEMORY
        | sys::WebPEncodingError::VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY => out_of_memory(),
        sys::WebPEncodingError::VP8_ENC_ERROR_PARTITION0_OVERFLOW
        | sys::WebPEncodingError::VP8_ENC_ERROR_PARTITION_OVERFLOW
        | sys::WebPEncodingError::VP8_ENC_ERROR_FILE_TOO_BIG => {
            Error::unsupported("the picture is too large for WebP at this quality: lower it")
        }
        code => Error::new(ErrorKind::Internal, format!("WebP encoder: {code:?}")),
    }
}

extern "C" fn take(bytes: *const u8, length: usize, picture: *const sys::WebPPicture) -> c_int {
    if length == 0 {
        return 1;
    }
    // SAFETY: the library hands over the picture of the call and `length` bytes; see `encode` for `Call`.
    let (call, bytes) = unsafe {
        (&mut *(*picture).custom_ptr.cast::<Call<'_>>(), std::slice::from_raw_parts(bytes, length))
    };
    if call.file.try_reserve(length).is_err() {
        return 0;
    }
    call.file.extend_from_slice(bytes);
    1
}

extern "C" fn progress(percent: c_int, picture: *const sys::WebPPicture) -> c_int {
    // SAFETY: as in `take`.
    let call = unsafe { &mut *(*picture).user_data.cast::<Call<'_>>() };
    match call.step.tick(u64::try_from(percent).unwrap_or(0), 100) {
        Ok(()) => 1,
        Err(error) => {
            call.stopped = Some(error);
            0
        }
    }
}
