//! Lists the options of a conversion.

use crate::args::Options;
use crate::{exit, setup, show};
use formwork::job::{Preset, Presets};
use formwork::options::{OptionDefault, OptionKind, OptionSpec};
use formwork::plan::{self, Request, Wishes};
use formwork::{Error, Result};
use serde_json::{Map, Value};

/// Prints every option with range and default.
pub(crate) fn run(args: &Options) -> Result<u8> {
    if let Some(file) = &args.presets {
        return presets(&setup::read_presets(file.as_deref())?, args.json);
    }
    let (Some(from), Some(to)) = (&args.from, &args.to) else {
        return Err(Error::invalid("options are those of a conversion: name two formats"));
    };
    let engine = setup::engine(&[], 1, false, Some(0))?;
    let registry = engine.registry();
    let request = Request {
        operation: args.operation.clone(),
        from: registry.require_format(from)?,
        to: Some(registry.require_format(to)?),
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

/// Prints every preset with what it sets for each family.
fn presets(presets: &Presets, as_json: bool) -> Result<u8> {
    if as_json {
        let json: Map<String, Value> =
            presets.iter().map(|(name, preset)| (name.to_owned(), preset_json(preset))).collect();
        show::line(&Value::from(json).to_string());
        return Ok(exit::OK);
    }
    let mut table = vec![["preset", "results", "options"].map(str::to_owned).to_vec()];
    for (name, preset) in presets.iter() {
        table.push(vec![name.to_owned(), String::new(), formwork::clean(&preset.summary)]);
        for (family, options) in &preset.options {
            let words =
                options.iter().map(|(name, value)| format!("{name}={}", value.to_string().replace('"', "")));
            table.push(vec![String::new(), family.word().to_owned(), words.collect::<Vec<_>>().join(" ")]);
        }
    }
    show::table(&table);
    Ok(exit::OK)
}

fn preset_json(preset: &Preset) -> Value {
    let families = preset.options.iter();
    let mut json: Map<String, Value> =
        families.map(|(family, options)| (family.word().to_owned(), options.clone().into())).collect();
    json.insert("summary".into(), preset.summary.clone().into());
    json.into()
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
