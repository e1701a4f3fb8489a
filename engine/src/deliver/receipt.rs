use super::record::FileRecord;
use crate::clock;
use crate::plan::{Prediction, Route};
use crate::registry::Plugin;
use formwork_formats::Feature;
use serde_json::{Map, Value, json};
use std::time::{Instant, SystemTime};

/// What was done to one input: route, losses, warnings, files, times.
#[derive(Clone, Debug, Default)]
pub struct Receipt {
    /// The task's name in the job.
    pub task: String,
    /// Names of the tasks that were done in one pass, this one last; empty for one that was done alone.
    pub fused: Vec<String>,
    /// What went in.
    pub inputs: Vec<FileRecord>,
    /// What came out.
    pub outputs: Vec<FileRecord>,
    /// The route as in [`Route::to_json`](crate::plan::Route::to_json).
    pub route: Value,
    /// Whether it was found in the result cache rather than made.
    pub cached: bool,
    /// Whether it, or the beginning of its route, was made before the job's process was killed and is in its journal.
    pub resumed: bool,
    /// How many steps of the route were found there.
    pub reused_steps: usize,
    /// Every plugin that had a part in it: `id`, `version`, and `libraries` with the version of each that it tells.
    pub plugins: Vec<Value>,
    /// What the result had to be and what was reached, in how many runs; null when nothing was asked for.
    pub goals: Value,
    /// What did not arrive.
    pub losses: Vec<Loss>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// When it began.
    pub started: Option<SystemTime>,
    /// Milliseconds from start to the finished output.
    pub elapsed_ms: f64,
    /// Greatest resident memory of this process so far, and of the largest worker of this task, added, in
    /// bytes.
    pub peak_bytes: u64,
    /// Isolation level the steps really ran at.
    pub isolation: u8,
}

/// A feature of the input that the output does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The feature.
    pub feature: Feature,
    /// What exactly, or empty.
    pub detail: String,
}

impl Receipt {
    /// What the member `schema` says. The number grows when a member changes its meaning; new ones may come without.
    pub const SCHEMA: &str = "formwork-receipt/1";

    /// The receipt as JSON. `input` and `output` are the first of each; `inputs` and `outputs` follow
    /// only when there are more. [`canonical`](super::canonical) makes a text of it.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("schema".into(), Self::SCHEMA.into());
        let mut files = |one: &str, many: &str, records: &[FileRecord]| {
            object.insert(one.into(), records.first().map_or(Value::Null, FileRecord::to_json));
            if records.len() > 1 {
                object.insert(many.into(), records.iter().map(FileRecord::to_json).collect());
            }
        };
        files("input", "inputs", &self.inputs);
        files("output", "outputs", &self.outputs);
        let losses =
            self.losses.iter().map(|loss| json!({"feature": loss.feature.word(), "detail": loss.detail}));
        object.insert("task".into(), self.task.clone().into());
        if !self.fused.is_empty() {
            object.insert("fused".into(), self.fused.clone().into());
        }
        object.insert("route".into(), self.route.clone());
        object.insert("plugins".into(), self.plugins.clone().into());
        object.insert("cached".into(), self.cached.into());
        if self.resumed {
            object.insert("resumed".into(), true.into());
        }
        if self.reused_steps > 0 {
            object.insert("reused_steps".into(), self.reused_steps.into());
        }
        if !self.goals.is_null() {
            object.insert("goals".into(), self.goals.clone());
        }
        object.insert("losses".into(), losses.collect());
        object.insert("warnings".into(), self.warnings.clone().into());
        if let Some(started) = self.started.and_then(unix_milliseconds) {
            object.insert("started_unix_ms".into(), started.into());
        }
        object.insert("elapsed_ms".into(), ((self.elapsed_ms * 100.0).round() / 100.0).into());
        object.insert("peak_bytes".into(), self.peak_bytes.into());
        object.insert("isolation".into(), self.isolation.into());
        object.insert("engine".into(), env!("CARGO_PKG_VERSION").into());
        object.into()
    }

    /// What was taken and given, as a prediction foresees it.
    pub(crate) fn measured(&self) -> Prediction {
        Prediction {
            elapsed_ms: self.elapsed_ms,
            peak_bytes: self.peak_bytes as f64,
            output_bytes: self.outputs.iter().map(|record| record.bytes as f64).sum(),
        }
    }

    /// Notes how long it took and what memory, now that it is done.
    pub(crate) fn measure(&mut self, started: Instant, worker_bytes: u64) {
        let elapsed = clock::since(started);
        self.started = clock::today().checked_sub(elapsed);
        self.elapsed_ms = elapsed.as_secs_f64() * 1000.0;
        self.peak_bytes = crate::engine::peak_memory_of("self").saturating_add(worker_bytes);
    }
}

/// Notes the plugins a route passes, each once, with their versions and those of the libraries they rest on, as far as
/// they tell.
pub(crate) fn note_plugins(plugins: &mut Vec<Value>, route: &Route<'_>) {
    route.hops.iter().for_each(|hop| note_plugin(plugins, hop.cell.plugin));
}

/// Notes one plugin, once.
pub(crate) fn note_plugin(plugins: &mut Vec<Value>, plugin: &Plugin) {
    let description = &plugin.description;
    let libraries = description.libraries.iter();
    let versions: Map<String, Value> =
        libraries.map(|one| (one.name.clone(), one.version.clone().into())).collect();
    let plugin = json!({"id": description.id, "version": description.version, "libraries": versions});
    if !plugins.contains(&plugin) {
        plugins.push(plugin);
    }
}

fn unix_milliseconds(time: SystemTime) -> Option<u64> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_millis()).ok())
}
