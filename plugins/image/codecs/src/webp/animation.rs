//! Encoding animations: libwebp works out what changes from frame to frame.

use super::encoder::{Picture, Settings, Source, out_of_memory};
use formwork_image_pixels::{Channels, Picture as Frames, Samples, Sequence};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use libwebp_sys as sys;
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

/// Encodes all frames to a file without metadata.
pub(super) fn encode(step: &Step<'_>, settings: &Settings, frames: &Frames) -> Result<Vec<u8>> {
    let Some(first) = frames.frames.first() else { return Err(out_of_memory()) };
    let loops = match frames.sequence {
        Sequence::Animation { loops } => loops,
        _ => 0,
    };
    let encoder = Encoder::new(first.width, first.height, loops, settings.effort >= 7)?;
    let config = settings.config()?;
    let count = frames.frames.len() as u64;
    let mut time = 0;
    for (index, frame) in frames.frames.iter().enumerate() {
        step.tick(index as u64, count)?;
        let Samples::U8(samples) = &frame.samples else {
            return Err(Error::new(ErrorKind::Internal, "the WebP encoder takes 8 bits"));
        };
        let source =
            if frame.channels == Channels::Rgba { Source::Rgba(samples) } else { Source::Rgb(samples) };
        // The library compares frames as ARGB, whatever it encodes them to.
        let mut picture = Picture::new(frame.size(), source, true)?;
        encoder.add(&mut picture, time, &config)?;
        time = time.saturating_add(c_int::try_from(frame.delay_ms).unwrap_or(c_int::MAX));
    }
    step.tick(count, count)?;
    encoder.finish(time)
}

struct Encoder(NonNull<sys::WebPAnimEncoder>);

impl Encoder {
    fn new(width: u32, height: u32, loops: u32, smallest: bool) -> Result<Encoder> {
        let mut options = MaybeUninit::<sys::WebPAnimEncoderOptions>::zeroed();
        let abi = sys::WEBP_MUX_ABI_VERSION as c_int;
        // SAFETY: the struct is all integers, so zeroes are a value; the library fills it in and copies it.
        let encoder = unsafe {
            sys::WebPAnimEncoderOptionsInitInternal(options.as_mut_ptr(), abi);
            let mut options = options.assume_init();
            options.anim_params.loop_count = c_int::try_from(loops).unwrap_or(0).min(65_535);
            options.minimize_size = c_int::from(smallest);
            sys::WebPAnimEncoderNewInternal(width as c_int, height as c_int, &options, abi)
        };
        NonNull::new(encoder).map(Encoder).ok_or_else(out_of_memory)
    }

    fn add(&self, picture: &mut Picture<'_>, time: c_int, config: &sys::WebPConfig) -> Result<()> {
        // SAFETY: encoder, picture and config are live.
        let done = unsafe { sys::WebPAnimEncoderAdd(self.0.as_ptr(), &mut picture.raw, time, config) };
        if done == 0 { Err(self.failure()) } else { Ok(()) }
    }

    fn finish(self, end: c_int) -> Result<Vec<u8>> {
        let mut data = sys::WebPData { bytes: std::ptr::null(), size: 0 };
        // SAFETY: a null picture marks the end; the library allocates `data`, which is copied and freed.
        unsafe {
            let done = sys::WebPAnimEncoderAdd(self.0.as_ptr(), null_mut(), end, std::ptr::null()) != 0
                && sys::WebPAnimEncoderAssemble(self.0.as_ptr(), &mut data) != 0
                && !data.bytes.is_null();
            if !done {
                return Err(self.failure());
            }
            let file = std::slice::from_raw_parts(data.bytes, data.size).to_vec();
            sys::WebPFree(data.bytes.cast_mut().cast());
            Ok(file)
        }
    }

    fn failure(&self) -> Error {
        // SAFETY: the encoder is live; the text is zero-terminated and lives as long as the encoder.
        let message = unsafe { CStr::from_ptr(sys::WebPAnimEncoderGetError(self.0.as_ptr())) };
        Error::new(ErrorKind::Internal, format!("WebP encoder: {}", message.to_string_lossy()))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: the encoder is live and not used again.
        unsafe { sys::WebPAnimEncoderDelete(self.0.as_ptr()) };
    }
}
