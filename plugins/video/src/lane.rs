//! A track of pictures that is encoded anew: decode, filter, encode.

use crate::burn::Burner;
use crate::geometry;
use crate::graph::{Filter, Graph, Link, Source};
use crate::options::{Change, Fit};
use formwork_media::lane::{Count, Lane, Out};
use formwork_media::{Decoder, Frame, Packet, Rational, Segments, Skip, Span, Track};
use formwork_sdk::{Error, Result};

/// A single frame is believed to be shown for at most so many seconds.
const LONGEST: f64 = 60.0;
/// Seconds that a last frame is held at most, whatever the header says of the length.
const LONGEST_HOLD: f64 = 60.0;

/// Seconds that the repetition of a last frame lasts at most.
const LAST: f64 = 0.04;

/// How the frames of a track become frames of the encoder.
#[derive(Clone)]
pub(crate) struct Recipe {
    /// Filters up to the encoder's size and pixel format.
    pub(crate) links: Vec<Link>,
    /// Where among them subtitles are drawn, and the size of the pictures there.
    pub(crate) subtitles_at: (usize, (u32, u32)),
    /// Frames a second of the source.
    pub(crate) frame_rate: Rational,
    /// Seconds that the pictures last at least.
    pub(crate) lasts: f64,
    /// Seconds that the only frame is shown.
    pub(crate) still: Option<f64>,
    /// Seconds of one frame of the result: no film is shorter.
    pub(crate) shortest: f64,
    /// The last frame comes a second time at the end, where nothing else says how long it is shown.
    pub(crate) shows_last_again: bool,
    /// Size that the links were made for.
    pub(crate) size: (u32, u32),
}

/// Where the finished pictures of a lane go.
pub(crate) trait Taker: Send {
    /// Unit of the times of pictures.
    fn time_base(&self) -> Rational;
    /// Takes a picture, which is shown at `time`; times grow.
    fn encode(&mut self, frame: &Frame, time: i64, out: &mut Out<'_>) -> Result<()>;
    /// Goes on to a time whose pictures are known.
    fn advance(&mut self, time: i64, out: &mut Out<'_>) -> Result<()>;
    /// Hands over what is left.
    fn finish(&mut self, out: &mut Out<'_>) -> Result<()>;
    /// Pictures that were encoded.
    fn frames(&self) -> u64;
}

impl Taker for Segments<'_> {
    fn time_base(&self) -> Rational {
        self.time_base()
    }

    fn encode(&mut self, frame: &Frame, time: i64, out: &mut Out<'_>) -> Result<()> {
        self.encode(frame, time, out)
    }

    fn advance(&mut self, time: i64, out: &mut Out<'_>) -> Result<()> {
        self.advance(time, out)
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        self.finish(out)
    }

    fn frames(&self) -> u64 {
        self.frames
    }
}

/// The lane.
pub(crate) struct VideoLane<E> {
    decoder: Decoder,
    encoder: E,
    graph: Option<Graph>,
    recipe: Recipe,
    time_base: Rational,
    origin: i64,
    end: Option<i64>,
    /// Time of a frame that does not say.
    next: i64,
    /// Last time given to the encoder, in its time base.
    last: Option<i64>,
    /// What was given then, where it is wanted again.
    held: Option<Frame>,
    over: bool,
    /// A packet came from which decoding can start.
    begun: bool,
    /// Time of the key frame with which decoding begins; what comes of all before is known.
    known_until: Option<i64>,
    threads: usize,
    /// Subtitles that are drawn into the pictures.
    burner: Option<Burner>,
    /// They changed since the graph was made.
    stale: bool,
}

impl<E: Taker> VideoLane<E> {
    pub(crate) fn new(
        track: &Track,
        recipe: Recipe,
        encoder: E,
        span: &Span,
        threads: usize,
        burner: Option<Burner>,
    ) -> Result<VideoLane<E>> {
        Ok(VideoLane {
            decoder: Decoder::open(track, threads, Skip::Nothing)?,
            encoder,
            graph: None,
            recipe,
            time_base: track.time_base,
            origin: track.time_base.time(span.origin),
            end: span.end.map(|end| track.time_base.time(end)),
            next: track.start,
            last: None,
            held: None,
            over: false,
            // Reading starts somewhere within the file when its beginning is not wanted.
            begun: track.time_base.time(span.origin) <= track.start,
            known_until: None,
            threads,
            burner,
            stale: false,
        })
    }

    /// The encoder.
    pub(crate) fn encoder(&self) -> &E {
        &self.encoder
    }

    /// Does not decode what is before the key frame of this time: what comes of it is known.
    pub(crate) fn begin_at(&mut self, key: Option<i64>) {
        self.known_until = key;
    }

    fn frame(&mut self, mut frame: Frame, out: &mut Out<'_>) -> Result<()> {
        let length = (self.recipe.frame_rate.inverse().value() / self.time_base.value()) as i64;
        // A frame without a time follows the one before.
        let time = frame.best_pts().unwrap_or(self.next);
        let shown = Some(frame.duration()).filter(|shown| *shown > length).map_or(length, |shown| {
            // Some containers guess, and badly.
            shown.min(self.time_base.time(LONGEST))
        });
        let shown = self.recipe.still.map_or(shown, |seconds| self.time_base.time(seconds));
        self.next = time.saturating_add(shown.max(1));
        // Half a frame before the start still is the start.
        let slack = length / 2;
        if let Some(burner) = &mut self.burner {
            self.stale |= burner.turn(self.time_base.seconds(time))?;
        }
        if time + slack < self.origin || self.over {
            return Ok(());
        }
        if self.end.is_some_and(|end| time + slack >= end) {
            self.over = true;
            return Ok(());
        }
        frame.set_pts(Some((time - self.origin).max(0)));
        let source = Source::of(&frame, self.time_base, self.recipe.frame_rate)?;
        if self.stale || self.graph.as_ref().is_none_or(|graph| !graph.fits(&source)) {
            // What was inside ends where this frame begins.
            let after = std::mem::replace(&mut self.next, time);
            self.drain(out)?;
            self.next = after;
            self.stale = false;
            self.graph = Some(Graph::new(source, &self.links_for(&source)?)?);
        }
        self.pass(Some(&frame), out)
    }

    /// The recipe's filters; a picture of another size than the header said is brought to that first.
    fn links_for(&self, source: &Source) -> Result<Vec<Link>> {
        let (width, height) = self.recipe.size;
        let mut links = Vec::new();
        if (source.width, source.height) != (width, height) {
            let whole = Change::Resize {
                width: Some(width),
                height: Some(height),
                fit: Fit::Pad,
                background: [0, 0, 0, 255],
            };
            let (filters, _) = geometry::filters(&whole, (source.width, source.height), true)?;
            links.extend(filters.into_iter().map(Link::One));
            links.push(Link::One(Filter::new("setsar", "sar=1")));
        }
        let (before, behind) = self
            .recipe
            .links
            .split_at_checked(self.recipe.subtitles_at.0)
            .unwrap_or((&self.recipe.links, &[]));
        links.extend(before.iter().cloned());
        links.extend(self.burner.as_ref().and_then(Burner::link));
        links.extend(behind.iter().cloned());
        Ok(links)
    }

    /// Empties decoder and graph.
    fn empty(&mut self, out: &mut Out<'_>) -> Result<()> {
        let mut frames = Vec::new();
        self.decoder.decode(None, &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        frames.into_iter().try_for_each(|frame| self.frame(frame, out))?;
        self.drain(out)
    }

    /// Empties the graph there is.
    fn drain(&mut self, out: &mut Out<'_>) -> Result<()> {
        if self.graph.is_some() {
            self.pass(None, out)?;
            self.graph = None;
        }
        Ok(())
    }

    /// Hands over what is known up to a packet that is not decoded.
    fn pass_over(&mut self, packet: &Packet, out: &mut Out<'_>) -> Result<()> {
        let Some(time) = packet.dts().or(packet.pts()) else { return Ok(()) };
        let time = self.time_base.rescale(time - self.origin, self.encoder.time_base());
        if time < 0 || self.last.is_some_and(|last| time <= last) {
            return Ok(());
        }
        self.last = Some(time);
        self.encoder.advance(time, out)
    }

    fn pass(&mut self, frame: Option<&Frame>, out: &mut Out<'_>) -> Result<()> {
        let Some(mut graph) = self.graph.take() else { return Ok(()) };
        // The last frame is shown for its time too.
        let end = self.length();
        let unit = graph.time_base();
        let mut each = |frame| self.encode(frame, unit, out);
        let result = match frame {
            Some(frame) => graph.filter(frame, &mut each),
            None => graph.finish(end, &mut each),
        };
        self.graph = Some(graph);
        result
    }

    fn encode(&mut self, mut frame: Frame, unit: Rational, out: &mut Out<'_>) -> Result<()> {
        let time = frame.pts().map(|time| unit.rescale(time, self.encoder.time_base()));
        // Two frames at one time: the later one is left out, as players would.
        let time = time.unwrap_or_else(|| self.last.map_or(0, |last| last + 1));
        if self.last.is_some_and(|last| time <= last) {
            return Ok(());
        }
        self.last = Some(time);
        frame.set_pts(Some(time));
        frame.forget_picture_type();
        self.encoder.encode(&frame, time, out)?;
        self.held = if self.recipe.shows_last_again { Some(frame) } else { None };
        Ok(())
    }

    /// Where the film ends, in the time base of the track.
    fn length(&self) -> i64 {
        let shortest = self.time_base.time(self.recipe.shortest).max(1);
        let own = (self.next.min(self.end.unwrap_or(i64::MAX)) - self.origin).max(shortest);
        let held = own.saturating_add(self.time_base.time(LONGEST_HOLD));
        own.max(self.time_base.time(self.recipe.lasts).min(held))
    }

    /// The last frame once more, a short time before the end.
    fn show_last_again(&mut self, out: &mut Out<'_>) -> Result<()> {
        let Some(mut frame) = self.held.take() else { return Ok(()) };
        let time = self.length() - self.time_base.time(self.recipe.shortest.min(LAST));
        let time = self.time_base.rescale(time, self.encoder.time_base());
        if self.last.is_none_or(|last| time <= last) {
            return Ok(());
        }
        frame.set_pts(Some(time));
        self.encoder.encode(&frame, time, out)
    }
}

impl<E: Taker> Lane for VideoLane<E> {
    fn take(&mut self, packet: Packet, out: &mut Out<'_>) -> Result<()> {
        if let Some(key) = self.known_until {
            if !packet.is_key() || packet.pts() != Some(key) {
                return self.pass_over(&packet, out);
            }
            (self.known_until, self.begun) = (None, true);
        }
        self.begun |= packet.is_key();
        if !self.begun {
            return Ok(());
        }
        let mut frames = Vec::new();
        self.decoder.decode(Some(&packet), &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        drop(packet);
        frames.into_iter().try_for_each(|frame| self.frame(frame, out))
    }

    fn finish(&mut self, out: &mut Out<'_>) -> Result<()> {
        if self.known_until.is_some() {
            return Err(Error::corrupt("a key frame that was found before cannot be found again"));
        }
        self.empty(out)?;
        if self.last.is_none() {
            return Err(Error::corrupt("none of the pictures can be decoded"));
        }
        self.show_last_again(out)?;
        self.encoder.finish(out)
    }

    fn change_source(&mut self, track: &Track, span: &Span, at: f64, out: &mut Out<'_>) -> Result<()> {
        // Sound may have gone on behind the pictures: the last one is held until the next film begins.
        let lasts = std::mem::replace(&mut self.recipe.lasts, at);
        self.empty(out)?;
        self.recipe.lasts = lasts;
        let (decoded, failed) = (self.decoder.frames, self.decoder.failed);
        self.decoder = Decoder::open(track, self.threads, Skip::Nothing)?;
        (self.decoder.frames, self.decoder.failed) = (decoded, failed);
        self.time_base = track.time_base;
        self.origin = track.time_base.time(span.origin - at);
        (self.next, self.over) = (track.start, false);
        if track.frame_rate.is_positive() {
            self.recipe.frame_rate = track.frame_rate;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.over
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
