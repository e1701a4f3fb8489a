//! What a file said before: in the last release, and before the last change to it.

use std::process::Command;

use formwork_tests::place;

/// An earlier text of a file, and where it is from.
pub(crate) struct Earlier {
    pub(crate) revision: String,
    pub(crate) text: String,
}

/// The texts of a file that those who use it may have: of the last release, and of the last commit with another text than
/// `now`, among this one and the one before. None of them is `now`.
pub(crate) fn texts(path: &str, now: &str) -> Vec<Earlier> {
    let mut commits = ["HEAD", "HEAD^"].into_iter().map_while(|revision| at(revision, path));
    let commit = commits.find(|earlier| earlier.text != now);
    let release = release(path).filter(|earlier| earlier.text != now);
    let mut all: Vec<Earlier> = release.into_iter().chain(commit).collect();
    all.dedup_by(|one, other| one.text == other.text);
    all
}

/// The text of a file in the last release, which is the last tag `v*`; nothing before the first.
pub(crate) fn release(path: &str) -> Option<Earlier> {
    let tag = git(&["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"])?;
    at(tag.trim(), path)
}

fn at(revision: &str, path: &str) -> Option<Earlier> {
    let text = git(&["show", &format!("{revision}:{path}")])?;
    Some(Earlier { revision: revision.to_owned(), text })
}

/// What git says to these words; nothing when it fails, as where there is no history.
fn git(words: &[&str]) -> Option<String> {
    let said = Command::new("git").args(words).current_dir(place::root()).output().ok()?;
    if said.status.success() { String::from_utf8(said.stdout).ok() } else { None }
}
