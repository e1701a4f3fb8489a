use super::image::Image;
use super::{check, made};
use formwork_sdk::{ErrorKind, Result};
use libavif_sys as sys;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// What a decoder may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Width times height.
    pub(crate) pixels: u64,
    /// Width or height.
    pub(crate) side: u64,
    /// Frames.
    pub(crate) frames: u64,
    /// Threads.
    pub(crate) threads: usize,
}

/// Reads a file that is in memory.
pub(crate) struct Decoder {
    inner: NonNull<sys::avifDecoder>,
    /// The file; the library keeps a pointer to it.
    _bytes: Vec<u8>,
}

// SAFETY: the library ties a decoder to no thread, and all it points to belongs to it or to `_bytes`.
unsafe impl Send for Decoder {}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by the library, destroyed once.
        unsafe { sys::avifDecoderDestroy(self.inner.as_ptr()) };
    }
}

impl Decoder {
    /// Parses the container. Nothing is decoded yet.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn open(bytes: Vec<u8>, bounds: Bounds) -> Result<Decoder> {
        // SAFETY: a plain call.
        let inner = made(unsafe { sys::avifDecoderCreate() })?;
        let mut decoder = Decoder { inner, _bytes: bytes };
        let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
        let fields = decoder.fields_mut();
        fields.codecChoice = sys::AVIF_CODEC_CHOICE_AOM;
        fields.maxThreads = bounds.threads.clamp(1, 64) as i32;
        fields.imageSizeLimit = small(bounds.pixels).min(sys::AVIF_DEFAULT_IMAGE_SIZE_LIMIT);
        fields.imageDimensionLimit = small(bounds.side);
        fields.imageCountLimit = small(bounds.frames);
        // Files that leave out what is not needed to show them are read all the same.
        fields.strictFlags = sys::AVIF_STRICT_DISABLED;
        let (data, size) = (decoder._bytes.as_ptr(), decoder._bytes.len());
        let raw = decoder.inner.as_ptr();
        // SAFETY: the bytes live as long as the decoder and do not move.
        decoder.check(unsafe { sys::avifDecoderSetIOMemory(raw, data, size) })?;
        // SAFETY: the decoder is live.
        decoder.check(unsafe { sys::avifDecoderParse(raw) })?;
        Ok(decoder)
    }

    fn fields(&self) -> &sys::avifDecoder {
        // SAFETY: the decoder lives as long as `self`.
        unsafe { self.inner.as_ref() }
    }

    fn fields_mut(&mut self) -> &mut sys::avifDecoder {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { self.inner.as_mut() }
    }

    fn check(&self, code: sys::avifResult) -> Result<()> {
        check(code, ErrorKind::CorruptInput, Some(&self.fields().diag))
    }

    /// Number of frames.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.fields().imageCount).unwrap_or(0)
    }

    /// Whether there is alpha.
    pub(crate) fn has_alpha(&self) -> bool {
        self.fields().alphaPresent != 0
    }

    /// How often an animation plays; 0 means for ever.
    pub(crate) fn loops(&self) -> u32 {
        // Negative numbers mean without end, or that the file does not say.
        u32::try_from(self.fields().repetitionCount).map_or(0, |count| count.saturating_add(1))
    }

    /// Decodes the next frame.
    ///
    /// # Errors
    ///
    /// `corrupt_input`.
    pub(crate) fn next(&mut self) -> Result<()> {
        // SAFETY: the decoder is live.
        let code = unsafe { sys::avifDecoderNextImage(self.inner.as_ptr()) };
        self.check(code)
    }

    /// How long the frame decoded last is shown, in milliseconds.
    pub(crate) fn delay_ms(&self) -> u32 {
        (self.fields().imageTiming.duration * 1000.0).round().clamp(0.0, f64::from(u32::MAX)) as u32
    }

    /// Looks at the image: without pixels after opening, with them after `next`.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub(crate) fn with_image<T>(&self, look: impl FnOnce(&Image) -> T) -> Result<T> {
        // The decoder owns the image: it is only lent out.
        let image = ManuallyDrop::new(Image::borrowed(made(self.fields().image)?));
        Ok(look(&image))
    }
}
