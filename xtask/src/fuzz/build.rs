//! Builds the fuzz programs with the counters a fuzzer steers by.

use std::path::{Path, PathBuf};
use std::process::Command;

use formwork_tests::{Result, place};
use serde_json::Value;

/// What makes the compiler put counters into every branch and report comparisons. Works with a stable one.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// Builds all fuzz programs and returns where they are.
pub(super) fn programs(folder: &Path, sanitize: bool) -> Result<Vec<PathBuf>> {
    let mut flags = COVERAGE.to_vec();
    let mut cargo = Command::new("cargo");
    if sanitize {
        // `cargo` of the running toolchain knows no `+nightly`; the one in front of all toolchains does.
        cargo = Command::new("rustup");
        cargo.args(["run", "nightly", "cargo"]);
        flags.push("-Zsanitizer=address");
    }
    // A named target keeps the counters out of build scripts and macros.
    let machine = machine()?;
    let folder = if sanitize { folder.with_extension("asan") } else { folder.to_path_buf() };
    cargo
        .args(["build", "--profile", "fuzz", "--package", "formwork-fuzz", "--bins", "--target", &machine])
        .args(["--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(&folder)
        .env("RUSTFLAGS", flags.join(" "))
        .current_dir(place::root())
        .stderr(std::process::Stdio::inherit());
    let done = cargo.output()?;
    if !done.status.success() {
        return Err("the fuzz programs cannot be built".into());
    }
    let said = String::from_utf8_lossy(&done.stdout);
    let mut programs: Vec<PathBuf> = said.lines().filter_map(executable).collect();
    programs.sort();
    Ok(programs)
}

/// The program that a message of cargo tells about.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

/// This machine as the compiler calls it.
fn machine() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output()?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say for what machine it builds".into())
}
