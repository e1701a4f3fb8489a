//! Lists the options of a conversion.

use crate::args::Options;
use crate::{exit, setup, show};
use formwork::Result;
use formwork::options::{OptionDefault, OptionKind, OptionSpec};
use formwork::plan::{self, Request, Wishes};
use serde_json::{Map, Value};

/// Prints every option with range and default.
pub(crate) fn run(args: &Options) -> Result<u8> {
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let registry = engine.registry();
    let request = Request {
        operation: args.operation.clone(),
        from: registry.require_format(&args.from)?,
        to: Some(registry.require_format(&args.to)?),
        options: Map::new(),
        bytes: 0,
        features: None,
        accompanied: false,
        wishes: Wishes::default(),
    };
    let options = plan::options(registry, &request)?;
    if args.json {
        show::line(&serde_json::to_value(&options).unwrap_or(Value::Null).to_string());
        return Ok(exit::OK);
    }
    let mut table = vec![["option", "takes", "default", "what it does"].map(str::to_owned).to_vec()];
    table.extend(options.iter().map(row));
    show::table(&table);
    Ok(exit::OK)
}

fn row(option: &OptionSpec) -> Vec<String> {
    let takes = match &option.kind {
        OptionKind::Boolean => "true, false".into(),
        OptionKind::Integer { min, max } => format!("{min} to {max}"),
        OptionKind::Number { min, max } => format!("{min} to {max}"),
        OptionKind::Choice { words } => words.join(", "),
        OptionKind::Quality => "1 to 100, low, medium, high, highest".into(),
        OptionKind::Colour => "#rrggbb, #rrggbbaa".into(),
        OptionKind::Time => "seconds, MM:SS, HH:MM:SS".into(),
        OptionKind::Bytes => "128k, 2M, 1Gi".into(),
        OptionKind::Pages => "1-5, 1,3,5, all".into(),
        OptionKind::Text | OptionKind::Secret => "text".into(),
    };
    let default = match &option.default {
        None => "-".to_owned(),
        Some(OptionDefault::Boolean(value)) => value.to_string(),
        Some(OptionDefault::Integer(value)) => value.to_string(),
        Some(OptionDefault::Number(value)) => value.to_string(),
        Some(OptionDefault::Text(value)) => value.clone(),
    };
    vec![option.name.clone(), takes, default, option.summary.clone()]
}
