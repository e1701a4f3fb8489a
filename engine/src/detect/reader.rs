use std::cell::{Cell, RefCell};
use std::io;

use formwork_formats::by_file_name;

use super::source::Source;

/// How much is read at once and kept: enough for nearly every format.
const HEAD: usize = 4096;
/// The most bytes one detection reads.
const ALLOWANCE: usize = 1 << 20;
/// The most bytes one read returns.
const LARGEST: usize = 256 << 10;

/// A source with its first bytes at hand and a limit on how much is read.
///
/// Reading never fails here: what is not there, or no longer allowed, is missing from the answer, and a
/// failure of the source comes out at [`Reader::finish`].
pub(super) struct Reader<'a> {
    source: &'a dyn Source,
    name: Option<&'a str>,
    head: Vec<u8>,
    left: Cell<usize>,
    failure: RefCell<Option<io::Error>>,
}

impl<'a> Reader<'a> {
    /// Reads the first bytes of `source`.
    pub(super) fn open(source: &'a dyn Source, name: Option<&'a str>) -> io::Result<Self> {
        let mut reader = Reader {
            source,
            name,
            head: Vec::new(),
            left: Cell::new(ALLOWANCE),
            failure: RefCell::new(None),
        };
        reader.head = reader.fetch(0, HEAD);
        match reader.failure.take() {
            Some(error) => Err(error),
            None => Ok(reader),
        }
    }

    /// Returns the first 4 KiB, or the whole file when it is shorter.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Returns how long the file is, when that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.source.length().or_else(|| (self.head.len() < HEAD).then_some(self.head.len() as u64))
    }

    /// Tells whether the file's name has an extension that is not one of `ids`, as `"main.py"` has.
    pub(super) fn is_called_otherwise(&self, ids: &[&str]) -> bool {
        self.name.is_some_and(|name| {
            let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let claimed = by_file_name(last);
            last.trim_start_matches('.').contains('.')
                && claimed.is_none_or(|format| !ids.contains(&format.id))
        })
    }

    /// Tells whether the name claims the format `id`.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.name.and_then(by_file_name).is_some_and(|format| format.id == id)
    }

    /// Reads up to `count` bytes at `offset`; fewer come back at the end of the file, above
    /// [`LARGEST`], and when the allowance is used up.
    pub(super) fn read(&self, offset: u64, count: usize) -> Vec<u8> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(count);
        match self.head.get(start..end) {
            Some(known) => known.to_vec(),
            None if self.head.len() < HEAD => self.head.get(start..).unwrap_or_default().to_vec(),
            None => self.fetch(offset, count),
        }
    }

    /// Reads the last bytes, up to `count` of them, and says where they start.
    pub(super) fn tail(&self, count: usize) -> Option<(u64, Vec<u8>)> {
        let start = self.length()?.saturating_sub(count.min(LARGEST) as u64);
        Some((start, self.read(start, count)))
    }

    /// Ends the detection, failing if the source did.
    pub(super) fn finish(&self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn fetch(&self, offset: u64, count: usize) -> Vec<u8> {
        let count = count.min(LARGEST).min(self.left.get());
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read_at(offset.saturating_add(filled as u64), rest) {
                Ok(0) => break,
                Ok(count) => filled += count.min(rest.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    *self.failure.borrow_mut() = Some(error);
                    break;
                }
            }
        }
        bytes.truncate(filled);
        self.left.set(self.left.get() - filled);
        bytes
    }
}
