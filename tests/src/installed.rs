//! The engine as it is installed, for what is built or run outside this workspace.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::{Result, place};

/// What a script ends with where the machine lacks something; its last line says what.
pub const MISSING: i32 = 77;

/// A folder into which what was built is installed, once for each program that asks.
pub fn prefix() -> Result<PathBuf> {
    static PREFIX: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let install = || -> Result<PathBuf> {
        let (program, prefix) = (place::program()?.with_file_name("xtask"), place::target().join("prefix"));
        let done = Command::new(program).args(["install", "--prefix"]).arg(&prefix).output()?;
        match done.status.success() {
            true => Ok(std::fs::canonicalize(prefix)?),
            false => Err(String::from_utf8_lossy(&done.stderr).into()),
        }
    };
    PREFIX.get_or_init(|| install().map_err(|error| error.to_string())).clone().map_err(Into::into)
}
