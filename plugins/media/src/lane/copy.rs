//! A track that stays as it is.

use super::decode_times::DecodeTimes;
use super::{Count, Lane, Out, amr, sorenson};
use crate::hevc;
use crate::track::Parameters;
use crate::{Bitstream, Codec, CodecKind, Container, Kind, Packet, Rational, Span, Track, ff};
use formwork_sdk::Result;

/// Seconds of sound before the start that are kept, for decoders to settle: 80 ms for Opus (RFC 7845, 4.6), less for
/// others. Files that are cut by an edit list may hold far more, which few containers can mark as not to be heard.
const PREPARATION: f64 = 0.1;

/// Copies packets, with times that start where the result does.
pub struct CopyLane {
    /// The time of the file that becomes 0, in the track's time base.
    origin: i64,
    end: Option<i64>,
    /// What is kept of sound before the start, in the track's time base.
    preparation: i64,
    /// The track is wanted from its first packet on: also those that only prepare a decoder.
    whole_start: bool,
    /// Units of the times that come in, and of those that go out.
    units: (Rational, Rational),
    /// The name of the filter that brings packets into the container's form.
    form: Option<&'static str>,
    filter: Option<Bitstream>,
    kind: Kind,
    begun: bool,
    done: bool,
    /// Where the next packet is expected.
    next: Option<i64>,
    parameters: Parameters,
    copied: u64,
    decode_times: DecodeTimes,
}

impl CopyLane {
    /// Prepares a lane, and tells what the track is in the container.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the track cannot be brought into the container's form.
    pub fn new(track: &Track, container: &Container, span: &Span) -> Result<(CopyLane, Parameters)> {
        let form = form_for(track, container);
        let filter = filter_for(form, track)?;
        let mut parameters = match &filter {
            Some(filter) => filter.parameters()?,
            None => track.parameters.duplicate()?,
        };
        parameters.set_tag(tag_for(track, container));
        parameters.find_frame_size();
        let lane = CopyLane {
            origin: track.time_base.time(span.origin),
            end: span.end.map(|end| track.time_base.time(end)),
            // Ogg has no times before 0: there the codec's own header says how much of the first packet is not heard.
            preparation: if matches!(container.muxer, "ogg" | "oga" | "opus" | "spx") {
                0
            } else {
                track.time_base.time(PREPARATION)
            },
            whole_start: starts_within(track, span),
            units: (track.time_base, track.time_base),
            form,
            filter,
            kind: track.kind,
            begun: false,
            done: false,
            next: None,
            parameters: parameters.duplicate()?,
            copied: 0,
            decode_times: DecodeTimes::default(),
        };
        Ok((lane, parameters))
    }

    /// A millisecond, in the track's time base.
    fn slack(&self) -> i64 {
        self.units.0.time(0.001)
    }

    /// What the codec's frames last, in the track's time base; 0 when that is not known.
    fn usual_duration(&self, packet: &Packet) -> i64 {
        let rate = i32::try_from(self.parameters.sample_rate()).unwrap_or(0);
        if self.kind != Kind::Audio || rate == 0 {
            return 0;
        }
        Rational::new(1, rate).rescale(self.parameters.samples_of(packet.size()), self.units.0)
    }

    /// Times of a packet without any: behind the last one.
    fn date(&mut self, packet: &mut Packet) {
        let duration = packet.duration();
        let (pts, dts) = (packet.pts(), packet.dts());
        // Some demuxers count from the end of the file to the end of the packet, and may get below 0.
        let duration = if (0..=i64::from(i32::MAX)).contains(&duration) { duration } else { 0 };
        let duration = if duration == 0 { self.usual_duration(packet) } else { duration };
        let dts = dts
            .or(if self.kind == Kind::Video { None } else { pts })
            .or(self.next)
            .or(pts)
            .unwrap_or(self.origin);
        packet.set_times(Some(pts.unwrap_or(dts)), Some(dts), duration);
        self.next = Some(dts + duration.max(1));
    }

    /// Through the bitstream filter, where there is one.
    fn pass(&mut self, packet: Packet, out: &mut Out<'_>) -> Result<()> {
        let Some(mut filter) = self.filter.take() else { return self.send(packet, out) };
        let result = filter.filter(Some(packet), &mut |packet| self.send(packet, out));
        self.filter = Some(filter);
        result
    }

    fn send(&mut self, mut packet: Packet, out: &mut Out<'_>) -> Result<()> {
        packet.shift(-self.origin);
        if self.units.0 != self.units.1 {
            packet.rescale(self.units.0, self.units.1);
        }
        self.copied += 1;
        let frames = amr::frames(self.parameters.codec(), packet.data());
        if frames.is_empty() {
            return out(packet);
        }
        let length = packet.duration() / frames.len() as i64;
        for (number, bytes) in frames.into_iter().enumerate() {
            let mut frame = Packet::of(bytes)?;
            let later = |time: Option<i64>| time.map(|time| time.saturating_add(number as i64 * length));
            frame.set_times(later(packet.pts()), later(packet.dts()), length);
            frame.set_key();
            out(frame)?;
        }
        Ok(())
    }
}

impl Lane for CopyLane {
    fn take(&mut self, mut packet: Packet, out: &mut Out<'_>) -> Result<()> {
        self.date(&mut packet);
        if sorenson::is_intra(self.parameters.codec(), packet.data()) {
            packet.set_key();
        }
        let shown = packet.pts().unwrap_or(self.origin);
        // Pictures start with one that stands for itself; all else starts with the result.
        let starts = match self.kind {
            Kind::Video => packet.is_key() && (self.whole_start || shown + self.slack() >= self.origin),
            Kind::Audio if self.whole_start => true,
            _ => shown >= self.origin,
        };
        if !self.begun && !starts {
            return Ok(());
        }
        if !self.begun && self.whole_start && self.kind == Kind::Audio {
            // What the first packet says of samples that only prepare the decoder may not be in the file's times.
            let skipped = i64::from(packet.skipped_samples());
            let rate = i32::try_from(self.parameters.sample_rate()).unwrap_or(0);
            if rate > 0 {
                let first = shown + Rational::new(1, rate).rescale(skipped, self.units.0);
                self.origin = self.origin.max(first.min(self.origin.saturating_add(skipped)));
            }
        }
        self.begun = true;
        if self.kind == Kind::Audio && shown + packet.duration() + self.preparation < self.origin {
            return Ok(());
        }
        if let Some(end) = self.end
            && packet.dts().unwrap_or(shown) >= end
        {
            self.done = true;
        }
        if self.end.is_some_and(|end| shown >= end) {
            return Ok(());
        }
        if self.kind != Kind::Video {
            return self.pass(packet, out);
        }
        let mut times = std::mem::take(&mut self.decode_times);
        let result = times.take(packet, &mut |packet| self.pass(packet, out));
        self.decode_times = times;
        result
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let mut times = std::mem::take(&mut self.decode_times);
        times.finish(&mut |packet| self.pass(packet, out))?;
        let Some(mut filter) = self.filter.take() else { return Ok(()) };
        filter.filter(None, &mut |packet| self.send(packet, out))
    }

    fn change_source(&mut self, track: &Track, span: &Span, at: f64, out: &mut Out<'_>) -> Result<()> {
        self.finish(out)?;
        self.filter = filter_for(self.form, track)?;
        self.origin = track.time_base.time(span.origin - at);
        self.units = (track.time_base, self.units.1);
        self.whole_start = starts_within(track, span);
        (self.begun, self.done, self.next) = (false, false, None);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn is_heavy(&self) -> bool {
        false
    }

    fn count(&self) -> Count {
        Count { copied: self.copied, ..Count::default() }
    }
}

fn filter_for(form: Option<&str>, track: &Track) -> Result<Option<Bitstream>> {
    form.map(|name| Bitstream::open(name, &track.parameters, track.time_base)).transpose()
}

/// Whether the result starts no later than the track.
fn starts_within(track: &Track, span: &Span) -> bool {
    span.origin <= track.time_base.seconds(track.start) + 1e-6
}

/// Whether a track fits a container as it is.
pub fn can_copy(track: &Track, container: &Container) -> bool {
    let Some(codec) = Codec::of(track.codec()) else { return false };
    if !container.may_hold(codec) {
        return false;
    }
    let parameters = &track.parameters;
    match codec.kind {
        CodecKind::Video => {
            // Readers of transport streams take a second layer for pictures of the first.
            let layered =
                codec.word == "h265" && container.muxer == "mpegts" && hevc::has_layers(parameters.header());
            parameters.width() > 0 && parameters.height() > 0 && !layered
        }
        CodecKind::Audio => {
            let rate = parameters.sample_rate();
            let known = rate > 0 && parameters.channels() > 0;
            // Flash plays these rates only (SWF and FLV specification 10.1, annex E.4.2.1).
            let flash = !matches!(container.id, "flv" | "swf")
                || codec.word != "mp3"
                || matches!(rate, 44_100 | 22_050 | 11_025);
            // Only these are AC-3 (ETSI TS 102 366, table 4.1); RealAudio has it at the half and the quarter of them.
            let dolby = codec.word != "ac3" || matches!(rate, 32_000 | 44_100 | 48_000);
            known && flash && dolby
        }
        CodecKind::Subtitle => true,
    }
}

/// The bitstream filter that brings a track into the form a container wants, where FFmpeg's muxer does not see to it.
pub fn form_for(track: &Track, container: &Container) -> Option<&'static str> {
    use ff::AVCodecID::{AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG4};
    match (track.codec(), container.muxer) {
        (AV_CODEC_ID_H264, "avi") => Some("h264_mp4toannexb"),
        (AV_CODEC_ID_HEVC, "avi") => Some("hevc_mp4toannexb"),
        // Pictures that AVI packs two to a packet.
        (AV_CODEC_ID_MPEG4, muxer) if muxer != "avi" => Some("mpeg4_unpack_bframes"),
        _ => None,
    }
}

/// The four-letter code of a copied track: the container's own, unless players go by another.
fn tag_for(track: &Track, container: &Container) -> u32 {
    let hevc_in_mpeg4 =
        track.codec() == ff::AVCodecID::AV_CODEC_ID_HEVC && matches!(container.muxer, "mp4" | "mov" | "ipod");
    if hevc_in_mpeg4 { u32::from_le_bytes(*b"hvc1") } else { 0 }
}
