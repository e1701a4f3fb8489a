//! The carrier that runs steps in workers.

use super::cage::Budget;
use super::isolation::Isolation;
use super::memory;
use super::pool::Pool;
use super::process::Process;
use super::talk::{End, Talk};
use crate::lock::lock;
use crate::registry::Plugin;
use crate::run::{Call, Carrier, Content, InProcess, Item, LazyFile, StepContext, StepRequest, TrustDomain};
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Runs steps in worker processes.
#[derive(Debug)]
pub struct Workers {
    isolation: Isolation,
    pool: Pool,
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
    /// A carrier of this isolation; private folders are made in `temporary`. No worker is started yet.
    pub fn new(isolation: Isolation, temporary: &Path) -> Workers {
        let pool = Pool::new(isolation.clone(), temporary.to_owned());
        Workers { isolation, pool, deaths: Mutex::default() }
    }

    fn budget(&self, request: &StepRequest<'_>) -> Budget {
        let mapped = request.inputs.iter().map(Item::length).fold(0, u64::saturating_add);
        Budget { cpu_seconds: self.isolation.cpu_seconds, mapped, open_files: self.isolation.open_files }
    }

    /// Has a worker do the call and says how that ended, and whether it had begun to write.
    fn talk(
        &self,
        worker: &Process,
        call: Call,
        request: &StepRequest<'_>,
        context: &StepContext<'_>,
    ) -> (End, bool) {
        match Talk::begin(worker, call, request, context) {
            Ok(mut talk) => (talk.run(self.isolation.temporary_bytes), talk.wrote),
            Err(_) => (End::Dead, false),
        }
    }

    /// The value of a limit that a worker can die of.
    fn limit(&self, name: &str, request: &StepRequest<'_>) -> u64 {
        match name {
            "memory" => request.limits.memory,
            "output" => request.limits.output,
            _ => self.isolation.cpu_seconds,
        }
    }

    fn check_quarantine(&self, plugin: &Plugin, request: &StepRequest<'_>) -> Result<()> {
        // Hashing takes as long as a small call, so it is done once there is something to compare with.
        if lock(&self.deaths).is_empty() {
            return Ok(());
        }
        let key = (plugin.id().to_owned(), telling(request));
        match lock(&self.deaths).get(&key) {
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

    fn note_death(&self, plugin: &Plugin, request: &StepRequest<'_>) {
        let key = (plugin.id().to_owned(), telling(request));
        let mut deaths = lock(&self.deaths);
        if deaths.len() >= REMEMBERED {
            deaths.clear();
        }
        *deaths.entry(key).or_default() += 1;
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
        let domain = context.control().domain().number();
        loop {
            self.check_quarantine(plugin, request)?;
            let mut worker = self.pool.take(plugin, domain)?;
            (worker.domain, worker.calls) = (domain, worker.calls + 1);
            worker.limit(&request.limits, self.budget(request));
            match self.talk(&worker, call, request, context) {
                (End::Done(status), _) => {
                    // Looking costs as much as a small call; a probe is one.
                    let peak = if call == Call::Run { worker.peak_memory() } else { 0 };
                    context.note_worker_bytes(peak);
                    self.pool.give_back(plugin, worker, peak);
                    return crate::run::ended(plugin, status, context);
                }
                (End::Stopped(error), _) => return Err(error),
                (End::Dead, wrote) => {
                    let death = worker.bury();
                    self.note_death(plugin, request);
                    if wrote || !death.may_be_tried_again() || self.check_quarantine(plugin, request).is_err()
                    {
                        return Err(death.error(plugin.id(), |name| self.limit(name, request)));
                    }
                    context.take_failure();
                }
            }
        }
    }

    fn adopt(&self, item: &mut Item) -> Result<()> {
        if let Content::Memory(bytes) = &item.content {
            let file = memory::file_of(bytes).map_err(|error| Error::io("cannot share an input", &error))?;
            item.content = Content::File(Arc::new(LazyFile::spooled(file, bytes.len() as u64)));
        }
        Ok(())
    }

    fn domain_ended(&self, domain: TrustDomain) {
        self.pool.end(domain.number());
    }

    fn rest(&self) {
        self.pool.rest();
    }
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
