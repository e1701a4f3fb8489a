//! Lists formats.

use crate::args::Formats;
use crate::{exit, setup, show};
use formwork::matrix::format_json;
use formwork::plan::MAX_HOPS;
use formwork::{Engine, Result};
use serde_json::Value;
use std::collections::BTreeSet;

/// Lists all formats, or those that have to do with one format or operation.
pub(crate) fn run(args: &Formats) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let wanted = wanted(&engine, args)?;
    let rows = engine.matrix().formats();
    let rows = rows
        .into_iter()
        .filter(|(format, ..)| wanted.as_ref().is_none_or(|wanted| wanted.contains(format.id)));
    if args.json {
        let rows: Vec<Value> = rows.map(format_json).collect();
        show::line(&Value::from(rows).to_string());
        return Ok(exit::OK);
    }
    let mut table =
        vec![["format", "family", "read", "write", "extensions", "name"].map(str::to_owned).to_vec()];
    for (format, read, write) in rows.filter(|(_, read, write)| *read || *write || wanted.is_some()) {
        let mark = |yes: bool| if yes { "yes" } else { "-" }.to_owned();
        table.push(vec![
            format.id.into(),
            format.family.word().into(),
            mark(read),
            mark(write),
            format.extensions.join(" "),
            format.name.into(),
        ]);
    }
    show::table(&table);
    Ok(exit::OK)
}

/// The ids to show; `None` shows all.
fn wanted<'e>(engine: &'e Engine, args: &Formats) -> Result<Option<BTreeSet<&'e str>>> {
    let matrix = engine.matrix();
    let mut wanted: Option<BTreeSet<&str>> = None;
    let mut narrow = |set: BTreeSet<&'e str>| {
        wanted = Some(wanted.take().map_or(set.clone(), |old| old.intersection(&set).copied().collect()));
    };
    if let Some(name) = &args.from {
        let format = engine.registry().require_format(name)?;
        narrow(matrix.targets(format.id, MAX_HOPS, true));
    }
    if let Some(name) = &args.to {
        let format = engine.registry().require_format(name)?;
        let sources = engine.registry().formats().filter(|source| !source.internal);
        narrow(
            sources
                .filter(|source| matrix.targets(source.id, MAX_HOPS, true).contains(format.id))
                .map(|source| source.id)
                .collect(),
        );
    }
    if let Some(operation) = &args.operation {
        let cells = matrix.cells().filter(|cell| cell.capability.operation == *operation);
        narrow(
            cells
                .flat_map(|cell| cell.capability.from.iter().chain(&cell.capability.to).map(String::as_str))
                .collect(),
        );
    }
    Ok(wanted)
}
