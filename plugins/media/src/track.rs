//! What one track of a file is.

use crate::dictionary::Dictionary;
use crate::ff;
use std::ffi::CStr;

/// A fraction, as in a time base of 1/90000 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rational {
    /// Upper number.
    pub num: i32,
    /// Lower number; 0 makes the fraction unknown.
    pub den: i32,
}

impl Rational {
    /// FFmpeg's common time base: microseconds.
    pub const MICROSECONDS: Rational = Rational { num: 1, den: 1_000_000 };

    /// Makes a fraction.
    pub const fn new(num: i32, den: i32) -> Rational {
        Rational { num, den }
    }

    /// FFmpeg's form.
    pub fn raw(self) -> ff::AVRational {
        ff::AVRational { num: self.num, den: self.den }
    }

    /// The value; 0 when unknown.
    pub fn value(self) -> f64 {
        if self.den == 0 { 0.0 } else { f64::from(self.num) / f64::from(self.den) }
    }

    /// Upside down.
    pub fn inverse(self) -> Rational {
        Rational { num: self.den, den: self.num }
    }

    /// Whether both numbers are greater than 0.
    pub fn is_positive(self) -> bool {
        self.num > 0 && self.den > 0
    }

    /// Brings a time from this time base to another, to the nearest.
    pub fn rescale(self, time: i64, to: Rational) -> i64 {
        // SAFETY: arithmetic; denominators of 0 give the smallest number, as FFmpeg says.
        unsafe { ff::av_rescale_q(time, self.raw(), to.raw()) }
    }

    /// Seconds of a time in this time base.
    pub fn seconds(self, time: i64) -> f64 {
        time as f64 * self.value()
    }

    /// A time in this time base.
    pub fn time(self, seconds: f64) -> i64 {
        if self.num == 0 { 0 } else { (seconds / self.value()).round() as i64 }
    }
}

impl From<ff::AVRational> for Rational {
    fn from(raw: ff::AVRational) -> Rational {
        Rational { num: raw.num, den: raw.den }
    }
}

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles.
    Subtitle,
    /// A picture that stands for the whole: cover art.
    Cover,
    /// Attached files, timed data.
    Other,
}

/// One track. Copied out of FFmpeg's structs, so that it can be kept.
#[derive(Debug)]
pub struct Track {
    /// Its place in the file, from 0.
    pub index: usize,
    /// What it carries.
    pub kind: Kind,
    /// Coding parameters: ours, freed when dropped.
    pub parameters: Parameters,
    /// Unit of its times.
    pub time_base: Rational,
    /// First time, in its time base; 0 when unknown.
    pub start: i64,
    /// Length in seconds, when the file says.
    pub duration: Option<f64>,
    /// Frames a second of video: the average, else the guess.
    pub frame_rate: Rational,
    /// Packets a second of video: more than frames where each field of a frame has its own.
    pub packet_rate: Rational,
    /// Clockwise turn in degrees (0, 90, 180, 270) that a player applies to the picture.
    pub rotation: i32,
    /// The picture is mirrored left to right after it was turned.
    pub mirrored: bool,
    /// Language, title and other tags.
    pub tags: Dictionary,
    /// FFmpeg's disposition flags.
    pub disposition: i32,
}

impl Track {
    /// # Safety
    ///
    /// `raw` is a stream of an open file.
    pub(crate) unsafe fn of(
        context: *mut ff::AVFormatContext,
        raw: *mut ff::AVStream,
    ) -> formwork_sdk::Result<Track> {
        // SAFETY: the caller vouches for the stream; its parameters are always there.
        let (stream, parameters) = unsafe { (&*raw, Parameters::copy_of((*raw).codecpar)?) };
        let cover = stream.disposition & ff::AV_DISPOSITION_ATTACHED_PIC != 0;
        let kind = match parameters.kind() {
            ff::AVMediaType::AVMEDIA_TYPE_VIDEO if cover => Kind::Cover,
            ff::AVMediaType::AVMEDIA_TYPE_VIDEO => Kind::Video,
            ff::AVMediaType::AVMEDIA_TYPE_AUDIO => Kind::Audio,
            ff::AVMediaType::AVMEDIA_TYPE_SUBTITLE => Kind::Subtitle,
            _ => Kind::Other,
        };
        let time_base = Rational::from(stream.time_base);
        // SAFETY: context and stream belong together.
        let guessed = Rational::from(unsafe { ff::av_guess_frame_rate(context, raw, std::ptr::null_mut()) });
        // SAFETY: as above. What the container says of pixels wins over what the codec says.
        unsafe {
            (*parameters.as_ptr()).sample_aspect_ratio =
                ff::av_guess_sample_aspect_ratio(context, raw, std::ptr::null_mut());
        }
        let average = Rational::from(stream.avg_frame_rate);
        let (rotation, mirrored) = turn(raw);
        let frame_rate = likely(guessed, average);
        let base = Rational::from(stream.r_frame_rate);
        let packet_rate = if parameters.is_interlaced() { by_field(frame_rate, base) } else { frame_rate };
        Ok(Track {
            index: usize::try_from(stream.index).unwrap_or(0),
            kind,
            parameters,
            time_base,
            start: crate::packet::known(stream.start_time).unwrap_or(0),
            duration: crate::packet::known(stream.duration)
                .map(|duration| time_base.seconds(duration))
                .filter(|seconds| *seconds > 0.0),
            frame_rate,
            packet_rate,
            rotation,
            mirrored,
            // SAFETY: the stream's own tags.
            tags: unsafe { Dictionary::copy_of(stream.metadata) },
            disposition: stream.disposition,
        })
    }

    /// FFmpeg's id of the codec.
    pub fn codec(&self) -> ff::AVCodecID {
        self.parameters.codec()
    }

    /// The codec's name, as in `h264`.
    pub fn codec_name(&self) -> &'static str {
        // SAFETY: the function gives a static text for every id.
        unsafe { CStr::from_ptr(ff::avcodec_get_name(self.codec())) }.to_str().unwrap_or("unknown")
    }

    /// Whether the library can decode it.
    pub fn can_decode(&self) -> bool {
        // SAFETY: looks an id up.
        unsafe { !ff::avcodec_find_decoder(self.codec()).is_null() }
    }

    /// Width and height as they are shown: after turning.
    pub fn shown_size(&self) -> (u32, u32) {
        let (width, height) = (self.parameters.width(), self.parameters.height());
        if self.rotation % 180 == 0 { (width, height) } else { (height, width) }
    }
}

/// Coding parameters of a track.
#[derive(Debug)]
pub struct Parameters(*mut ff::AVCodecParameters);

// SAFETY: plain memory without ties to a thread.
unsafe impl Send for Parameters {}
// SAFETY: a shared reference only reads.
unsafe impl Sync for Parameters {}

impl Parameters {
    /// Makes empty ones.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn new() -> formwork_sdk::Result<Parameters> {
        // SAFETY: allocates; null is looked for.
        let raw = unsafe { ff::avcodec_parameters_alloc() };
        if raw.is_null() { Err(crate::packet::no_memory()) } else { Ok(Parameters(raw)) }
    }

    /// # Safety
    ///
    /// `raw` is valid.
    pub(crate) unsafe fn copy_of(raw: *const ff::AVCodecParameters) -> formwork_sdk::Result<Parameters> {
        let copy = Parameters::new()?;
        // SAFETY: both are valid.
        crate::check(unsafe { ff::avcodec_parameters_copy(copy.0, raw) }, "copy a track's parameters")?;
        Ok(copy)
    }

    /// Whether its pictures are made of fields, as far as it says.
    pub fn is_interlaced(&self) -> bool {
        use ff::AVFieldOrder::{AV_FIELD_PROGRESSIVE, AV_FIELD_UNKNOWN};
        !matches!(self.raw().field_order, AV_FIELD_PROGRESSIVE | AV_FIELD_UNKNOWN)
    }

    /// Another one of the same content.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn duplicate(&self) -> formwork_sdk::Result<Parameters> {
        // SAFETY: ours are valid.
        unsafe { Parameters::copy_of(self.0) }
    }

    /// The struct, for FFmpeg.
    pub fn as_ptr(&self) -> *mut ff::AVCodecParameters {
        self.0
    }

    /// The struct, to read.
    pub fn raw(&self) -> &ff::AVCodecParameters {
        // SAFETY: ours is valid as long as this value.
        unsafe { &*self.0 }
    }

    fn kind(&self) -> ff::AVMediaType {
        self.raw().codec_type
    }

    /// FFmpeg's id of the codec.
    pub fn codec(&self) -> ff::AVCodecID {
        self.raw().codec_id
    }

    /// Width in pixels; 0 when unknown.
    pub fn width(&self) -> u32 {
        u32::try_from(self.raw().width).unwrap_or(0)
    }

    /// Height in pixels; 0 when unknown.
    pub fn height(&self) -> u32 {
        u32::try_from(self.raw().height).unwrap_or(0)
    }

    /// Samples a second; 0 when unknown.
    pub fn sample_rate(&self) -> u32 {
        u32::try_from(self.raw().sample_rate).unwrap_or(0)
    }

    /// Channels of sound; 0 when unknown.
    pub fn channels(&self) -> u32 {
        u32::try_from(self.raw().ch_layout.nb_channels).unwrap_or(0)
    }

    /// Width of a pixel to its height; 1 when unknown.
    pub fn pixel_aspect(&self) -> Rational {
        let aspect = Rational::from(self.raw().sample_aspect_ratio);
        if aspect.is_positive() { aspect } else { Rational::new(1, 1) }
    }

    /// What decoders need before the first packet, as the container has it.
    pub fn header(&self) -> &[u8] {
        let raw = self.raw();
        let length = usize::try_from(raw.extradata_size).unwrap_or(0);
        if raw.extradata.is_null() {
            return &[];
        }
        // SAFETY: the extradata has as many bytes as are said, and lives as long as the parameters.
        unsafe { std::slice::from_raw_parts(raw.extradata, length) }
    }

    /// Whether packets of the other can follow packets of this one in one track.
    pub fn is_like(&self, other: &Parameters) -> bool {
        let (one, two) = (self.raw(), other.raw());
        (one.codec_id, one.width, one.height, one.sample_rate, one.format, one.ch_layout.nb_channels)
            == (two.codec_id, two.width, two.height, two.sample_rate, two.format, two.ch_layout.nb_channels)
            && self.header() == other.header()
    }

    /// Samples in a packet of so many bytes, where the codec settles that; else 0.
    pub fn samples_of(&self, bytes: usize) -> i64 {
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
        // SAFETY: ours is valid, and only read.
        i64::from(unsafe { ff::av_get_audio_frame_duration2(self.0, bytes) }.max(0))
    }

    /// Reads how many samples a frame of Apple Lossless has, which not every container says, out of the codec's own
    /// header: a box of 12 bytes, then the number (ALAC magic cookie, `frameLength`).
    pub fn find_frame_size(&mut self) {
        let raw = self.raw();
        if raw.codec_id != ff::AVCodecID::AV_CODEC_ID_ALAC || raw.frame_size > 0 || raw.extradata_size < 16 {
            return;
        }
        // SAFETY: the extradata has at least 16 bytes, and the struct is ours.
        unsafe {
            let number = raw.extradata.add(12).cast::<[u8; 4]>().read_unaligned();
            (*self.0).frame_size = (u32::from_be_bytes(number) & 0xf_ffff) as i32;
        }
    }

    /// The pixel format, when there is one.
    pub fn pixel_format(&self) -> Option<ff::AVPixelFormat> {
        crate::library::pixel_format(self.raw().format)
            .filter(|_| self.kind() == ff::AVMediaType::AVMEDIA_TYPE_VIDEO)
    }

    /// The codec's four-letter code in its container; 0 when it has none.
    pub fn tag(&self) -> u32 {
        self.raw().codec_tag
    }

    /// Sets the four-letter code; 0 lets the container choose.
    pub fn set_tag(&mut self, tag: u32) {
        // SAFETY: ours is valid.
        unsafe { (*self.0).codec_tag = tag };
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: ours.
        unsafe { ff::avcodec_parameters_free(&raw mut self.0) };
    }
}

/// The frame rate to go by: the guess, unless that is only the clock of a film with varying times.
fn likely(guessed: Rational, average: Rational) -> Rational {
    let clock = guessed.value() > 60.5 && guessed.value() > average.value() * 1.5;
    if average.is_positive() && (clock || !guessed.is_positive()) { average } else { guessed }
}

/// Packets a second of an interlaced film: FFmpeg's base rate is that of fields where they come one by one (ITU-T H.264,
/// 7.4.3, `field_pic_flag`).
fn by_field(frames: Rational, base: Rational) -> Rational {
    if base.is_positive() && (base.value() / frames.value() - 2.0).abs() < 0.01 { base } else { frames }
}

/// How a player turns the picture: the display matrix of the stream (ISO/IEC 14496-12, 8.3.2).
fn turn(raw: *mut ff::AVStream) -> (i32, bool) {
    let Some(matrix) = crate::library::display_matrix(raw) else { return (0, false) };
    let mirrored = i64::from(matrix[0]) * i64::from(matrix[4]) < i64::from(matrix[1]) * i64::from(matrix[3]);
    let mut matrix = matrix;
    // SAFETY: nine numbers, as the functions want.
    let angle = unsafe {
        if mirrored {
            ff::av_display_matrix_flip(matrix.as_mut_ptr(), 1, 0);
        }
        ff::av_display_rotation_get(matrix.as_ptr())
    };
    // FFmpeg counts against the clock.
    let quarter = if angle.is_finite() { (-angle / 90.0).round() as i32 } else { 0 };
    (quarter.rem_euclid(4) * 90, mirrored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_of_twice_the_rate_is_that_of_fields() {
        let rate = |frames, base| by_field(Rational::new(frames, 1001), Rational::new(base, 1001)).num;
        assert_eq!((rate(30_000, 60_000), rate(30_000, 30_000)), (60_000, 30_000));
        assert_eq!((rate(30_000, 0), rate(24_000, 60_000)), (30_000, 24_000));
    }
}
