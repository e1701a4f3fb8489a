//! Whole programs in C and C++: as they are, with the address sanitizer, and in valgrind where there is one.

use super::{built, compile, complaint, library, plugins};
use formwork_tests::place::{self, Scratch};
use std::path::Path;
use std::process::Command;

/// Those of `tests/capi`.
const PROGRAMS: [&str; 4] = ["convert", "jobs", "hooks", "files"];
/// Level 2, and in this process.
const LEVELS: [&str; 2] = ["2", "-1"];

/// Runs a program of `tests/capi` at both levels, after the words before it.
fn run(name: &str, flags: &[&str], before: &[&str]) {
    let scratch = Scratch::new("capi").unwrap();
    let (library, program) = (library(&scratch), scratch.join(name));
    let source = place::root().join("tests/capi").join(format!("{name}.c"));
    compile("cc", &source, &program, &[&["-std=c11"], flags].concat(), &library);
    for level in LEVELS {
        let place = scratch.join(format!("files{level}"));
        std::fs::create_dir_all(&place).unwrap();
        let plugins = plugins(&scratch);
        let mut words = before.iter().map(|word| (*word).into()).collect::<Vec<std::ffi::OsString>>();
        words.extend([program.clone().into(), plugins.into(), built().join("formwork-worker").into()]);
        words.extend([level.into(), place.into()]);
        let output = Command::new(&words[0]).args(&words[1..]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.ends_with("well\n"), "level {level}: {}", complaint(&output));
    }
}

#[test]
fn programs_run() {
    for name in PROGRAMS {
        run(name, &["-O2"], &[]);
    }
}

#[test]
fn programs_are_clean_for_the_address_sanitizer() {
    for name in PROGRAMS {
        run(name, &["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"], &[]);
    }
}

#[test]
fn programs_are_clean_for_valgrind() {
    if !place::has_tool("valgrind") {
        println!("skipped: valgrind is not installed");
        return;
    }
    // Threads that wait for ever hold a little of their own; what nobody can reach is a leak.
    let valgrind = [
        "valgrind",
        "-q",
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite",
        "--errors-for-leak-kinds=definite",
    ];
    for name in PROGRAMS {
        run(name, &[], &valgrind);
    }
}

#[test]
fn a_program_in_cpp_runs() {
    let scratch = Scratch::new("capi-cpp").unwrap();
    let (library, program) = (library(&scratch), scratch.join("cpp"));
    let source = place::root().join("tests/capi/cpp.cpp");
    let flags =
        ["-std=c++17", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-fsanitize=address,undefined"];
    compile("c++", &source, &program, &flags, &library);
    let output =
        Command::new(&program).arg(plugins(&scratch)).arg(built().join("formwork-worker")).output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
}

/// Installing gives what pkg-config and CMake find, in a folder that may be moved.
#[test]
fn what_is_installed_is_found_by_pkg_config() {
    if !place::has_tool("pkg-config") {
        println!("skipped: pkg-config is not installed");
        return;
    }
    let scratch = Scratch::new("prefix").unwrap();
    let prefix = scratch.join("somewhere");
    let installed =
        Command::new(built().join("xtask")).args(["install", "--prefix"]).arg(&prefix).output().unwrap();
    assert!(installed.status.success(), "{}", complaint(&installed));
    let moved = scratch.join("elsewhere");
    std::fs::rename(&prefix, &moved).unwrap();
    let flags = Command::new("pkg-config")
        .args(["--cflags", "--libs", "formwork"])
        .env("PKG_CONFIG_PATH", moved.join("lib/pkgconfig"))
        .output()
        .unwrap();
    assert!(flags.status.success(), "{}", complaint(&flags));
    let flags = String::from_utf8(flags.stdout).unwrap();
    let (source, program) = (scratch.join("hello.c"), scratch.join("hello"));
    std::fs::write(&source, HELLO).unwrap();
    let built = Command::new("cc")
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .args(flags.split_whitespace())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", complaint(&built));
    let output = Command::new(&program)
        .env("LD_LIBRARY_PATH", moved.join("lib"))
        .current_dir(scratch.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    assert!(is_png(&scratch.join("out.png")));
}

fn is_png(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG"))
}

/// With all defaults: plugins and worker are found from where the library lies.
const HELLO: &str = r#"
#include <formwork.h>
#include <stdio.h>
int main(void) {
    FILE *file = fopen("in.ppm", "wb");
    formwork_engine *engine = NULL;
    formwork_error *error = NULL;
    fputs("P6\n1 1\n255\nabc", file);
    fclose(file);
    if (formwork_engine_open(NULL, &engine, &error) == FORMWORK_STATUS_OK)
        formwork_convert_path(engine, "in.ppm", "out.png", NULL, &error);
    if (error != NULL) {
        fprintf(stderr, "%s\n", formwork_error_message(error));
        return 1;
    }
    formwork_engine_close(engine);
    return 0;
}
"#;
