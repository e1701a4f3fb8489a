//! What a job put in place before its process was killed.

use super::record::Placed;
use super::{Journal, failed};
use crate::deliver::{Ledger, Standing, hash, hash_blocks};
use crate::lock::lock;
use crate::run::{Content, Item};
use crate::{Error, Result};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

impl Ledger for Journal {
    fn standing(&self, path: &Path, item: &Item) -> Result<Standing> {
        let Ok(about) = path.symlink_metadata() else { return Ok(Standing::Free) };
        let known = lock(&self.book.record).at(&place(path)?).to_vec();
        if known.is_empty() {
            return Ok(Standing::Foreign);
        }
        let found = found(path, &about, item).map_err(|error| failed("cannot compare with", path, &error))?;
        let Some(found) = found.filter(|found| known.iter().any(|one| one.blake3 == *found)) else {
            return Ok(Standing::Foreign);
        };
        let is_same = found == hash(item)? && !matches!(item.content, Content::HardLink(_));
        Ok(if is_same { Standing::Same } else { Standing::Own })
    }

    fn claim(&self, targets: &[(PathBuf, &Item)]) -> Result<()> {
        let placed = targets
            .iter()
            .map(|(path, item)| Ok(Placed { path: place(path)?, bytes: item.length(), blake3: hash(item)? }));
        let placed = placed.collect::<Result<Vec<_>>>()?;
        let added = lock(&self.book.record).add(placed);
        added.map_err(|error| failed("cannot write", &self.book.folder, &error))
    }

    fn knows(&self, path: &Path) -> bool {
        place(path).is_ok_and(|path| !lock(&self.book.record).at(&path).is_empty())
    }
}

/// The hash of what is there, as far as it is of the item's kind.
fn found(path: &Path, about: &Metadata, item: &Item) -> io::Result<Option<String>> {
    let hash = match &item.content {
        Content::Symlink(_) if about.is_symlink() => {
            blake3::hash(std::fs::read_link(path)?.as_os_str().as_bytes())
        }
        // It cannot be told from a file of the same bytes; where it led is in the record.
        Content::HardLink(target) if about.is_file() => blake3::hash(target.as_bytes()),
        Content::Memory(_) | Content::File(_) if about.is_file() => {
            let file = File::open(path)?;
            hash_blocks(|offset, buffer| file.read_at(buffer, offset))?
        }
        _ => return Ok(None),
    };
    Ok(Some(hash.to_hex().to_string()))
}

/// The job may be taken up from another folder.
fn place(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io(format!("cannot find {}", path.display()), &error))
}
