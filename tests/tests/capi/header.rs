//! The header in every language it is for, and the symbols of the library beside it.

use super::{built, header};
use formwork_tests::c_header::functions;
use formwork_tests::place::{self, Scratch};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn compiles_without_a_warning() {
    let scratch = Scratch::new("header").unwrap();
    let cases = [
        ("cc", "c", "-std=c99", "formwork.h"),
        ("cc", "c", "-std=c11", "formwork.h"),
        ("c++", "cpp", "-std=c++17", "formwork.h"),
        ("c++", "cpp", "-std=c++17", "formwork.hpp"),
    ];
    for (compiler, extension, standard, name) in cases {
        let source = scratch.join(format!("twice.{extension}"));
        std::fs::write(
            &source,
            format!("#include <{name}>\n#include <{name}>\nint main() {{ return 0; }}\n"),
        )
        .unwrap();
        let mut command = Command::new(compiler);
        command.args([
            standard,
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Wconversion",
            "-Wshadow",
            "-Wundef",
            "-Werror",
        ]);
        if compiler == "c++" {
            command.arg("-Wold-style-cast");
        }
        let output = command
            .arg("-I")
            .arg(place::root().join("capi/include"))
            .args(["-fsyntax-only", "-x", if compiler == "cc" { "c" } else { "c++" }])
            .arg(&source)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // C before 23 wants `void` there, but that is this test's own line.
        assert!(output.status.success(), "{name} with {standard}: {said}");
    }
}

#[test]
fn the_library_exports_what_the_header_declares_and_nothing_else() {
    let output = Command::new("nm")
        .args(["-D", "--defined-only", "--format=posix"])
        .arg(built().join("libformwork_c.so"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<&str> = said.lines().filter_map(|line| line.split(' ').next()).collect();
    let header = header();
    let functions = functions(&header);
    let declared: BTreeSet<&str> = functions.iter().map(|function| function.name).collect();
    assert_eq!(exported, declared);
}

#[test]
fn the_library_has_the_name_programs_ask_for() {
    let output = Command::new("readelf").arg("-d").arg(built().join("libformwork_c.so")).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("soname: [libformwork.so.0]"), "{said}");
}
