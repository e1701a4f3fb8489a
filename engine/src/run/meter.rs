//! How far work is, and who hears of it.

use crate::lock::lock;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// All of it.
pub(super) const DONE: u32 = 10_000;
/// The greatest value of progress before the result is in place.
pub(super) const NEARLY: u32 = 9_900;

/// How far work is, of which parts may go on side by side. Numbers are ten-thousandths and only grow.
#[derive(Debug, Default)]
pub(super) struct Meter {
    pub(super) whole: AtomicU32,
    /// Parts with the weight each has; set once.
    pub(super) lanes: OnceLock<Box<[(f64, AtomicU32)]>>,
    foreseen: Mutex<Foreseen>,
}

/// How long the parts that were begun are expected to take.
#[derive(Clone, Copy, Debug, Default)]
struct Foreseen {
    milliseconds: f64,
    /// How much of the whole they are.
    part: f64,
}

impl Meter {
    pub(super) fn read(&self) -> u32 {
        let whole = self.whole.load(Ordering::Relaxed);
        let Some(lanes) = self.lanes.get().filter(|_| whole < DONE) else { return whole };
        let part = |(weight, done): &(f64, AtomicU32)| weight * f64::from(done.load(Ordering::Relaxed));
        let parts = lanes.iter().map(part).sum::<f64>() * f64::from(NEARLY) / f64::from(DONE);
        whole.max(parts as u32)
    }

    /// Notes how long a part of the whole is expected to take.
    pub(super) fn expect(&self, milliseconds: f64, part: f64) {
        let mut foreseen = lock(&self.foreseen);
        foreseen.milliseconds += milliseconds;
        foreseen.part += part;
    }

    /// How long the rest will take: at first as was foreseen, and the further it is, the more as it went so far.
    /// `None` when nothing is known of either.
    pub(super) fn left(&self, elapsed: Duration) -> Option<Duration> {
        let done = f64::from(self.read()) / f64::from(DONE);
        let rest = (1.0 - done).max(0.0);
        let Foreseen { milliseconds, part } = *lock(&self.foreseen);
        let foreseen = (part > 0.0).then(|| milliseconds / 1_000.0 / part.max(done) * rest);
        let paced = (done > 0.01).then(|| elapsed.as_secs_f64() * rest / done);
        let left = match (foreseen, paced) {
            (Some(foreseen), Some(paced)) => foreseen + (paced - foreseen) * done.sqrt(),
            (one, other) => one.or(other)?,
        };
        Duration::try_from_secs_f64(left).ok()
    }
}

/// Hears of progress now and then.
#[derive(Clone)]
pub(super) struct Watch {
    /// Milliseconds since `since` when it last heard.
    last: Arc<AtomicU64>,
    since: Instant,
    hear: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl Watch {
    pub(super) fn new(hear: impl Fn() + Send + Sync + 'static) -> Watch {
        Watch { last: Arc::default(), since: Instant::now(), hear: Arc::new(hear) }
    }

    pub(super) fn tell(&self) {
        let now = self.since.elapsed().as_millis() as u64;
        let last = self.last.load(Ordering::Relaxed);
        let due = now >= last + WATCH_EVERY_MS;
        if due && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            (self.hear)();
        }
    }
}

/// Milliseconds between two reports of progress.
const WATCH_EVERY_MS: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn left(meter: &Meter, done: f64, elapsed: f64) -> Option<f64> {
        meter.whole.store((done * f64::from(DONE)) as u32, Ordering::Relaxed);
        meter.left(Duration::from_secs_f64(elapsed)).map(|left| left.as_secs_f64())
    }

    #[test]
    fn what_is_left_is_foreseen_and_then_seen() {
        let meter = Meter::default();
        assert_eq!(left(&meter, 0.0, 1.0), None);
        assert_eq!(left(&meter, 0.5, 3.0), Some(3.0), "nothing was foreseen");
        meter.expect(2_000.0, 0.25);
        assert_eq!(left(&meter, 0.0, 1.0), Some(8.0), "a quarter takes two seconds");
        let between = left(&meter, 0.25, 4.0).unwrap();
        assert!(between > 6.0 && between < 12.0, "{between}");
        assert!(left(&meter, 0.99, 400.0).unwrap() > 3.9, "it is slower than was foreseen");
    }
}
