//! Sets the engine up from what only a host may look at: environment, home folder, own path.

use crate::args::{How, Keep};
use crate::exit;
use formwork::formats::Feature;
use formwork::job::Presets;
use formwork::load::Scanner;
use formwork::matrix::{SettingValue, check_option};
use formwork::options::{OptionKind, OptionSpec};
use formwork::plan::Wishes;
use formwork::run::{CancelToken, Work};
use formwork::{Builder, Engine, Error, Isolation, Limits, Result};
use serde_json::{Map, Value};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The word this program is started with to describe one plugin file.
pub(crate) const SCAN: &str = "scan-plugin";

/// The isolation level when none is asked for: workers without access to files, network and processes.
const ISOLATION: u8 = if cfg!(target_os = "linux") { 2 } else { 1 };

/// Makes the engine with everything this machine has.
///
/// `isolation` is the least level plugins run at; default [`ISOLATION`].
pub(crate) fn engine(limits: &[String], threads: u32, hashes: bool, isolation: Option<u8>) -> Result<Engine> {
    builder(limits, threads, hashes, isolation)?.build()
}

/// Makes the engine of a command that may keep results.
pub(crate) fn keeping_engine(
    limits: &[String],
    threads: u32,
    hashes: bool,
    isolation: Option<u8>,
    keep: &Keep,
    presets: &Option<PathBuf>,
) -> Result<Engine> {
    let mut builder = builder(limits, threads, hashes, isolation)?.presets(read_presets(presets.as_deref())?);
    if let Some(folder) = &keep.history {
        builder = builder.history(folder);
    }
    let Some(folder) = &keep.cache else { return builder.build() };
    let spec = OptionSpec::new("--cache-size", OptionKind::Bytes, "");
    let size = match check_option(&spec, &keep.cache_size.as_str().into())?.value {
        SettingValue::Integer(size) => u64::try_from(size).unwrap_or(0),
        _ => 0,
    };
    builder.result_cache(folder, size).build()
}

fn builder(limits: &[String], threads: u32, hashes: bool, isolation: Option<u8>) -> Result<Builder> {
    let program = env::current_exe().map_err(|error| Error::io("cannot find this program", &error))?;
    let level = isolation.unwrap_or(ISOLATION);
    let mut isolation = Isolation::new(level, worker(&program));
    let limits = read_limits(limits, &mut isolation)?;
    let mut builder = Engine::builder().limits(limits).threads(threads).hashes(hashes);
    for folder in plugin_folders(&program) {
        builder = builder.plugin_folder(folder);
    }
    if let Some(folder) = cache_folder() {
        builder = builder.cache_folder(folder);
    }
    if level > 0 {
        builder = builder.isolation(isolation);
    }
    Ok(builder
        .temporary_folder(env::temp_dir())
        .scanner(Scanner::Command { program, arguments: vec![SCAN.into()] }))
}

/// The engine's presets, and those of a file.
pub(crate) fn read_presets(file: Option<&Path>) -> Result<Presets> {
    let presets = Presets::default();
    let Some(file) = file else { return Ok(presets) };
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::io("cannot read presets", &error).with_context("input", name()))?;
    let json = serde_json::from_str(&text).map_err(|error| {
        Error::invalid(format!("presets are JSON: {error}")).with_context("input", name())
    })?;
    presets.with_json(&json).map_err(|error| error.with_context("input", name()))
}

/// Fails when there is no preset as a task asks for it.
pub(crate) fn check_preset(engine: &Engine, work: &Work) -> Result<()> {
    let name = work.preset.as_deref();
    name.map_or(Ok(()), |name| engine.presets().for_operation(name, &work.operation).map(drop))
}

/// The level plugins run at when nothing else is asked for; `None` without the program for it.
pub(crate) fn isolation() -> Option<u8> {
    let program = env::current_exe().ok()?;
    worker(&program).is_file().then_some(ISOLATION)
}

/// The program that runs plugins: `FORMWORK_WORKER`, else beside this program or in `../libexec`.
fn worker(program: &Path) -> PathBuf {
    if let Some(given) = env::var_os("FORMWORK_WORKER") {
        return given.into();
    }
    let here = program.parent().unwrap_or(Path::new(""));
    let places = [here.join("formwork-worker"), here.join("../libexec/formwork-worker")];
    places.iter().find(|place| place.is_file()).unwrap_or(&places[0]).clone()
}

/// Where plugins are looked for: `FORMWORK_PLUGINS`, else beside the program and in `../lib/formwork`.
fn plugin_folders(program: &Path) -> Vec<PathBuf> {
    if let Some(list) = env::var_os("FORMWORK_PLUGINS") {
        return env::split_paths(&list).collect();
    }
    let Some(here) = program.parent() else { return Vec::new() };
    vec![here.to_owned(), here.join("plugins"), here.join("../lib/formwork")]
}

fn cache_folder() -> Option<PathBuf> {
    let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given("FORMWORK_CACHE")
        .or_else(|| given("XDG_CACHE_HOME").map(|folder| folder.join("formwork")))
        .or_else(|| given("HOME").map(|folder| folder.join(".cache/formwork")))
}

/// Processors this process may use.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Splits `name=value`.
fn pair<'p>(text: &'p str, flag: &str) -> Result<(&'p str, &'p str)> {
    text.split_once('=').ok_or_else(|| Error::invalid(format!("{flag} takes NAME=VALUE, not `{text}`")))
}

/// The options given with `--set`.
pub(crate) fn options(how: &How) -> Result<Map<String, Value>> {
    let pairs = how.set.iter().map(|text| pair(text, "--set"));
    pairs.map(|pair| pair.map(|(name, value)| (name.trim().to_owned(), Value::from(value)))).collect()
}

/// The wishes given with `--pin`, `--ban`, `--avoid` and `--keep`.
pub(crate) fn wishes(how: &How) -> Result<Wishes> {
    let keep = how.keep.iter().map(|word| formwork::feature(word)).collect::<Result<Vec<Feature>>>()?;
    Ok(Wishes {
        pinned_plugins: how.pin.clone(),
        banned_plugins: how.ban.clone(),
        banned_formats: how.avoid.clone(),
        keep,
    })
}

/// Reads the limits given with `--limit`; those of workers go into `isolation`.
fn read_limits(given: &[String], isolation: &mut Isolation) -> Result<Limits> {
    let mut limits = Limits::default();
    for text in given {
        let (name, value) = pair(text, "--limit")?;
        let wrong = || Error::invalid(format!("the limit `{name}` takes a whole number, not `{value}`"));
        let value: u64 = value.replace('_', "").parse().map_err(|_| wrong())?;
        formwork::worker::set_limit(&mut limits, isolation, name, value)?;
    }
    Ok(limits)
}

/// On the first interrupt all work is cancelled; what has not stopped after a moment is left where it
/// is, and its unfinished files are removed.
pub(crate) fn stop_on_interrupt(engine: &Engine, cancel: &CancelToken) {
    const GRACE: Duration = Duration::from_millis(250);
    let (engine, cancel) = (engine.clone(), cancel.clone());
    let _ = ctrlc::set_handler(move || {
        cancel.cancel();
        std::thread::sleep(GRACE);
        engine.abandon();
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
}
