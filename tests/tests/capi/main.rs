//! The engine as C sees it: the header, the library's symbols, what misuse does, and whole programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up should stop"
)]

mod header;
mod misuse;
mod programs;
mod sequences;

use formwork_tests::place::{self, Scratch};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The header, as it is committed.
fn header() -> String {
    std::fs::read_to_string(place::root().join("capi/include/formwork.h")).unwrap()
}

/// The folder the release build lies in.
fn built() -> PathBuf {
    place::program().unwrap().parent().unwrap().to_owned()
}

/// A folder with the library under the name it is asked for by.
fn library(scratch: &Scratch) -> PathBuf {
    let folder = scratch.join("lib");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["libformwork.so", "libformwork.so.0"] {
        std::os::unix::fs::symlink(built().join("libformwork_c.so"), folder.join(name)).unwrap();
    }
    folder
}

/// A folder with one plugin: others take their time to be looked at, above all under valgrind.
fn plugins(scratch: &Scratch) -> PathBuf {
    let folder = scratch.join("plugins");
    let name = "libformwork_plugin_image.so";
    if std::fs::create_dir(&folder).is_ok() {
        std::os::unix::fs::symlink(built().join(name), folder.join(name)).unwrap();
    }
    folder
}

/// Compiles a program of `tests/capi`, or made by a test, against the library.
fn compile(compiler: &str, source: &Path, program: &Path, flags: &[&str], library: &Path) {
    let mut command = Command::new(compiler);
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]).args(flags);
    for folder in ["capi/include", "tests/capi"] {
        command.arg("-I").arg(place::root().join(folder));
    }
    command.arg(source).arg("-o").arg(program).arg("-L").arg(library).arg("-lformwork");
    command.arg(format!("-Wl,-rpath,{}", library.display()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What a program said, when it did not go well.
fn complaint(output: &Output) -> String {
    format!(
        "{}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
