//! Every function of the header with NULL everywhere, and with structs that are too short: misuse, not a crash. The
//! program that calls them is made from the header, so a new function is in it at once.

use super::{compile, complaint, header, library};
use formwork_tests::c_header::{Function, functions};
use formwork_tests::place::Scratch;
use std::fmt::Write;
use std::process::Command;

/// The last word of a parameter's type: what it points at, without `const` and `struct`.
fn pointee(parameter: &str) -> Option<&str> {
    let (kind, _) = parameter.split_once('*')?;
    Some(kind.trim().trim_start_matches("const ").trim_start_matches("struct "))
}

#[test]
fn null_and_short_structs_are_misuse() {
    let header = header();
    let functions = functions(&header);
    assert!(functions.len() > 40, "only {} functions were found", functions.len());
    let scratch = Scratch::new("misuse").unwrap();
    let source = scratch.join("misuse.c");
    std::fs::write(&source, program(&header, &functions)).unwrap();
    let (library, program) = (library(&scratch), scratch.join("misuse"));
    compile("cc", &source, &program, &["-std=c11", "-Wno-unused-value"], &library);
    let output = Command::new(&program).output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    println!("{said}");
    assert!(said.trim_end().ends_with("calls"), "{said}");
}

/// A program that calls each function with nothing at all, then, for each struct it takes, with one that is too short,
/// one that is too long to be one, and one that asks for something unknown.
fn program(header: &str, functions: &[Function<'_>]) -> String {
    let mut text = String::from(
        "#include <formwork.h>\n#include <stdio.h>\n#include <string.h>\nstatic int calls, wrong;\n\
         static void expect(const char *what, int status) {\n    ++calls;\n    \
         if (status != FORMWORK_STATUS_MISUSE) { ++wrong; printf(\"%s gave %d\\n\", what, status); }\n}\n\
         int main(void) {\n    static size_t room[1024];\n",
    );
    for function in functions {
        let nothing: Vec<&str> =
            function.parameters.iter().map(|one| if one.contains('*') { "NULL" } else { "0" }).collect();
        let name = function.name;
        if function.returns != "formwork_status" || name == "formwork_error_status" {
            writeln!(text, "    {name}({}); ++calls;", nothing.join(", ")).unwrap();
            continue;
        }
        writeln!(text, "    expect(\"{name}(NULL)\", {name}({}));", nothing.join(", ")).unwrap();
        for (place, parameter) in function.parameters.iter().enumerate() {
            let Some(kind) = pointee(parameter).filter(|kind| is_sized(header, kind)) else { continue };
            let unknown = format!("sizeof(struct {kind}) + 8");
            for (size, mark) in [("0", "0"), ("8", "0"), ("100000", "0"), (unknown.as_str(), "1")] {
                writeln!(text, "    memset(room, 0, sizeof room); room[0] = {size};").unwrap();
                writeln!(text, "    room[sizeof(struct {kind}) / sizeof room[0]] = {mark};").unwrap();
                let mut words: Vec<String> = nothing.iter().map(|word| (*word).to_owned()).collect();
                words[place] = format!("(struct {kind} *)(void *)room");
                writeln!(text, "    expect(\"{name}: {kind} of {size}\", {name}({}));", words.join(", "))
                    .unwrap();
            }
        }
    }
    text + "    printf(\"%d calls\\n\", calls);\n    return wrong != 0;\n}\n"
}

/// Whether a type is a struct that says its size.
fn is_sized(header: &str, kind: &str) -> bool {
    header.contains(&format!("typedef struct {kind} {{\n    // Size of this struct in bytes"))
}
