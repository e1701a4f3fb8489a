//! A store of samples: frames of any length go in, frames of the encoder's length come out.

use crate::encode::SoundSettings;
use crate::packet::no_memory;
use crate::{Frame, check, ff};
use formwork_sdk::Result;

/// Samples of a frame for encoders that take any number.
const ANY: usize = 4096;

/// The store.
pub struct Samples {
    fifo: *mut ff::AVAudioFifo,
    sound: SoundSettings,
    /// Samples of a frame that comes out.
    size: usize,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for Samples {}

impl Samples {
    /// Makes an empty store. `size`: samples of a frame, 0 for any.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn new(sound: SoundSettings, size: usize) -> Result<Samples> {
        // SAFETY: allocates; null is looked for.
        let fifo = unsafe { ff::av_audio_fifo_alloc(sound.format, sound.channels as i32, 1) };
        if fifo.is_null() {
            return Err(no_memory());
        }
        Ok(Samples { fifo, sound, size: if size == 0 { ANY } else { size } })
    }

    /// An empty frame with room for so many samples of this kind.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn frame(&self, count: usize) -> Result<Frame> {
        let mut frame = Frame::new()?;
        // SAFETY: the frame is ours and empty.
        unsafe {
            let raw = frame.as_ptr();
            (*raw).format = self.sound.format as i32;
            (*raw).nb_samples = i32::try_from(count).map_err(|_| no_memory())?;
            (*raw).sample_rate = self.sound.rate as i32;
            crate::library::set_layout(&mut (*raw).ch_layout, self.sound.channels, self.sound.mask);
        }
        frame.allocate()?;
        Ok(frame)
    }

    /// Appends a frame of the store's kind.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn push(&mut self, frame: &Frame) -> Result<()> {
        // SAFETY: fifo and frame are valid, and the frame is of the fifo's kind.
        let code = unsafe {
            let raw = &*frame.as_ptr();
            ff::av_audio_fifo_write(self.fifo, raw.extended_data.cast(), raw.nb_samples)
        };
        check(code, "hold the sound").map(drop)
    }

    /// Appends silence.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn push_silence(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            let part = count.min(ANY);
            let frame = self.frame(part)?;
            // SAFETY: the frame has room for `part` samples.
            unsafe {
                let raw = &*frame.as_ptr();
                let channels = self.sound.channels as i32;
                ff::av_samples_set_silence(raw.extended_data, 0, part as i32, channels, self.sound.format);
            }
            self.push(&frame)?;
            count -= part;
        }
        Ok(())
    }

    /// Samples that are held.
    pub fn length(&self) -> usize {
        // SAFETY: the fifo is ours.
        usize::try_from(unsafe { ff::av_audio_fifo_size(self.fifo) }).unwrap_or(0)
    }

    /// A whole frame; with `all` the short one at the end too.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn next(&mut self, all: bool) -> Result<Option<Frame>> {
        let count = self.length().min(self.size);
        if count == 0 || !all && count < self.size {
            return Ok(None);
        }
        let frame = self.frame(count)?;
        // SAFETY: the frame has room for `count` samples of the fifo's kind.
        let code = unsafe {
            ff::av_audio_fifo_read(self.fifo, (*frame.as_ptr()).extended_data.cast(), count as i32)
        };
        check(code, "hold the sound")?;
        Ok(Some(frame))
    }
}

impl Drop for Samples {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { ff::av_audio_fifo_free(self.fifo) };
    }
}
