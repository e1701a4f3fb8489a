//! Lists capabilities.

use crate::args::Listing;
use crate::{exit, setup, show};
use formwork::Result;
use serde_json::{Value, json};

/// Prints every cell of the matrix.
pub(crate) fn run(args: &Listing) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    if args.json {
        let cells: Vec<Value> = engine.matrix().cells().map(|cell| cell.to_json()).collect();
        show::line(&json!({ "cells": cells }).to_string());
        return Ok(exit::OK);
    }
    let mut table = vec![["operation", "from", "to", "plugin", "keeps"].map(str::to_owned).to_vec()];
    for cell in engine.matrix().cells() {
        let capability = cell.capability;
        let plugin = match &capability.unavailable {
            Some(install) => format!("{} (unavailable: {install})", cell.plugin.id()),
            None => cell.plugin.id().to_owned(),
        };
        table.push(vec![
            capability.operation.clone(),
            short(&capability.from),
            short(&capability.to),
            plugin,
            capability.keeps.join(" "),
        ]);
    }
    show::table(&table);
    Ok(exit::OK)
}

/// A list of ids, cut when it is long.
fn short(ids: &[String]) -> String {
    const MOST: usize = 8;
    match ids.len() {
        0 => "(any)".into(),
        1..=MOST => ids.join(" "),
        count => format!("{} … ({count})", ids[..MOST - 1].join(" ")),
    }
}
