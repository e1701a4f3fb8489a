//! The carrier that runs steps in workers.

use super::cage::{Budget, Class};
use super::process::Process;
use super::talk::{End, Talk};
use crate::registry::Plugin;
use crate::run::{Call, Carrier, Control, InProcess, StepContext, StepRequest};
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How strictly plugins are kept apart from this process, and by which means.
#[derive(Clone, Debug)]
pub struct Isolation {
    /// 1: a process of its own with resource limits. 2: also no access to files, network and other
    /// processes (Landlock, seccomp). 3: also namespaces of its own.
    pub level: u8,
    /// The program `formwork-worker`.
    pub worker: PathBuf,
    /// Workers kept ready for each plugin that was used; 0 starts each when it is needed.
    pub spares: usize,
    /// Calls of one job a worker may serve before it is replaced. A worker never serves two jobs.
    pub most_calls: u32,
    /// Age after which a worker is replaced.
    pub most_age: Duration,
    /// Processor time of one worker, in seconds.
    pub cpu_seconds: u64,
}

impl Isolation {
    /// This level with this worker, and defaults for the rest: no spares, 64 calls, five minutes of age, half
    /// an hour of processor time.
    pub fn new(level: u8, worker: impl Into<PathBuf>) -> Isolation {
        Isolation {
            level,
            worker: worker.into(),
            spares: 0,
            most_calls: 64,
            most_age: Duration::from_secs(300),
            cpu_seconds: 1_800,
        }
    }
}

/// Runs steps in worker processes.
#[derive(Debug)]
pub struct Workers {
    isolation: Isolation,
    idle: Mutex<HashMap<String, Vec<Process>>>,
    /// Deaths by plugin and input.
    deaths: Mutex<HashMap<(String, blake3::Hash), u32>>,
}

/// Tries of one plugin on one input that may end in its death before it is not tried any more.
const TRIES: u32 = 2;
/// Plugins and inputs that are remembered.
const REMEMBERED: usize = 10_000;
/// Bytes of an input that tell it from others.
const TELLING: usize = 64 << 10;

impl Workers {
    /// A carrier of this isolation. No worker is started yet.
    pub fn new(isolation: Isolation) -> Workers {
        Workers { isolation, idle: Mutex::default(), deaths: Mutex::default() }
    }

    /// Ends the workers of a job. The engine does this itself; for those who use a carrier without one.
    pub fn end_job(&self, control: &Control) {
        self.job_ended(control.domain());
    }

    /// A ready worker of that plugin: one that served the same job, one that served nobody, or a new one.
    fn take(&self, plugin: &Plugin, domain: u64) -> Result<Process> {
        let fitting = {
            let mut idle = lock(&self.idle);
            let all = idle.entry(plugin.id().to_owned()).or_default();
            let usable = |worker: &Process| {
                worker.calls < self.isolation.most_calls && worker.started.elapsed() < self.isolation.most_age
            };
            let position = all
                .iter()
                .position(|worker| worker.domain == domain && usable(worker))
                .or_else(|| all.iter().position(|worker| worker.domain == 0 && usable(worker)));
            position.map(|position| all.swap_remove(position))
        };
        if let Some(mut worker) = fitting {
            if worker.domain == 0 {
                worker.greet(plugin.id())?;
            }
            return Ok(worker);
        }
        let mut worker = self.start(plugin)?;
        worker.greet(plugin.id())?;
        Ok(worker)
    }

    fn start(&self, plugin: &Plugin) -> Result<Process> {
        let class = class(plugin)?;
        Process::start(&self.isolation.worker, &plugin.path, self.isolation.level, class)
    }

    /// Keeps a worker for the next step of its job.
    fn give_back(&self, plugin: &Plugin, worker: Process) {
        lock(&self.idle).entry(plugin.id().to_owned()).or_default().push(worker);
    }

    /// Starts workers ahead of need.
    fn refill(&self, plugin: &Plugin) {
        for _ in 0..self.isolation.spares {
            let fresh = |all: &Vec<Process>| all.iter().filter(|worker| worker.domain == 0).count();
            if lock(&self.idle).get(plugin.id()).map_or(0, fresh) >= self.isolation.spares {
                return;
            }
            // A spare that cannot be started is missed when it is needed, and said then.
            let Ok(worker) = self.start(plugin) else { return };
            self.give_back(plugin, worker);
        }
    }

    fn check_quarantine(&self, plugin: &Plugin, key: blake3::Hash) -> Result<()> {
        match lock(&self.deaths).get(&(plugin.id().to_owned(), key)) {
            Some(deaths) if *deaths >= TRIES => Err(Error::new(
                ErrorKind::PluginFault,
                format!(
                    "the plugin {} died of this input {deaths} times and is not tried again",
                    plugin.id()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn note_death(&self, plugin: &Plugin, key: blake3::Hash) {
        let mut deaths = lock(&self.deaths);
        if deaths.len() >= REMEMBERED {
            deaths.clear();
        }
        *deaths.entry((plugin.id().to_owned(), key)).or_default() += 1;
    }
}

impl Carrier for Workers {
    fn level(&self, plugin: &Plugin) -> u8 {
        if plugin.path.as_os_str().is_empty() { InProcess.level(plugin) } else { self.isolation.level }
    }

    fn call(
        &self,
        plugin: &Plugin,
        call: Call,
        request: &StepRequest<'_>,
        context: &StepContext<'_>,
    ) -> Result<()> {
        // A plugin that is linked into this program was chosen by whoever built it.
        if plugin.path.as_os_str().is_empty() {
            return InProcess.call(plugin, call, request, context);
        }
        let domain = context.control().domain();
        let key = telling(request);
        loop {
            self.check_quarantine(plugin, key)?;
            let mut worker = self.take(plugin, domain)?;
            self.refill(plugin);
            (worker.domain, worker.calls) = (domain, worker.calls + 1);
            let lengths = request.inputs.iter().map(crate::run::Item::length);
            let mapped = lengths.fold(0, u64::saturating_add);
            worker.limit(&request.limits, Budget { cpu_seconds: self.isolation.cpu_seconds, mapped });
            let (end, wrote) = match Talk::begin(&worker, call, request, context) {
                Ok(mut talk) => (talk.run(), talk.wrote),
                Err(_) => (End::Dead, false),
            };
            match end {
                End::Done(status) => {
                    self.give_back(plugin, worker);
                    return crate::run::ended(plugin, status, context);
                }
                End::Stopped(error) => return Err(error),
                End::Dead => {
                    let death = worker.bury();
                    self.note_death(plugin, key);
                    if wrote || !death.may_be_tried_again() || self.check_quarantine(plugin, key).is_err() {
                        return Err(death.error(plugin.id()));
                    }
                    context.take_failure();
                }
            }
        }
    }

    fn job_ended(&self, domain: u64) {
        for workers in lock(&self.idle).values_mut() {
            workers.retain(|worker| worker.domain != domain);
        }
    }
}

fn class(plugin: &Plugin) -> Result<Class> {
    let word = &plugin.description.touches;
    Class::from_word(word).ok_or_else(|| {
        let message = format!("the plugin {} touches `{word}`, which this engine does not know", plugin.id());
        Error::new(ErrorKind::IsolationUnavailable, message)
    })
}

/// What tells a call's input from others: target, lengths and the first bytes.
fn telling(request: &StepRequest<'_>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(request.target.as_bytes());
    for (name, settings) in request.operations {
        hasher.update(format!("{name} {settings:?}").as_bytes());
    }
    if let Some(item) = request.inputs.first() {
        let mut head = vec![0; TELLING];
        let count = crate::detect::Source::read_at(item, 0, &mut head).unwrap_or(0);
        hasher.update(&item.length().to_le_bytes()).update(&head[..count]);
    }
    hasher.finalize()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
