//! Workers that wait for work, and the templates they come from.

use super::cage::Class;
use super::housekeeper::Housekeeper;
use super::isolation::Isolation;
use super::process::{Process, Recipe};
use super::template::Template;
use crate::lock::lock;
use crate::registry::Plugin;
use crate::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// The workers of all plugins. What nobody has to wait for, ending used ones and starting spares, a thread of
/// its own does.
#[derive(Debug)]
pub(super) struct Pool {
    stock: Arc<Stock>,
    housekeeper: Housekeeper,
}

/// What is there.
#[derive(Debug)]
pub(super) struct Stock {
    isolation: Isolation,
    temporary: PathBuf,
    idle: Mutex<HashMap<String, Vec<Process>>>,
    sources: Mutex<HashMap<String, Source>>,
}

/// Where a plugin's workers come from.
#[derive(Debug)]
struct Source {
    recipe: Arc<Recipe>,
    starts: u32,
    template: Option<Arc<Template>>,
    /// It could not be forked from, so it is not tried again.
    barren: bool,
}

/// Workers that are started in full before a template pays.
const BEFORE_TEMPLATE: u32 = 1;

impl Pool {
    pub(super) fn new(isolation: Isolation, temporary: PathBuf) -> Pool {
        let (idle, sources) = Default::default();
        let stock = Arc::new(Stock { isolation, temporary, idle, sources });
        Pool { housekeeper: Housekeeper::new(stock.clone()), stock }
    }

    /// A ready worker of that plugin: one that served the same domain, one that served nobody, or a new one.
    pub(super) fn take(&self, plugin: &Plugin, domain: u64) -> Result<Process> {
        let mut worker = match self.take_idle(plugin.id(), domain) {
            Some(worker) if worker.domain != 0 => return Ok(worker),
            Some(worker) => worker,
            None => {
                self.stock.learn(plugin)?;
                self.stock.start(plugin.id())?
            }
        };
        worker.greet(plugin.id())?;
        if self.stock.isolation.spares > 0 {
            self.housekeeper.refill(plugin.id());
        }
        Ok(worker)
    }

    fn take_idle(&self, plugin: &str, domain: u64) -> Option<Process> {
        let mut idle = lock(&self.stock.idle);
        let all = idle.get_mut(plugin)?;
        let worn: Vec<Process> = all.extract_if(.., |worker| self.stock.is_worn(worker)).collect();
        let position = all.iter().position(|worker| worker.domain == domain);
        let position = position.or_else(|| all.iter().position(|worker| worker.domain == 0));
        let taken = position.map(|position| all.swap_remove(position));
        self.housekeeper.end(worn);
        taken
    }

    /// Keeps a worker for the next step of its domain, unless it has grown too large. `peak` is the memory it
    /// used, in bytes.
    pub(super) fn give_back(&self, plugin: &Plugin, worker: Process, peak: u64) {
        if peak <= self.stock.isolation.most_memory {
            self.stock.keep(plugin.id(), worker);
        } else {
            self.housekeeper.end(vec![worker]);
        }
    }

    /// Ends all workers that wait, and all templates.
    pub(super) fn rest(&self) {
        let idle = std::mem::take(&mut *lock(&self.stock.idle));
        let sources = std::mem::take(&mut *lock(&self.stock.sources));
        drop((idle, sources));
    }

    /// Ends the workers of a domain.
    pub(super) fn end(&self, domain: u64) {
        let mut ended = Vec::new();
        for workers in lock(&self.stock.idle).values_mut() {
            ended.extend(workers.extract_if(.., |worker| worker.domain == domain));
        }
        // A private folder is gone when the job is.
        let (here, later) = ended.into_iter().partition(|worker| worker.folder.is_some());
        self.housekeeper.end(later);
        drop::<Vec<Process>>(here);
    }
}

impl Stock {
    /// Learns how workers of a plugin are started.
    fn learn(&self, plugin: &Plugin) -> Result<()> {
        let mut sources = lock(&self.sources);
        if !sources.contains_key(plugin.id()) {
            let recipe = Arc::new(Recipe {
                program: self.isolation.worker.clone(),
                plugin: plugin.path.clone(),
                level: self.isolation.level,
                class: class(plugin)?,
                temporary: self.temporary.clone(),
            });
            let source = Source { recipe, starts: 0, template: None, barren: false };
            sources.insert(plugin.id().to_owned(), source);
        }
        Ok(())
    }

    fn start(&self, plugin: &str) -> Result<Process> {
        let (recipe, template) = self.source(plugin)?;
        if template.is_some() {
            if let Ok(worker) = recipe.worker(template.as_ref()) {
                return Ok(worker);
            }
            if let Some(source) = lock(&self.sources).get_mut(plugin) {
                (source.template, source.barren) = (None, true);
            }
        }
        recipe.worker(None)
    }

    /// The recipe of a plugin, and its template once there is reason to think that it pays.
    fn source(&self, plugin: &str) -> Result<(Arc<Recipe>, Option<Arc<Template>>)> {
        let mut sources = lock(&self.sources);
        let unknown = || Error::new(ErrorKind::Internal, format!("nothing is known of the plugin {plugin}"));
        let source = sources.get_mut(plugin).ok_or_else(unknown)?;
        source.starts = source.starts.saturating_add(1);
        let wanted = self.isolation.templates && source.starts > BEFORE_TEMPLATE && !source.barren;
        if wanted && source.template.is_none() {
            source.template = source.recipe.template().ok().map(Arc::new);
            source.barren = source.template.is_none();
        }
        Ok((source.recipe.clone(), source.template.clone()))
    }

    fn keep(&self, plugin: &str, worker: Process) {
        lock(&self.idle).entry(plugin.to_owned()).or_default().push(worker);
    }

    /// Starts workers ahead of need.
    pub(super) fn refill(&self, plugin: &str) {
        for _ in 0..self.isolation.spares {
            let fresh = |all: &Vec<Process>| all.iter().filter(|worker| worker.domain == 0).count();
            if lock(&self.idle).get(plugin).map_or(0, fresh) >= self.isolation.spares {
                return;
            }
            // A spare that cannot be started is missed when it is needed, and said then.
            let Ok(worker) = self.start(plugin) else { return };
            self.keep(plugin, worker);
        }
    }

    fn is_worn(&self, worker: &Process) -> bool {
        worker.calls >= self.isolation.most_calls || worker.started.elapsed() >= self.isolation.most_age
    }
}

fn class(plugin: &Plugin) -> Result<Class> {
    let word = &plugin.description.touches;
    Class::from_word(word).ok_or_else(|| {
        let message = format!("the plugin {} touches `{word}`, which this engine does not know", plugin.id());
        Error::new(ErrorKind::IsolationUnavailable, message)
    })
}
