use super::meter::{DONE, Meter, NEARLY, Watch};
use crate::clock;
use crate::journal::Journal;
use crate::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Says stop to everything below it: engine, job, task. Cloning gives the same token.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    flag: Arc<AtomicBool>,
    parent: Option<Arc<CancelToken>>,
}

impl CancelToken {
    /// Makes a token that is cancelled by itself or by its parent.
    pub fn child(&self) -> CancelToken {
        CancelToken { flag: Arc::default(), parent: Some(Arc::new(self.clone())) }
    }

    /// Cancels. May be called from any thread, and from a signal handler's thread.
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed) || self.parent.as_ref().is_some_and(|parent| parent.is_cancelled())
    }
}

/// Progress, cancel and deadline of one piece of work. Shared between threads.
#[derive(Debug, Default)]
pub struct Control {
    cancel: CancelToken,
    deadline: Option<Instant>,
    timeout: Duration,
    /// Shared with the parts of the work.
    meter: Arc<Meter>,
    /// The lane of the meter this control moves; the whole without one.
    lane: Option<usize>,
    /// The part of the lane this control stands for: start and span.
    share: Option<(f64, f64)>,
    domain: Domain,
    watch: Option<Watch>,
    journal: Option<Journal>,
}

/// Jobs that trust each other, as those of one customer do: their steps may share workers, which saves starting
/// some. Without one, each job is a domain of its own. Cloning gives the same domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TrustDomain(u64);

impl TrustDomain {
    /// A domain no other value is, unless it was copied.
    #[allow(clippy::new_without_default, reason = "each is another, which a default must not be")]
    pub fn new() -> TrustDomain {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        TrustDomain(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// The domain of a control: its job's own, or one it was put in.
#[derive(Clone, Copy, Debug)]
struct Domain {
    id: TrustDomain,
    outlives_job: bool,
}

impl Default for Domain {
    fn default() -> Domain {
        Domain { id: TrustDomain::new(), outlives_job: false }
    }
}

impl Control {
    /// Starts now, with an optional deadline.
    pub fn new(cancel: CancelToken, timeout: Option<Duration>) -> Control {
        let deadline = timeout.and_then(|timeout| clock::now().checked_add(timeout));
        Control {
            cancel,
            deadline,
            timeout: timeout.unwrap_or_default(),
            meter: Arc::default(),
            lane: None,
            share: None,
            domain: Domain::default(),
            watch: None,
            journal: None,
        }
    }

    /// A control for one part of this work: cancelled with it, with a deadline of its own if that is sooner,
    /// moving this one's progress from `share.0` on by `share.1`.
    pub fn part(&self, timeout: Option<Duration>, share: (f64, f64)) -> Control {
        self.part_since(clock::now(), timeout, share)
    }

    /// Like [`Control::part`], for a part that began at `start`.
    pub(crate) fn part_since(&self, start: Instant, timeout: Option<Duration>, share: (f64, f64)) -> Control {
        let mut part = Control::new(self.cancel.child(), timeout);
        part.deadline = timeout.and_then(|timeout| start.checked_add(timeout));
        if self.deadline.is_some_and(|ours| part.deadline.is_none_or(|own| ours < own)) {
            (part.deadline, part.timeout) = (self.deadline, self.timeout);
        }
        Control {
            meter: self.meter.clone(),
            lane: self.lane,
            share: Some(share),
            domain: self.domain,
            watch: self.watch.clone(),
            journal: self.journal.clone(),
            ..part
        }
    }

    /// The same work, with the same progress, deadline and domain, for parts that go on side by side: one for each
    /// weight. Weights add up to 1.
    pub(crate) fn in_lanes(&self, weights: impl Iterator<Item = f64>) -> Control {
        self.meter.lanes.get_or_init(|| weights.map(|weight| (weight, AtomicU32::new(0))).collect());
        self.part(None, (0.0, 1.0))
    }

    /// The part of this work that moves one lane of it, cancelled by itself or with all.
    pub(crate) fn lane(&self, lane: usize) -> Control {
        Control { lane: Some(lane), share: None, ..self.part(None, (0.0, 1.0)) }
    }

    /// Lets `hear` know of progress, at most ten times a second, in the thread that made it.
    pub fn watched(mut self, hear: impl Fn() + Send + Sync + 'static) -> Control {
        self.watch = Some(Watch::new(hear));
        self
    }

    /// Puts the work in a domain, whose workers outlive the job: until they are too old, see
    /// [`Isolation`](crate::Isolation), or [`Engine::leave`](crate::Engine::leave).
    pub fn trusting(mut self, domain: TrustDomain) -> Control {
        self.domain = Domain { id: domain, outlives_job: true };
        self
    }

    /// Keeps what is done of the job in its journal, and takes from there what was done before.
    pub fn journaled(mut self, journal: &Journal) -> Control {
        self.journal = Some(journal.clone());
        self
    }

    /// Whether the job was begun before, by a process that was killed.
    pub(crate) fn resumes(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::resumes)
    }

    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// What steps that may share a worker have in common.
    pub fn domain(&self) -> TrustDomain {
        self.domain.id
    }

    /// The domain that ends with the job.
    pub(crate) fn own_domain(&self) -> Option<TrustDomain> {
        (!self.domain.outlives_job).then_some(self.domain.id)
    }

    /// The token to cancel it with.
    pub fn cancel_token(&self) -> &CancelToken {
        &self.cancel
    }

    /// The part that is done, from 0 to 1; never shrinks, and reaches 1 only when the result is in
    /// place.
    pub fn progress(&self) -> f64 {
        f64::from(self.meter.read()) / f64::from(DONE)
    }

    pub(crate) fn advance(&self, fraction: f64) {
        let (start, span) = self.share.unwrap_or((0.0, 1.0));
        let fraction = (start + span * fraction.clamp(0.0, 1.0)).clamp(0.0, 1.0);
        let lanes = self.meter.lanes.get().filter(|_| self.lane.is_some());
        match self.lane.and_then(|lane| lanes?.get(lane)) {
            Some((_, done)) => done.fetch_max((fraction * f64::from(DONE)) as u32, Ordering::Relaxed),
            None => self.meter.whole.fetch_max((fraction * f64::from(NEARLY)) as u32, Ordering::Relaxed),
        };
        if let Some(watch) = &self.watch {
            watch.tell();
        }
    }

    /// Notes how long this part of the work is expected to take.
    pub(crate) fn expect(&self, milliseconds: f64) {
        let lanes = self.meter.lanes.get();
        let weight = self.lane.and_then(|lane| lanes?.get(lane)).map_or(1.0, |(weight, _)| *weight);
        self.meter.expect(milliseconds, weight * self.share.map_or(1.0, |(_, span)| span));
    }

    /// How long the rest of the whole will take when it has taken `elapsed` so far: at first as was foreseen of its routes,
    /// later at the pace so far. `None` as long as nobody can say.
    pub fn left(&self, elapsed: Duration) -> Option<Duration> {
        self.meter.left(elapsed)
    }

    pub(crate) fn complete(&self) {
        self.meter.whole.store(DONE, Ordering::Relaxed);
    }

    /// Whether the deadline has passed.
    pub fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| clock::now() >= deadline)
    }

    /// Fails when the work was cancelled or is late.
    ///
    /// # Errors
    ///
    /// `cancelled`, `timeout`.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "the job was cancelled"));
        }
        if self.is_late() { Err(self.timeout_error()) } else { Ok(()) }
    }

    pub(crate) fn timeout_error(&self) -> Error {
        let seconds = self.timeout.as_secs_f64();
        Error::new(ErrorKind::Timeout, format!("it did not end within the timeout of {seconds} s"))
            .with_hint("raise `timeout`")
    }
}
