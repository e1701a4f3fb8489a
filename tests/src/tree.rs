//! A folder before and after: which files are there, and did any change.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::Result;

/// Every entry below a folder with a digest of its kind, mode, link target and content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, u64>);

impl Tree {
    /// Takes stock of `folder`; links are not followed.
    pub fn of(folder: &Path) -> Result<Tree> {
        let mut entries = BTreeMap::new();
        visit(folder, folder, &mut entries)?;
        Ok(Tree(entries))
    }

    /// Names what differs in `later`: `+` came, `-` went, `~` changed.
    pub fn differences(&self, later: &Tree) -> Vec<String> {
        let came = later.0.keys().filter(|path| !self.0.contains_key(*path)).map(|path| ('+', path));
        let went = self.0.keys().filter(|path| !later.0.contains_key(*path)).map(|path| ('-', path));
        let changed =
            self.0.iter().filter(|(path, digest)| later.0.get(*path).is_some_and(|now| now != *digest));
        let changed = changed.map(|(path, _)| ('~', path));
        came.chain(went).chain(changed).map(|(sign, path)| format!("{sign}{}", path.display())).collect()
    }

    /// The paths, relative to the folder.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }
}

fn visit(top: &Path, folder: &Path, entries: &mut BTreeMap<PathBuf, u64>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let facts = fs::symlink_metadata(&path)?;
        let mut digest = DefaultHasher::new();
        facts.mode().hash(&mut digest);
        if facts.is_symlink() {
            fs::read_link(&path)?.hash(&mut digest);
        } else if facts.is_file() {
            hash_content(&path, &mut digest)?;
        }
        entries.insert(path.strip_prefix(top)?.to_path_buf(), digest.finish());
        if facts.is_dir() {
            visit(top, &path, entries)?;
        }
    }
    Ok(())
}

/// Reads in small pieces: what this process holds is counted against the programs it starts.
fn hash_content(path: &Path, digest: &mut DefaultHasher) -> Result<()> {
    let mut file = fs::File::open(path)?;
    let mut piece = [0; 1 << 16];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(()),
            count => piece[..count].hash(digest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Scratch;

    #[test]
    fn sees_what_came_went_and_changed() {
        let scratch = Scratch::new("tree").unwrap();
        fs::write(scratch.join("a"), "1").unwrap();
        fs::write(scratch.join("b"), "1").unwrap();
        let before = Tree::of(scratch.path()).unwrap();
        fs::write(scratch.join("a"), "2").unwrap();
        fs::remove_file(scratch.join("b")).unwrap();
        fs::create_dir(scratch.join("c")).unwrap();
        let after = Tree::of(scratch.path()).unwrap();
        assert_eq!(before.differences(&after), ["+c", "-b", "~a"]);
    }
}
