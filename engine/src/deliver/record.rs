//! Files as receipts have them.

use crate::detect::Source;
use crate::run::{Content, Item};
use crate::{Error, Result};
use serde_json::{Map, Value};
use std::io;
use std::path::PathBuf;

/// One file of a receipt.
#[derive(Clone, Debug, Default)]
pub struct FileRecord {
    /// Its name in the job.
    pub name: String,
    /// Where it lies: an input that was brought in from there, an output once it was put there.
    pub path: Option<PathBuf>,
    /// Id of its format; empty when unknown.
    pub format: String,
    /// Its size.
    pub bytes: u64,
    /// BLAKE3 of its bytes in hexadecimal, when hashes were asked for.
    pub blake3: Option<String>,
}

impl FileRecord {
    /// Describes an item, with its hash when asked for.
    ///
    /// # Errors
    ///
    /// `io` when it cannot be read for hashing.
    pub fn of(item: &Item, hashed: bool) -> Result<FileRecord> {
        let blake3 = if hashed && item.is_file() { Some(hash(item)?) } else { None };
        Ok(FileRecord::known(item, blake3))
    }

    /// Describes an item whose hash is known, or not wanted.
    pub(crate) fn known(item: &Item, blake3: Option<String>) -> FileRecord {
        let path = match &item.content {
            Content::File(file) if file.staging.is_none() && !file.path().as_os_str().is_empty() => {
                Some(file.path().to_owned())
            }
            _ => None,
        };
        FileRecord {
            name: item.name.clone(),
            path,
            format: item.format.map_or_else(String::new, |format| format.id.to_owned()),
            bytes: item.length(),
            blake3,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), self.name.clone().into());
        if let Some(path) = &self.path {
            object.insert("path".into(), path.to_string_lossy().into());
        }
        object.insert("format".into(), self.format.clone().into());
        object.insert("bytes".into(), self.bytes.into());
        if let Some(hash) = &self.blake3 {
            object.insert("blake3".into(), hash.clone().into());
        }
        object.into()
    }
}

/// BLAKE3 of an item's bytes in hexadecimal, read in blocks.
///
/// # Errors
///
/// `io`.
pub fn hash(item: &Item) -> Result<String> {
    let hash = match item.memory() {
        Some(memory) => Ok(blake3::hash(memory)),
        None => hash_blocks(|offset, buffer| Source::read_at(item, offset, buffer)),
    };
    let hash = hash.map_err(|error| Error::io("cannot read for hashing", &error))?;
    Ok(hash.to_hex().to_string())
}

/// BLAKE3 of what is read in blocks, until a block is empty.
pub(crate) fn hash_blocks(read_at: impl Fn(u64, &mut [u8]) -> io::Result<usize>) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    let mut offset = 0;
    loop {
        match read_at(offset, &mut buffer)? {
            0 => return Ok(hasher.finalize()),
            count => {
                hasher.update(&buffer[..count]);
                offset += count as u64;
            }
        }
    }
}
