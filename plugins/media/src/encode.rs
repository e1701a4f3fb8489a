//! From frames to packets.

use crate::dictionary::Dictionary;
use crate::packet::no_memory;
use crate::track::Parameters;
use crate::{Frame, Packet, Quality, Rational, ff};
use formwork_sdk::{Error, ErrorKind, Result};
use std::ptr;

/// What an encoder is asked for. Fields that are not of its kind stay at their defaults.
#[derive(Clone, Debug, Default)]
pub struct EncoderSettings {
    /// FFmpeg's name of the encoder.
    pub encoder: &'static str,
    /// The encoder's own options, from this plugin's tables only, never from a user.
    pub options: Vec<(&'static str, String)>,
    /// How good.
    pub quality: Quality,
    /// Threads; 0 lets it choose.
    pub threads: usize,
    /// The container wants headers apart from the packets.
    pub global_header: bool,
    /// Four-letter code; 0 for the container's own.
    pub tag: u32,
    /// The picture, for video.
    pub picture: Option<PictureSettings>,
    /// The sound, for audio.
    pub sound: Option<SoundSettings>,
}

/// What an encoder has to know of pictures.
#[derive(Clone, Debug)]
pub struct PictureSettings {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Pixel format.
    pub format: ff::AVPixelFormat,
    /// Width of a pixel to its height.
    pub pixel_aspect: Rational,
    /// Frames a second.
    pub frame_rate: Rational,
    /// Unit of the times of frames.
    pub time_base: Rational,
    /// Most frames from one key frame to the next; `None` for the encoder's own.
    pub key_interval: Option<i32>,
    /// Colour tags.
    pub colour: Colour,
    /// Fields are coded apart, the upper first or not.
    pub interlaced: Option<bool>,
}

/// How numbers become light: the tags of ISO/IEC 23091-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Primaries.
    pub primaries: ff::AVColorPrimaries,
    /// Transfer function.
    pub transfer: ff::AVColorTransferCharacteristic,
    /// Matrix.
    pub matrix: ff::AVColorSpace,
    /// Whether 0 is black.
    pub range: ff::AVColorRange,
}

impl Default for Colour {
    fn default() -> Self {
        Colour {
            primaries: ff::AVColorPrimaries::AVCOL_PRI_UNSPECIFIED,
            transfer: ff::AVColorTransferCharacteristic::AVCOL_TRC_UNSPECIFIED,
            matrix: ff::AVColorSpace::AVCOL_SPC_UNSPECIFIED,
            range: ff::AVColorRange::AVCOL_RANGE_UNSPECIFIED,
        }
    }
}

/// What an encoder has to know of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundSettings {
    /// Samples a second.
    pub rate: u32,
    /// Channels.
    pub channels: u32,
    /// Their places, as FFmpeg's mask; 0 for the usual ones of that number.
    pub mask: u64,
    /// Sample format.
    pub format: ff::AVSampleFormat,
    /// Bits that count in a sample; 0 for all.
    pub bits: u32,
    /// Samples the result has at least: a shorter one gets silence behind it.
    pub least: u32,
    /// Samples of silence before the sound, for decoders that leave out more than the encoder put in front.
    pub before: u32,
    /// Channels of other places keep their samples instead of being mixed, where their number is the same.
    pub relabel: bool,
    /// Which channel comes at each place, where an encoder wants another order than FFmpeg's; else empty.
    pub order: &'static [usize],
}

/// An open encoder.
#[derive(Debug)]
pub struct Encoder {
    context: *mut ff::AVCodecContext,
    packet: Packet,
    /// Frames that went in: the counter of "encoded once".
    pub frames: u64,
}

// SAFETY: as for a decoder.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Opens an encoder.
    ///
    /// # Errors
    ///
    /// `backend_missing` when the library does not have it; `invalid_request` when it cannot be what is asked.
    pub fn open(settings: &EncoderSettings) -> Result<Encoder> {
        let name = settings.encoder;
        let codec = crate::library::encoder(name).ok_or_else(|| {
            Error::new(ErrorKind::BackendMissing, format!("this FFmpeg has no encoder {name}"))
        })?;
        // SAFETY: allocates for a codec that exists; null is looked for.
        let context = unsafe { ff::avcodec_alloc_context3(codec.as_ptr()) };
        if context.is_null() {
            return Err(no_memory());
        }
        let mut encoder = Encoder { context, packet: Packet::new()?, frames: 0 };
        encoder.configure(settings);
        let mut options =
            Dictionary::of(settings.options.iter().map(|(name, value)| (*name, value.as_str())));
        // SAFETY: context and options are ours.
        let code = unsafe { ff::avcodec_open2(context, codec.as_ptr(), options.as_mut_ptr()) };
        if code < 0 {
            let wrong = crate::failure(code, &format!("open the encoder {name} with these settings"));
            return Err(Error::invalid(wrong.message));
        }
        Ok(encoder)
    }

    fn configure(&mut self, settings: &EncoderSettings) {
        // SAFETY: the context is ours and not open yet.
        let raw = unsafe { &mut *self.context };
        raw.strict_std_compliance = ff::FF_COMPLIANCE_EXPERIMENTAL;
        raw.thread_count = settings.threads.min(64) as i32;
        raw.codec_tag = settings.tag;
        if settings.global_header {
            raw.flags |= ff::AV_CODEC_FLAG_GLOBAL_HEADER as i32;
        }
        if let Some(picture) = &settings.picture {
            configure_picture(raw, picture);
        }
        if let Some(sound) = &settings.sound {
            configure_sound(raw, sound);
        }
        settings.quality.apply(raw);
    }

    /// Encodes one frame, or with `None` what is left, and hands over the packets.
    ///
    /// # Errors
    ///
    /// What `each` returns; `plugin_fault` when the encoder fails.
    pub fn encode(
        &mut self,
        frame: Option<&Frame>,
        each: &mut dyn FnMut(Packet) -> Result<()>,
    ) -> Result<()> {
        self.frames += u64::from(frame.is_some());
        let raw = frame.map_or(ptr::null_mut(), Frame::as_ptr);
        for _ in 0..8 {
            // SAFETY: context and frame are ours.
            let code = unsafe { ff::avcodec_send_frame(self.context, raw) };
            self.receive(each)?;
            if code == ff::AVERROR(ff::EAGAIN) {
                continue;
            }
            if code < 0 && code != ff::AVERROR_EOF {
                return Err(fault(code));
            }
            break;
        }
        Ok(())
    }

    fn receive(&mut self, each: &mut dyn FnMut(Packet) -> Result<()>) -> Result<()> {
        loop {
            // SAFETY: context and packet are ours.
            let code = unsafe { ff::avcodec_receive_packet(self.context, self.packet.as_ptr()) };
            if code == ff::AVERROR(ff::EAGAIN) || code == ff::AVERROR_EOF {
                return Ok(());
            }
            if code < 0 {
                return Err(fault(code));
            }
            each(std::mem::replace(&mut self.packet, Packet::new()?))?;
        }
    }

    /// Samples of a whole frame; 0 when any number will do.
    pub fn frame_size(&self) -> usize {
        // SAFETY: the context is ours and open.
        usize::try_from(unsafe { (*self.context).frame_size }).unwrap_or(0)
    }

    /// Samples the encoder puts before the first one.
    pub fn padding(&self) -> i64 {
        // SAFETY: as above.
        i64::from(unsafe { (*self.context).initial_padding })
    }

    /// Unit of the times of frames and packets.
    pub fn time_base(&self) -> Rational {
        // SAFETY: as above.
        unsafe { (*self.context).time_base }.into()
    }

    /// What a muxer has to know.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn parameters(&self) -> Result<Parameters> {
        let parameters = Parameters::new()?;
        // SAFETY: both are ours.
        let code = unsafe { ff::avcodec_parameters_from_context(parameters.as_ptr(), self.context) };
        crate::check(code, "describe the encoded track")?;
        Ok(parameters)
    }
}

fn configure_picture(raw: &mut ff::AVCodecContext, picture: &PictureSettings) {
    raw.width = picture.width as i32;
    raw.height = picture.height as i32;
    raw.pix_fmt = picture.format;
    raw.sample_aspect_ratio = picture.pixel_aspect.raw();
    raw.framerate = picture.frame_rate.raw();
    raw.time_base = picture.time_base.raw();
    if let Some(interval) = picture.key_interval {
        raw.gop_size = interval;
    }
    raw.color_primaries = picture.colour.primaries;
    raw.color_trc = picture.colour.transfer;
    raw.colorspace = picture.colour.matrix;
    raw.color_range = picture.colour.range;
    if let Some(upper_first) = picture.interlaced {
        raw.flags |= (ff::AV_CODEC_FLAG_INTERLACED_DCT | ff::AV_CODEC_FLAG_INTERLACED_ME) as i32;
        raw.field_order =
            if upper_first { ff::AVFieldOrder::AV_FIELD_TT } else { ff::AVFieldOrder::AV_FIELD_BB };
    }
}

fn configure_sound(raw: &mut ff::AVCodecContext, sound: &SoundSettings) {
    raw.sample_rate = sound.rate as i32;
    raw.sample_fmt = sound.format;
    raw.bits_per_raw_sample = sound.bits as i32;
    raw.time_base = ff::AVRational { num: 1, den: sound.rate.max(1) as i32 };
    crate::library::set_layout(&mut raw.ch_layout, sound.channels, sound.mask);
}

fn fault(code: i32) -> Error {
    let error = crate::failure(code, "encode");
    if error.kind == ErrorKind::CorruptInput {
        Error::new(ErrorKind::PluginFault, error.message)
    } else {
        error
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { ff::avcodec_free_context(&raw mut self.context) };
    }
}
