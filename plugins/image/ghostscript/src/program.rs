//! Finding the program.

use std::path::{Path, PathBuf};

/// Finds an installed Ghostscript.
pub(crate) fn find() -> Option<PathBuf> {
    formwork_program::find("gs")
}

/// Asks the program for its version.
pub(crate) fn version(program: &Path) -> Option<String> {
    let text = formwork_program::ask(program, "--version")?;
    Some(text.trim().to_owned()).filter(|version| !version.is_empty() && version.len() < 32)
}
