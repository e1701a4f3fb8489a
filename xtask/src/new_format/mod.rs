//! `cargo xtask new-format`: one row that says what the format is, one folder that says what we do with it.
//!
//! What it writes compiles and passes its own test at once: a codec for a toy layout. From there, put the
//! format's own reading and writing in place, step by step, with a running test.

mod edit;

use std::fs;
use std::path::Path;
use std::process::Command;

use formwork_tests::{Result, place};
use lexopt::prelude::*;

const HELP: &str = "\
cargo xtask new-format ID [options]
  --name TEXT        what people call it (the id)
  --extension EXT    the file name extension (the id)
  --mime TYPE        the media type (image/x-ID)
  --family FAMILY    image (default): a row, and a folder in plugins/image/codecs with a codec that works
                     any other: the row only";

/// Where a picture format's folder goes, and the list that its codec joins.
const CODECS: &str = "plugins/image/codecs/src";

/// The files of the folder; `@ID@`, `@NAME@` and `@EXT@` are filled in.
const SKELETON: &[(&str, &str)] = &[
    ("mod.rs", include_str!("image/mod.rs.txt")),
    ("read.rs", include_str!("image/read.rs.txt")),
    ("write.rs", include_str!("image/write.rs.txt")),
    ("tests.rs", include_str!("image/tests.rs.txt")),
];

/// What is asked for.
struct Request {
    id: String,
    name: String,
    extension: String,
    mime: String,
    family: String,
}

/// Makes the row and the folder, and says which files it touched.
pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let Some(request) = read(words)? else {
        println!("{HELP}");
        return Ok(true);
    };
    let root = place::root();
    let mut touched = vec![add_row(&root, &request)?];
    if request.family == "image" {
        touched.extend(add_folder(&root, &request)?);
        touched.push(add_codec(&root, &request)?);
        format_code(&root)?;
    }
    for path in &touched {
        println!("{path}");
    }
    println!("\nNext: fill in the row, then read.rs and write.rs; run its tests with");
    println!("  cargo test --release -p formwork-plugin-image {}", request.id);
    println!("and, before you commit, cargo xtask regenerate.");
    Ok(true)
}

fn read(words: &mut lexopt::Parser) -> Result<Option<Request>> {
    let (mut id, mut name, mut extension, mut mime, mut family) = (None, None, None, None, None);
    while let Some(word) = words.next()? {
        match word {
            Long("name") => name = Some(words.value()?.string()?),
            Long("extension") => extension = Some(words.value()?.string()?),
            Long("mime") => mime = Some(words.value()?.string()?),
            Long("family") => family = Some(words.value()?.string()?),
            Long("help") => return Ok(None),
            Value(word) if id.is_none() => id = Some(word.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let Some(id) = id else { return Ok(None) };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !id.chars().all(plain) || !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("an id is a lower-case letter followed by lower-case letters and digits".into());
    }
    let family = family.unwrap_or_else(|| "image".to_owned());
    Ok(Some(Request {
        name: name.unwrap_or_else(|| id.clone()),
        extension: extension.unwrap_or_else(|| id.clone()),
        mime: mime.unwrap_or_else(|| format!("{family}/x-{id}")),
        family,
        id,
    }))
}

fn add_row(root: &Path, request: &Request) -> Result<String> {
    let path = format!("formats/src/rows/{}.rs", request.family);
    let text = fs::read_to_string(root.join(&path)).map_err(|error| format!("{path}: {error}"))?;
    let row = edit::Row {
        id: &request.id,
        name: &request.name,
        extension: &request.extension,
        mime: &request.mime,
        base: &request.family.to_ascii_uppercase(),
    };
    fs::write(root.join(&path), edit::insert_row(&text, &row)?)?;
    Ok(path)
}

fn add_folder(root: &Path, request: &Request) -> Result<Vec<String>> {
    let folder = format!("{CODECS}/{}", request.id);
    fs::create_dir(root.join(&folder)).map_err(|error| format!("{folder}: {error}"))?;
    let mut touched = Vec::new();
    let mut put = |name: String, bytes: Vec<u8>| -> Result<()> {
        let path = format!("{folder}/{name}");
        fs::write(root.join(&path), bytes)?;
        touched.push(path);
        Ok(())
    };
    for (name, text) in SKELETON {
        let text = text
            .replace("@ID@", &request.id)
            .replace("@NAME@", &request.name)
            .replace("@EXT@", &request.extension);
        put((*name).to_owned(), text.into_bytes())?;
    }
    put(format!("seed.{}", request.extension), seed())?;
    Ok(touched)
}

/// The smallest file of the toy layout: two pixels, red and blue.
fn seed() -> Vec<u8> {
    [b"TOY!".as_slice(), &[2, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0, 0, 255]].concat()
}

fn add_codec(root: &Path, request: &Request) -> Result<String> {
    let path = format!("{CODECS}/lib.rs");
    let text = fs::read_to_string(root.join(&path))?;
    fs::write(root.join(&path), edit::insert_codec(&text, &request.id)?)?;
    Ok(path)
}

fn format_code(root: &Path) -> Result<()> {
    let words = ["fmt", "-p", "formwork-plugin-image", "-p", "formwork-formats"];
    let done = Command::new("cargo").args(words).current_dir(root).status()?;
    if done.success() { Ok(()) } else { Err("cargo fmt failed".into()) }
}
