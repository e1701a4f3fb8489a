//! cpio archives: the old binary kind in both byte orders, odc, newc and crc.
//!
//! Written from cpio(5) and IEEE Std 1003.1.

use super::tape::Tape;
use crate::context::Context;
use crate::entry::{Entry, Kind, Sink};
use crate::member::in_entry;
use crate::text;
use crate::time::Time;
use formwork_sdk::{Error, Result};
use std::collections::HashMap;

/// What a header says, whatever its kind.
struct Header {
    inode: (u64, u64),
    mode: u32,
    owner: (u32, u32),
    links: u64,
    modified: i64,
    name: u64,
    size: u64,
    /// Names and data are filled up to a multiple of this.
    align: u64,
    /// Length of the header itself.
    length: u64,
    /// Only the last of several names comes with the data.
    data_last: bool,
}

/// Names that wait for their data, by device and inode.
type Waiting = HashMap<(u64, u64), Vec<Entry>>;

/// Reads all entries.
///
/// # Errors
///
/// `corrupt_input`: a broken header, or the archive ends in the middle; whatever the sink says.
pub(crate) fn read<'a>(context: &'a Context<'a>, mut tape: Tape<'a>, sink: &mut dyn Sink<'a>) -> Result<()> {
    let mut waiting = Waiting::new();
    while let Some((entry, header)) = next(context, &mut tape)? {
        context.tick()?;
        let name = entry.name.clone();
        give(&mut tape, entry, &header, &mut waiting, sink).map_err(|error| in_entry(&name, error))?;
    }
    // Names whose data never came are empty files.
    let mut left: Vec<Entry> = waiting.into_values().flatten().collect();
    left.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in left {
        if sink.begin(Entry { bytes: Some(0), ..entry })? {
            sink.end()?;
        }
    }
    tape.drain()
}

/// Reads the next header and name; `None` at the trailer.
fn next(context: &Context<'_>, tape: &mut Tape<'_>) -> Result<Option<(Entry, Header)>> {
    let at = tape.position();
    let Some(header) = read_header(tape, at)? else { return Ok(None) };
    context.may_name(header.name.saturating_sub(1))?;
    let mut raw = tape.take(header.name)?;
    context.unpack(header.name)?;
    align(tape, header.length + header.name, header.align)?;
    if raw.pop() != Some(0) {
        return Err(Error::corrupt("a cpio name does not end with a zero"));
    }
    if raw == b"TRAILER!!!" {
        return Ok(None);
    }
    let kind = match header.mode & 0o170_000 {
        0o040_000 => Kind::Directory,
        0o120_000 => Kind::Symlink(String::new()),
        0o020_000 | 0o060_000 => Kind::Special("it is a device"),
        0o010_000 => Kind::Special("it is a named pipe"),
        0o140_000 => Kind::Special("it is a socket"),
        _ => Kind::File,
    };
    let mut entry = Entry::new(text::decode(&raw), kind);
    entry.mode = Some(header.mode & 0o7777);
    entry.owner = Some(header.owner);
    entry.modified = Some(Time::at(header.modified));
    Ok(Some((entry, header)))
}

fn give<'a>(
    tape: &mut Tape<'a>,
    mut entry: Entry,
    header: &Header,
    waiting: &mut Waiting,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let padding = header.size.next_multiple_of(header.align) - header.size;
    match &mut entry.kind {
        Kind::Symlink(target) => {
            if header.size > 64 << 10 {
                return Err(Error::corrupt("a symbolic link's target is longer than a path can be"));
            }
            *target = text::decode(&tape.take(header.size)?);
            tape.skip(padding)?;
            sink.bare(entry)
        }
        Kind::File if header.data_last && header.links > 1 && header.size == 0 => {
            waiting.entry(header.inode).or_default().push(entry);
            Ok(())
        }
        Kind::File => {
            (entry.bytes, entry.packed) = (Some(header.size), Some(header.size));
            let target = entry.name.clone();
            tape.file(entry, header.size, padding, sink)?;
            for other in waiting.remove(&header.inode).unwrap_or_default() {
                sink.bare(Entry { kind: Kind::HardLink(target.clone()), ..other })?;
            }
            Ok(())
        }
        _ => {
            tape.skip(header.size.saturating_add(padding))?;
            sink.bare(entry)
        }
    }
}

/// Passes over the bytes that fill up `done` bytes.
fn align(tape: &mut Tape<'_>, done: u64, to: u64) -> Result<()> {
    tape.skip(done.next_multiple_of(to) - done)
}

fn read_header(tape: &mut Tape<'_>, at: u64) -> Result<Option<Header>> {
    let mut magic = [0; 6];
    match tape.fill(&mut magic)? {
        // Some archives have no trailer.
        0 if at > 0 => return Ok(None),
        6 => {}
        _ => return Err(tape.cut_short()),
    }
    match magic {
        [0xC7, 0x71, ..] => binary(tape, &magic, u16::from_le_bytes).map(Some),
        [0x71, 0xC7, ..] => binary(tape, &magic, u16::from_be_bytes).map(Some),
        _ => match &magic {
            b"070701" | b"070702" => newc(tape).map(Some),
            b"070707" => odc(tape).map(Some),
            _ => Err(Error::corrupt(format!("there is no cpio header at byte {at}"))),
        },
    }
}

/// The fields of a text header, each of so many digits.
fn fields<const N: usize>(tape: &mut Tape<'_>, lengths: [usize; N], radix: u32) -> Result<[u64; N]> {
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let mut digits = [0; 16];
        let digits = digits.get_mut(..length).unwrap_or_default();
        tape.exact(digits)?;
        let text = std::str::from_utf8(digits).ok();
        let value = text.and_then(|text| u64::from_str_radix(text, radix).ok());
        *number = value.ok_or_else(|| Error::corrupt("a number in a cpio header is broken"))?;
    }
    Ok(numbers)
}

fn newc(tape: &mut Tape<'_>) -> Result<Header> {
    let [inode, mode, uid, gid, links, modified, size, major, minor, _, _, name, _] =
        fields(tape, [8; 13], 16)?;
    Ok(Header {
        inode: (major << 32 | minor, inode),
        mode: mode as u32,
        owner: (uid as u32, gid as u32),
        links,
        modified: modified as i64,
        name,
        size,
        align: 4,
        length: 110,
        data_last: true,
    })
}

fn odc(tape: &mut Tape<'_>) -> Result<Header> {
    let lengths = [6, 6, 6, 6, 6, 6, 6, 11, 6, 11];
    let [device, inode, mode, uid, gid, links, _, modified, name, size] = fields(tape, lengths, 8)?;
    Ok(Header {
        inode: (device, inode),
        mode: mode as u32,
        owner: (uid as u32, gid as u32),
        links,
        modified: modified as i64,
        name,
        size,
        align: 1,
        length: 76,
        data_last: false,
    })
}

fn binary(tape: &mut Tape<'_>, start: &[u8; 6], word: fn([u8; 2]) -> u16) -> Result<Header> {
    let mut rest = [0; 20];
    tape.exact(&mut rest)?;
    let (words, _) = rest.as_chunks::<2>();
    let [mode, uid, gid, links, _, time0, time1, name, size0, size1] = *words else {
        return Err(tape.cut_short());
    };
    let [_, _, d0, d1, i0, i1] = *start;
    let number = |bytes: [u8; 2]| u64::from(word(bytes));
    // Long numbers have their high half first, whatever the order inside the halves.
    let long = |high: [u8; 2], low: [u8; 2]| number(high) << 16 | number(low);
    Ok(Header {
        inode: (number([d0, d1]), number([i0, i1])),
        mode: u32::from(word(mode)),
        owner: (u32::from(word(uid)), u32::from(word(gid))),
        links: number(links),
        modified: long(time0, time1) as i64,
        name: number(name),
        size: long(size0, size1),
        align: 2,
        length: 26,
        data_last: false,
    })
}
