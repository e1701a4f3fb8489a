//! What people see. Results go to standard output, everything else to standard error.

pub(crate) use formwork::bytes;
use formwork::deliver::Receipt;
use formwork::{Error, clean};
use serde_json::{Map, Value, json};
use std::io::{IsTerminal, Write};

/// Prints a line to standard output; a closed pipe is no failure.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints a line to standard error, for people; a full disk or closed pipe there is no failure.
pub(crate) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints an error with its hint.
pub(crate) fn error(error: &Error) {
    let red = if colours() { ("\x1b[31;1m", "\x1b[0m") } else { ("", "") };
    aside(&format!("{}error[{}]{}: {}", red.0, error.kind, red.1, clean(&error.to_string())));
    if let Some(hint) = &error.hint {
        aside(&format!("  {}", clean(hint)));
    }
}

/// Whether colours may be used on standard error.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// An error as JSON.
pub(crate) fn error_json(error: &Error) -> Value {
    error.to_json()
}

/// The last line of `--json` when something failed.
pub(crate) fn failure_json(input: &str, error: &Error) -> Value {
    json!({"status": "error", "input": {"name": input}, "error": error_json(error)})
}

/// The only line of `--json` when nothing was begun.
pub(crate) fn refusal_json(error: &Error) -> Value {
    json!({"status": "error", "error": error_json(error)})
}

/// The last line of `--json` when all went well.
pub(crate) fn success_json(receipt: &Receipt) -> Value {
    let mut object = Map::new();
    object.insert("status".into(), "ok".into());
    if let Value::Object(members) = receipt.to_json() {
        object.extend(members);
    }
    object.into()
}

/// Says in a line or two what was done.
pub(crate) fn receipt(receipt: &Receipt, quiet_names: bool) {
    let (Some(input), Some(output)) = (receipt.inputs.first(), receipt.outputs.first()) else { return };
    let place = output.path.as_ref().map_or_else(|| output.name.clone(), |path| path.display().to_string());
    let formats = receipt.route["formats"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let way = formats.collect::<Vec<_>>().join(" → ");
    let more = receipt.outputs.len().saturating_sub(1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let total: u64 = receipt.outputs.iter().map(|record| record.bytes).sum();
    if !quiet_names {
        let time = receipt.elapsed_ms / 1000.0;
        let kept = match (receipt.cached, receipt.resumed) {
            (true, _) => ", from the cache",
            (_, true) => ", from the journal",
            _ => "",
        };
        aside(&format!(
            "{} → {}{more}  {}  {time:.2} s  ({way}{kept})",
            clean(&input.name),
            clean(&place),
            bytes(total)
        ));
    }
    for warning in &receipt.warnings {
        aside(&format!("  note: {}", clean(warning)));
    }
    for loss in &receipt.losses {
        let detail =
            if loss.detail.is_empty() { String::new() } else { format!(": {}", clean(&loss.detail)) };
        aside(&format!("  lost {}{detail}", loss.feature));
    }
}

/// Prints rows as columns that line up; the first row is the heading.
pub(crate) fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end());
    }
}
