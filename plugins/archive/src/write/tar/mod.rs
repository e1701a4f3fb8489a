//! Writes tar archives, plain or into a compressed stream.
//!
//! Into gzip, deflate data of a zip goes as it is: each file becomes a gzip member, with the tar headers in
//! small members between. Entries that come from a tar keep their header blocks byte for byte.

mod header;

use super::pack::Packer;
use crate::codec::{Codec, Label, gzip};
use crate::context::Context;
use crate::entry::{Entry, Sink};
use crate::member::{Member, Packing, in_entry};
use crate::pool::{Ordered, Pool};
use crate::read::tar::{BLOCK, padding};
use crate::scratch::Scratch;
use formwork_sdk::{Error, Result};

/// Files up to this size are unpacked by tasks ahead of where they are needed.
const AHEAD: u64 = 4 << 20;
/// Bytes unpacked ahead.
const AHEAD_MOST: u64 = 16 << 20;
/// Deflate data of files smaller than this is not worth a member of its own.
const LANE_LEAST: u64 = 512;
/// Deflate data larger than this is handed on piece by piece.
const LANE_MOST: u64 = 8 << 20;
/// The multiple a tar's size is filled up to, as tape drives had it.
const RECORD: u64 = 10_240;
static ZEROS: [u8; RECORD as usize] = [0; RECORD as usize];

/// Writes a tar archive.
pub(crate) struct TarSink<'p, 'q, 'a> {
    context: &'a Context<'a>,
    packer: Packer<'p, 'q, 'a>,
    ahead: Ordered<'p, 'q, 'a, Vec<u8>>,
    scratch: Scratch,
    /// Bytes of the tar so far.
    length: u64,
    /// Bytes the current file still needs.
    left: u64,
    current: Option<Gathered>,
}

/// A file whose size is not known: a tar header says it first, so the bytes wait here.
struct Gathered {
    entry: Entry,
    bytes: Vec<u8>,
}

impl<'p, 'q, 'a> TarSink<'p, 'q, 'a> {
    /// Opens the main output.
    ///
    /// # Errors
    ///
    /// As for [`Packer::open`].
    pub(crate) fn open(
        context: &'a Context<'a>,
        pool: &'p Pool<'q, 'a>,
        codec: Option<Codec>,
    ) -> Result<Self> {
        Ok(TarSink {
            context,
            packer: Packer::open(context, pool, codec, &Label::default())?,
            ahead: Ordered::new(pool, AHEAD_MOST),
            scratch: Scratch::default(),
            length: 0,
            left: 0,
            current: None,
        })
    }

    /// Ends the archive.
    ///
    /// # Errors
    ///
    /// `io` and the like.
    pub(crate) fn finish(mut self) -> Result<()> {
        self.flush_ahead()?;
        let end = (self.length + 2 * BLOCK).next_multiple_of(RECORD);
        self.put_zeros(end - self.length)?;
        self.packer.close()
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        self.packer.put(bytes)
    }

    fn put_zeros(&mut self, count: u64) -> Result<()> {
        let count = usize::try_from(count).unwrap_or(0);
        self.put(ZEROS.get(..count).unwrap_or_default())
    }

    fn flush_ahead(&mut self) -> Result<()> {
        while let Some(bytes) = self.ahead.pop() {
            self.put(&bytes?)?;
        }
        Ok(())
    }

    /// The blocks before an entry's data: as they were read, or new ones.
    fn header(&self, entry: &Entry, bytes: u64) -> Vec<u8> {
        match &entry.header {
            Some(blocks) => blocks.to_vec(),
            None => header::blocks(entry, bytes),
        }
    }

    /// Puts deflate data in as a gzip member of its own.
    fn lane(&mut self, entry: &Entry, member: Member<'a>) -> Result<()> {
        self.flush_ahead()?;
        let header = self.header(entry, member.bytes);
        self.put(&header)?;
        let context = self.context;
        let (bytes, packed) = (member.bytes, member.packed);
        if packed > LANE_MOST {
            self.packer.put_whole_member(gzip::PLAIN_HEADER.to_vec(), context, &member, &mut self.scratch)?;
            self.length += bytes;
            return self.put_zeros(padding(bytes));
        }
        let name = entry.name.clone();
        let job = move |scratch: &mut Scratch| {
            transfer(context, &member, scratch).map_err(|error| in_entry(&name, error))
        };
        self.packer.put_members(packed, job)?;
        self.length += bytes;
        self.put_zeros(padding(bytes))
    }

    /// Unpacks a file by a task, with header and padding.
    fn unpack_ahead(&mut self, entry: &Entry, member: Member<'a>) -> Result<()> {
        let mut blocks = self.header(entry, member.bytes);
        let context = self.context;
        let name = entry.name.clone();
        while self.ahead.is_full(member.bytes) {
            let bytes = self.ahead.pop().unwrap_or(Ok(Vec::new()))?;
            self.put(&bytes)?;
        }
        self.ahead.push(member.bytes, move |scratch| {
            let filler = padding(member.bytes);
            blocks.reserve_exact(usize::try_from(member.bytes + filler).unwrap_or(0));
            let mut take = |bytes: &[u8]| {
                blocks.extend_from_slice(bytes);
                Ok(())
            };
            member.unpack(context, scratch, &mut take).map_err(|error| in_entry(&name, error))?;
            blocks.extend_from_slice(ZEROS.get(..usize::try_from(filler).unwrap_or(0)).unwrap_or_default());
            Ok(blocks)
        });
        Ok(())
    }
}

/// Makes a gzip member of deflate data without unpacking it for more than its checksum.
fn transfer<'a>(context: &'a Context<'a>, member: &Member<'a>, scratch: &mut Scratch) -> Result<Vec<u8>> {
    let crc = member.unpack(context, scratch, &mut |_| Ok(()))?;
    let packed = member.raw(&mut scratch.packed)?;
    let mut bytes = Vec::with_capacity(packed.len() + 18);
    bytes.extend_from_slice(&gzip::PLAIN_HEADER);
    bytes.extend_from_slice(packed);
    gzip::push_trailer(&mut bytes, crc, member.bytes);
    scratch.trim();
    Ok(bytes)
}

impl<'a> Sink<'a> for TarSink<'_, '_, 'a> {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        self.flush_ahead()?;
        let header = self.header(&entry, 0);
        self.put(&header)
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        if member.is_deflate() && member.bytes >= LANE_LEAST && self.packer.takes_members() {
            return self.lane(&entry, member);
        }
        let few = member.bytes < LANE_LEAST;
        if !few && !matches!(member.packing, Packing::Stored) && member.bytes <= AHEAD {
            return self.unpack_ahead(&entry, member);
        }
        self.flush_ahead()?;
        let header = self.header(&entry, member.bytes);
        self.put(&header)?;
        let TarSink { packer, scratch, length, context, .. } = self;
        member.unpack(context, scratch, &mut |bytes| {
            *length += bytes.len() as u64;
            packer.put(bytes)
        })?;
        self.put_zeros(padding(member.bytes))
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.flush_ahead()?;
        match entry.bytes {
            Some(bytes) => {
                let header = self.header(&entry, bytes);
                self.put(&header)?;
                self.left = bytes;
            }
            None => self.current = Some(Gathered { entry, bytes: Vec::new() }),
        }
        Ok(true)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(current) = &mut self.current {
            let length = (current.bytes.len() + bytes.len()) as u64;
            self.context.may_use(length)?;
            crate::source::reserve(&mut current.bytes, bytes.len())?;
            current.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| Error::corrupt("a file is longer than said"))?;
        self.put(bytes)
    }

    fn end(&mut self) -> Result<()> {
        if let Some(Gathered { entry, bytes }) = self.current.take() {
            let header = self.header(&entry, bytes.len() as u64);
            self.put(&header)?;
            self.put(&bytes)?;
        }
        if self.left > 0 {
            return Err(Error::corrupt("a file is shorter than said"));
        }
        let filler = self.length.next_multiple_of(BLOCK) - self.length;
        self.put_zeros(filler)
    }
}
