//! `cargo xtask check-rust-api [--write]`: the Rust interface breaks no program unless the version says so.
//!
//! What the crates offer stands in `docs/api`, one item a line, as rustdoc sees it, with the version it was written for.
//! What is gone from there, or was changed, breaks those who use it; so does a member or variant more where others may
//! name all of them. Then the version must be of another series, as Cargo counts them: 0.2 after 0.1. `--write` brings
//! the lists up to date, and refuses what the version does not allow.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use formwork_tests::{Result, place};
use lexopt::prelude::*;

use crate::earlier;

/// The crates that others build on.
const CRATES: &[&str] = &["formwork", "formwork-async", "formwork-sdk", "formwork-abi", "formwork-formats"];
/// The Rust whose rustdoc writes what `xtask/interface` reads.
const RUST: &str = "1.95.";
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn run(words: &mut lexopt::Parser) -> Result<bool> {
    let mut write = false;
    while let Some(word) = words.next()? {
        match word {
            Long("write") => write = true,
            word => return Err(word.unexpected().into()),
        }
    }
    let rust = rust()?;
    if !rust.starts_with(RUST) {
        println!("skipped: the lists in docs/api are of Rust {RUST}x, and this is {rust}");
        return Ok(true);
    }
    document()?;
    let mut is_well = true;
    for name in CRATES {
        is_well &= check(name, write)?;
    }
    Ok(is_well)
}

/// Compares the list of one crate, and says what is wrong.
fn check(name: &str, write: bool) -> Result<bool> {
    let path = format!("docs/api/{name}.txt");
    let file = place::root().join(&path);
    let now = list(name)?;
    let there = fs::read_to_string(&file).unwrap_or_default();
    let released = earlier::release(&path);
    let known = released.iter().map(|earlier| (earlier.revision.as_str(), earlier.text.as_str()));
    let mut is_well = true;
    for (place, before) in known.chain([(path.as_str(), there.as_str())]) {
        if series(version_of(before)) != series(VERSION) {
            continue;
        }
        for what in breaks(before, &now) {
            is_well = false;
            eprintln!("{name}: {what}, in {place}");
        }
    }
    if !is_well {
        eprintln!(
            "{name} {VERSION} breaks programs: put that back, or raise the version in Cargo.toml to the next"
        );
        eprintln!("series after {}, and then: cargo xtask check-rust-api --write", series(VERSION));
        return Ok(false);
    }
    if there == now {
        println!("{name}: {} items, as they were", now.lines().count() - 1);
        return Ok(true);
    }
    if write {
        fs::create_dir_all(file.parent().unwrap_or(&file))?;
        fs::write(&file, &now)?;
        println!("wrote {path}");
    } else {
        eprintln!("{path} is stale: run cargo xtask check-rust-api --write and commit the difference");
    }
    Ok(write)
}

/// Has rustdoc describe all crates. Their list is only readable for a compiler of tomorrow, so it is told to be one; in
/// a folder of its own, since build scripts look for that, too.
fn document() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["doc", "--quiet", "--locked", "--no-deps", "--lib"]);
    cargo.args(CRATES.iter().flat_map(|name| ["--package", name]));
    cargo.arg("--target-dir").arg(folder()).current_dir(place::root());
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json --cap-lints=allow");
    if cargo.status()?.success() { Ok(()) } else { Err("rustdoc failed".into()) }
}

fn folder() -> PathBuf {
    place::target().join("interface")
}

/// What a crate offers: a line that says whose list it is, and one for each item.
fn list(name: &str) -> Result<String> {
    let described = folder().join("doc").join(name.replace('-', "_")).with_extension("json");
    let done = Command::new("cargo")
        .args(["run", "--release", "--quiet", "--locked", "--manifest-path"])
        .arg(place::root().join("xtask/interface/Cargo.toml"))
        .arg("--target-dir")
        .arg(folder())
        .arg("--")
        .arg(described)
        .output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    let items = String::from_utf8(done.stdout)?;
    Ok(format!(
        "# {name} {VERSION}: its interface. Written by cargo xtask check-rust-api --write; do not edit.\n{items}"
    ))
}

fn rust() -> Result<String> {
    let said = Command::new("rustc").arg("-vV").output()?.stdout;
    let said = String::from_utf8_lossy(&said).into_owned();
    let release = said.lines().find_map(|line| line.strip_prefix("release: "));
    release.map(str::to_owned).ok_or_else(|| "rustc does not say which it is".into())
}

/// The version a list was written for; nothing when there is none.
fn version_of(list: &str) -> &str {
    let words = list.lines().next().unwrap_or_default().strip_prefix("# ").unwrap_or_default();
    words.split([' ', ':']).nth(1).unwrap_or_default()
}

/// What versions share that Cargo takes for one another: `0.1`, `2`.
fn series(version: &str) -> &str {
    let parts = if version.starts_with("0.") { 2 } else { 1 };
    let end = version.match_indices('.').nth(parts - 1).map_or(version.len(), |(at, _)| at);
    &version[..end]
}

/// What would break those who use what the first list has.
fn breaks(before: &str, now: &str) -> Vec<String> {
    let items = |list| str::lines(list).skip(1).collect::<HashSet<_>>();
    let (known, there) = (items(before), items(now));
    let gone = before.lines().skip(1).filter(|item| !there.contains(item));
    let gone = gone.map(|item| format!("gone or changed: {item}"));
    // A trait's function more is let pass: a list does not tell whether those who have the trait need it.
    let more = now.lines().skip(1).filter(|item| !known.contains(item));
    let more = more.filter(|item| owner(item).is_some_and(|owner| is_open(before, owner)));
    gone.chain(more.map(|item| format!("one more, where all may be named: {item}"))).collect()
}

/// The type, or variant, that a member or variant belongs to.
fn owner(item: &str) -> Option<&str> {
    let path = item.strip_prefix("pub ")?;
    // `pub fn a::b` begins with what it is; a member with its path.
    let path = path.split([' ', '(']).next()?.trim_end_matches(':');
    path.rsplit_once("::").map(|(owner, _)| owner)
}

/// Whether others may name all members of this type, as it was: to match on them, or to make one.
fn is_open(before: &str, owner: &str) -> bool {
    let kinds = [format!("pub enum {owner}"), format!("pub {owner}")];
    let mut lines = before.lines();
    let is_enum = lines.any(|item| kinds.iter().any(|kind| item == kind));
    let is_struct = before.lines().any(|item| {
        let name = item.strip_prefix("pub struct ").unwrap_or_default();
        name == owner || name.strip_prefix(owner).is_some_and(|rest| rest.starts_with('<'))
    });
    let has_members = before.lines().any(|item| self::owner(item) == Some(owner));
    is_enum || (is_struct && has_members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# a 0.1.0: \n\
        pub enum a::Kind\n\
        pub a::Kind::One\n\
        pub struct a::Open<T>\n\
        pub a::Open::x: u8\n\
        pub struct a::Shut\n\
        #[non_exhaustive] pub enum a::Growing\n\
        pub a::Growing::One\n\
        pub fn a::f(u8)\n\
        pub trait a::T\n";

    fn broken(change: impl Fn(&str) -> String) -> usize {
        breaks(BEFORE, &change(BEFORE)).len()
    }

    #[test]
    fn what_is_gone_or_changed_breaks() {
        assert_eq!(broken(str::to_owned), 0);
        assert_eq!(broken(|list| list.replace("pub fn a::f(u8)\n", "")), 1);
        assert_eq!(broken(|list| list.replace("f(u8)", "f(u16)")), 1);
    }

    #[test]
    fn a_member_more_breaks_where_all_may_be_named() {
        for more in
            ["pub a::Kind::Two", "pub a::Kind::Two(u8)", "pub a::Open::y: u8", "pub a::Kind::One::x: u8"]
        {
            assert_eq!(broken(|list| format!("{list}{more}\n")), 1, "{more}");
        }
        for more in [
            "pub a::Growing::Two",
            "pub a::Shut::x: u8",
            "pub fn a::Kind::two(&self)",
            "pub fn a::T::t(&self)",
        ] {
            assert_eq!(broken(|list| format!("{list}{more}\n")), 0, "{more}");
        }
    }

    #[test]
    fn versions_of_a_series_stand_for_each_other() {
        assert_eq!(
            [series("0.1.0"), series("0.12.3"), series("2.0.1"), series("")],
            ["0.1", "0.12", "2", ""]
        );
        assert_eq!(version_of("# formwork-sdk 0.1.0: its"), "0.1.0");
        assert_eq!(version_of(""), "");
    }
}
