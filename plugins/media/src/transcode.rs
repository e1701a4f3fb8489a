//! Runs the lanes of a conversion: one thread reads, lanes that are worth it have their own, all write to one muxer.

use crate::lane::Count;
use crate::{Demuxer, Lane, Muxer, Packet, Rational};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// Packets that may wait for a lane.
const WAITING: usize = 48;

/// The part of the file that is wanted, in seconds of the file's own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// The time that becomes 0.
    pub origin: f64,
    /// Where the result ends; `None` at the end of the file.
    pub end: Option<f64>,
    /// Length of the result in seconds, when known: for progress.
    pub length: Option<f64>,
    /// The part of the step's progress that this conversion is: where it begins and how much it is, from 0 to 1;
    /// `None` for all of it.
    pub share: Option<(f64, f64)>,
}

/// A lane with the track it is fed from, and the one it writes.
pub struct Feed<'l> {
    /// Index of the input's track.
    pub from: usize,
    /// Index of the muxer's track.
    pub to: usize,
    /// Unit of the times of its packets.
    pub time_base: Rational,
    /// The lane.
    pub lane: Box<dyn Lane + 'l>,
}

/// Reads the input to its end, or to where all lanes have enough, and passes every packet through its lane.
///
/// # Errors
///
/// The first error of the input, a lane, or the muxer; `cancelled`, `timeout`.
pub fn transcode(
    step: &Step<'_>,
    demuxer: &mut Demuxer<'_>,
    feeds: Vec<Feed<'_>>,
    muxer: Muxer<'_>,
    span: &Span,
) -> Result<(Vec<Count>, u64)> {
    for index in 0..demuxer.tracks().len() {
        if feeds.iter().all(|feed| feed.from != index) {
            demuxer.ignore(index);
        }
    }
    let progress = Progress::new(step, demuxer, span);
    let mux = Mux { muxer: Mutex::new(muxer), progress: &progress };
    let heavy = feeds.iter().filter(|feed| feed.lane.is_heavy()).count();
    let counts = if step.threads() > 1 && heavy > 0 && progress.is_long() {
        in_threads(demuxer, feeds, &mux)?
    } else {
        in_turn(demuxer, feeds, &mux)?
    };
    let length = mux.muxer.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
    Ok((counts, length))
}

/// One of several files that become one.
pub struct Part<'s> {
    /// The file.
    pub demuxer: Demuxer<'s>,
    /// What of it is wanted.
    pub span: Span,
    /// For each feed, the track it takes here.
    pub tracks: Vec<Option<usize>>,
}

/// Reads one file after the other and passes their packets through the same lanes. Returns what the lanes did, and
/// the length in bytes.
///
/// # Errors
///
/// As for [`transcode`].
pub fn concatenate(
    step: &Step<'_>,
    parts: &mut [Part<'_>],
    mut feeds: Vec<Feed<'_>>,
    muxer: Muxer<'_>,
) -> Result<(Vec<Count>, u64)> {
    let total: f64 = parts.iter().map(|part| part.span.length.unwrap_or(0.0)).sum();
    let mux = Mux { muxer: Mutex::new(muxer), progress: &Progress::over(step, total) };
    let mut at = 0.0;
    for (number, part) in parts.iter_mut().enumerate() {
        let mut end = at;
        for (feed, from) in feeds.iter_mut().zip(&part.tracks) {
            let Some(track) = from.and_then(|index| part.demuxer.tracks().get(index)) else {
                feed.from = usize::MAX;
                continue;
            };
            feed.from = track.index;
            if number > 0 {
                let (to, unit) = (feed.to, feed.time_base);
                feed.lane.change_source(track, &part.span, at, &mut |packet| mux.write(to, unit, packet))?;
            }
        }
        while let Some(packet) = part.demuxer.next_packet()? {
            let Some(feed) = feeds.iter_mut().find(|feed| feed.from == packet.stream()) else { continue };
            let unit = part.demuxer.tracks().get(packet.stream()).map(|track| track.time_base);
            // Streams without a container give many frames a time to decode alone.
            if let (Some(unit), Some(time)) = (unit, packet.pts().or(packet.dts())) {
                let shown = unit.seconds(time.saturating_add(packet.duration())) - part.span.origin;
                end = f64::max(end, at + shown);
                mux.progress.note(&mux.progress.read, at + shown)?;
            }
            let (to, unit) = (feed.to, feed.time_base);
            feed.lane.take(packet, &mut |packet| mux.write(to, unit, packet))?;
        }
        at = end;
    }
    for feed in &mut feeds {
        let (to, unit) = (feed.to, feed.time_base);
        feed.lane.finish(&mut |packet| mux.write(to, unit, packet))?;
    }
    let length = mux.muxer.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?;
    Ok((feeds.iter().map(|feed| feed.lane.count()).collect(), length))
}

/// How far the conversion is: half by what was read, half by what was written, as encoders hold frames back.
struct Progress<'s> {
    step: &'s Step<'s>,
    origin: f64,
    /// Milliseconds in all; 0 when unknown.
    total: u64,
    share: (f64, f64),
    read: AtomicU64,
    written: AtomicU64,
}

impl<'s> Progress<'s> {
    fn new(step: &'s Step<'s>, demuxer: &Demuxer<'_>, span: &Span) -> Progress<'s> {
        let length = span.length.or(demuxer.duration()).unwrap_or(0.0);
        Progress {
            step,
            origin: span.origin,
            total: (length * 1000.0) as u64,
            share: span.share.unwrap_or((0.0, 1.0)),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Of a result of so many seconds from its own zero.
    fn over(step: &'s Step<'s>, seconds: f64) -> Progress<'s> {
        Progress {
            step,
            origin: 0.0,
            total: (seconds * 1000.0) as u64,
            share: (0.0, 1.0),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    fn is_long(&self) -> bool {
        self.total > 1_500
    }

    fn note(&self, which: &AtomicU64, seconds: f64) -> Result<()> {
        let now = (seconds.max(0.0) * 1000.0) as u64;
        let old = which.fetch_max(now.min(self.total), Ordering::Relaxed);
        // Reporting each millisecond is more than anyone looks at.
        if now <= old {
            return self.step.tick(0, 0);
        }
        let both = self.read.load(Ordering::Relaxed) + self.written.load(Ordering::Relaxed);
        let all = (self.total * 2) as f64;
        self.step.tick((self.share.0 * all + self.share.1 * both as f64) as u64, self.total * 2)
    }
}

struct Mux<'m, 's> {
    muxer: Mutex<Muxer<'s>>,
    progress: &'m Progress<'m>,
}

impl Mux<'_, '_> {
    fn write(&self, to: usize, time_base: Rational, mut packet: Packet) -> Result<()> {
        packet.set_stream(to);
        if let Some(time) = packet.dts().or(packet.pts()) {
            self.progress.note(&self.progress.written, time_base.seconds(time))?;
        }
        self.muxer.lock().unwrap_or_else(PoisonError::into_inner).write(packet)
    }
}

/// Notes how far reading is.
fn note_read(demuxer: &Demuxer<'_>, packet: &Packet, progress: &Progress<'_>) -> Result<()> {
    let unit = demuxer.tracks().get(packet.stream()).map(|track| track.time_base);
    match (packet.dts().or(packet.pts()), unit) {
        (Some(time), Some(unit)) => progress.note(&progress.read, unit.seconds(time) - progress.origin),
        _ => progress.step.tick(0, 0),
    }
}

fn in_turn(demuxer: &mut Demuxer<'_>, mut feeds: Vec<Feed<'_>>, mux: &Mux<'_, '_>) -> Result<Vec<Count>> {
    while let Some(packet) = demuxer.next_packet()? {
        note_read(demuxer, &packet, mux.progress)?;
        let Some(feed) = feeds.iter_mut().find(|feed| feed.from == packet.stream()) else { continue };
        let (to, unit) = (feed.to, feed.time_base);
        feed.lane.take(packet, &mut |packet| mux.write(to, unit, packet))?;
        if feeds.iter().all(|feed| feed.lane.is_done()) {
            break;
        }
    }
    for feed in &mut feeds {
        let (to, unit) = (feed.to, feed.time_base);
        feed.lane.finish(&mut |packet| mux.write(to, unit, packet))?;
    }
    Ok(feeds.iter().map(|feed| feed.lane.count()).collect())
}

/// Where the reading thread puts the packets of one track.
enum Road<'l> {
    /// To a lane in a thread of its own.
    Thread { from: usize, packets: SyncSender<Packet>, done: &'l AtomicBool },
    /// Through a light lane at once.
    Here(Feed<'l>),
}

fn in_threads(demuxer: &mut Demuxer<'_>, feeds: Vec<Feed<'_>>, mux: &Mux<'_, '_>) -> Result<Vec<Count>> {
    let done: Vec<AtomicBool> = feeds.iter().map(|_| AtomicBool::new(false)).collect();
    std::thread::scope(|scope| {
        let mut roads = Vec::new();
        let mut threads = Vec::new();
        for (feed, done) in feeds.into_iter().zip(&done) {
            if !feed.lane.is_heavy() {
                roads.push(Road::Here(feed));
                continue;
            }
            let (packets, incoming) = sync_channel(WAITING);
            let from = feed.from;
            let thread = std::thread::Builder::new()
                .name("formwork-lane".into())
                .spawn_scoped(scope, move || run_lane(feed, &incoming, done, mux))
                .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start a thread: {error}")))?;
            roads.push(Road::Thread { from, packets, done });
            threads.push(thread);
        }
        let read = feed_roads(demuxer, &mut roads, mux);
        let mut counts = Vec::new();
        let mut finished = read;
        for road in roads {
            if let Road::Here(mut feed) = road {
                let (to, unit) = (feed.to, feed.time_base);
                let last = feed.lane.finish(&mut |packet| mux.write(to, unit, packet));
                finished = finished.and(last);
                counts.push(feed.lane.count());
            }
        }
        for thread in threads {
            // A panic goes on to the border, which turns it into an error.
            match thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                Ok(count) => counts.push(count),
                // A lane that failed is why reading could not go on.
                Err(error) => finished = Err(error),
            }
        }
        finished.map(|()| counts)
    })
}

fn feed_roads(demuxer: &mut Demuxer<'_>, roads: &mut [Road<'_>], mux: &Mux<'_, '_>) -> Result<()> {
    while let Some(packet) = demuxer.next_packet()? {
        note_read(demuxer, &packet, mux.progress)?;
        for road in roads.iter_mut() {
            match road {
                Road::Thread { from, packets, .. } if *from == packet.stream() => {
                    if packets.send(packet).is_err() {
                        return Ok(());
                    }
                    break;
                }
                Road::Here(feed) if feed.from == packet.stream() => {
                    let (to, unit) = (feed.to, feed.time_base);
                    feed.lane.take(packet, &mut |packet| mux.write(to, unit, packet))?;
                    break;
                }
                _ => {}
            }
        }
        let is_done = |road: &Road<'_>| match road {
            Road::Thread { done, .. } => done.load(Ordering::Relaxed),
            Road::Here(feed) => feed.lane.is_done(),
        };
        if roads.iter().all(is_done) {
            break;
        }
    }
    Ok(())
}

fn run_lane(
    mut feed: Feed<'_>,
    packets: &Receiver<Packet>,
    done: &AtomicBool,
    mux: &Mux<'_, '_>,
) -> Result<Count> {
    let (to, unit) = (feed.to, feed.time_base);
    while let Ok(packet) = packets.recv() {
        mux.progress.step.tick(0, 0)?;
        feed.lane.take(packet, &mut |packet| mux.write(to, unit, packet))?;
        done.store(feed.lane.is_done(), Ordering::Relaxed);
    }
    mux.progress.step.tick(0, 0)?;
    feed.lane.finish(&mut |packet| mux.write(to, unit, packet))?;
    Ok(feed.lane.count())
}
