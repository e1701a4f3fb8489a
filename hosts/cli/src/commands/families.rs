//! Says which families of plugins a command line needs, so that only those are set up and built.

use crate::{exit, show};
use formwork::Result;
use formwork::detect;
use formwork::formats::{self, Family};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

/// Commands that show what there is, and so need everything.
const LISTINGS: &[&str] = &["formats", "matrix", "doctor", "run", "options", "plan", "serve"];

/// Prints the families, separated by spaces; nothing when no plugin is needed.
pub(crate) fn run(arguments: &[OsString]) -> Result<u8> {
    let words: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let families = needed(&words);
    show::line(&families.iter().map(|family| family.word()).collect::<Vec<_>>().join(" "));
    Ok(exit::OK)
}

fn needed(words: &[String]) -> BTreeSet<Family> {
    let command = words.first().map_or("", String::as_str);
    let helps = words.iter().any(|word| matches!(word.as_str(), "--help" | "-h" | "--version" | "-V"));
    if helps || matches!(command, "" | "completions" | "man" | "verify" | "families" | "scan-plugin" | "help")
    {
        return BTreeSet::new();
    }
    let mut families: BTreeSet<Family> = words.iter().skip(1).filter_map(|word| family(word)).collect();
    if matches!(command, "archive" | "extract") || words.iter().any(|word| Path::new(word).is_dir()) {
        families.insert(Family::Archive);
    }
    if LISTINGS.contains(&command) || families.is_empty() {
        families.extend(Family::ALL);
    }
    families
}

/// The family a word of the command line points to: what the file's bytes are, or what the name says.
fn family(word: &str) -> Option<Family> {
    let path = Path::new(word);
    if path.is_file() {
        let found = File::open(path).ok().and_then(|file| detect::detect(&file, Some(word)).ok().flatten());
        return found.map(|detection| detection.format.family);
    }
    let name = path
        .extension()
        .map_or_else(|| word.to_owned(), |extension| extension.to_string_lossy().into_owned());
    formats::find(&name).map(|format| format.family)
}
