//! tar archives: v7, ustar, pax, GNU and star, with their long names and sparse files.
//!
//! Written from IEEE Std 1003.1 (pax), the GNU tar manual and star(5).

mod header;
mod pax;
mod sparse;

use super::tape::Tape;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::in_entry;
use crate::text;
use formwork_sdk::{Error, Result};
use header::Header;
use pax::Pax;
use sparse::Map;

/// Size of a block; everything begins at a multiple of it.
pub(crate) const BLOCK: u64 = 512;

/// Bytes that fill up the last block of a file.
pub(crate) fn padding(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK).saturating_sub(bytes)
}

/// Tells whether these first bytes are those of a tar archive: its checksum is right.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<512>().is_some_and(|block| Header::new(*block).is_some_and(|header| !header.is_end()))
}

/// What was read ahead of an entry's own header.
#[derive(Default)]
struct Ahead {
    pax: Pax,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    /// All these blocks as they were.
    blocks: Vec<u8>,
}

/// Reads all entries.
///
/// # Errors
///
/// `corrupt_input`: a wrong checksum, or the archive ends in the middle; whatever the sink says.
pub(crate) fn read<'a>(context: &'a Context<'a>, mut tape: Tape<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    let mut globals = Pax::default();
    let mut ahead = Ahead::default();
    let mut any = false;
    while let Some(header) = next_header(&mut tape)? {
        any = true;
        context.tick()?;
        match header.kind() {
            b'x' | b'X' => {
                let bytes = extension(context, &mut tape, &header, &mut ahead)?;
                ahead.pax.read(&bytes)?;
            }
            b'g' => {
                let mut unused = Ahead::default();
                let bytes = extension(context, &mut tape, &header, &mut unused)?;
                globals.read(&bytes)?;
            }
            b'L' => ahead.name = Some(long_name(context, &mut tape, &header, &mut ahead)?),
            b'K' => ahead.link = Some(long_name(context, &mut tape, &header, &mut ahead)?),
            // A volume's label says nothing about its files.
            b'V' => tape.skip(header.size()?)?,
            _ => entry(context, &mut tape, &header, &globals, std::mem::take(&mut ahead), sink)?,
        }
    }
    if !any {
        return Err(Error::corrupt("there is no tar archive: its first block is empty or missing"));
    }
    tape.drain()
}

/// Reads the next header; `None` at the end.
fn next_header(tape: &mut Tape<'_>) -> Result<Option<Header>> {
    let at = tape.position();
    let mut block = [0; BLOCK as usize];
    match tape.fill(&mut block)? {
        // Some programs leave the end blocks out.
        0 => return Ok(None),
        count if count < block.len() => return Err(tape.cut_short()),
        _ => {}
    }
    if block == [0; BLOCK as usize] {
        // An archive without entries is one all the same, so its end counts as a header when it comes first.
        return Ok(if at == 0 { Some(Header::end()) } else { None });
    }
    match Header::new(block) {
        Some(header) => Ok(Some(header)),
        None => Err(Error::corrupt(format!("the tar header at byte {at} is broken: its checksum is wrong"))),
    }
}

/// Reads what an extension header holds.
fn extension(
    context: &Context<'_>,
    tape: &mut Tape<'_>,
    header: &Header,
    ahead: &mut Ahead,
) -> Result<Vec<u8>> {
    let size = header.size()?;
    context.step.within("metadata", size, context.limits.metadata.min(16 << 20))?;
    let mut bytes = tape.take(size + padding(size))?;
    context.unpack(bytes.len() as u64)?;
    ahead.blocks.extend_from_slice(header.block());
    ahead.blocks.extend_from_slice(&bytes);
    context.step.within("metadata", ahead.blocks.len() as u64, context.limits.metadata.min(16 << 20))?;
    bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    Ok(bytes)
}

fn long_name(
    context: &Context<'_>,
    tape: &mut Tape<'_>,
    header: &Header,
    ahead: &mut Ahead,
) -> Result<Vec<u8>> {
    context.may_name(header.size()?.saturating_sub(1))?;
    let mut name = extension(context, tape, header, ahead)?;
    if let Some(end) = name.iter().position(|byte| *byte == 0) {
        name.truncate(end);
    }
    Ok(name)
}

fn entry<'a>(
    context: &'a Context<'a>,
    tape: &mut Tape<'a>,
    header: &Header,
    globals: &Pax,
    mut ahead: Ahead,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    if header.is_end() {
        return Ok(());
    }
    ahead.pax.complete_from(globals);
    let size = ahead.pax.size.map_or_else(|| header.size(), Ok)?;
    ahead.blocks.extend_from_slice(header.block());
    let mut map = match header.kind() {
        b'S' => Some(sparse::read_old(tape, header, &mut ahead.blocks)?),
        _ => ahead.pax.sparse_map(),
    };
    let mut entry = describe(header, &ahead)?;
    let name = entry.name.clone();
    let work = || {
        if ahead.pax.sparse_in_data() {
            let (read, used) = sparse::read_from_data(tape, size, ahead.pax.sparse_size())?;
            return sparse_file(context, tape, entry, &read, size - used, sink);
        }
        if let Some(map) = map.take() {
            return sparse_file(context, tape, entry, &map, size, sink);
        }
        if entry.is_file() {
            entry.bytes = Some(size);
            entry.packed = Some(size);
            entry.header = globals.is_empty().then(|| ahead.blocks.clone().into_boxed_slice());
            return tape.file(entry, size, padding(size), sink);
        }
        entry.header = globals.is_empty().then(|| ahead.blocks.clone().into_boxed_slice());
        // Only GNU's dump directories and pax's hard links can have data, whatever the size field says.
        let has_data = header.kind() == b'D' || (header.kind() == b'1' && ahead.pax.size.is_some());
        if has_data {
            entry.header = None;
            tape.skip(size.saturating_add(padding(size)))?;
        }
        sink.bare(entry)
    };
    work().map_err(|error| in_entry(&name, error))
}

/// Writes out a sparse file with its holes.
fn sparse_file<'a>(
    context: &'a Context<'a>,
    tape: &mut Tape<'a>,
    mut entry: Entry,
    map: &Map,
    packed: u64,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    map.check(packed)?;
    context.may_unpack(map.size)?;
    entry.bytes = Some(map.size);
    entry.packed = Some(packed);
    if sink.begin(entry)? {
        map.expand(tape, &mut |piece| sink.data(piece))?;
        sink.end()?;
    } else {
        tape.skip(packed)?;
    }
    tape.skip(padding(packed))
}

/// Puts together what header and extensions say.
fn describe(header: &Header, ahead: &Ahead) -> Result<Entry> {
    let name = ahead.pax.sparse_name().or(ahead.pax.path.as_deref()).or(ahead.name.as_deref());
    let name = name.map_or_else(|| text::decode(&header.name()), text::decode);
    let link = ahead.pax.link.as_deref().or(ahead.link.as_deref());
    let link = || link.map_or_else(|| text::decode(header.link()), text::decode);
    let kind = match header.kind() {
        b'1' => Kind::HardLink(link()),
        b'2' => Kind::Symlink(link()),
        b'3' | b'4' => Kind::Special("it is a device"),
        b'6' => Kind::Special("it is a named pipe"),
        b'5' | b'D' => Kind::Directory,
        b'M' => return Err(Error::unsupported("a tar archive in several volumes is not supported")),
        0 | b'0' if name.ends_with('/') && header.size()? == 0 => Kind::Directory,
        // What is not known is to be read as an ordinary file.
        _ => Kind::File,
    };
    let mut entry = Entry::new(name, kind);
    entry.modified = ahead.pax.modified.or_else(|| header.modified());
    entry.mode = header.mode();
    let owner = |pax: Option<u64>, header: Option<u64>| u32::try_from(pax.or(header)?).ok();
    entry.owner = owner(ahead.pax.uid, header.uid()).zip(owner(ahead.pax.gid, header.gid()));
    Ok(entry)
}
