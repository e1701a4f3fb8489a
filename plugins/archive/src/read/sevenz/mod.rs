//! 7z archives: the directory and rare coders through `sevenz-rust2`, the common coders through liblzma.

mod block;
mod guard;

use super::Depth;
use crate::codec::blame;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::source::Source;
use crate::text;
use crate::time::Time;
use formwork_sdk::{Error, Result};
use sevenz_rust2::{Archive, ArchiveEntry, EncoderMethod, Password};

/// Attribute bit that says the high half holds Unix mode bits.
const UNIX_EXTENSION: u32 = 0x8000;
const WINDOWS_READ_ONLY: u32 = 1;
const WINDOWS_REPARSE_POINT: u32 = 0x400;

/// What is said of a 7z before any file is unpacked.
pub(crate) struct Directory {
    archive: Archive,
    password: Password,
}

impl Directory {
    /// Reads the directory.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `password_required` when the names are encrypted; `limit_exceeded` (`entries`,
    /// `memory`).
    pub(crate) fn read<'a>(context: &'a Context<'a>, source: Source<'a>) -> Result<Directory> {
        let password = context.password.map_or_else(Password::empty, Password::new);
        if !guard::check(context, source)? {
            return Ok(Directory { archive: Archive::default(), password });
        }
        let mut reader = source.reader(context, 0, source.length(), false);
        let archive = Archive::read(&mut reader, &password).map_err(|error| explain(context, error))?;
        context.may_list(archive.files.len() as u64)?;
        Ok(Directory { archive, password })
    }

    /// Tells whether files are encrypted.
    pub(crate) fn encrypted(&self) -> bool {
        self.archive.blocks.iter().any(is_encrypted)
    }
}

fn is_encrypted(block: &sevenz_rust2::Block) -> bool {
    block.coders.iter().any(|coder| coder.encoder_method_id() == EncoderMethod::ID_AES256_SHA256)
}

/// Reads all entries.
///
/// # Errors
///
/// As for [`Directory::read`], and whatever the sink says.
pub(crate) fn read<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    depth: Depth,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let directory = Directory::read(context, source)?;
    let archive = &directory.archive;
    if depth == Depth::Content {
        let sizes = archive.files.iter().map(|file| file.size);
        context.may_unpack(sizes.fold(0, u64::saturating_add))?;
        if directory.encrypted() {
            context.need_password("the 7z archive")?;
        }
    }
    let mut next = 0;
    for index in 0..archive.blocks.len() {
        let first = archive.stream_map.block_first_file_index.get(index).copied().unwrap_or(next);
        without_data(archive, next..first, sink)?;
        let end = block_end(archive, index, first);
        if depth == Depth::Entries {
            for file in archive.files.get(first..end).unwrap_or_default() {
                give_entry(describe(archive, file, index), sink)?;
            }
        } else {
            block::read(context, source, &directory, index, first..end, sink)?;
        }
        next = next.max(end);
    }
    without_data(archive, next..archive.files.len(), sink)
}

/// One past the last file whose bytes are in a block.
fn block_end(archive: &Archive, block: usize, first: usize) -> usize {
    let owners = archive.stream_map.file_block_index.get(first..).unwrap_or_default();
    let span = owners.iter().take_while(|owner| owner.is_none_or(|owner| owner == block));
    let last = span.enumerate().filter(|(_, owner)| owner.is_some()).map(|(index, _)| index).last();
    last.map_or(first, |last| first + last + 1)
}

/// Hands on entries that have no bytes.
fn without_data<'a>(archive: &Archive, range: std::ops::Range<usize>, sink: &mut dyn Sink<'a>) -> Result<()> {
    for file in archive.files.get(range).unwrap_or_default() {
        give_entry(describe(archive, file, usize::MAX), sink)?;
    }
    Ok(())
}

fn give_entry<'a>(entry: Entry, sink: &mut dyn Sink<'a>) -> Result<()> {
    if !entry.is_file() {
        return sink.bare(entry);
    }
    if sink.begin(entry)? { sink.end() } else { Ok(()) }
}

/// Puts together what the directory says of a file.
fn describe(archive: &Archive, file: &ArchiveEntry, block: usize) -> Entry {
    let attributes = if file.has_windows_attributes { file.windows_attributes } else { 0 };
    let unix = (attributes & UNIX_EXTENSION != 0).then_some(attributes >> 16);
    let file_type = unix.map_or(0, |mode| mode & 0o170_000);
    let kind = match file_type {
        _ if file.is_anti_item => Kind::Special("it marks a deletion"),
        _ if file.is_directory || file_type == 0o040_000 => Kind::Directory,
        0o120_000 => Kind::Symlink(String::new()),
        0o020_000 | 0o060_000 => Kind::Special("it is a device"),
        0o010_000 => Kind::Special("it is a named pipe"),
        0o140_000 => Kind::Special("it is a socket"),
        _ if attributes & WINDOWS_REPARSE_POINT != 0 => Kind::Symlink(String::new()),
        _ => Kind::File,
    };
    let read_only = attributes & WINDOWS_READ_ONLY != 0 && file.has_windows_attributes;
    let mut entry = Entry::new(file.name.clone(), kind);
    entry.bytes = entry.is_file().then_some(file.size);
    entry.modified =
        file.has_last_modified_date.then(|| Time::from_nt(file.last_modified_date.into())).flatten();
    entry.mode = unix.map(|mode| mode & 0o7777).or((read_only && entry.is_file()).then_some(0o444));
    entry.encrypted = archive.blocks.get(block).is_some_and(is_encrypted);
    entry
}

/// Turns the crate's error into one of ours.
fn explain(context: &Context<'_>, error: sevenz_rust2::Error) -> Error {
    use sevenz_rust2::Error as Cause;
    let wrong = || Error::password("wrong password, or the encrypted data is broken");
    match error {
        Cause::PasswordRequired => Error::password("the 7z archive is encrypted: give `password`"),
        Cause::MaybeBadPassword(error) => match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(_) => wrong(),
        },
        Cause::Io(error, _) => match error.downcast::<Cause>() {
            Ok(inner) => explain(context, inner),
            Err(error) => blame("7z", error),
        },
        Cause::ChecksumVerificationFailed if context.password.is_some() => wrong(),
        Cause::ChecksumVerificationFailed => Error::corrupt("a 7z checksum is wrong: the data is broken"),
        Cause::UnsupportedCompressionMethod(what) => {
            Error::unsupported(format!("the 7z method {what} is not supported"))
        }
        Cause::ExternalUnsupported => Error::unsupported("7z headers in other streams are not supported"),
        Cause::Unsupported(what) => Error::unsupported(what),
        Cause::MaxMemLimited { actaul_kb, .. } => {
            Error::limit("memory", format!("{actaul_kb} KiB"), context.limits.memory)
        }
        other => Error::corrupt(format!("the 7z archive is broken: {other}")),
    }
}

/// A link's target, out of the bytes a 7z keeps for it.
fn link_target(bytes: &[u8]) -> String {
    text::decode(bytes).replace('\\', "/")
}
