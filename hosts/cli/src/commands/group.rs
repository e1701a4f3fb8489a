//! The operations of a group, as `formwork pdf --help` shows them.

use crate::{exit, setup, show};
use formwork::Result;
use formwork::options::OptionSpec;
use formwork::plan::{self, Request, Wishes};
use serde_json::Map;

/// Prints a group's operations with the names of their options, and examples.
pub(crate) fn show(group: &str, examples: &[&str]) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let registry = engine.registry();
    let format = registry.require_format(group)?;
    show::line(&format!("Usage: formwork {group} OPERATION IN… OUT [--set OPTION=VALUE]…\n"));
    let mut table = vec![["operation", "options"].map(str::to_owned).to_vec()];
    for operation in engine.matrix().operations() {
        let Some(name) = operation.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let writes = |cell: formwork::matrix::Cell<'_>| !cell.capability.to.is_empty();
        let to = engine.matrix().reading(operation, group).any(writes).then_some(format);
        let request = Request {
            operation: operation.into(),
            from: format,
            to,
            options: Map::new(),
            bytes: 0,
            features: None,
            accompanied: false,
            wishes: Wishes::default(),
        };
        let options = match plan::options(registry, &request) {
            Ok(options) => names(&options),
            // It may be that something has to be installed.
            Err(error) => error.message,
        };
        table.push(vec![name.to_owned(), options]);
    }
    show::table(&table);
    show::line("\nExamples:");
    examples.iter().for_each(|example| show::line(&format!("  formwork {example}")));
    show::line(&format!(
        "\n`formwork options {group} {group} --operation {group}/NAME` says what the options mean."
    ));
    Ok(exit::OK)
}

fn names(options: &[OptionSpec]) -> String {
    options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>().join(" ")
}
