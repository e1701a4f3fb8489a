//! What stands in an archive, whatever its format.

use crate::time::Time;
use formwork_sdk::Result;

use crate::member::Member;

/// One entry, without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Path with `/` between its parts; as found until the gate has cleaned it.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// Unpacked bytes, when said.
    pub(crate) bytes: Option<u64>,
    /// Packed bytes, when said and its own.
    pub(crate) packed: Option<u64>,
    /// Last change.
    pub(crate) modified: Option<Time>,
    /// Unix permission bits, set-id and sticky bits included.
    pub(crate) mode: Option<u32>,
    /// Numeric owner and group.
    pub(crate) owner: Option<(u32, u32)>,
    /// Its bytes are encrypted.
    pub(crate) encrypted: bool,
    /// The header blocks of a tar entry as they were read, to be written again unchanged.
    pub(crate) header: Option<Box<[u8]>>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An ordinary file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link with its target.
    Symlink(String),
    /// Another name for an earlier entry.
    HardLink(String),
    /// A device, pipe or socket, which is never written; the word says which.
    Special(&'static str),
}

impl Entry {
    /// An entry with nothing but a name and a kind.
    pub(crate) fn new(name: impl Into<String>, kind: Kind) -> Entry {
        Entry {
            name: name.into(),
            kind,
            bytes: None,
            packed: None,
            modified: None,
            mode: None,
            owner: None,
            encrypted: false,
            header: None,
        }
    }

    /// Tells whether it is an ordinary file.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == Kind::File
    }

    /// The permission bits to write where something must be written.
    pub(crate) fn mode_or_default(&self) -> u32 {
        self.mode.unwrap_or(match self.kind {
            Kind::Directory => 0o755,
            Kind::Symlink(_) => 0o777,
            _ => 0o644,
        })
    }
}

/// Where entries go: every writer is one, and so is the gate in front of it.
///
/// For each entry a reader calls either `bare`, or `member`, or `begin` and — when that said yes — `data`
/// any number of times and `end`. After the last entry `finish` is called once.
pub(crate) trait Sink<'a> {
    /// An entry without bytes of its own: a directory or a link.
    fn bare(&mut self, entry: Entry) -> Result<()>;

    /// A file whose bytes can be had later, and on any thread.
    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()>;

    /// A file whose bytes follow now. Returns whether they are wanted.
    fn begin(&mut self, entry: Entry) -> Result<bool>;

    /// Bytes of the file begun last.
    fn data(&mut self, bytes: &[u8]) -> Result<()>;

    /// The end of the file begun last.
    fn end(&mut self) -> Result<()>;
}

/// Looks at entries, and wants none of their bytes.
pub(crate) trait Look {
    /// An entry, and how many packed bytes are passed over with it.
    fn see(&mut self, entry: &Entry, packed: u64) -> Result<()>;
}

impl<'a, L: Look> Sink<'a> for L {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        self.see(&entry, 0)
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        self.see(&entry, member.packed)
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.see(&entry, 0).map(|()| false)
    }

    fn data(&mut self, _bytes: &[u8]) -> Result<()> {
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}
