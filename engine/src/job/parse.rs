//! Reads a job from JSON, collecting all that is wrong.

use super::{Job, Operation, Task};
use crate::deliver::Placement;
use crate::plan::Wishes;
use crate::run::{Item, Work};
use crate::{Error, Result};
use base64::Engine as _;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The engine's own operations; all others are asked of the plugins when the task is planned.
const OWN: &[&str] = &["import/path", "import/bytes", "import/base64", "export/path", "export/bytes"];

/// Items the host holds, by the names of the tasks that bring them in.
type Held = HashMap<String, Item>;

pub(super) fn job(json: &Value, mut held: Held) -> Result<Job> {
    let object = json.as_object().ok_or_else(|| Error::invalid("a job is a JSON object with `tasks`"))?;
    if let Some(member) = object.keys().find(|key| !matches!(key.as_str(), "tasks" | "tag")) {
        return Err(
            Error::invalid(format!("a job has no member `{member}`")).with_hint("it has `tasks` and `tag`")
        );
    }
    let tasks = object.get("tasks").and_then(Value::as_object);
    let tasks =
        tasks.ok_or_else(|| Error::invalid("a job has `tasks`: an object with one member for each task"))?;
    let mut wrong = Vec::new();
    let mut parsed = Vec::new();
    for (name, json) in tasks {
        match task(name, json, &mut held) {
            Ok(task) => parsed.push(task),
            Err(error) => {
                let hint = error.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                wrong.push(format!("task `{name}`: {}{hint}", error.message));
            }
        }
    }
    let mut unused: Vec<String> = held.into_keys().collect();
    unused.sort_unstable();
    wrong.extend(unused.into_iter().map(|name| format!("no task `{name}` brings in what is held for it")));
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong.join("; ")));
    }
    Job::new(parsed, object.get("tag").and_then(Value::as_str).map(str::to_owned))
}

fn task(name: &str, json: &Value, held: &mut Held) -> Result<Task> {
    let object = json.as_object().ok_or_else(|| Error::invalid("a task is a JSON object"))?;
    let operation = text(object, "operation")?.ok_or_else(|| Error::invalid("`operation` is missing"))?;
    let (operation, members): (Operation, &[&str]) = match operation.as_str() {
        "import/path" => (Operation::ImportPath { path: required(object, "path")?.into() }, &["path"]),
        "import/bytes" if !object.contains_key("text") && held.contains_key(name) => {
            let mut item = held.remove(name).ok_or_else(|| Error::invalid("nothing is held for it"))?;
            if object.contains_key("filename") {
                item.name = file_name(object)?;
            }
            (Operation::ImportItem(item), &["filename"])
        }
        "import/bytes" => {
            let bytes = Arc::new(required(object, "text")?.into_bytes());
            (Operation::ImportBytes { name: file_name(object)?, bytes }, &["text", "filename"])
        }
        "import/base64" => {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(required(object, "file")?.trim())
                .map_err(|error| Error::invalid(format!("`file` is not base64: {error}")))?;
            (
                Operation::ImportBytes { name: file_name(object)?, bytes: Arc::new(bytes) },
                &["file", "filename"],
            )
        }
        "export/path" => (export(object)?, &["path", "overwrite"]),
        "export/bytes" => (Operation::ExportBytes, &[]),
        other if other.starts_with("import/") || other.starts_with("export/") => {
            return Err(Error::invalid(format!("the operation `{other}` is not known here"))
                .with_hint(OWN.join(", ")));
        }
        _ => (Operation::Work(work(operation, object)?), &["output_format", "options", "preset", "wishes"]),
    };
    let known = |key: &str| matches!(key, "operation" | "input" | "ignore_error") || members.contains(&key);
    if let Some(member) = object.keys().find(|key| !known(key)) {
        let members: Vec<&str> =
            ["operation", "input", "ignore_error"].into_iter().chain(members.iter().copied()).collect();
        let hint = format!("it takes {}", members.join(", "));
        return Err(Error::invalid(format!("there is no member `{member}`")).with_hint(hint));
    }
    let ignore_error = truth(object, "ignore_error")?;
    Ok(Task { name: name.to_owned(), operation, inputs: inputs(object)?, ignore_error })
}

fn export(object: &Map<String, Value>) -> Result<Operation> {
    Ok(Operation::ExportPath(Placement {
        path: PathBuf::from(required(object, "path")?),
        overwrite: truth(object, "overwrite")?,
        durable: true,
    }))
}

fn work(operation: String, object: &Map<String, Value>) -> Result<Work> {
    let options = match object.get("options") {
        None => Map::new(),
        Some(Value::Object(options)) => options.clone(),
        Some(_) => return Err(Error::invalid("`options` is an object")),
    };
    Ok(Work {
        operation,
        output_format: text(object, "output_format")?,
        options,
        preset: text(object, "preset")?,
        wishes: wishes(object)?,
    })
}

fn wishes(object: &Map<String, Value>) -> Result<Wishes> {
    match object.get("wishes") {
        None => Ok(Wishes::default()),
        Some(Value::Object(given)) => Wishes::from_json(given),
        Some(_) => Err(Error::invalid("`wishes` is an object")),
    }
}

impl Wishes {
    /// Reads wishes as they stand in a job: `keep`, `pin`, `ban` and `avoid`, each a list of names.
    ///
    /// # Errors
    ///
    /// `invalid_request`.
    pub fn from_json(given: &Map<String, Value>) -> Result<Wishes> {
        const MEMBERS: [&str; 4] = ["keep", "pin", "ban", "avoid"];
        if let Some(member) = given.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(Error::invalid(format!("there is no wish `{member}`"))
                .with_hint(format!("wishes are {}", MEMBERS.join(", "))));
        }
        let keep = words(given, "keep")?.iter().map(|word| crate::feature(word)).collect::<Result<_>>()?;
        Ok(Wishes {
            pinned_plugins: words(given, "pin")?,
            banned_plugins: words(given, "ban")?,
            banned_formats: words(given, "avoid")?,
            keep,
        })
    }
}

fn words(object: &Map<String, Value>, key: &str) -> Result<Vec<String>> {
    let wrong = || Error::invalid(format!("`{key}` is a list of names"));
    match object.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn inputs(object: &Map<String, Value>) -> Result<Vec<String>> {
    match object.get("input") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(_) => words(object, "input"),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Result<Option<String>> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid(format!("`{key}` is text"))),
    }
}

fn truth(object: &Map<String, Value>, key: &str) -> Result<bool> {
    match object.get(key) {
        None => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(_) => Err(Error::invalid(format!("`{key}` is true or false"))),
    }
}

fn required(object: &Map<String, Value>, key: &str) -> Result<String> {
    text(object, key)?.ok_or_else(|| Error::invalid(format!("`{key}` is missing")))
}

fn file_name(object: &Map<String, Value>) -> Result<String> {
    let name = text(object, "filename")?.unwrap_or_else(|| "input".into());
    crate::deliver::checked_name(&name)
}
