//! `cargo xtask check-api`: the C interface still serves programs that were made with the one before, and with that of
//! the last release.
//!
//! Both headers are compiled into libraries that do nothing, and `abidiff` of libabigail compares these: types, structs,
//! parameters, functions. Something that breaks programs needs another `API_MAJOR`.

use std::fs;
use std::path::Path;
use std::process::Command;

use formwork_tests::place::{self, Scratch};
use formwork_tests::{Result, c_header};

use crate::earlier::{self, Earlier};

const HEADER: &str = "capi/include/formwork.h";
/// What `abidiff` adds to its exit code when programs would break.
const BREAKS: i32 = 8;

pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    if let Some(word) = words.next()? {
        return Err(word.unexpected().into());
    }
    if !place::has_tool("abidiff") {
        println!("skipped: abidiff is not installed (Debian package abigail-tools)");
        return Ok(true);
    }
    let now = fs::read_to_string(place::root().join(HEADER))?;
    let earlier = earlier::texts(HEADER, &now);
    if earlier.is_empty() {
        println!("skipped: there is no earlier {HEADER} to compare with");
    }
    let mut is_well = true;
    for Earlier { revision, text } in earlier {
        println!("compared with {revision}:");
        if major(&text) == major(&now) {
            is_well &= compare(&text, &now)?;
        } else {
            println!("API_MAJOR changed from {:?} to {:?}: everything may change", major(&text), major(&now));
        }
    }
    Ok(is_well)
}

fn major(header: &str) -> Option<&str> {
    header.lines().find_map(|line| line.strip_prefix("#define FORMWORK_API_MAJOR "))
}

fn compare(before: &str, now: &str) -> Result<bool> {
    let scratch = Scratch::new("api")?;
    let libraries = [library(&scratch, "before", before)?, library(&scratch, "now", now)?];
    let done = Command::new("abidiff").args(&libraries).output()?;
    print!("{}", String::from_utf8_lossy(&done.stdout));
    let code = done.status.code().ok_or("abidiff was killed")?;
    if code & 3 != 0 {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    let breaks = code & BREAKS != 0;
    println!(
        "{}",
        if breaks {
            "this breaks programs: raise API_MAJOR and the soname"
        } else {
            "programs go on as they are"
        }
    );
    Ok(!breaks)
}

/// A library that has every function of a header, with all their types, and does nothing.
fn library(scratch: &Scratch, name: &str, header: &str) -> Result<std::path::PathBuf> {
    let folder = scratch.join(name);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("formwork.h"), header)?;
    let functions = c_header::functions(header);
    let bodies: Vec<String> = functions
        .iter()
        .map(|function| format!("{} {{ __builtin_trap(); }}", function.declaration))
        .collect();
    let source = folder.join("all.c");
    fs::write(&source, format!("#include \"formwork.h\"\n{}\n", bodies.join("\n")))?;
    let library = folder.join("libformwork.so");
    compile(&source, &library)?;
    Ok(library)
}

fn compile(source: &Path, library: &Path) -> Result<()> {
    let done = Command::new("cc")
        .args(["-g", "-w", "-shared", "-fPIC", "-Wl,-soname,libformwork.so", "-o"])
        .args([library, source])
        .output()?;
    if done.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned().into())
    }
}
