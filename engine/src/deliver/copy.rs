//! Bytes from an item into a file.

use crate::detect::Source;
use crate::run::{Content, Item};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;

/// Appends all bytes of an item to a file. From file to file the system does it, where it can: without copying, on file
/// systems that share blocks.
pub(crate) fn copy_bytes(item: &Item, file: &File) -> io::Result<()> {
    if let Some(memory) = item.memory() {
        return (&*file).write_all(memory);
    }
    let mut offset = match &item.content {
        Content::File(source) => copy_inside(&*source.file()?, file),
        _ => 0,
    };
    let mut buffer = vec![0; 1 << 20];
    loop {
        match Source::read_at(item, offset, &mut buffer)? {
            0 => return Ok(()),
            count => {
                (&*file).write_all(&buffer[..count])?;
                offset += count as u64;
            }
        }
    }
}

/// Copies as far as the system will do it by itself, and returns how far that was.
fn copy_inside(from: &File, to: &File) -> u64 {
    const AT_ONCE: usize = 1 << 30;
    let mut offset: libc::loff_t = 0;
    loop {
        // SAFETY: both descriptors are open for the call, and `offset` lives for it.
        let count = unsafe {
            libc::copy_file_range(
                from.as_raw_fd(),
                &raw mut offset,
                to.as_raw_fd(),
                std::ptr::null_mut(),
                AT_ONCE,
                0,
            )
        };
        // What it will not do (another file system, memory files) is copied by hand from there on.
        if count <= 0 {
            return u64::try_from(offset).unwrap_or(0);
        }
    }
}
