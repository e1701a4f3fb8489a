//! Compares files with what their receipts say.

use crate::args::Verify as Arguments;
use crate::{exit, inputs, show};
use formwork::deliver::{FileState, Verified, canonical, verify};
use formwork::{Error, ErrorKind, Result, clean};
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;

/// Checks every receipt of every file and says what has changed.
pub(crate) fn run(args: &Arguments) -> Result<u8> {
    let mut files = Vec::new();
    for path in &args.receipts {
        let named = |error: Error| error.with_context("input", path.display().to_string());
        for receipt in receipts(&text(path)?).map_err(named)? {
            let verified = verify(&receipt).map_err(named)?;
            tell(args.json, path, &verified);
            files.extend(verified);
        }
    }
    let count = |state: FileState| files.iter().filter(|file| file.state == state).count();
    if !args.json {
        show::aside(&format!("{} of {} files are the same", count(FileState::Same), files.len()));
    }
    Ok(match (count(FileState::Changed) + count(FileState::NoHash), count(FileState::Missing)) {
        (1.., _) => exit::DATA,
        (0, 1..) => exit::NO_INPUT,
        // A receipt of which no file can be compared proves nothing.
        (0, 0) if count(FileState::Same) == 0 => exit::DATA,
        (0, 0) => exit::OK,
    })
}

fn text(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if inputs::is_standard(path) {
        std::io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(path).map(|read| text = read)
    };
    read.map_err(|error| {
        Error::io("cannot read receipts", &error).with_context("input", path.display().to_string())
    })?;
    Ok(text)
}

/// The receipts in a text: one JSON value, or one a line, as `--receipt` and `--json` write them. What else `--json`
/// says is passed over.
fn receipts(text: &str) -> Result<Vec<Value>> {
    let refused = |why: String| Error::new(ErrorKind::CorruptInput, why);
    let values = match serde_json::from_str::<Value>(text) {
        Ok(whole) => vec![whole],
        Err(_) => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let parsed: std::result::Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
            parsed.map_err(|error| refused(format!("it is no JSON: {error}")))?
        }
    };
    let mut receipts = Vec::new();
    for value in values {
        match (value.get("schema"), value.get("receipts").and_then(Value::as_array), value.get("status")) {
            (None, Some(many), _) => receipts.extend(many.iter().cloned()),
            (None, None, Some(_)) => {}
            _ if value.get("state").is_some() => {}
            _ => receipts.push(value),
        }
    }
    if receipts.is_empty() { Err(refused("it holds no receipt".into())) } else { Ok(receipts) }
}

fn tell(json: bool, path: &Path, verified: &[Verified]) {
    if json {
        let files: Vec<Value> = verified.iter().map(Verified::to_json).collect();
        show::line(&canonical(&json!({"receipt": path.to_string_lossy(), "files": files})));
        return;
    }
    for file in verified {
        let place = file.path.as_ref().map_or_else(|| file.name.clone(), |path| path.display().to_string());
        let role = if file.is_input { "input" } else { "output" };
        show::line(&format!("{:8}  {role:6}  {}", file.state.word(), clean(&place)));
    }
}
