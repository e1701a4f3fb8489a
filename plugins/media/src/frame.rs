//! A piece of decoded data: a picture, or some samples of sound.

use crate::packet::{known, no_memory};
use crate::{check, ff, library};
use formwork_sdk::Result;
use std::hash::Hasher;

/// One frame. Its data is shared and counted by FFmpeg.
#[derive(Debug)]
pub struct Frame(*mut ff::AVFrame);

// SAFETY: a frame is used by one thread at a time; its buffers' counts are atomic.
unsafe impl Send for Frame {}
// SAFETY: a shared reference only reads, or takes a further reference to counted buffers.
unsafe impl Sync for Frame {}

impl Frame {
    /// Makes an empty frame.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn new() -> Result<Frame> {
        // SAFETY: allocates; null is looked for.
        let raw = unsafe { ff::av_frame_alloc() };
        if raw.is_null() { Err(no_memory()) } else { Ok(Frame(raw)) }
    }

    /// The struct, for FFmpeg.
    pub fn as_ptr(&self) -> *mut ff::AVFrame {
        self.0
    }

    /// Gets room for the format, size or samples that were set.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`); `corrupt_input` when they cannot be.
    pub fn allocate(&mut self) -> Result<()> {
        // SAFETY: the frame is ours and holds no data yet.
        check(unsafe { ff::av_frame_get_buffer(self.0, 0) }, "make room for a frame").map(drop)
    }

    /// Another handle to the same data.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn share(&self) -> Result<Frame> {
        // SAFETY: the frame is ours; null is looked for.
        let raw = unsafe { ff::av_frame_clone(self.0) };
        if raw.is_null() { Err(no_memory()) } else { Ok(Frame(raw)) }
    }

    /// Takes the data out, leaving an empty frame.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn take(&mut self) -> Result<Frame> {
        let taken = Frame::new()?;
        // SAFETY: both are ours.
        unsafe { ff::av_frame_move_ref(taken.0, self.0) };
        Ok(taken)
    }

    /// When it is shown, in the time base of what made it.
    pub fn pts(&self) -> Option<i64> {
        // SAFETY: the frame is ours.
        known(unsafe { (*self.0).pts })
    }

    /// When it is shown by the decoder's best guess.
    pub fn best_pts(&self) -> Option<i64> {
        // SAFETY: the frame is ours.
        known(unsafe { (*self.0).best_effort_timestamp }).or_else(|| self.pts())
    }

    /// How long it is shown, in the time base of what made it; 0 when that is not known.
    pub fn duration(&self) -> i64 {
        // SAFETY: the frame is ours.
        crate::version::duration(unsafe { &*self.0 }).max(0)
    }

    /// Sets when it is shown.
    pub fn set_pts(&mut self, pts: Option<i64>) {
        // SAFETY: the frame is ours.
        unsafe { (*self.0).pts = pts.unwrap_or(ff::AV_NOPTS_VALUE) };
    }

    /// Width in pixels; 0 for sound.
    pub fn width(&self) -> u32 {
        // SAFETY: the frame is ours.
        u32::try_from(unsafe { (*self.0).width }).unwrap_or(0)
    }

    /// Height in pixels; 0 for sound.
    pub fn height(&self) -> u32 {
        // SAFETY: the frame is ours.
        u32::try_from(unsafe { (*self.0).height }).unwrap_or(0)
    }

    /// Samples a channel; 0 for pictures.
    pub fn samples(&self) -> usize {
        // SAFETY: the frame is ours.
        usize::try_from(unsafe { (*self.0).nb_samples }).unwrap_or(0)
    }

    /// Says that only so many samples are in it.
    pub(crate) fn shorten(&mut self, samples: i32) {
        // SAFETY: the frame is ours; fewer samples than there is room for.
        unsafe { (*self.0).nb_samples = samples.clamp(0, (*self.0).nb_samples) };
    }

    /// FFmpeg's number of the pixel or sample format.
    pub fn format(&self) -> i32 {
        // SAFETY: the frame is ours.
        unsafe { (*self.0).format }
    }

    /// A number that tells its picture from others; `None` for what is no picture in memory.
    pub fn fingerprint(&self) -> Option<u64> {
        // SAFETY: the frame is ours; its planes hold what format, size and distances of rows say, and the buffer as much as
        // FFmpeg wants for it.
        let bytes = unsafe {
            let raw = &*self.0;
            let format = library::pixel_format(raw.format)?;
            let size = ff::av_image_get_buffer_size(format, raw.width, raw.height, 1);
            let mut bytes = vec![0_u8; usize::try_from(size).ok()?];
            let (planes, rows) = (raw.data.as_ptr().cast(), raw.linesize.as_ptr());
            let (width, height) = (raw.width, raw.height);
            let copied =
                ff::av_image_copy_to_buffer(bytes.as_mut_ptr(), size, planes, rows, format, width, height, 1);
            (copied >= 0).then_some(bytes)?
        };
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&bytes);
        Some(hasher.finish())
    }

    /// Lets an encoder choose the kind of picture.
    pub fn forget_picture_type(&mut self) {
        // SAFETY: the frame is ours.
        unsafe { (*self.0).pict_type = ff::AVPictureType::AV_PICTURE_TYPE_NONE };
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { ff::av_frame_free(&raw mut self.0) };
    }
}
