//! Folders: streams of files packed together, cut into blocks for the threads.

use super::cipher::{Cipher, Key};
use crate::codec::lzma2::{self, Settings};
use crate::context::Context;
use crate::pool::{Ordered, Pool};
use crate::source::reserve;
use crate::write::out::Out;
use formwork_sdk::{Error, ErrorKind, Result};
use lzma_rust2::filter::bcj::BcjWriter;
use std::io::Write;

/// A folder that is done.
pub(super) struct Done {
    pub(super) x86: bool,
    pub(super) dictionary: u8,
    /// Bytes after unpacking, of LZMA2 data, and in the archive.
    pub(super) plain: u64,
    pub(super) coded: u64,
    pub(super) packed: u64,
    pub(super) files: u64,
    /// Properties of the encryption.
    pub(super) cipher: Option<Vec<u8>>,
}

/// A folder being filled.
pub(super) struct Folder {
    settings: Settings,
    block: Vec<u8>,
    size: usize,
    filter: Option<BcjWriter<Vec<u8>>>,
    x86: bool,
    plain: u64,
    pub(super) files: u64,
}

/// All folders of an archive.
pub(super) struct Folders<'p, 'q, 'a> {
    context: &'a Context<'a>,
    out: Out<'a>,
    queue: Ordered<'p, 'q, 'a, Vec<u8>>,
    key: Option<Key>,
    cipher: Option<Cipher>,
    coded: u64,
    packed: u64,
    done: Vec<Done>,
    kept: Option<Folder>,
}

/// The effort when none is asked for: a third of the time of 5 for a twentieth more bytes.
const EFFORT: u8 = 3;

/// Dictionary and block size for so many bytes. They depend on nothing else, so that the result does not
/// depend on the number of threads.
fn sizes(effort: u8, total: u64) -> (Settings, usize) {
    let most = u32::try_from(total).unwrap_or(u32::MAX);
    let settings = Settings::new(effort, most);
    let blocks = total.div_ceil(u64::from(settings.dictionary).saturating_mul(2).max(24 << 20));
    // From 8 MiB on their number is even, so that two threads end at the same time.
    let blocks = if total >= 8 << 20 { blocks.max(1).next_multiple_of(2) } else { 1 };
    let size = usize::try_from(total.div_ceil(blocks)).unwrap_or(64 << 20);
    (settings, size.max(1 << 16))
}

impl<'p, 'q, 'a> Folders<'p, 'q, 'a> {
    pub(super) fn new(context: &'a Context<'a>, pool: &'p Pool<'q, 'a>, out: Out<'a>) -> Result<Self> {
        let key = context.password.map(Key::new).transpose()?;
        // Blocks are large: no more of them under way than there are threads.
        let most = 64 << 20;
        let queue = Ordered::new(pool, most);
        Ok(Folders {
            context,
            out,
            queue,
            key,
            cipher: None,
            coded: 0,
            packed: 0,
            done: Vec::new(),
            kept: None,
        })
    }

    /// Starts a folder for so many bytes; `None` when nobody knows.
    pub(super) fn begin(&mut self, total: Option<u64>, x86: bool) -> Result<Folder> {
        let (settings, size) = sizes(self.context.effort.unwrap_or(EFFORT), total.unwrap_or(u64::MAX >> 8));
        let filter = x86.then(|| BcjWriter::new_x86(Vec::new(), 0));
        self.cipher = self.key.as_ref().map(Key::cipher).transpose()?;
        (self.coded, self.packed) = (0, 0);
        Ok(Folder { settings, block: Vec::new(), size, filter, x86, plain: 0, files: 0 })
    }

    /// Lays a folder aside between two pieces of a file.
    pub(super) fn keep(&mut self, folder: Folder) {
        self.kept = Some(folder);
    }

    /// Takes it up again.
    pub(super) fn kept(&mut self) -> Option<Folder> {
        self.kept.take()
    }

    /// Appends bytes to a folder.
    pub(super) fn put(&mut self, folder: &mut Folder, bytes: &[u8]) -> Result<()> {
        folder.plain += bytes.len() as u64;
        let Some(filter) = &mut folder.filter else { return self.gather(folder, bytes) };
        filter.write_all(bytes).map_err(filter_failed)?;
        let filtered = std::mem::take(filter.inner_mut());
        self.gather(folder, &filtered)
    }

    fn gather(&mut self, folder: &mut Folder, mut bytes: &[u8]) -> Result<()> {
        while folder.block.len() + bytes.len() >= folder.size {
            let (now, later) =
                bytes.split_at_checked(folder.size - folder.block.len()).unwrap_or((bytes, &[]));
            folder.block.extend_from_slice(now);
            bytes = later;
            self.submit(folder)?;
        }
        if folder.block.capacity() == 0 && !bytes.is_empty() {
            reserve(&mut folder.block, folder.size)?;
        }
        folder.block.extend_from_slice(bytes);
        Ok(())
    }

    fn submit(&mut self, folder: &mut Folder) -> Result<()> {
        let (context, settings) = (self.context, folder.settings);
        let block = std::mem::take(&mut folder.block);
        let weight = block.len() as u64;
        while self.queue.is_full(weight) {
            self.emit_one()?;
        }
        self.queue.push(weight, move |_| {
            let mut coded = lzma2::encode(context, &settings, &block)?;
            // The end mark comes once, behind the last block.
            coded.pop();
            Ok(coded)
        });
        Ok(())
    }

    fn emit_one(&mut self) -> Result<bool> {
        match self.queue.pop() {
            Some(coded) => self.emit(coded?).map(|()| true),
            None => Ok(false),
        }
    }

    fn emit(&mut self, coded: Vec<u8>) -> Result<()> {
        self.coded += coded.len() as u64;
        let packed = match &mut self.cipher {
            Some(cipher) => cipher.encrypt(coded),
            None => coded,
        };
        self.packed += packed.len() as u64;
        self.out.put(&packed)
    }

    /// Ends a folder.
    pub(super) fn end(&mut self, mut folder: Folder) -> Result<()> {
        if let Some(filter) = folder.filter.take() {
            let rest = filter.finish().map_err(filter_failed)?;
            self.gather(&mut folder, &rest)?;
        }
        if !folder.block.is_empty() {
            self.submit(&mut folder)?;
        }
        while self.emit_one()? {}
        self.emit(vec![0])?;
        let cipher = match self.cipher.take() {
            Some(cipher) => {
                let properties = cipher.properties();
                let last = cipher.finish();
                self.packed += last.len() as u64;
                self.out.put(&last)?;
                Some(properties)
            }
            None => None,
        };
        self.done.push(Done {
            x86: folder.x86,
            dictionary: folder.settings.dictionary_byte(),
            plain: folder.plain,
            coded: self.coded,
            packed: self.packed,
            files: folder.files,
            cipher,
        });
        Ok(())
    }

    /// Returns the output behind the last folder.
    pub(super) fn finish(self) -> Result<(Out<'a>, Vec<Done>)> {
        Ok((self.out, self.done))
    }
}

fn filter_failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("the x86 filter failed: {error}"))
}
