//! How an engine is set up.

use crate::error::Error;
use crate::files::{FileHooks, Hooks};
use crate::guard::{Outcome, optional_text, owned_text, published_up_to};
use crate::places::Places;
use formwork::load::Scanner;
use formwork::{Builder, Isolation, Limits};
use std::ffi::{c_char, c_void};
use std::path::PathBuf;
use std::sync::Arc;

/// How an engine is set up. Begin with `FORMWORK_ENGINE_OPTIONS_INIT`; what is NULL or 0 then is the default.
#[repr(C)]
pub struct EngineOptions {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Folders with plugin files; the first that has a plugin wins. Default: `formwork` beside this shared library, or
    /// `../lib/formwork` from it.
    pub plugin_folders: *const *const c_char,
    /// How many folders these are.
    pub plugin_folder_count: usize,
    /// The program `formwork-worker`. Default: beside the first of these folders that has one, or `../libexec`.
    pub worker: *const c_char,
    /// A folder of its own in which is remembered what plugin files said of themselves. Default: nowhere, and every
    /// engine asks them anew, which takes a moment.
    pub registry_cache: *const c_char,
    /// Folder for data between steps. Default `/tmp`.
    pub temporary_folder: *const c_char,
    /// A folder in which results are kept and found again. Whoever can write to it can say what results are. Default:
    /// nowhere.
    pub result_cache: *const c_char,
    /// How many bytes it may hold. Default 1 GiB.
    pub result_cache_bytes: u64,
    /// A JSON object of limits, as `{"pixels": 100000000, "memory": 1073741824}`: `memory`, `pixels`, `side`, `frames`,
    /// `metadata`, `output`, `entries`, `ratio`, `ratio_floor`, `depth`, `name`, `cpu`, `files`, `temporary`.
    pub limits: *const c_char,
    /// How strictly plugins are kept apart: 1 a process of their own with resource limits, 2 also no files, network and
    /// other processes, 3 also namespaces of their own; 0 the default, which is 2 on Linux;
    /// `FORMWORK_ISOLATION_NONE` in this process, for files that are trusted.
    pub isolation: i32,
    /// Threads that jobs share. `FORMWORK_THREADS_ALL` as many as there are processors, which the INIT macro says. With
    /// 0, the engine starts none: `formwork_engine_step` and `formwork_job_wait` work on the caller's.
    pub threads: i32,
    /// 1 writes BLAKE3 hashes of inputs and outputs into receipts, which reads every file once more. Default 0.
    pub hashes: i32,
    /// Always 0.
    pub reserved: i32,
    /// Hears what happens, on any thread, one line at a time; must return soon and not call this library. Default:
    /// nobody does.
    pub log: LogCallback,
    /// Handed to `log`.
    pub log_user: *mut c_void,
    /// Opens files in the library's stead; read before the engine is open. Default: nobody does. Since interface 0.2, as
    /// all that follows.
    pub files: *const FileHooks,
    /// Bytes of an input that is read to its end, and of the results of one step, that are kept in memory; what is more
    /// goes to a temporary file. Default 512 MiB.
    pub memory_between_steps: u64,
}

/// Level and text of a line of the log. The text is gone when the callback returns.
pub type LogCallback =
    Option<unsafe extern "C" fn(user: *mut c_void, level: LogLevel, message: *const c_char)>;

/// How much a line of the log matters.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something failed.
    Error = 1,
    /// Something is not as it should be.
    Warning = 2,
    /// A job began or ended.
    Info = 3,
    /// A task began or ended.
    Debug = 4,
}

/// Plugins run in this process.
pub const ISOLATION_NONE: i32 = -1;
/// As many threads as there are processors.
pub const THREADS_ALL: i32 = -1;
/// Isolation level when none is asked for: workers without access to files, network and processes.
const ISOLATION: u8 = if cfg!(target_os = "linux") { 2 } else { 1 };
/// Bytes a result cache may hold when nothing is said.
const RESULT_CACHE_BYTES: u64 = 1 << 30;

published_up_to!(EngineOptions, log_user);

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions {
            struct_size: size_of::<EngineOptions>(),
            plugin_folders: std::ptr::null(),
            plugin_folder_count: 0,
            worker: std::ptr::null(),
            registry_cache: std::ptr::null(),
            temporary_folder: std::ptr::null(),
            result_cache: std::ptr::null(),
            result_cache_bytes: 0,
            limits: std::ptr::null(),
            isolation: 0,
            threads: THREADS_ALL,
            hashes: 0,
            reserved: 0,
            log: None,
            log_user: std::ptr::null_mut(),
            files: std::ptr::null(),
            memory_between_steps: 0,
        }
    }
}

/// Whoever hears the log.
#[derive(Clone)]
pub struct Log(Arc<Hearer>);

struct Hearer {
    callback: LogCallback,
    user: *mut c_void,
}

// SAFETY: the header says that the callback is called on any thread.
unsafe impl Send for Hearer {}
// SAFETY: as above.
unsafe impl Sync for Hearer {}

impl Log {
    pub(crate) fn say(&self, level: LogLevel, message: &str) {
        let text = owned_text(message);
        if let Some(callback) = self.0.callback {
            // SAFETY: the callback lives as long as the engine, and the text until it returns.
            unsafe { callback(self.0.user, level, text.as_ptr()) }
        }
    }
}

/// What the options come to.
pub(crate) struct Setup {
    pub(crate) builder: Builder,
    /// Threads jobs share; 0 when the caller lends its own.
    pub(crate) threads: u32,
    pub(crate) log: Option<Log>,
}

impl EngineOptions {
    pub(crate) fn setup(&self) -> Outcome<Setup> {
        let places = Places::find();
        let worker = optional_text(self.worker, "worker")?.map_or(places.worker, PathBuf::from);
        let level = match self.isolation {
            0 => ISOLATION,
            ISOLATION_NONE => 0,
            level @ 1..=3 => u8::try_from(level).unwrap_or(ISOLATION),
            other => return Err(Error::misuse(&format!("there is no isolation level {other}"))),
        };
        let mut isolation = Isolation::new(level, &worker);
        let limits = self.limits(&mut isolation)?;
        let threads = match self.threads {
            THREADS_ALL => std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
            threads => u32::try_from(threads).map_err(|_| Error::misuse("`threads` is negative"))?,
        };
        let folders = self.folders()?.unwrap_or(places.plugins);
        let mut builder =
            formwork::Engine::builder().limits(limits).threads(threads).hashes(self.hashes != 0);
        builder = folders.into_iter().fold(builder, Builder::plugin_folder);
        if worker.is_file() {
            builder = builder.scanner(Scanner::with_worker(&worker));
        }
        if level > 0 {
            builder = builder.isolation(isolation);
        }
        if let Some(folder) = optional_text(self.registry_cache, "registry_cache")? {
            builder = builder.cache_folder(folder);
        }
        if let Some(folder) = optional_text(self.temporary_folder, "temporary_folder")? {
            builder = builder.temporary_folder(folder);
        }
        if let Some(folder) = optional_text(self.result_cache, "result_cache")? {
            let bytes =
                if self.result_cache_bytes == 0 { RESULT_CACHE_BYTES } else { self.result_cache_bytes };
            builder = builder.result_cache(folder, bytes);
        }
        if self.memory_between_steps > 0 {
            builder = builder.memory_between_steps(self.memory_between_steps);
        }
        if !self.files.is_null() {
            builder = builder.files(Hooks::of(self.files)?);
        }
        let log =
            self.log.is_some().then(|| Log(Arc::new(Hearer { callback: self.log, user: self.log_user })));
        Ok(Setup { builder, threads, log })
    }

    fn folders(&self) -> Outcome<Option<Vec<PathBuf>>> {
        if self.plugin_folders.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller says that so many are there.
        let list = unsafe { std::slice::from_raw_parts(self.plugin_folders, self.plugin_folder_count) };
        let folder = |text: &*const c_char| crate::guard::text(*text, "plugin_folders").map(PathBuf::from);
        list.iter().map(folder).collect::<Outcome<_>>().map(Some)
    }

    fn limits(&self, isolation: &mut Isolation) -> Outcome<Limits> {
        let mut limits = Limits::default();
        let Some(text) = optional_text(self.limits, "limits")? else { return Ok(limits) };
        let given = crate::guard::parse(text, "limits")?;
        let wrong = || formwork::Error::invalid("`limits` is a JSON object of whole numbers");
        for (name, value) in given.as_object().ok_or_else(wrong)? {
            let value = value.as_u64().ok_or_else(wrong)?;
            formwork::worker::set_limit(&mut limits, isolation, name, value)?;
        }
        Ok(limits)
    }
}
