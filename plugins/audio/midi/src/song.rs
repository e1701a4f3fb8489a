//! A song: its tracks, and all their events in order of time.

use formwork_sdk::{Error, Limits, Result};
use midly::{EventIter, Format, Fps, MetaMessage, Timing, TrackEventKind};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Microseconds for a quarter note until a file says otherwise: 120 of them in a minute (RP-001, 2.2, Set Tempo).
const TEMPO: u64 = 500_000;
/// Most tracks: the header counts them in 16 bits.
const TRACKS: u64 = u16::MAX as u64;

/// A parsed header and the tracks behind it, not walked through yet.
pub(crate) struct Song<'a> {
    /// How ticks become time.
    pub(crate) clock: Clock,
    /// Tracks that are songs of their own and play one after another.
    sequential: bool,
    tracks: Vec<EventIter<'a>>,
}

impl<'a> Song<'a> {
    /// Reads the header and finds the tracks, also those the header does not count.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`entries`) for more tracks than a header can count.
    pub(crate) fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Song<'a>> {
        let (header, found) = midly::parse(bytes).map_err(|error| Error::corrupt(chain(&error)))?;
        let most = limits.entries.min(TRACKS);
        let mut tracks = Vec::new();
        for track in found {
            if tracks.len() as u64 >= most {
                return Err(Error::limit("entries", "more tracks", most));
            }
            tracks.push(track.map_err(|error| Error::corrupt(chain(&error)))?);
        }
        if tracks.is_empty() {
            return Err(Error::corrupt("the MIDI file has no track"));
        }
        Ok(Song { clock: Clock::of(header.timing)?, sequential: header.format == Format::Sequential, tracks })
    }

    /// Number of tracks.
    pub(crate) fn tracks(&self) -> usize {
        self.tracks.len()
    }

    /// Walks through all events in order of time; tracks of the same moment in their order.
    pub(crate) fn timeline(&self) -> Timeline<'a> {
        let mut lanes = Vec::with_capacity(self.tracks.len());
        lanes.extend(self.tracks.iter().cloned().map(Lane::new));
        let started = if self.sequential { 0 } else { lanes.len() };
        let mut timeline = Timeline {
            clock: self.clock,
            lanes,
            started,
            due: BinaryHeap::new(),
            tick: 0,
            tempo: TEMPO,
            now: 0,
        };
        for lane in 0..started {
            timeline.advance(lane);
        }
        timeline
    }
}

/// The library's reasons, outermost first.
fn chain(error: &midly::Error) -> String {
    format!("the MIDI file cannot be read: {error}")
}

/// How positions become seconds. A position counts microseconds divided by the ticks of a quarter note, or
/// whole ticks where the file counts frames of film; so no rounding adds up over a song.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// A tick lasts as long as the tempo says; otherwise it lasts one unit.
    metrical: bool,
    /// Seconds are positions times this ...
    numerator: u64,
    /// ... divided by this; not 0.
    denominator: u64,
}

impl Clock {
    fn of(timing: Timing) -> Result<Clock> {
        let (metrical, numerator, denominator) = match timing {
            Timing::Metrical(division) => (true, 1, u64::from(division.as_int()) * 1_000_000),
            // 30 frames for each 1.001 seconds (RP-001, 2.1).
            Timing::Timecode(Fps::Fps29, parts) => (false, 1_001, 30_000 * u64::from(parts)),
            Timing::Timecode(frames, parts) => (false, 1, u64::from(frames.as_int()) * u64::from(parts)),
        };
        if denominator == 0 {
            return Err(Error::corrupt("the MIDI file's header says that time does not pass (division 0)"));
        }
        Ok(Clock { metrical, numerator, denominator })
    }

    /// A position as a number of samples at a rate, rounded down.
    pub(crate) fn frames(&self, position: u64, rate: u32) -> u64 {
        let samples = u128::from(position) * u128::from(self.numerator) * u128::from(rate)
            / u128::from(self.denominator);
        u64::try_from(samples).unwrap_or(u64::MAX)
    }

    /// A position so many seconds after another.
    pub(crate) fn later(&self, position: u64, seconds: u64) -> u64 {
        let units = u128::from(seconds) * u128::from(self.denominator) / u128::from(self.numerator.max(1));
        position.saturating_add(u64::try_from(units).unwrap_or(u64::MAX))
    }

    /// A position in seconds.
    pub(crate) fn seconds(&self, position: u64) -> f64 {
        position as f64 * self.numerator as f64 / self.denominator as f64
    }
}

/// One event of a song.
pub(crate) struct Moment<'a> {
    /// When, in units of the song's [`Clock`].
    pub(crate) position: u64,
    /// Which track.
    pub(crate) track: usize,
    /// What happens.
    pub(crate) kind: TrackEventKind<'a>,
}

/// The events of all tracks in order of time.
pub(crate) struct Timeline<'a> {
    clock: Clock,
    lanes: Vec<Lane<'a>>,
    /// Tracks that play already.
    started: usize,
    /// The next event of each track: its tick and the track.
    due: BinaryHeap<Reverse<(u64, usize)>>,
    tick: u64,
    tempo: u64,
    now: u64,
}

impl Timeline<'_> {
    /// Tracks that ended in something that is no event, or without the event that ends a track.
    pub(crate) fn cut(&self) -> usize {
        self.lanes.iter().filter(|lane| !lane.complete).count()
    }

    fn advance(&mut self, track: usize) {
        if let Some(lane) = self.lanes.get_mut(track)
            && lane.advance()
        {
            self.due.push(Reverse((lane.tick, track)));
        }
    }
}

impl<'a> Iterator for Timeline<'a> {
    type Item = Moment<'a>;

    fn next(&mut self) -> Option<Moment<'a>> {
        while self.due.is_empty() && self.started < self.lanes.len() {
            (self.tick, self.tempo) = (0, TEMPO);
            self.started += 1;
            self.advance(self.started - 1);
        }
        let Reverse((tick, track)) = self.due.pop()?;
        let unit = if self.clock.metrical { self.tempo } else { 1 };
        self.now = self.now.saturating_add(tick.saturating_sub(self.tick).saturating_mul(unit));
        self.tick = tick;
        let kind = self.lanes.get_mut(track)?.next.take()?;
        self.advance(track);
        if let TrackEventKind::Meta(MetaMessage::Tempo(tempo)) = kind
            && tempo.as_int() > 0
        {
            self.tempo = u64::from(tempo.as_int());
        }
        Some(Moment { position: self.now, track, kind })
    }
}

/// One track while it is walked through.
struct Lane<'a> {
    events: EventIter<'a>,
    /// The last status byte, kept across events that end running status by the letter (RP-001, 3.1): many
    /// programs write as if they did not.
    status: Option<u8>,
    /// When `next` happens.
    tick: u64,
    next: Option<TrackEventKind<'a>>,
    /// The track's end was found.
    complete: bool,
}

impl<'a> Lane<'a> {
    fn new(events: EventIter<'a>) -> Lane<'a> {
        Lane { events, status: None, tick: 0, next: None, complete: false }
    }

    /// Reads the next event; false at the end, which is the event that says so: what follows is ignored.
    fn advance(&mut self) -> bool {
        if self.complete {
            return false;
        }
        let Some(Ok(event)) = self.events.next() else { return false };
        match event.kind {
            TrackEventKind::Midi { .. } => self.status = self.events.running_status(),
            _ => *self.events.running_status_mut() = self.status,
        }
        self.tick = self.tick.saturating_add(u64::from(event.delta.as_int()));
        self.complete = event.kind == TrackEventKind::Meta(MetaMessage::EndOfTrack);
        self.next = Some(event.kind);
        true
    }
}
