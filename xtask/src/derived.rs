//! `cargo xtask regenerate` and `check-drift`: files that are derived from others, and never edited by hand.
//!
//! Each is one row of [`DERIVED`]: its path, and the function that writes its whole text.

use std::fs;

use formwork_tests::{Result, place, program};

/// A derived file: its path below the root, and what it must say.
type Derived = (&'static str, fn() -> Result<String>);

const DERIVED: &[Derived] = &[("docs/FORMATS.md", formats)];

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

/// The table of formats, as the program itself lists them.
fn formats() -> Result<String> {
    let call = program::call(["formats", "--json"], &Default::default())?;
    if !call.process.succeeded() {
        return Err(call.complaint().into());
    }
    Ok(String::from_utf8(call.process.stdout)?)
}
