//! How far work is, and who hears of it.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

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
}

impl Meter {
    pub(super) fn read(&self) -> u32 {
        let whole = self.whole.load(Ordering::Relaxed);
        let Some(lanes) = self.lanes.get().filter(|_| whole < DONE) else { return whole };
        let part = |(weight, done): &(f64, AtomicU32)| weight * f64::from(done.load(Ordering::Relaxed));
        let parts = lanes.iter().map(part).sum::<f64>() * f64::from(NEARLY) / f64::from(DONE);
        whole.max(parts as u32)
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
