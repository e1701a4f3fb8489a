//! Putting results in place: all or nothing, nothing overwritten, nothing left behind.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up should stop")]

use formwork::ErrorKind;
use formwork::deliver::{Placement, StagingAreas, place};
use formwork::run::Item;
use std::path::{Path, PathBuf};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("formwork-deliver-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Everything below it, hidden files included.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut open = vec![self.0.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                names.push(entry.strip_prefix(&self.0).unwrap().to_string_lossy().into_owned());
                if entry.is_dir() {
                    open.push(entry);
                }
            }
        }
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn item(name: &str, text: &str) -> Item {
    Item::from_bytes(name, text.as_bytes().to_vec())
}

fn to(path: &Path) -> Placement {
    Placement { path: path.to_owned(), overwrite: false, durable: true }
}

#[test]
fn one_item_becomes_the_file_that_was_named() {
    let folder = Folder::new("one");
    let paths = place(&[item("x", "hello")], &to(&folder.0.join("a.txt")), &StagingAreas::default()).unwrap();
    assert_eq!(paths, [folder.0.join("a.txt")]);
    assert_eq!(folder.names(), ["a.txt"]);
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = Folder::new("taken");
    let target = folder.0.join("a.txt");
    std::fs::write(&target, "mine").unwrap();
    let error = place(&[item("x", "new")], &to(&target), &StagingAreas::default()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    assert_eq!(folder.names(), ["a.txt"]);
    let forced = Placement { overwrite: true, ..to(&target) };
    place(&[item("x", "new")], &forced, &StagingAreas::default()).unwrap();
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
}

#[test]
fn several_items_are_placed_all_or_not_at_all() {
    let folder = Folder::new("several");
    let target = folder.0.join("out/");
    let items = [item("a.txt", "a"), item("sub/b.txt", "b")];
    place(&items, &to(&target), &StagingAreas::default()).unwrap();
    assert_eq!(folder.names(), ["out", "out/a.txt", "out/sub", "out/sub/b.txt"]);
    let again = [item("c.txt", "c"), item("sub/b.txt", "other")];
    place(&again, &to(&target), &StagingAreas::default()).unwrap_err();
    assert_eq!(folder.names(), ["out", "out/a.txt", "out/sub", "out/sub/b.txt"], "c.txt was not left behind");
}

fn picture(name: &str) -> Item {
    let mut item = item(name, name);
    item.format = formwork::formats::by_id("jpg");
    item
}

#[test]
fn a_numbered_series_goes_beside_the_name_that_was_given() {
    let folder = Folder::new("series");
    let place =
        |items: &[Item], path: &str| place(items, &to(&folder.0.join(path)), &StagingAreas::default());
    let pictures = [picture("clip.v2-001.jpg"), picture("clip.v2-002.jpg")];
    let paths = place(&pictures, "out.JPG").unwrap();
    assert_eq!(paths, [folder.0.join("out-001.JPG"), folder.0.join("out-002.JPG")]);
    let text = std::fs::read_to_string(folder.0.join("out-002.JPG")).unwrap();
    assert_eq!(text, "clip.v2-002.jpg");
    let taken = place(&[picture("clip-003.jpg"), picture("clip-002.jpg")], "out.JPG").unwrap_err();
    assert_eq!(taken.kind, ErrorKind::Io);
    assert_eq!(folder.names(), ["out-001.JPG", "out-002.JPG"], "the third was taken back");
    for folder_name in ["all/", "all.png"] {
        let paths = place(&pictures, folder_name).unwrap();
        assert_eq!(paths[1], folder.0.join(folder_name).join("clip.v2-002.jpg"));
    }
}

#[test]
fn several_results_are_not_made_one_file() {
    let folder = Folder::new("several-in-one");
    for names in [["a.jpg", "b.jpg"], ["a-1.jpg", "b-2.jpg"], ["a-1.jpg", "a-x.jpg"]] {
        let items = names.map(picture);
        let error = place(&items, &to(&folder.0.join("out.jpg")), &StagingAreas::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{names:?}");
        assert!(error.hint.unwrap().contains("folder"));
    }
    assert!(folder.names().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = Folder::new("blocked");
    std::fs::write(folder.0.join("file"), "in the way").unwrap();
    let target = folder.0.join("file/below/");
    place(&[item("a", "a"), item("b", "b")], &to(&target), &StagingAreas::default()).unwrap_err();
    assert_eq!(folder.names(), ["file"]);
}

#[test]
fn abandoned_staging_folders_are_removed() {
    let folder = Folder::new("abandoned");
    let areas = StagingAreas::default();
    let staging = areas.create(&folder.0).unwrap();
    staging.folder().unwrap();
    assert_eq!(folder.names().len(), 1);
    areas.remove_all();
    assert!(folder.names().is_empty());
    drop(staging);
}

/// What a killed process left has no lock any more.
#[test]
fn folders_of_killed_owners_are_cleared_away_by_the_next() {
    let folder = Folder::new("killed");
    for left in [".formwork-0", ".formwork-1"] {
        std::fs::create_dir_all(folder.0.join(left).join("tree/sub")).unwrap();
        std::fs::write(folder.0.join(left).join("main"), "half").unwrap();
    }
    let areas = StagingAreas::default();
    let (first, second) = (areas.create(&folder.0).unwrap(), areas.create(&folder.0).unwrap());
    let paths = [first.folder().unwrap(), second.folder().unwrap()];
    assert_ne!(paths[0], paths[1], "a folder in use is nobody else's");
    assert_eq!(folder.names(), [".formwork-0", ".formwork-1"], "and both are empty");
    drop((first, second));
    assert!(folder.names().is_empty());
}
