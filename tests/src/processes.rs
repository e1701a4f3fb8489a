//! What processes are about, and what this one holds: for tests that want nothing left behind.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, place};

/// A process that is about. One that ended and waits to be reaped is not.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub id: i32,
    /// The number of its parent.
    pub parent: i32,
    /// The number of its group.
    pub group: i32,
    /// Its program and arguments, separated by spaces.
    pub words: String,
}

impl Process {
    fn read(id: i32) -> Option<Process> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let gone = matches!(fields.next()?, "Z" | "X");
        let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        let words = fs::read(format!("/proc/{id}/cmdline")).ok()?;
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        (!gone).then_some(Process { id, parent, group, words })
    }

    /// Kills it, with nothing it could do about it.
    pub fn kill(&self) {
        // SAFETY: takes plain numbers.
        unsafe { libc::kill(self.id, libc::SIGKILL) };
    }
}

/// Every process of the machine.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(std::result::Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Process::read).collect()
}

/// Processes this one started, and those they started.
pub fn descendants() -> Vec<Process> {
    let all = all();
    let mut family = vec![std::process::id() as i32];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        for process in all.iter().filter(|process| process.parent == parent) {
            family.push(process.id);
            found.push(process.clone());
        }
    }
    found
}

/// Waits until `gone` holds, at most so long; returns whether it does.
pub fn soon(patience: Duration, mut gone: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !gone() {
        if start.elapsed() > patience {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Number of descriptors this process has open.
pub fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Finds the worker program beside the program under test, and builds it when it is not there.
///
/// # Errors
///
/// It cannot be built.
pub fn worker() -> Result<PathBuf> {
    let running = std::env::current_exe()?;
    // A test program is in <target>/<profile>/deps/, a tool in <target>/<profile>/.
    let folder = running.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    let worker = folder.ok_or("this program lies nowhere")?.join("formwork-worker");
    if !worker.is_file() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        let built = build.args(["build", "--release", "-p", "formwork-worker"]).current_dir(place::root());
        if !built.status()?.success() {
            return Err("formwork-worker does not build".into());
        }
    }
    Ok(worker)
}
