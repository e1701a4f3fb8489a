//! `convert`: one archive or stream becomes another.

use super::{read_content, report_entries, stopping, with_archive, write};
use crate::codec::{Codec, Label};
use crate::context::Context;
use crate::describe::{self, Container, Shape, id_of};
use crate::entry::{Entry, Kind, Look, Sink};
use crate::member::{Member, Packing, Place};
use crate::pool::{Pool, with_pool};
use crate::read::{Archive, Depth, stream, tar};
use formwork_sdk::{Feature, Result, Step};
use std::io::{BufRead, Read};

/// Converts the first input.
///
/// # Errors
///
/// Any; see the readers and writers.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let target = describe::shape(step.target())?;
    with_archive(step, |archive| {
        let context = Context::new(step, true);
        with_pool(step.threads(), |pool| {
            let work = convert(&context, pool, &archive, target);
            let (shape, entries) = stopping(&context, work)?;
            report_entries(step, shape, entries);
            Ok(())
        })
    })
}

/// Chooses the way and goes it. Returns what was written and how many entries it has.
fn convert<'a>(
    context: &'a Context<'a>,
    pool: &Pool<'_, 'a>,
    archive: &Archive<'a>,
    target: Shape,
) -> Result<(Shape, u64)> {
    match (archive.shape, target) {
        (Shape::Stream(codec), Shape::Stream(_)) => {
            let label = stream::label(context, archive.source, codec, archive.name)?;
            let entries = write(context, pool, target, false, |sink| {
                stream::read(context, archive.source, codec, label, sink)
            })?;
            Ok((target, entries))
        }
        // A stream that holds a tar becomes that tar, not a tar with a tar in it.
        (Shape::Stream(_), Shape::Tar(_)) => {
            Ok((target, entries(context, pool, &as_tar(context, archive)?, target)?))
        }
        (Shape::Stream(Codec::Gzip), Shape::Container(Container::Zip)) if context.password.is_none() => {
            Ok((target, gzip_to_zip(context, pool, archive)?))
        }
        (_, Shape::Stream(codec)) => to_stream(context, pool, archive, codec),
        _ => Ok((target, entries(context, pool, archive, target)?)),
    }
}

/// Hands every entry from one archive to the other.
fn entries<'a>(
    context: &'a Context<'a>,
    pool: &Pool<'_, 'a>,
    archive: &Archive<'a>,
    target: Shape,
) -> Result<u64> {
    let mut watch = Watch::default();
    let written = write(context, pool, target, knows_hard_links(archive.shape), |sink| {
        read_content(context, archive, &mut Watched { watch: &mut watch, sink })
    })?;
    tell_encryption(context, target, watch.encrypted);
    Ok(written)
}

/// Says that what was encrypted is not any more.
pub(super) fn tell_encryption(context: &Context<'_>, target: Shape, was_encrypted: bool) {
    let protects = context.password.is_some() && matches!(target, Shape::Container(_));
    if was_encrypted && !protects {
        context.step.lose(Feature::Encryption, format!("`{}` cannot be encrypted", context.step.target()));
    }
}

pub(super) fn knows_hard_links(shape: Shape) -> bool {
    matches!(shape, Shape::Tar(_) | Shape::Container(Container::Rar | Container::Cpio))
}

/// An archive becomes a single stream: its only file, or else a tar of all entries inside the stream.
fn to_stream<'a>(
    context: &'a Context<'a>,
    pool: &Pool<'_, 'a>,
    archive: &Archive<'a>,
    codec: Codec,
) -> Result<(Shape, u64)> {
    let counting = Context::new(context.step, true);
    let mut count = Count::default();
    let counted =
        archive_for(&counting, archive, |archive| archive.read(&counting, Depth::Entries, &mut count));
    // One entry too many ends the count on purpose.
    if !count.is_many() {
        counted?;
    }
    if count.files == 1 && count.others == 0 {
        if count.directories > 0 {
            let text = "the folders around the only file were left out";
            context.step.lose(Feature::Names, text);
        }
        let shape = Shape::Stream(codec);
        return Ok((shape, entries(context, pool, archive, shape)?));
    }
    let text = format!(
        "`{id}` holds a single stream, so the entries were put into a tar inside it; t{id} is the usual name for that",
        id = id_of(codec)
    );
    context.step.warn(text);
    entries(context, pool, archive, Shape::Tar(Some(codec)))?;
    Ok((Shape::Stream(codec), 1))
}

/// Lends an archive for a shorter time.
fn archive_for<'b, R>(
    _context: &'b Context<'b>,
    archive: &Archive<'b>,
    work: impl FnOnce(&Archive<'b>) -> R,
) -> R {
    work(archive)
}

/// An archive as it is, or the tar in a stream.
pub(super) fn as_tar<'a>(context: &Context<'_>, archive: &Archive<'a>) -> Result<Archive<'a>> {
    match archive.shape {
        Shape::Stream(codec) if holds_tar(context, archive, codec)? => {
            Ok(Archive { shape: Shape::Tar(Some(codec)), ..*archive })
        }
        _ => Ok(*archive),
    }
}

/// Tells whether a stream starts like a tar archive.
fn holds_tar(context: &Context<'_>, archive: &Archive<'_>, codec: Codec) -> Result<bool> {
    let quiet = Context::new(context.step, true);
    let mut head = Vec::new();
    let stream = codec.open(&quiet, archive.source.reader(&quiet, 0, archive.source.length(), false))?;
    stream.take(512).read_to_end(&mut head)?;
    Ok(tar::is_tar(&head))
}

/// Takes the deflate data of a gzip file over into a zip, when it has one member only.
fn gzip_to_zip<'a>(context: &'a Context<'a>, pool: &Pool<'_, 'a>, archive: &Archive<'a>) -> Result<u64> {
    let label = stream::label(context, archive.source, Codec::Gzip, archive.name)?;
    let member = only_member(context, archive)?;
    let zip = Shape::Container(Container::Zip);
    write(context, pool, zip, false, |sink| match member {
        Some(member) => {
            let mut entry = Entry::new(label.name.clone().unwrap_or_default(), Kind::File);
            entry.modified = label.modified;
            entry.bytes = Some(member.bytes);
            sink.member(entry, member)
        }
        None => stream::read(context, archive.source, Codec::Gzip, label, sink),
    })
}

/// Finds where the data of the only member lies; `None` when there are several or something follows.
fn only_member<'a>(context: &'a Context<'a>, archive: &Archive<'a>) -> Result<Option<Member<'a>>> {
    let source = archive.source;
    // Multi-member files are told by how soon the first one ends; only its length is needed here.
    let quiet = Context::new(context.step, true);
    let mut packed = source.reader(&quiet, 0, source.length(), false);
    let _label: Label = crate::codec::gzip::read_header(&quiet, &mut packed)?;
    let start = packed.consumed();
    let mut inflate = crate::codec::gzip::Inflate::new();
    let mut piece = vec![0; 4 * crate::context::TICK];
    let mut bytes = 0_u64;
    loop {
        let (count, ended) = crate::codec::pull(&mut packed, &mut inflate, &mut piece)?;
        bytes += count as u64;
        quiet.unpack(count as u64)?;
        if ended {
            break;
        }
    }
    let end = packed.consumed();
    let mut trailer = [0; 8];
    packed.read_exact(&mut trailer)?;
    if !packed.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let [a, b, c, d, ..] = trailer;
    let crc = Some(u32::from_le_bytes([a, b, c, d]));
    let place = Place::Data(start);
    Ok(Some(Member { source, place, packed: end - start, bytes, crc, packing: Packing::Deflate }))
}

/// Remembers whether any entry was encrypted.
#[derive(Default)]
struct Watch {
    encrypted: bool,
}

/// Looks at entries on their way.
struct Watched<'w, 's, 'a> {
    watch: &'w mut Watch,
    sink: &'s mut dyn Sink<'a>,
}

impl Watched<'_, '_, '_> {
    fn see(&mut self, entry: &Entry) {
        self.watch.encrypted |= entry.encrypted;
    }
}

impl<'a> Sink<'a> for Watched<'_, '_, 'a> {
    fn bare(&mut self, entry: Entry) -> Result<()> {
        self.sink.bare(entry)
    }

    fn member(&mut self, entry: Entry, member: Member<'a>) -> Result<()> {
        self.see(&entry);
        self.sink.member(entry, member)
    }

    fn begin(&mut self, entry: Entry) -> Result<bool> {
        self.see(&entry);
        self.sink.begin(entry)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.data(bytes)
    }

    fn end(&mut self) -> Result<()> {
        self.sink.end()
    }
}

/// Counts entries until there are too many for a single stream.
#[derive(Default)]
struct Count {
    files: u64,
    directories: u64,
    others: u64,
}

impl Count {
    fn is_many(&self) -> bool {
        self.files > 1 || self.others > 0
    }
}

impl Look for Count {
    fn see(&mut self, entry: &Entry, _packed: u64) -> Result<()> {
        match entry.kind {
            Kind::File => self.files += 1,
            Kind::Directory => self.directories += 1,
            _ => self.others += 1,
        }
        if self.is_many() {
            return Err(formwork_sdk::Error::unsupported("a single stream holds one file"));
        }
        Ok(())
    }
}
