//! Finding the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Ghostscript is looked for. A search through `PATH` would run whatever a caller's folder holds.
const FOLDERS: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];

/// Finds an installed Ghostscript.
pub(crate) fn find() -> Option<PathBuf> {
    find_in(FOLDERS)
}

fn find_in(folders: &[&str]) -> Option<PathBuf> {
    if !cfg!(unix) {
        return None;
    }
    folders.iter().map(|folder| Path::new(folder).join("gs")).find(|program| program.is_file())
}

/// Asks the program for its version.
pub(crate) fn version(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").env_clear().stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|version| !version.is_empty() && version.len() < 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_not_found() {
        assert_eq!(find_in(&["/nonexistent-folder"]), None);
    }
}
