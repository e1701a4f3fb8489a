//! Takes in what a host reads from elsewhere: a network, a pipe, another program.

use super::item::{Content, Item, LazyFile};
use crate::deliver::read_only;
use crate::engine::Parts;
use crate::{Error, Result};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Reads to the end: into memory, and when it is more than passes between steps there, into a file without a name.
pub(crate) fn take_in(parts: &Parts, name: String, mut reader: impl Read) -> Result<Item> {
    let failed = |error: io::Error| Error::io("cannot read the input", &error).with_context("input", &name);
    let mut bytes = Vec::new();
    let count = reader.by_ref().take(parts.spill_over).read_to_end(&mut bytes).map_err(failed)?;
    if (count as u64) < parts.spill_over {
        return Ok(Item::from_bytes(name, bytes));
    }
    let spool = |error: io::Error| Error::io("cannot spool the input", &error).with_context("input", &name);
    let mut file = parts.files.spool().map_err(|error| error.with_context("input", &name))?;
    file.write_all(&bytes).map_err(spool)?;
    drop(bytes);
    io::copy(&mut reader, &mut file).map_err(failed)?;
    let length = file.metadata().map_err(spool)?.len();
    let file = read_only(&file).map_err(spool)?;
    Ok(Item::new(name, Content::File(Arc::new(LazyFile::spooled(file, length)))))
}
