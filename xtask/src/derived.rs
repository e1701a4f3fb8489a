//! `cargo xtask regenerate` and `check-drift`: files that are derived from others, and never edited by hand.
//!
//! Each is one row of [`DERIVED`]: its path, and the function that writes its whole text.

use std::fs;

use formwork_tests::run::Limits;
use formwork_tests::{Result, place, program};
use serde_json::Value;

/// A derived file: its path below the root, and what it must say.
type Derived = (&'static str, fn() -> Result<String>);

const DERIVED: &[Derived] = &[
    ("docs/FORMATS.md", formats),
    ("docs/MATRIX.md", crate::matrix::text),
    ("plugins/abi/include/formwork_plugin.h", crate::header::plugin_header),
    ("capi/include/formwork.h", crate::header::engine_header),
];

/// Writes every derived file that is not as it should be.
pub(crate) fn regenerate(words: &mut lexopt::Parser) -> Result<bool> {
    no_more(words)?;
    for (path, text) in stale()? {
        fs::write(place::root().join(path), text)?;
        println!("wrote {path}");
    }
    Ok(true)
}

/// Names every derived file that is not as it should be.
pub(crate) fn check(words: &mut lexopt::Parser) -> Result<bool> {
    no_more(words)?;
    let stale = stale()?;
    for (path, _) in &stale {
        eprintln!("{path} is stale: run cargo xtask regenerate and commit the difference");
    }
    println!("{} derived files, {} stale", DERIVED.len(), stale.len());
    Ok(stale.is_empty())
}

fn stale() -> Result<Vec<(&'static str, String)>> {
    let mut stale = Vec::new();
    for (path, derive) in DERIVED {
        let due = derive()?;
        let there = fs::read_to_string(place::root().join(path)).unwrap_or_default();
        if there != due {
            stale.push((*path, due));
        }
    }
    Ok(stale)
}

fn no_more(words: &mut lexopt::Parser) -> Result<()> {
    match words.next()? {
        None => Ok(()),
        Some(word) => Err(word.unexpected().into()),
    }
}

/// The table of formats, as the program itself lists them with every plugin and back end in place.
fn formats() -> Result<String> {
    let call = program::call(["formats", "--json"], &Limits::default())?;
    if !call.process.succeeded() {
        return Err(call.complaint().into());
    }
    let rows: Vec<Value> = serde_json::from_slice(&call.process.stdout)?;
    let mut text = "# Formats\n\nDerived by `cargo xtask regenerate`; do not edit. What is *read* can be converted from, what is *written* can \
                    be converted to.\n"
        .to_owned();
    for family in ["image", "archive", "video", "audio", "document"] {
        let of_family: Vec<&Value> = rows.iter().filter(|row| row["family"] == family).collect();
        let (handled, known): (Vec<&Value>, Vec<&Value>) =
            of_family.into_iter().partition(|row| row["read"] == true || row["write"] == true);
        text += &format!("\n## {}\n\n", capital(family));
        if !handled.is_empty() {
            text += "| format | name | read | write | extensions | media type |\n|---|---|---|---|---|---|\n";
            text.extend(handled.into_iter().map(row));
        }
        if !known.is_empty() {
            let ids: Vec<&str> = known.iter().filter_map(|row| row["id"].as_str()).collect();
            text += &format!("\nRecognised, not converted: {}.\n", ids.join(", "));
        }
    }
    Ok(text.replace("\n\n\n", "\n\n"))
}

fn row(row: &Value) -> String {
    let word = |key: &str| row[key].as_str().unwrap_or_default();
    let mark = |key: &str| if row[key] == true { "yes" } else { "" };
    let extensions: Vec<&str> =
        row["extensions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mime = row["mime"][0].as_str().unwrap_or_default();
    let (read, write) = (mark("read"), mark("write"));
    format!("| {} | {} | {read} | {write} | {} | {mime} |\n", word("id"), word("name"), extensions.join(" "))
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
