use crate::cache::ResultCache;
use crate::deliver::{Placement, Receipt, StagingAreas};
use crate::files::{Files, HostFiles};
use crate::job::{Job, Operation, Presets};
use crate::load::{Cache, Scanner};
use crate::matrix::Matrix;
use crate::plan::{Amounts, JobPlan, Prediction, Route, predict};
use crate::registry::Registry;
use crate::run::{
    self, Carrier, Control, History, InProcess, Item, JobReport, Probe, Queue, TrustDomain, Work,
};
use crate::worker::{Isolation, Workers};
use crate::{Error, ErrorKind, Result};
use formwork_abi::Limits;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The engine: plugins, limits and the way steps are run. Cheap to clone and free to share between
/// threads; all clones are the same engine.
#[derive(Clone, Debug)]
pub struct Engine {
    parts: Arc<Parts>,
}

/// What an engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) registry: Registry,
    pub(crate) limits: Limits,
    pub(crate) threads: u32,
    pub(crate) carrier: Box<dyn Carrier>,
    pub(crate) areas: StagingAreas,
    pub(crate) files: Files,
    pub(crate) spill_over: u64,
    pub(crate) hashes: bool,
    pub(crate) results: Option<ResultCache>,
    pub(crate) presets: Presets,
    pub(crate) history: Option<History>,
}

impl Parts {
    /// What a route will take and give.
    pub(crate) fn foresee(&self, route: &Route<'_>, amounts: &Amounts) -> Prediction {
        let history = self.history.as_ref().zip(predict::name(route));
        let correction = history.map(|(history, name)| history.correction(&name));
        predict::predict(route, amounts, correction.unwrap_or_default())
    }

    /// Keeps in mind what a route took and gave.
    pub(crate) fn note(&self, route: &Route<'_>, amounts: &Amounts, measured: &Prediction) {
        let Some((history, name)) = self.history.as_ref().zip(predict::name(route)) else { return };
        let shipped = predict::predict(route, amounts, Default::default()).logs();
        let mut off = measured.logs();
        off.iter_mut().zip(shipped).for_each(|(off, shipped)| *off -= shipped);
        history.note(&name, off);
    }
}

/// Sets an engine up. The engine reads no environment and no home folder: whatever it needs is said
/// here.
#[derive(Debug)]
pub struct Builder {
    folders: Vec<PathBuf>,
    linked: Vec<formwork_abi::Entry>,
    cache: Option<PathBuf>,
    scanner: Scanner,
    limits: Limits,
    threads: u32,
    files: Files,
    spill_over: u64,
    hashes: bool,
    results: Option<ResultCache>,
    presets: Presets,
    history: Option<PathBuf>,
    isolation: Option<Isolation>,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            folders: Vec::new(),
            linked: Vec::new(),
            cache: None,
            scanner: Scanner::default(),
            limits: Limits::default(),
            threads: 1,
            files: Files::in_folder(PathBuf::from("/tmp")),
            // Decoded pictures pass between steps in memory.
            spill_over: 512 << 20,
            hashes: false,
            results: None,
            presets: Presets::default(),
            history: None,
            isolation: None,
        }
    }
}

impl Builder {
    /// Looks for plugin files in a folder; may be called several times, the first folder wins.
    pub fn plugin_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Uses a plugin that is linked into this program.
    pub fn linked_plugin(mut self, entry: formwork_abi::Entry) -> Self {
        self.linked.push(entry);
        self
    }

    /// Remembers what plugin files said of themselves in this folder. Default: nowhere.
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Says how new plugin files are looked at. Default: in this process.
    pub fn scanner(mut self, scanner: Scanner) -> Self {
        self.scanner = scanner;
        self
    }

    /// Sets the limits of every step. Default: [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Threads the steps of one job may use together. Default 1; 0 means the same.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Folder for spooled data between steps. Default `/tmp`.
    pub fn temporary_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.files.temporary = folder.into();
        self
    }

    /// Has the host open inputs that are named by a path, and the files in which data is spooled. Results that are put
    /// in place by a path, the caches, and the private folders of plugins that need one stay with the system. Default:
    /// nobody does.
    pub fn files(mut self, files: impl HostFiles + 'static) -> Self {
        self.files.host = Some(Arc::new(files));
        self
    }

    /// Bytes of results of one step that are kept in memory for the next; what is more goes to the temporary
    /// folder. Default 512 MiB.
    pub fn memory_between_steps(mut self, bytes: u64) -> Self {
        self.spill_over = bytes;
        self
    }

    /// Writes BLAKE3 hashes of inputs and outputs into receipts. Default off: it reads every file once
    /// more.
    pub fn hashes(mut self, hashes: bool) -> Self {
        self.hashes = hashes;
        self
    }

    /// Keeps results in a folder, up to so many bytes in all, and takes them from there when the same is asked for
    /// again: by this engine, or by any other process that uses the folder. Whoever can write to it can say what
    /// results are, and whoever can read it sees them. Default: nowhere.
    pub fn result_cache(mut self, folder: impl Into<PathBuf>, bytes: u64) -> Self {
        self.results = Some(ResultCache::new(folder.into(), bytes));
        self
    }

    /// Sets what tasks may ask for by name. Default: [`Presets::default`], those that come with the engine.
    pub fn presets(mut self, presets: Presets) -> Self {
        self.presets = presets;
        self
    }

    /// Keeps in this folder what conversions took and gave, so that [`Engine::plan`] and [`Engine::plan_job`] foresee
    /// the next better. It is small, and shared by all processes that use it. Default: nowhere.
    pub fn history(mut self, folder: impl Into<PathBuf>) -> Self {
        self.history = Some(folder.into());
        self
    }

    /// Runs plugins in worker processes. Default: in this process (level 0), which is right for trusted input,
    /// fuzzing and benchmarks only.
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Makes the engine. Plugin files that cannot be used are no error: see [`Registry::refusals`].
    ///
    /// # Errors
    ///
    /// `plugin_fault` when a linked plugin refuses; `invalid_request` when a preset sets an option that nothing knows.
    pub fn build(self) -> Result<Engine> {
        let mut registry = Registry::scan(&self.folders, &self.scanner, &Cache::new(self.cache.as_deref()));
        for entry in self.linked {
            registry.link(entry)?;
        }
        let cells = || Matrix::new(&registry).cells();
        self.presets.check(|name| cells().any(|cell| cell.option(name).is_some()))?;
        Ok(Engine {
            parts: Arc::new(Parts {
                registry,
                limits: self.limits,
                threads: self.threads,
                areas: match &self.isolation {
                    Some(isolation) => StagingAreas::with_keeper(&isolation.worker),
                    None => StagingAreas::default(),
                },
                carrier: match self.isolation {
                    Some(isolation) => Box::new(Workers::new(isolation, &self.files.temporary)),
                    None => Box::new(InProcess),
                },
                files: self.files,
                spill_over: self.spill_over,
                hashes: self.hashes,
                results: self.results,
                presets: self.presets,
                history: self.history.map(History::new),
            }),
        })
    }
}

/// What [`Engine::plan`] finds.
#[derive(Debug)]
pub struct Plan<'e> {
    /// Up to as many routes as asked for, the best first.
    pub routes: Vec<Route<'e>>,
    /// What the input is.
    pub detection: Option<crate::detect::Detection>,
    /// Why the input could not be looked into, when it could not.
    pub problem: Option<Error>,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

impl Engine {
    /// Starts setting an engine up.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The plugins and formats.
    pub fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    /// What can become what.
    pub fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.parts.registry)
    }

    /// What tasks may ask for by name.
    pub fn presets(&self) -> &Presets {
        &self.parts.presets
    }

    /// The limits every step gets.
    pub fn limits(&self) -> &Limits {
        &self.parts.limits
    }

    /// Converts one file to the format its new name says, with all defaults. Nothing is overwritten.
    ///
    /// # Errors
    ///
    /// Any kind; then there is no output.
    pub fn convert(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Receipt> {
        let (from, to) = (from.as_ref(), to.as_ref());
        let name = to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let format = self.format_of_name(&name)?;
        let work =
            Work { operation: "convert".into(), output_format: Some(format.into()), ..Work::default() };
        let input = Operation::ImportPath { path: from.to_owned() };
        let output =
            Operation::ExportPath(Placement { path: to.to_owned(), overwrite: false, durable: true });
        let report = self.run(&Job::simple(vec![input], work, output)?, &Control::default());
        match report.error() {
            Some(error) => Err(error.clone()),
            None => report
                .receipts()
                .next()
                .cloned()
                .ok_or_else(|| Error::new(ErrorKind::Internal, "no receipt was written")),
        }
    }

    /// Finds the format a file name asks for, by its longest known extension: `a.tar.gz` is tgz.
    ///
    /// # Errors
    ///
    /// `invalid_request` without an extension, `unsupported_format` with an unknown one.
    pub fn format_of_name(&self, name: &str) -> Result<&'static str> {
        let lower = name.to_ascii_lowercase();
        let longest = self
            .registry()
            .formats()
            .filter(|format| !format.internal)
            .flat_map(|format| format.extensions.iter().map(move |extension| (extension, format)))
            .filter(|(extension, _)| lower.ends_with(&format!(".{extension}")))
            .max_by_key(|(extension, _)| extension.len())
            .map(|(extension, _)| *extension);
        let extension = longest.or_else(|| name.rsplit_once('.').map(|(_, extension)| extension));
        let extension = extension.filter(|extension| !extension.is_empty()).ok_or_else(|| {
            Error::invalid(format!("`{name}` does not say a format"))
                .with_hint("add an extension, or name the format")
        })?;
        self.registry().require_format(extension).map(|format| format.id)
    }

    /// Runs a job on the caller's thread; tasks that do not need each other, and steps, may start threads of their
    /// own. Failures are in the report, task by task.
    pub fn run(&self, job: &Job, control: &Control) -> JobReport {
        self.run_on(job, control, self.parts.threads)
    }

    /// Runs a job as [`Engine::run`] does, with another number of threads: for hosts that run several
    /// jobs at once and share the processors out among them.
    pub fn run_on(&self, job: &Job, control: &Control, threads: u32) -> JobReport {
        let report = run::run_job(&self.parts, job, threads.max(1), control);
        self.job_ended(control);
        report
    }

    /// Starts a queue of jobs, which share the engine's threads. `lanes` threads work on tasks side by side; with 0,
    /// none is started, and [`Queue::step`] does what is next on the caller's thread.
    ///
    /// # Errors
    ///
    /// `io` when the system starts no more threads.
    pub fn queue(&self, lanes: u32) -> Result<Queue> {
        Queue::new(self.parts.clone(), self.parts.threads, lanes)
    }

    /// Reads an input to its end: into memory, and what is longer than [`Builder::memory_between_steps`] into a file
    /// without a name in the temporary folder. How long it may be is the host's to say, as with [`Read::take`].
    ///
    /// # Errors
    ///
    /// `io`.
    pub fn take_in(&self, name: impl Into<String>, reader: impl Read) -> Result<Item> {
        run::take_in(&self.parts, name.into(), reader)
    }

    /// The input at a path, for a job to take in under this name: from the host, as said with [`Builder::files`], or
    /// from disk.
    ///
    /// # Errors
    ///
    /// `io` when it is not there, or neither a file nor a folder.
    pub fn input_at(&self, path: &Path, name: impl Into<String>) -> Result<Item> {
        let name = name.into();
        let own = self.parts.files.hosts_own(path, &name);
        own.unwrap_or_else(|| Item::from_path(path, name, true))
    }

    /// Says all that is wrong with a job as far as that can be told without its inputs: operations, formats and options
    /// that nobody knows here.
    ///
    /// # Errors
    ///
    /// `invalid_request`, or `unsupported_format` when that is all, with what would be valid.
    pub fn check(&self, job: &Job) -> Result<()> {
        job.check(&self.matrix(), self.registry())
    }

    /// Chooses up to `count` routes for an input without running anything.
    ///
    /// # Errors
    ///
    /// `unsupported_conversion`, `backend_missing`, `invalid_request`, `unsupported_format`, `io`.
    pub fn plan(&self, item: Item, work: &Work, count: usize) -> Result<Plan<'_>> {
        let control = Control::default();
        let looked = run::look(&self.parts, work, vec![item], &control);
        self.job_ended(&control);
        let looked = looked?;
        let order = run::Order { works: &[work], companions: &[] };
        let mut routes = run::plan(&self.parts, &order, &looked, count)?.routes;
        let amounts = looked.close_amounts();
        for route in &mut routes {
            route.prediction = Some(self.parts.foresee(route, &amounts));
        }
        let (detection, problem, warnings) = (looked.detection, looked.problem, looked.warnings);
        Ok(Plan { routes, detection, problem, warnings })
    }

    /// Plans a whole job without running anything: what is done in one pass, what is done once for several tasks, which
    /// routes are taken, and what they will take and give. Inputs that are there are looked into; results of tasks are
    /// planned with as what they are expected to be. Tasks that will fail are told in the plan.
    pub fn plan_job(&self, job: &Job) -> JobPlan<'_> {
        let control = Control::default();
        let plan = run::plan_job(&self.parts, job, self.parts.threads, &control);
        self.job_ended(&control);
        plan
    }

    /// Says what a file is: its format by its bytes, and what its header tells.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be read. A broken header is no error: see [`Probe::problem`].
    pub fn probe(&self, mut item: Item, control: &Control) -> Result<Probe> {
        let probe = run::probe_item(&self.parts, &mut item, control);
        self.job_ended(control);
        probe
    }

    /// Ends the workers that are kept for a domain. Jobs of it may still run; they start new ones.
    pub fn leave(&self, domain: TrustDomain) {
        self.parts.carrier.domain_ended(domain);
    }

    /// Ends all workers. What still runs fails; what is asked for later starts new ones. For hosts that hold jobs, and
    /// with them the engine's parts, longer than they use the engine.
    pub fn rest(&self) {
        self.parts.carrier.rest();
    }

    fn job_ended(&self, control: &Control) {
        if let Some(domain) = control.own_domain() {
            self.parts.carrier.domain_ended(domain);
        }
    }

    /// Removes everything unfinished from the disk at once. For a host that must end now; work that
    /// still runs will fail.
    pub fn abandon(&self) {
        self.parts.areas.remove_all();
    }
}

/// Greatest resident memory so far of a process (its number, or `self`), in bytes; 0 when the system does not
/// tell.
pub(crate) fn peak_memory_of(process: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0).saturating_mul(1024)
}
