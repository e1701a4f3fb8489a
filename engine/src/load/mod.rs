//! Finds, proves, describes and opens plugins.
//!
//! A plugin file is described once, in a process of its own ([`Scanner`]), and the description kept in
//! a cache that may be deleted at will ([`cache`]). It is loaded into this process only when a step
//! needs it ([`Library`]), and never unloaded.

mod cache;
mod library;
mod scan;

pub use cache::Cache;
pub use library::Library;
pub use scan::{Scanned, Scanner, describe_here};

use formwork_abi::describe::Description;
use formwork_abi::options::OptionSpec;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What plugin file names start with; what follows is up to the author.
const PREFIX: &str = "libformwork_plugin_";

/// Lists the plugin files of some folders, in order of their names; folders that are not there are
/// passed over. The first of two files with the same name wins.
pub fn find(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let mut here: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_plugin(path))
            .collect();
        here.sort();
        here.retain(|path| found.iter().all(|known| known.file_name() != path.file_name()));
        found.append(&mut here);
    }
    found
}

/// Reads what a plugin says of itself. Options that say the same are held once: plugins repeat them in most capabilities.
pub(crate) fn read_description(text: &str) -> serde_json::Result<Description> {
    let mut description: Description = serde_json::from_str(text)?;
    let mut known: HashMap<String, Vec<OptionSpec>> = HashMap::new();
    let options = description.capabilities.iter_mut().flat_map(|capability| &mut capability.options);
    for option in options {
        let namesakes = known.entry(option.name.clone()).or_default();
        match namesakes.iter().find(|same| *same == option) {
            Some(same) => *option = same.clone(),
            None => namesakes.push(option.clone()),
        }
    }
    Ok(description)
}

fn is_plugin(path: &Path) -> bool {
    path.extension() == Some(OsStr::new(std::env::consts::DLL_EXTENSION))
        && path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(PREFIX))
}
