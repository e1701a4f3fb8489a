//! Finding the program, and what it knows.

use formwork_program::ask;
use formwork_sdk::{Error, Result};
use std::path::{Path, PathBuf};

/// The language when none is named.
pub(crate) const LANGUAGE: &str = "eng";
/// Dots per inch that it reads best.
pub(crate) const DENSITY: f64 = 300.0;

/// Finds an installed Tesseract.
pub(crate) fn find() -> Option<PathBuf> {
    formwork_program::find("tesseract")
}

/// Asks the program for its version, as in `5.3.0`.
pub(crate) fn version(program: &Path) -> Option<String> {
    let text = ask(program, "--version")?;
    let word = text.lines().next()?.split_whitespace().nth(1)?;
    Some(word.to_owned()).filter(|version| version.len() < 32)
}

/// Asks the program for the languages it can read.
pub(crate) fn languages(program: &Path) -> Vec<String> {
    let text = ask(program, "--list-langs").unwrap_or_default();
    text.lines()
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty() && *line != "osd")
        .map(String::from)
        .collect()
}

/// Checks the language that was asked for.
///
/// # Errors
///
/// `invalid_request`: one of them is not installed.
pub(crate) fn check(program: &Path, wanted: &str) -> Result<()> {
    let installed = languages(program);
    let missing = wanted.split('+').find(|word| !installed.iter().any(|known| known == word));
    missing.map_or(Ok(()), |word| {
        let known = installed.join(", ");
        Err(Error::invalid(format!(
            "Tesseract has no language `{word}` here, but {known}: apt install tesseract-ocr-{word}"
        )))
    })
}
