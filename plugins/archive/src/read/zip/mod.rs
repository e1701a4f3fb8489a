//! zip archives.
//!
//! The directory is read here and every entry becomes a [`Member`] that any thread can unpack; encrypted
//! entries and methods of old are left to the `zip` crate. Written from PKWARE's APPNOTE 6.3.10.

mod directory;
mod extra;
pub(crate) mod foreign;

use crate::context::Context;
use crate::entry::Sink;
use crate::member::in_entry;
use crate::source::Source;
use formwork_sdk::{Error, Result};

pub(crate) use directory::{Directory, Row};

/// Reads all entries in the order of the directory.
///
/// # Errors
///
/// As for [`Directory::read`], and whatever the sink says.
pub(crate) fn read<'a>(context: &'a Context<'a>, source: Source<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    let directory = Directory::read(context, source)?;
    context.may_unpack(directory.unpacked())?;
    for row in directory.rows {
        let name = row.entry.name.clone();
        if row.entry.encrypted && row.unsupported.is_none() {
            context.need_password("the zip archive")?;
        }
        pass(context, row, sink).map_err(|error| in_entry(&name, error))?;
    }
    Ok(())
}

fn pass<'a>(context: &'a Context<'a>, row: Row<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    let Row { mut entry, member, is_symlink, unsupported } = row;
    if let Some(what) = unsupported {
        return Err(Error::unsupported(what));
    }
    if is_symlink {
        if member.bytes > context.limits.name {
            return Err(Error::corrupt("a symbolic link's target is longer than a path can be"));
        }
        let mut target = Vec::new();
        let mut scratch = crate::scratch::Scratch::default();
        member.unpack(context, &mut scratch, &mut |bytes| {
            target.extend_from_slice(bytes);
            Ok(())
        })?;
        entry.kind = crate::entry::Kind::Symlink(crate::text::decode(&target));
        return sink.bare(entry);
    }
    if entry.is_file() { sink.member(entry, member) } else { sink.bare(entry) }
}
