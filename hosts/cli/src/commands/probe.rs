//! Says what files are.

use crate::args::Probe as Arguments;
use crate::{exit, facts, inputs, setup, show};
use formwork::run::{Control, Item, Probe};
use formwork::{Engine, Error, Result, clean};
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;

/// Probes every file; one that cannot be read does not stop the others.
pub(crate) fn run(args: &Arguments) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, args.isolation)?;
    let mut code = exit::OK;
    for path in &args.files {
        let outcome = item(path, &engine).and_then(|item| {
            let bytes = item.length();
            engine.probe(item, &Control::default()).map(|probe| (probe, bytes))
        });
        match outcome {
            Ok((probe, bytes)) if args.json => show::line(&to_json(path, &probe, bytes).to_string()),
            Ok((probe, bytes)) => print(path, &probe, bytes),
            Err(error) => {
                code = exit::code(&error);
                if args.json {
                    show::line(&show::failure_json(&path.display().to_string(), &error).to_string());
                } else {
                    show::error(&error);
                }
            }
        }
    }
    Ok(if code != exit::OK && args.files.len() > 1 { exit::SOME_FAILED } else { code })
}

/// Opens a file, or reads standard input.
pub(crate) fn item(path: &Path, engine: &Engine) -> Result<Item> {
    if !inputs::is_standard(path) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        return Item::from_path(path, name, true);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(engine.limits().memory).read_to_end(&mut bytes);
    read.map_err(|error| Error::io("cannot read standard input", &error).with_context("input", "-"))?;
    Ok(Item::from_bytes("", bytes))
}

fn to_json(path: &Path, probe: &Probe, bytes: u64) -> Value {
    let mut object = Map::new();
    object.insert("status".into(), "ok".into());
    object.insert("path".into(), path.display().to_string().into());
    object.insert("bytes".into(), bytes.into());
    if let Value::Object(members) = probe.to_json() {
        object.extend(members);
    }
    object.into()
}

fn print(path: &Path, probe: &Probe, bytes: u64) {
    let name = clean(&path.display().to_string());
    let Some(found) = &probe.detection else {
        show::line(&format!("{name}: unknown, {}", show::bytes(bytes)));
        return;
    };
    let format = found.format;
    show::line(&format!("{name}: {} ({}), {}", format.name, format.id, show::bytes(bytes)));
    show::line(&format!("  evidence: {}", clean(&found.evidence)));
    if let Some(claimed) = found.claimed {
        show::line(&format!("  the name claims {}, which is wrong", claimed.id));
    }
    if found.encrypted {
        show::line("  encrypted: a password is needed");
    }
    for (key, value) in &probe.facts {
        facts::lines(&clean(key), value).iter().for_each(|line| show::line(&format!("  {line}")));
    }
    if let Some(problem) = &probe.problem {
        show::line(&format!("  problem: {}", clean(&problem.message)));
    }
    for warning in &probe.warnings {
        show::line(&format!("  note: {}", clean(warning)));
    }
}
