//! Shows what a file says of itself: tags, chapters, streams.

use crate::args::Transfer;
use crate::{exit, facts, setup, show};
use formwork::run::{Control, Probe};
use formwork::{Result, clean};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The facts that describe a file, as plugins name them.
const DESCRIPTIVE: [&str; 3] = ["tags", "chapters", "streams"];

/// Whether a command line asks to see metadata, rather than to write it.
pub(crate) fn is_question(args: &Transfer) -> bool {
    args.paths.len() == 1 && args.output.is_none() && args.to.is_none() && args.how.set.is_empty()
}

/// Prints the metadata of the one file that is named.
pub(crate) fn show(args: &Transfer) -> Result<u8> {
    let Some(path) = args.paths.first() else { return Ok(exit::USAGE) };
    let engine = setup::engine(&args.how.limit, 1, false, args.how.isolation)?;
    let item = super::probe::item(path, &engine)?;
    let probe = engine.probe(item, &Control::default())?;
    if let Some(problem) = probe.problem {
        return Err(problem.with_context("input", path.display().to_string()));
    }
    if args.how.json {
        show::line(&to_json(path, &probe).to_string());
        return Ok(exit::OK);
    }
    let rows: Vec<Vec<String>> = DESCRIPTIVE
        .iter()
        .filter_map(|name| Some((*name, probe.facts.get(*name)?)))
        .flat_map(|(name, value)| rows(name, value))
        .collect();
    if rows.is_empty() {
        show::aside(&format!("{} says nothing of itself", clean(&path.display().to_string())));
    }
    show::table(&rows);
    Ok(exit::OK)
}

fn to_json(path: &Path, probe: &Probe) -> Value {
    let known = |name: &&str| probe.facts.get(*name).map(|value| ((*name).to_owned(), value.clone()));
    let descriptive: Map<String, Value> = DESCRIPTIVE.iter().filter_map(known).collect();
    let mut json = json!({
        "status": "ok",
        "path": path.display().to_string(),
        "format": probe.detection.as_ref().map(|found| found.format.id),
    });
    if let Some(object) = json.as_object_mut() {
        object.extend(descriptive);
    }
    json
}

/// A fact as rows of name and value; those of a list are numbered.
fn rows(name: &str, value: &Value) -> Vec<Vec<String>> {
    match value {
        Value::Object(tags) => {
            tags.iter().map(|(name, value)| vec![clean(name), facts::plain(value)]).collect()
        }
        Value::Array(list) => {
            let one = name.trim_end_matches('s');
            let row = |(number, value): (usize, &Value)| {
                let text = value.as_object().map_or_else(|| facts::plain(value), facts::row);
                vec![format!("{one} {}", number + 1), text]
            };
            list.iter().enumerate().map(row).collect()
        }
        value => vec![vec![name.to_owned(), facts::plain(value)]],
    }
}
