//! What time it is: for deadlines, times in receipts, and the time that is left. A host may say it, so that tests can
//! let hours pass at once. Waiting itself takes real time.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

/// A clock a host brings along.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Time since a moment that does not change; never shrinks. Called often, from any thread.
    pub monotonic: fn() -> Duration,
    /// Time since the beginning of 1970, UTC.
    pub wall: fn() -> Duration,
}

static CLOCK: OnceLock<(Clock, Instant)> = OnceLock::new();

impl Clock {
    /// Uses this clock in the whole process from now on. Returns false when one is in use already.
    pub fn install(self) -> bool {
        CLOCK.set((self, Instant::now())).is_ok()
    }
}

/// Now, for measuring.
pub(crate) fn now() -> Instant {
    match CLOCK.get() {
        None => Instant::now(),
        Some((clock, base)) => base.checked_add((clock.monotonic)()).unwrap_or(*base),
    }
}

/// Time since a moment of this clock.
pub(crate) fn since(moment: Instant) -> Duration {
    now().saturating_duration_since(moment)
}

/// Now, by the calendar.
pub(crate) fn today() -> SystemTime {
    match CLOCK.get() {
        None => SystemTime::now(),
        Some((clock, _)) => {
            SystemTime::UNIX_EPOCH.checked_add((clock.wall)()).unwrap_or(SystemTime::UNIX_EPOCH)
        }
    }
}
