//! Installed programs as backends of plugins: found in folders of the system alone, started without rights, fed
//! from memory, watched, and ended when a limit is met.

mod cage;
mod run;

pub use run::Outcome;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where programs are looked for. A search through `PATH` would run whatever a caller's folder holds.
const FOLDERS: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];

/// Finds an installed program by the name of its file; nothing where programs cannot be locked in.
pub fn find(file: &str) -> Option<PathBuf> {
    find_in(FOLDERS, file)
}

fn find_in(folders: &[&str], file: &str) -> Option<PathBuf> {
    if !cfg!(unix) {
        return None;
    }
    folders.iter().map(|folder| Path::new(folder).join(file)).find(|program| program.is_file())
}

/// Asks a program one thing (as `--version`) and returns what it says; it gets no input and no environment.
pub fn ask(program: &Path, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument).env_clear().stdin(Stdio::null()).stderr(Stdio::null());
    String::from_utf8(command.output().ok()?.stdout).ok()
}

/// What is run, and what it may use beside the limits of the job.
#[derive(Clone, Copy, Debug)]
pub struct Program<'p> {
    /// What messages call it.
    pub name: &'static str,
    /// Its file.
    pub path: &'p Path,
    /// All it knows of the environment beside `LC_ALL=C`.
    pub environment: &'p [(&'p str, &'p str)],
    /// Address space for the program itself, in bytes, beside what the limit `memory` gives to its work.
    pub own_memory: u64,
    /// Bytes that each file may have that it writes, in the folder its environment names; with 0 it can write none.
    pub own_files: u64,
    /// The limit `time`: how long it may go on without anything coming out.
    pub silence: Duration,
    /// The limit `time` for the whole run, of the clock and of the processor.
    pub whole: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_not_found() {
        assert_eq!(find_in(&["/nonexistent-folder"], "gs"), None);
    }
}
