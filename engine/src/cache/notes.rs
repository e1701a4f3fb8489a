//! Small facts that are kept from run to run, one key each to another: the stamp of a file to the hash of its bytes, a
//! request to the result it led to.

use super::key::Key;
use super::store::{Store, private_folder};
use std::fs::File;
use std::io::{Read, Write};
use std::time::SystemTime;

/// Bytes of a note: a key, and as much again to prove that it is whole.
const LENGTH: usize = 64;

/// Reads a note and marks it as used. What is damaged is removed.
pub(super) fn read(store: &Store, name: &Key) -> Option<Key> {
    let path = store.note(name);
    let file = File::open(&path).ok()?;
    let mut text = Vec::new();
    (&file).take(LENGTH as u64 + 1).read_to_end(&mut text).ok()?;
    let Some(value) = proven(name, &text) else {
        let _ = std::fs::remove_file(&path);
        return None;
    };
    // A folder that may only be read serves as well; nothing is then known of when it was used.
    let _ = file.set_modified(SystemTime::now());
    Some(value)
}

fn proven(name: &Key, text: &[u8]) -> Option<Key> {
    let value: [u8; 32] = text.get(..32)?.try_into().ok()?;
    (text == whole(name, &Key::from(value))).then(|| Key::from(value))
}

fn whole(name: &Key, value: &Key) -> Vec<u8> {
    let proof = blake3::hash(&[name.as_bytes().as_slice(), value.as_bytes()].concat());
    [value.as_bytes().as_slice(), proof.as_bytes()].concat()
}

/// Writes a note. That it cannot be is no failure: the work is then done again.
pub(super) fn write(store: &Store, name: &Key, value: &Key) {
    let _ = try_write(store, name, value);
}

fn try_write(store: &Store, name: &Key, value: &Key) -> Option<()> {
    store.reserve(LENGTH as u64, 1)?;
    let fresh = store.fresh()?;
    let draft = fresh.path().join("note");
    File::create_new(&draft).and_then(|mut file| file.write_all(&whole(name, value))).ok()?;
    let path = store.note(name);
    private_folder(path.parent()?)?;
    std::fs::rename(&draft, &path).ok()
}
