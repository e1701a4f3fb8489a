//! One face for FFmpeg's audio encoders and the one that Debian's FFmpeg lacks.

use super::chunked::{Chunked, works_in_chunks};
#[cfg(not(feature = "bundled"))]
use super::opencore::Opencore;
#[cfg(not(feature = "bundled"))]
use crate::codec::AMR_OUTSIDE;
use crate::encode::SoundSettings;
use crate::lane::Out;
use crate::track::Parameters;
use crate::{Encoder, EncoderSettings, Frame, Rational};
use formwork_sdk::{Error, ErrorKind, Result};

/// An open encoder of sound.
pub struct SoundEncoder {
    inner: Inner,
    sound: SoundSettings,
    frames: u64,
}

enum Inner {
    Library(Encoder),
    Chunked(Box<Chunked>),
    #[cfg(not(feature = "bundled"))]
    Opencore(Opencore),
}

impl SoundEncoder {
    /// Opens one.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::open`].
    pub fn open(settings: &EncoderSettings) -> Result<SoundEncoder> {
        let sound = settings
            .sound
            .ok_or_else(|| Error::new(ErrorKind::Internal, "an encoder of sound without sound"))?;
        #[cfg(not(feature = "bundled"))]
        if settings.encoder == AMR_OUTSIDE {
            let inner = Inner::Opencore(Opencore::open(&settings.quality)?);
            return Ok(SoundEncoder { inner, sound, frames: 0 });
        }
        let inner = if works_in_chunks(settings) {
            Inner::Chunked(Box::new(Chunked::open(settings)?))
        } else {
            Inner::Library(Encoder::open(settings)?)
        };
        Ok(SoundEncoder { inner, sound, frames: 0 })
    }

    /// What it takes.
    pub fn sound(&self) -> SoundSettings {
        self.sound
    }

    /// Samples of a whole frame; 0 when any number will do.
    pub fn frame_size(&self) -> usize {
        match &self.inner {
            Inner::Library(encoder) => encoder.frame_size(),
            Inner::Chunked(encoder) => encoder.pattern().frame_size(),
            #[cfg(not(feature = "bundled"))]
            Inner::Opencore(_) => super::opencore::FRAME,
        }
    }

    /// Samples it puts before the first one.
    pub fn padding(&self) -> i64 {
        match &self.inner {
            Inner::Library(encoder) => encoder.padding(),
            Inner::Chunked(encoder) => encoder.pattern().padding(),
            #[cfg(not(feature = "bundled"))]
            Inner::Opencore(_) => 0,
        }
    }

    /// Unit of the times of its packets.
    pub fn time_base(&self) -> Rational {
        match &self.inner {
            Inner::Library(encoder) => encoder.time_base(),
            Inner::Chunked(encoder) => encoder.pattern().time_base(),
            #[cfg(not(feature = "bundled"))]
            Inner::Opencore(_) => Rational::new(1, self.sound.rate as i32),
        }
    }

    /// What a muxer has to know.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn parameters(&self) -> Result<Parameters> {
        match &self.inner {
            Inner::Library(encoder) => encoder.parameters(),
            Inner::Chunked(encoder) => encoder.pattern().parameters(),
            #[cfg(not(feature = "bundled"))]
            Inner::Opencore(_) => super::opencore::parameters(),
        }
    }

    /// Frames that went in.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Encodes a frame, or with `None` what is left.
    ///
    /// # Errors
    ///
    /// As for [`Encoder::encode`].
    pub fn encode(&mut self, frame: Option<&Frame>, out: &mut Out<'_>) -> Result<()> {
        self.frames += u64::from(frame.is_some());
        match &mut self.inner {
            Inner::Library(encoder) => encoder.encode(frame, out),
            Inner::Chunked(encoder) => encoder.encode(frame, out),
            #[cfg(not(feature = "bundled"))]
            Inner::Opencore(encoder) => frame.map_or(Ok(()), |frame| encoder.encode(frame, out)),
        }
    }
}
