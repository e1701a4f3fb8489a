//! A track of sound that is encoded anew: decode, bring to the encoder's rate, channels and format, encode.

use super::{Count, Lane, Out};
use crate::audio::{Resampler, Samples, SoundEncoder};
use crate::{Decoder, EncoderSettings, Frame, Packet, Rational, Skip, Span, Track};
use formwork_sdk::{Error, Result};

/// Times may differ from the number of samples by this much before silence is put in, or samples are left out.
const TOLERANCE: f64 = 0.1;
/// Seconds from which sound that starts after the pictures is heard to be late.
pub const LATE: f64 = TOLERANCE;
/// A gap longer than this is a jump of the clock, not silence.
const LONGEST_GAP: f64 = 10.0;
/// Seconds of silence before the sound, at the most: a start that is later is a clock of its own.
const LONGEST_LEAD: f64 = 3600.0;

/// Where the sound begins in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At its start, wherever it starts in the source: there is nothing else.
    Now,
    /// At its time beside the pictures.
    AtItsTime,
    /// Likewise, in a container that has no times of sound: there is silence before it.
    AfterSilence,
}

/// The lane.
pub struct SoundLane {
    decoder: Decoder,
    encoder: SoundEncoder,
    timeline: Timeline,
    resampler: Option<Resampler>,
    samples: Samples,
    begin: Begin,
    /// Samples given to the encoder.
    sent: i64,
    /// Where the first sample stands in the result, in samples.
    lead: i64,
}

/// Places decoded frames on the time line of the file.
struct Timeline {
    time_base: Rational,
    origin: f64,
    end: Option<f64>,
    /// Time of the next sample, when some came already.
    next: Option<f64>,
    /// What is added to the times of the file that is read: it may not be the first.
    clock: f64,
    /// What a jump of the clock added.
    jumped: f64,
    over: bool,
}

/// What is to be done with a frame.
#[derive(Debug, Default, PartialEq)]
struct Place {
    /// Seconds of silence before it.
    silence: f64,
    /// Samples of it that are left out at its start.
    skip: usize,
    /// Samples that are taken.
    take: usize,
    /// Time of its first taken sample from the origin, in seconds.
    at: f64,
}

impl Timeline {
    fn place(&mut self, time: Option<f64>, samples: usize, rate: f64) -> Place {
        let mut start = time.map_or_else(|| self.next.unwrap_or(self.origin), |time| time - self.jumped);
        let mut silence = 0.0;
        if let Some(next) = self.next {
            let gap = start - next;
            if gap.abs() > LONGEST_GAP {
                self.jumped += gap;
                start = next;
            } else if gap > TOLERANCE {
                silence = gap;
            } else if gap > -TOLERANCE {
                start = next;
            }
        }
        let from = self.next.unwrap_or(self.origin).max(self.origin);
        let length = samples as f64 / rate;
        let skip = ((from - start).max(0.0) * rate).round() as usize;
        let mut take = samples.saturating_sub(skip);
        if let Some(end) = self.end {
            let room = ((end - start.max(from)).max(0.0) * rate).round() as usize;
            self.over = start + length >= end;
            take = take.min(room);
        }
        if skip >= samples {
            // All of it is before what is wanted; the clock goes on when that is the start of the result.
            return Place::default();
        }
        let at = start.max(from);
        self.next = Some(at + take as f64 / rate);
        Place {
            silence: if at - silence < self.origin { 0.0 } else { silence },
            skip,
            take,
            at: at - self.origin,
        }
    }
}

impl SoundLane {
    /// Prepares a lane.
    ///
    /// # Errors
    ///
    /// As for opening a decoder and an encoder.
    pub fn new(track: &Track, settings: &EncoderSettings, span: &Span, begin: Begin) -> Result<SoundLane> {
        let encoder = SoundEncoder::open(settings)?;
        let mut samples = Samples::new(encoder.sound(), encoder.frame_size())?;
        samples.push_silence(encoder.sound().before as usize)?;
        Ok(SoundLane {
            decoder: Decoder::open(track, 1, Skip::Nothing)?,
            timeline: Timeline {
                time_base: track.time_base,
                origin: span.origin,
                end: span.end,
                next: None,
                clock: 0.0,
                jumped: 0.0,
                over: false,
            },
            encoder,
            resampler: None,
            samples,
            begin,
            sent: 0,
            lead: 0,
        })
    }

    /// The encoder, for the muxer.
    pub fn encoder(&self) -> &SoundEncoder {
        &self.encoder
    }

    fn frame(&mut self, frame: Frame, out: &mut Out<'_>) -> Result<()> {
        let rate = f64::from(Resampler::rate_of(&frame));
        if rate <= 0.0 || frame.samples() == 0 || self.timeline.over {
            return Ok(());
        }
        let first = self.timeline.next.is_none();
        let time = frame.best_pts().map(|pts| self.timeline.time_base.seconds(pts) + self.timeline.clock);
        let place = self.timeline.place(time, frame.samples(), rate);
        if place.take == 0 {
            return Ok(());
        }
        let sound = self.encoder.sound();
        if first {
            self.begin_at(place.at, out)?;
        }
        if place.silence > 0.0 {
            let count = (place.silence * f64::from(sound.rate)).round() as usize;
            self.samples.push_silence(count)?;
            self.drain(false, out)?;
        }
        let frame = Resampler::cut(frame, place.skip, place.take)?;
        if self.resampler.as_ref().is_none_or(|resampler| !resampler.fits(&frame)) {
            self.flush_resampler(out)?;
            self.resampler = Some(Resampler::new(&frame, sound)?);
        }
        if let Some(resampler) = &mut self.resampler {
            resampler.convert(Some(frame), &mut self.samples)?;
        }
        self.drain(false, out)
    }

    /// Places the first sample, in seconds from the start of the result.
    fn begin_at(&mut self, at: f64, out: &mut Out<'_>) -> Result<()> {
        let rate = self.encoder.sound().rate;
        let count = (at * f64::from(rate)).round();
        match self.begin {
            Begin::Now => {}
            Begin::AtItsTime => self.lead = count as i64,
            Begin::AfterSilence if at > LONGEST_LEAD => {}
            Begin::AfterSilence => {
                let mut missing = count as usize;
                // A second at a time, so that the memory for it is small.
                while missing > 0 {
                    let part = missing.min(rate as usize);
                    self.samples.push_silence(part)?;
                    self.drain(false, out)?;
                    missing -= part;
                }
            }
        }
        Ok(())
    }

    /// Puts the silence behind the sound that the format needs.
    fn pad(&mut self) -> Result<()> {
        let sound = self.encoder.sound();
        let there = self.sent.saturating_add(self.samples.length() as i64);
        if there <= i64::from(sound.before) {
            return Ok(());
        }
        let missing = i64::from(sound.least).saturating_sub(there);
        self.samples.push_silence(usize::try_from(missing).unwrap_or(0))
    }

    fn flush_resampler(&mut self, out: &mut Out<'_>) -> Result<()> {
        if let Some(mut resampler) = self.resampler.take() {
            resampler.convert(None, &mut self.samples)?;
            self.drain(false, out)?;
        }
        Ok(())
    }

    /// Encodes whole frames, or at the end all that is there.
    fn drain(&mut self, all: bool, out: &mut Out<'_>) -> Result<()> {
        while let Some(mut frame) = self.samples.next(all)? {
            frame.set_pts(Some(self.lead + self.sent));
            self.sent += frame.samples() as i64;
            self.encoder.encode(Some(&frame), out)?;
        }
        Ok(())
    }
}

impl Lane for SoundLane {
    fn take(&mut self, packet: Packet, out: &mut Out<'_>) -> Result<()> {
        let mut frames = Vec::new();
        self.decoder.decode(Some(&packet), &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        frames.into_iter().try_for_each(|frame| self.frame(frame, out))
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        let mut frames = Vec::new();
        self.decoder.decode(None, &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        frames.into_iter().try_for_each(|frame| self.frame(frame, out))?;
        self.flush_resampler(out)?;
        self.pad()?;
        self.drain(true, out)?;
        if self.sent == 0 && self.decoder.failed > 0 {
            return Err(Error::corrupt("none of the sound can be decoded"));
        }
        self.encoder.encode(None, out)
    }

    fn change_source(&mut self, track: &Track, span: &Span, at: f64, out: &mut Out<'_>) -> Result<()> {
        let mut frames = Vec::new();
        self.decoder.decode(None, &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        frames.into_iter().try_for_each(|frame| self.frame(frame, out))?;
        self.flush_resampler(out)?;
        let (decoded, failed) = (self.decoder.frames, self.decoder.failed);
        self.decoder = Decoder::open(track, 1, Skip::Nothing)?;
        (self.decoder.frames, self.decoder.failed) = (decoded, failed);
        let timeline = &mut self.timeline;
        // Sound alone goes on where it was; beside pictures it waits for them.
        let at = if self.begin == Begin::Now {
            timeline.next.map_or(at, |next| next - timeline.origin)
        } else {
            at
        };
        timeline.clock = timeline.origin + at - span.origin;
        (timeline.time_base, timeline.jumped, timeline.over) = (track.time_base, 0.0, false);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.timeline.over
    }

    fn count(&self) -> Count {
        Count {
            decoded: self.decoder.frames,
            encoded: self.encoder.frames(),
            damaged: self.decoder.failed,
            ..Count::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(origin: f64, end: Option<f64>) -> Timeline {
        Timeline {
            time_base: Rational::new(1, 1000),
            origin,
            end,
            next: None,
            clock: 0.0,
            jumped: 0.0,
            over: false,
        }
    }

    #[test]
    fn the_wanted_part_is_cut_to_the_sample() {
        let mut timeline = timeline(1.0, Some(2.0));
        assert_eq!(timeline.place(Some(0.0), 1000, 1000.0).take, 0);
        let place = timeline.place(Some(0.9), 1000, 1000.0);
        assert_eq!((place.skip, place.take), (100, 900));
        let place = timeline.place(Some(1.9), 1000, 1000.0);
        assert_eq!((place.skip, place.take), (0, 100));
        assert!(timeline.over);
    }

    #[test]
    fn gaps_become_silence_and_jumps_do_not() {
        let mut timeline = timeline(0.0, None);
        timeline.place(Some(0.0), 1000, 1000.0);
        let place = timeline.place(Some(1.5), 1000, 1000.0);
        assert!((place.silence - 0.5).abs() < 1e-9 && place.skip == 0);
        // A hundredth off is rounding.
        assert_eq!(
            timeline.place(Some(2.51), 1000, 1000.0),
            Place { silence: 0.0, skip: 0, take: 1000, at: 2.5 }
        );
        // An hour off is another clock, which is then followed.
        assert_eq!(timeline.place(Some(3603.5), 1000, 1000.0).at, 3.5);
        assert_eq!(timeline.place(Some(3604.5), 1000, 1000.0).at, 4.5);
    }
}
