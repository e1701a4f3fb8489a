//! Where a film goes on of which the first segments are kept: without decoding those again.
//!
//! What a decoder and the filters make of the pictures before a seam must not depend on where decoding began. That is
//! looked at first: decoding begins at a key frame a little before, and the last picture before the seam has to be the one
//! that it was when the segment was kept. Otherwise the film is decoded from its beginning.

use crate::lane::{Recipe, Taker, VideoLane};
use formwork_media::lane::{Lane, Out};
use formwork_media::{Demuxer, Frame, Need, Rational, Seam, Segments, Span, Track};
use formwork_sdk::{Result, Step};

/// Containers that say of every packet when it is shown and whether it is a key frame, and in which one finds one's way.
const TRUSTED: &[&str] = &["mov", "matroska"];
/// Seconds before a seam that are decoded at least: filters look at neighbours.
const BEFORE: f64 = 1.0;

/// The time of the key frame at which decoding can begin, in the track's time base; `None` when all has to be decoded.
///
/// # Errors
///
/// `cancelled`, `timeout`; `io`.
pub(crate) fn first_key(
    step: &Step<'_>,
    track: &Track,
    recipe: &Recipe,
    span: &Span,
    encoder: &Segments<'_>,
) -> Result<Option<i64>> {
    let Some(seam) = encoder.seam() else { return Ok(None) };
    let mut film = Demuxer::open(step, step.input()?, Need::Header)?;
    if !TRUSTED.contains(&film.family()) || film.seek(span.origin + seam.seconds - BEFORE).is_err() {
        return Ok(None);
    }
    let watcher = Watcher::new(encoder.time_base(), seam);
    let mut lane = VideoLane::new(track, recipe.clone(), watcher, span, step.threads(), None)?;
    let mut key = None;
    while let Some(packet) = film.next_packet()? {
        step.tick(0, 0)?;
        if packet.stream() != track.index || key.is_none() && !packet.is_key() {
            continue;
        }
        key = key.or(packet.pts());
        // What cannot be decoded here may be all right when decoding began earlier.
        if key.is_none() || lane.take(packet, &mut |_| Ok(())).is_err() {
            return Ok(None);
        }
        if let Some(is_same) = lane.encoder().is_same {
            return Ok(key.filter(|_| is_same));
        }
    }
    Ok(None)
}

/// Takes pictures up to a seam, and looks at the last one.
struct Watcher {
    time_base: Rational,
    /// Time of the seam.
    end: i64,
    expected: u64,
    last: Option<Frame>,
    is_same: Option<bool>,
}

impl Watcher {
    fn new(time_base: Rational, seam: Seam) -> Watcher {
        let (end, expected) = (time_base.time(seam.seconds), seam.last_picture);
        Watcher { time_base, end, expected, last: None, is_same: None }
    }
}

impl Taker for Watcher {
    fn time_base(&self) -> Rational {
        self.time_base
    }

    fn encode(&mut self, frame: &Frame, time: i64, _: &mut Out<'_>) -> Result<()> {
        if time < self.end {
            self.last = Some(frame.share()?);
        } else if self.is_same.is_none() {
            let seen = self.last.take().and_then(|frame| frame.fingerprint());
            self.is_same = Some(seen == Some(self.expected));
        }
        Ok(())
    }

    fn advance(&mut self, _: i64, _: &mut Out<'_>) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: &mut Out<'_>) -> Result<()> {
        Ok(())
    }

    fn frames(&self) -> u64 {
        0
    }
}
