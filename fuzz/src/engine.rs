//! The targets of the engine: detection, jobs, options, descriptions, the internal picture format, workers.

use crate::dice::noise;
use crate::{Target, hostile, judge, whole};
use formwork::Engine;
use formwork::describe::Description;
use formwork::job::{Job, Operation};
use formwork::matrix::{self, Matrix};
use formwork::options::{OptionSpec, option};
use formwork::plan::{self, Request};
use formwork::registry::Registry;
use formwork_image_pixels::raster;
use formwork_sdk::{Limits, Value, json};
use std::sync::LazyLock;

/// The targets that need no plugin.
pub fn targets() -> Vec<Target> {
    vec![
        Target::new("detect", detect).seeded(signatures),
        Target::new("job", job).seeded(|| texts(&jobs())),
        Target::new("options", options)
            .seeded(|| texts(&[json!(["quality", "high"]), json!(["pages", "1-5,7"])])),
        Target::new("description", description).seeded(|| texts(&descriptions())),
        Target::new("raster", read_raster).seeded(rasters),
        Target::new("abi", hostile::call).seeded(|| noise(12, 400)),
        Target::new("worker_frames", formwork::worker::fuzz::hear)
            .seeded(formwork::worker::fuzz::conversations),
        Target::new("worker_request", formwork::worker::fuzz::unpack)
            .seeded(formwork::worker::fuzz::requests),
    ]
}

fn texts(values: &[Value]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.to_string().into_bytes()).collect()
}

/// Detection: any bytes, with and without a name. Neither a panic nor an error is an answer.
fn detect(data: &[u8]) {
    for name in [None, Some("a.docx"), Some("a.tar.gz")] {
        assert!(formwork::detect::detect(&data, name).is_ok());
    }
}

/// The start of a file of each format that has a signature.
fn signatures() -> Vec<Vec<u8>> {
    let all = formwork::formats::all().flat_map(|format| format.signatures);
    let file = |signature: &formwork::formats::Signature| {
        let mut bytes = vec![0; signature.offset];
        bytes.extend(signature.bytes);
        bytes.resize(bytes.len() + 16, 0);
        bytes
    };
    all.filter(|signature| signature.offset < 1024).map(file).collect()
}

/// Jobs in JSON: any job that is accepted has an order that covers all its tasks, can be planned, and ends when it is run
/// by an engine that has no plugins and opens no files.
fn job(data: &[u8]) {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| whole::engine(None));
    let json = serde_json::from_slice(data).ok();
    let Some(Ok(job)) = json.map(|json: Value| Job::from_json(&json)) else { return };
    assert_eq!(job.in_order().count(), job.tasks.len());
    let is_known = ENGINE.check(&job).is_ok();
    assert_eq!(ENGINE.plan_job(&job).to_json(), ENGINE.plan_job(&job).to_json());
    if job.tasks.iter().any(|task| matches!(task.operation, Operation::ExportPath(_))) {
        return;
    }
    let has_work = job.tasks.iter().any(|task| task.operation.work().is_some());
    assert!(!(is_known && has_work), "an engine without plugins knows an operation");
    whole::run(&ENGINE, job);
}

fn jobs() -> Vec<Value> {
    let convert =
        json!({"operation": "convert", "input": "a", "output_format": "webp", "options": {"width": 8}});
    vec![
        json!({"tasks": {"a": {"operation": "import/path", "path": "x.png"}, "b": convert,
            "c": {"operation": "export/path", "input": "b", "path": "out/"}}, "tag": "t"}),
        json!({"tasks": {"a": {"operation": "import/base64", "file": "QUJD", "filename": "a.txt"},
            "b": {"operation": "archive", "input": ["a", "a"], "output_format": "zip", "ignore_error": true},
            "c": {"operation": "export/bytes", "input": ["b"]}}}),
        json!({"tasks": {"a": {"operation": "import/bytes", "text": "a", "filename": "a.txt"},
            "b": {"operation": "import/path", "path": "x/y", "ignore_error": true},
            "c": {"operation": "export/bytes", "input": ["a", "b"]}}}),
    ]
}

/// An option of the vocabulary and a value, as in `["quality", "high"]`: what is accepted is accepted again.
fn options(data: &[u8]) {
    let Ok((name, value)) = serde_json::from_slice::<(String, Value)>(data) else { return };
    let Ok(setting) = matrix::check_option(&option(&name), &value) else { return };
    if !setting.secret {
        let again = matrix::check_option(&option(&name), &setting.to_json());
        assert_eq!(again.ok(), Some(setting), "{name} {value}");
    }
}

/// Descriptions of plugins: what is understood survives being written and read again, and plans can be made.
fn description(data: &[u8]) {
    let Ok(description) = serde_json::from_slice::<Description>(data) else { return };
    let again = serde_json::to_vec(&description).ok().and_then(|json| serde_json::from_slice(&json).ok());
    assert_eq!(again.as_ref(), Some(&description));
    let mut registry = Registry::default();
    registry.describe(description);
    let all = Matrix::new(&registry).formats();
    for capability in registry.capabilities().map(|(_, capability)| capability) {
        for spec in &capability.options {
            settle(spec);
        }
        let (from, to) = (capability.from.first(), capability.to.first());
        let (Some(from), to) =
            (from.and_then(|id| registry.format(id)), to.and_then(|id| registry.format(id)))
        else {
            continue;
        };
        let request = Request {
            operation: capability.operation.clone(),
            from,
            to,
            options: capability.options.iter().map(|spec| (spec.name.clone(), json!(1))).collect(),
            bytes: data.len() as u64,
            features: None,
            accompanied: false,
            wishes: plan::Wishes::default(),
        };
        if let Ok(routes) = plan::top(&registry, &request, 2) {
            assert!(routes.iter().all(|route| !route.hops.is_empty() && !route.explain().is_empty()));
        }
    }
    assert!(all.len() <= registry.formats().count());
}

/// Tries values of all kinds on an option a plugin made up.
fn settle(spec: &OptionSpec) {
    for value in
        [json!(true), json!(-1), json!(1e300), json!("12k"), json!("99:59:59.5"), json!("#abc"), json!([])]
    {
        // Refusing is as good as accepting.
        let _ = matrix::check_option(spec, &value);
    }
}

fn descriptions() -> Vec<Value> {
    let options = json!([{"name": "quality", "kind": {"type": "quality"}, "summary": "", "default": 80},
        {"name": "n", "kind": {"type": "integer", "min": 0, "max": 9}, "summary": ""},
        {"name": "t", "kind": {"type": "time"}, "summary": ""}, {"name": "b", "kind": {"type": "bytes"}, "summary": ""},
        {"name": "w", "kind": {"type": "choice", "words": ["a", "b"]}, "summary": "", "default": "a"}]);
    vec![json!({"schema": 2, "id": "p", "version": "1", "probes": ["png"], "touches": "files",
        "capabilities": [{"operation": "convert", "from": ["png", "new"], "to": ["jpg", "raster"], "options": options,
            "keeps": ["alpha"], "cost": {"fixed_ms": 1.0, "per_mib_ms": 2.0, "memory_ratio": 3.0}, "rank": 60},
            {"operation": "convert", "from": ["raster"], "to": ["new"], "fuses": ["crop"], "isolation": 2}],
        "formats": [{"id": "new", "name": "New", "family": "image", "extensions": ["new"], "mime": ["image/new"],
            "signatures": [[4, "4e4557"]], "holds": ["alpha"], "specification": "none"}]})]
}

/// The internal picture format: any bytes.
fn read_raster(data: &[u8]) {
    let mut limits = Limits::default();
    judge::limits(&mut limits);
    if let Ok(picture) = raster::read(data, &limits) {
        assert!(picture.bytes() <= limits.memory && picture.frames.len() as u64 <= limits.frames);
    }
}

fn rasters() -> Vec<Vec<u8>> {
    noise(12, 200)
        .iter()
        .map(|choices| crate::picture::raster(&mut crate::dice::Dice::new(choices)))
        .collect()
}
