//! A track of subtitles that is brought into another text format.

use super::{Count, Lane, Out};
use crate::packet::no_memory;
use crate::subtitles::{SubtitleDecoder, USUAL};
use crate::track::Parameters;
use crate::{Codec, Container, Packet, Rational, Span, Subtitles, Track, check, ff};
use formwork_sdk::{Error, Result};
use std::ptr;

/// Bytes of one coded subtitle; FFmpeg's own program takes as much.
const ROOM: usize = 1 << 20;

/// The lane.
pub struct SubtitleLane {
    decoder: SubtitleDecoder,
    encoder: *mut ff::AVCodecContext,
    time_base: Rational,
    origin: f64,
    end: Option<f64>,
    buffer: Vec<u8>,
    count: Count,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for SubtitleLane {}

/// Unit of the lane's times.
const MILLISECONDS: Rational = Rational::new(1, 1000);

impl SubtitleLane {
    /// Prepares a lane to the container's own text format.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion` when the library lacks decoder or encoder; `corrupt_input`.
    pub fn new(track: &Track, container: &Container, span: &Span) -> Result<SubtitleLane> {
        let Subtitles::Text { word, .. } = container.subtitles else {
            return Err(Error::unsupported(format!("{} holds no subtitles", container.id)));
        };
        let encoder = Codec::named(word).and_then(Codec::encoder).and_then(crate::library::encoder);
        let encoder = encoder
            .ok_or_else(|| Error::unsupported(format!("this FFmpeg cannot write {word} subtitles")))?
            .as_ptr();
        let mut lane = SubtitleLane {
            decoder: SubtitleDecoder::open(track)?,
            encoder: ptr::null_mut(),
            time_base: track.time_base,
            origin: span.origin,
            end: span.end,
            buffer: vec![0; ROOM],
            count: Count::default(),
        };
        // SAFETY: the context is looked at before use; the header is copied into memory that the encoder frees.
        unsafe {
            lane.encoder = ff::avcodec_alloc_context3(encoder);
            if lane.encoder.is_null() {
                return Err(no_memory());
            }
            (*lane.encoder).time_base = MILLISECONDS.raw();
            let styles = lane.decoder.header();
            if !styles.is_empty() {
                let header = ff::av_mallocz(styles.len() + 1).cast::<u8>();
                if header.is_null() {
                    return Err(no_memory());
                }
                ptr::copy_nonoverlapping(styles.as_ptr(), header, styles.len());
                (*lane.encoder).subtitle_header = header;
                (*lane.encoder).subtitle_header_size = styles.len() as i32;
            }
            check(ff::avcodec_open2(lane.encoder, encoder, ptr::null_mut()), "write subtitles")?;
        }
        Ok(lane)
    }

    /// What a muxer has to know.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn parameters(&self) -> Result<Parameters> {
        let parameters = Parameters::new()?;
        // SAFETY: both are ours.
        let code = unsafe { ff::avcodec_parameters_from_context(parameters.as_ptr(), self.encoder) };
        check(code, "describe subtitles")?;
        Ok(parameters)
    }

    /// Unit of the times of its packets.
    pub fn time_base(&self) -> Rational {
        MILLISECONDS
    }

    fn encode(&mut self, subtitle: &mut ff::AVSubtitle, packet: &Packet, out: &mut Out<'_>) -> Result<()> {
        let Some(shown) = packet.pts().map(|pts| self.time_base.seconds(pts) - self.origin) else {
            return Ok(());
        };
        let start = shown + f64::from(subtitle.start_display_time) / 1000.0;
        let length = match (subtitle.end_display_time, packet.duration()) {
            (end, _) if end > subtitle.start_display_time && end != u32::MAX => {
                i64::from(end - subtitle.start_display_time)
            }
            (_, duration @ 1..) => (self.time_base.seconds(duration) * 1000.0) as i64,
            _ => (USUAL * 1000.0) as i64,
        };
        let over = self.end.is_some_and(|end| start >= end - self.origin);
        if start + length as f64 / 1000.0 <= 0.0 || over || subtitle.num_rects == 0 {
            return Ok(());
        }
        subtitle.start_display_time = 0;
        subtitle.end_display_time = u32::try_from(length).unwrap_or(u32::MAX);
        // SAFETY: encoder, buffer and subtitle are valid; no more than the buffer holds is written.
        let written = unsafe {
            ff::avcodec_encode_subtitle(self.encoder, self.buffer.as_mut_ptr(), ROOM as i32, subtitle)
        };
        let bytes = usize::try_from(written).ok().and_then(|count| self.buffer.get(..count));
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
        let mut packet = Packet::of(bytes)?;
        let time = ((start * 1000.0) as i64).max(0);
        packet.set_times(Some(time), Some(time), length);
        packet.set_key();
        self.count.encoded += 1;
        out(packet)
    }
}

impl Lane for SubtitleLane {
    fn take(&mut self, packet: Packet, out: &mut Out<'_>) -> Result<()> {
        let Ok(decoded) = self.decoder.decode_raw(&packet) else {
            self.count.damaged += 1;
            return Ok(());
        };
        let Some(mut subtitle) = decoded else { return Ok(()) };
        self.count.decoded += 1;
        self.encode(&mut subtitle.0, &packet, out)
    }

    fn finish(&mut self, _: &mut Out<'_>) -> Result<()> {
        Ok(())
    }

    fn is_heavy(&self) -> bool {
        false
    }

    fn count(&self) -> Count {
        self.count
    }
}

impl Drop for SubtitleLane {
    fn drop(&mut self) {
        // SAFETY: ours, or null.
        unsafe { ff::avcodec_free_context(&raw mut self.encoder) };
    }
}

/// Whether subtitles are text, not pictures.
pub fn is_text(track: &Track) -> bool {
    // SAFETY: looks an id up; the descriptor is static.
    let about = unsafe { ff::avcodec_descriptor_get(track.codec()).as_ref() };
    about.is_some_and(|about| about.props & ff::AV_CODEC_PROP_TEXT_SUB != 0)
}
