//! Brings files and folders into a job.

use super::item::{Content, Item};
use crate::{Error, Result};
use std::path::Path;

/// Lists what a path hands over: a file, or a folder with everything in it. Links inside a folder stay
/// links.
pub(crate) fn import(path: &Path) -> Result<Vec<Item>> {
    let name = path.file_name().map_or_else(|| "folder".into(), |name| name.to_string_lossy().into_owned());
    let item = Item::from_path(path, name, true)?;
    if !matches!(item.content, Content::Directory) {
        return Ok(vec![item]);
    }
    let mut items = Vec::new();
    walk(path, "", &mut items, 0)?;
    Ok(items)
}

/// Deepest folder that is walked into; deeper ones are refused rather than followed for ever.
const DEEPEST: usize = 256;

fn walk(folder: &Path, prefix: &str, items: &mut Vec<Item>, depth: usize) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(format!("cannot list {}", folder.display()), &error);
    if depth > DEEPEST {
        return Err(Error::invalid(format!("{} is more than {DEEPEST} folders deep", folder.display())));
    }
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).map_err(failed)?.collect::<std::io::Result<_>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(failed)?;
        if !(kind.is_dir() || kind.is_file() || kind.is_symlink()) {
            continue;
        }
        items.push(Item::from_path(&entry.path(), name.clone(), false)?);
        if kind.is_dir() {
            walk(&entry.path(), &format!("{name}/"), items, depth + 1)?;
        }
    }
    Ok(())
}
