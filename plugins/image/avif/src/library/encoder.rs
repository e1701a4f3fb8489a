use super::image::Image;
use super::{check, made};
use formwork_sdk::{ErrorKind, Result};
use libavif_sys as sys;
use std::ffi::CStr;
use std::ptr::NonNull;

/// How pictures are encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Quality of colour, 0 to 100 (lossless).
    pub(crate) quality: u8,
    /// Quality of alpha.
    pub(crate) alpha_quality: u8,
    /// 0 (slowest) to 10.
    pub(crate) speed: u8,
    /// Threads: two or more, and two for films, so that the result does not depend on them.
    pub(crate) threads: usize,
    /// Binary logarithms of the number of tile rows and columns.
    pub(crate) tiles: (u8, u8),
    /// Spends bits where eyes see them; for still pictures.
    pub(crate) perceptual: bool,
    /// How often an animation plays; 0 means for ever.
    pub(crate) loops: u32,
}

/// Writes a file.
pub(crate) struct Encoder {
    inner: NonNull<sys::avifEncoder>,
}

// SAFETY: the library ties an encoder to no thread, and all it points to belongs to it.
unsafe impl Send for Encoder {}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: made by the library, destroyed once.
        unsafe { sys::avifEncoderDestroy(self.inner.as_ptr()) };
    }
}

impl Encoder {
    /// Makes an encoder.
    pub(crate) fn new(settings: &Settings) -> Result<Encoder> {
        // SAFETY: a plain call.
        let inner = made(unsafe { sys::avifEncoderCreate() })?;
        let mut encoder = Encoder { inner };
        // SAFETY: the encoder lives as long as `encoder`, and is borrowed alone.
        let fields = unsafe { encoder.inner.as_mut() };
        fields.codecChoice = sys::AVIF_CODEC_CHOICE_AOM;
        fields.maxThreads = settings.threads.clamp(1, 64) as i32;
        fields.speed = settings.speed.into();
        fields.quality = settings.quality.into();
        fields.qualityAlpha = settings.alpha_quality.into();
        (fields.tileRowsLog2, fields.tileColsLog2) = (settings.tiles.0.into(), settings.tiles.1.into());
        fields.timescale = 1000;
        fields.repetitionCount = match settings.loops {
            0 => sys::AVIF_REPETITION_COUNT_INFINITE,
            loops => i32::try_from(loops - 1).unwrap_or(i32::MAX),
        };
        if settings.perceptual {
            // Quantisers follow a model of what viewers rated: flat parts get more bits, busy ones fewer.
            encoder.option(c"color:deltaq-mode", c"4")?;
        }
        Ok(encoder)
    }

    fn option(&mut self, name: &CStr, value: &CStr) -> Result<()> {
        // SAFETY: the encoder is live, both texts end with a zero and are copied.
        let code = unsafe {
            sys::avifEncoderSetCodecSpecificOption(self.inner.as_ptr(), name.as_ptr(), value.as_ptr())
        };
        check(code, ErrorKind::Internal, None)
    }

    /// Adds a picture; `duration` in milliseconds, or `None` for the only one.
    pub(crate) fn add(&mut self, image: &Image, duration: Option<u32>) -> Result<()> {
        let flags = match duration {
            None => sys::AVIF_ADD_IMAGE_FLAG_SINGLE,
            Some(_) => sys::AVIF_ADD_IMAGE_FLAG_NONE,
        };
        let duration = u64::from(duration.unwrap_or(1)).max(1);
        // SAFETY: encoder and image are live; the library only reads the image.
        let code = unsafe { sys::avifEncoderAddImage(self.inner.as_ptr(), image.as_ptr(), duration, flags) };
        self.check(code)
    }

    /// Ends the file and returns it.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        let mut output = sys::avifRWData { data: std::ptr::null_mut(), size: 0 };
        // SAFETY: the encoder is live; the library allocates the output.
        let code = unsafe { sys::avifEncoderFinish(self.inner.as_ptr(), &mut output) };
        let file = if output.data.is_null() {
            Vec::new()
        } else {
            // SAFETY: the library wrote `size` bytes there.
            unsafe { std::slice::from_raw_parts(output.data, output.size) }.to_vec()
        };
        // SAFETY: allocated by the library, freed once.
        unsafe { sys::avifRWDataFree(&mut output) };
        self.check(code)?;
        Ok(file)
    }

    fn check(&self, code: sys::avifResult) -> Result<()> {
        // SAFETY: the encoder lives as long as `self`.
        let details = unsafe { &self.inner.as_ref().diag };
        check(code, ErrorKind::Internal, Some(details))
    }
}
