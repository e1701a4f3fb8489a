//! One block of a 7z: files packed together by a chain of coders.

use super::{Directory, describe, explain, guard, is_encrypted, link_target};
use crate::codec::Piped;
use crate::codec::lzma::{self, Unpack, lzma_dictionary, lzma2_dictionary, setup};
use crate::context::{Context, TICK};
use crate::entry::{Kind, Sink};
use crate::member::{Member, Packing, Place, in_entry};
use crate::source::Source;
use formwork_sdk::{Error, Result};
use libdeflater::Crc;
use liblzma::stream::Filters;
use sevenz_rust2::{ArchiveEntry, BlockDecoder, EncoderMethod};
use std::io::Read;
use std::ops::Range;

/// How a block is read.
enum Way<'a> {
    /// Not compressed: every file can be had by itself, from here on.
    Stored(u64),
    /// By a decoder of liblzma.
    Direct(Box<dyn Read + 'a>),
    /// By the crate.
    Crate,
}

/// Reads the files of a block.
pub(super) fn read<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    directory: &Directory,
    index: usize,
    files: Range<usize>,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let Some(block) = directory.archive.blocks.get(index) else { return Ok(()) };
    for coder in &block.coders {
        guard::check_coder(context, coder.encoder_method_id(), coder.properties())?;
    }
    let entries = directory.archive.files.get(files).unwrap_or_default();
    match way(context, source, directory, index)? {
        Way::Stored(start) => stored(context, source, directory, index, start, entries, sink),
        Way::Direct(mut reader) => {
            for file in entries {
                one(context, directory, index, file, &mut *reader, sink)
                    .map_err(|error| in_entry(&file.name, error))?;
            }
            Ok(())
        }
        Way::Crate => by_crate(context, source, directory, index, sink),
    }
}

/// Chooses how to read a block.
fn way<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    directory: &Directory,
    index: usize,
) -> Result<Way<'a>> {
    let archive = &directory.archive;
    let Some(block) = archive.blocks.get(index) else { return Ok(Way::Crate) };
    let map = &archive.stream_map;
    let pack = map.block_first_pack_stream_index().get(index).copied().unwrap_or(usize::MAX);
    let place = map.pack_stream_offsets().get(pack).zip(archive.pack_sizes().get(pack));
    let Some((offset, length)) = place else { return Ok(Way::Crate) };
    let start = archive.pack_pos().saturating_add(32).saturating_add(*offset);
    if start.saturating_add(*length) > source.length() {
        return Err(Error::corrupt("the 7z archive is cut short"));
    }
    let chain: Vec<_> = block
        .ordered_coder_iter()
        .map(|(_, coder)| (coder.encoder_method_id(), coder.properties()))
        .collect();
    if chain.len() != block.coders.len() {
        return Ok(Way::Crate);
    }
    let packed = || source.reader(context, start, *length, true);
    match chain.as_slice() {
        [(EncoderMethod::ID_COPY, _)] if *length >= block.get_unpack_size() => Ok(Way::Stored(start)),
        [(EncoderMethod::ID_LZMA, properties)] => {
            let stream = lzma::raw_lzma(context, properties)?;
            let decoder = lzma::Sized { inner: Unpack::new(context, stream), left: block.get_unpack_size() };
            Ok(Way::Direct(Box::new(Piped::new(packed(), decoder))))
        }
        [(EncoderMethod::ID_LZMA2, properties), filters @ ..] if filters.len() <= 2 => {
            let mut chain = Filters::new();
            // liblzma wants the filter that is undone last first.
            for (id, properties) in filters.iter().rev() {
                match *id {
                    EncoderMethod::ID_BCJ_X86 => chain.x86(),
                    EncoderMethod::ID_DELTA => chain.delta_properties(properties).map_err(setup)?,
                    EncoderMethod::ID_BCJ_ARM => chain.arm(),
                    EncoderMethod::ID_BCJ_PPC => chain.powerpc(),
                    _ => return Ok(Way::Crate),
                };
            }
            chain.lzma2_properties(properties).map_err(setup)?;
            let stream = lzma::raw(context, &chain, lzma2_dictionary(properties)?)?;
            Ok(Way::Direct(Box::new(Piped::new(packed(), Unpack::new(context, stream)))))
        }
        [(EncoderMethod::ID_LZMA, properties), ..] => {
            lzma_dictionary(properties)?;
            Ok(Way::Crate)
        }
        _ => Ok(Way::Crate),
    }
}

/// Hands on files that are not compressed.
fn stored<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    directory: &Directory,
    index: usize,
    mut start: u64,
    entries: &[ArchiveEntry],
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    for file in entries {
        let entry = describe(&directory.archive, file, index);
        let end = start.checked_add(file.size).filter(|end| *end <= source.length());
        let end = end.ok_or_else(|| Error::corrupt("the 7z archive is cut short"))?;
        if entry.is_file() {
            let crc = file.has_crc.then_some(file.crc as u32);
            let (place, packing) = (Place::Data(start), Packing::Stored);
            let member = Member { source, place, packed: file.size, bytes: file.size, crc, packing };
            sink.member(entry, member).map_err(|error| in_entry(&file.name, error))?;
        } else {
            let mut reader = source.reader(context, start, file.size, true);
            one(context, directory, index, file, &mut reader, sink)?;
        }
        start = end;
    }
    Ok(())
}

/// Reads one file of a block out of a decoder, and checks it.
fn one<'a>(
    context: &Context<'_>,
    directory: &Directory,
    index: usize,
    file: &ArchiveEntry,
    reader: &mut dyn Read,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let mut entry = describe(&directory.archive, file, index);
    if matches!(entry.kind, Kind::Symlink(_)) {
        if file.size > context.limits.name {
            return Err(Error::corrupt("a symbolic link's target is longer than a path can be"));
        }
        let mut target = Vec::new();
        unpack(context, file, reader, &mut |bytes| {
            target.extend_from_slice(bytes);
            Ok(())
        })?;
        entry.kind = Kind::Symlink(link_target(&target));
        return sink.bare(entry);
    }
    if !entry.is_file() {
        unpack(context, file, reader, &mut |bytes| context.unpack(bytes.len() as u64))?;
        return sink.bare(entry);
    }
    if sink.begin(entry)? {
        unpack(context, file, reader, &mut |bytes| sink.data(bytes))?;
        return sink.end();
    }
    unpack(context, file, reader, &mut |bytes| context.unpack(bytes.len() as u64))
}

/// Reads a file's bytes and checks its checksum.
fn unpack(
    context: &Context<'_>,
    file: &ArchiveEntry,
    reader: &mut dyn Read,
    take: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = vec![0; usize::try_from(file.size).unwrap_or(usize::MAX).min(4 * TICK)];
    let mut crc = Crc::new();
    let mut left = if file.has_stream { file.size } else { 0 };
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count = reader.read(buffer.get_mut(..room).unwrap_or_default())?;
        if count == 0 {
            return Err(Error::corrupt("the 7z archive is cut short"));
        }
        let piece = buffer.get(..count).unwrap_or_default();
        crc.update(piece);
        take(piece)?;
        left -= count as u64;
        context.tick()?;
    }
    if file.has_crc && file.has_stream && u64::from(crc.sum()) != file.crc {
        return Err(if context.password.is_some() {
            Error::password("wrong password, or the encrypted data is broken")
        } else {
            Error::corrupt("its checksum is wrong: the data is broken")
        });
    }
    Ok(())
}

/// Lets the crate decode a block: BCJ2, PPMd, AES and what else is rare.
fn by_crate<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    directory: &Directory,
    index: usize,
    sink: &mut dyn Sink<'a>,
) -> Result<()> {
    let mut reader = source.reader(context, 0, source.length(), false);
    let decoder = BlockDecoder::new(1, index, &directory.archive, &directory.password, &mut reader);
    let mut failed = None;
    let result = decoder.for_each_entries(&mut |file, reader| {
        let mut reader = crate::codec::Blaming::new("7z", reader);
        let done = one(context, directory, index, file, &mut reader, sink);
        let going = done.is_ok();
        failed = done.err().map(|error| in_entry(&file.name, error));
        Ok(going)
    });
    let encrypted = directory.archive.blocks.get(index).is_some_and(is_encrypted);
    match (failed, result) {
        // With a wrong password the coder behind the decryption finds broken data first.
        (Some(error), _) if encrypted && error.kind == formwork_sdk::ErrorKind::CorruptInput => {
            Err(Error::password("wrong password, or the encrypted data is broken"))
        }
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(explain(context, error)),
        (None, Ok(_)) => {
            let map = &directory.archive.stream_map;
            let pack = map.block_first_pack_stream_index().get(index).copied().unwrap_or(usize::MAX);
            context.advance(directory.archive.pack_sizes().get(pack).copied().unwrap_or(0))
        }
    }
}
