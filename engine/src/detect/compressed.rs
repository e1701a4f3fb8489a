//! Compressed streams, and what their first bytes unpack to: a tar archive, an SVG.
//!
//! Only a few hundred bytes are unpacked. Window and dictionary sizes in the stream's header are never
//! trusted: the first bytes cannot reach further back than themselves, so each decoder is given a small
//! window of our own choosing.

use std::io::{self, BufReader, Read};

use bzip2::read::BzDecoder;
use lzma_rust2::Lzma2Reader;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::bytes::{byte, has, le16, le32, slice};
use super::finding::Finding;
use super::reader::Reader;
use super::{tar, text};

/// How much is unpacked: room for a tar header, or for an SVG's prolog.
const UNPACKED: usize = 8192;
/// How much packed input is read for that, where blocks are small.
const PACKED: usize = 16 << 10;
/// The largest Zstandard block (RFC 8878, 3.1.1.2).
const ZSTD_BLOCK: usize = 128 << 10;

/// A compressed stream: how it is called alone, and with a tar archive inside.
struct Kind {
    name: &'static str,
    plain: &'static str,
    with_tar: &'static str,
    /// The rows a compressed tar is called after as well.
    kin: &'static [&'static str],
}

const GZIP: Kind = Kind { name: "gzip", plain: "gz", with_tar: "tgz", kin: &["gz"] };
const BZIP2: Kind = Kind { name: "bzip2", plain: "bz2", with_tar: "tbz2", kin: &["bz2"] };
const XZ: Kind = Kind { name: "xz", plain: "xz", with_tar: "txz", kin: &["xz"] };
const ZSTD: Kind = Kind { name: "Zstandard", plain: "zst", with_tar: "tzst", kin: &["zst"] };
const LZ4: Kind = Kind { name: "LZ4", plain: "lz4", with_tar: "tlz4", kin: &["lz4"] };

impl Kind {
    /// Decides by the first bytes the stream unpacks to.
    fn judge(&self, reader: &Reader<'_>, inside: Option<Vec<u8>>) -> Option<Finding> {
        let inside = inside.unwrap_or_default();
        let empty_tar = reader.is_called(self.with_tar) && tar::is_end_record(&inside);
        if tar::is_tar(&inside) || empty_tar {
            let evidence = format!("{} with a tar archive inside", self.name);
            return Some(Finding::certain(self.with_tar, evidence).also_called(self.kin));
        }
        Some(Finding::certain(self.plain, format!("{} stream", self.name)))
    }
}

/// gzip (RFC 1952): a plain stream, a tar or an SVG.
pub(super) fn gzip(reader: &Reader<'_>) -> Option<Finding> {
    let inside = gzip_content(reader);
    if inside.as_deref().is_some_and(text::is_svg) {
        return Some(Finding::certain("svgz", "gzip with an SVG inside").also_called(&["gz"]));
    }
    GZIP.judge(reader, inside)
}

/// bzip2: stream header, then the magic of a block (pi) or of the end (the root of pi).
pub(super) fn bzip2(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let block = has(head, 4, b"\x31\x41\x59\x26\x53\x59");
    let end = has(head, 4, b"\x17\x72\x45\x38\x50\x90");
    if !(byte(head, 3)?.is_ascii_digit() && (block || end)) {
        return None;
    }
    // A block (up to 900 000 bytes) must be whole before its first byte is known.
    BZIP2.judge(reader, Some(unpack(BzDecoder::new(Bytes { reader, at: 0 }), 512)))
}

/// xz: stream header of 12 bytes, block header, LZMA2 chunks.
pub(super) fn xz(reader: &Reader<'_>) -> Option<Finding> {
    XZ.judge(reader, xz_content(reader))
}

/// Zstandard (RFC 8878).
pub(super) fn zstd(reader: &Reader<'_>) -> Option<Finding> {
    ZSTD.judge(reader, zstd_content(reader, 0))
}

/// LZ4 frames, and the legacy frames of the first command line tool.
pub(super) fn lz4(reader: &Reader<'_>) -> Option<Finding> {
    LZ4.judge(reader, lz4_content(reader, 0))
}

/// A skippable frame (RFC 8878, 3.1.2; the same in LZ4) with a real one behind it, as parallel writers
/// put an index or a size in front.
pub(super) fn probe_skippable(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    if !(byte(head, 0)? & 0xF0 == 0x50 && has(head, 1, b"\x2A\x4D\x18")) {
        return None;
    }
    let start = u64::from(le32(head, 4)?) + 8;
    match reader.read(start, 4).as_slice() {
        b"\x28\xB5\x2F\xFD" => ZSTD.judge(reader, zstd_content(reader, start)),
        b"\x04\x22\x4D\x18" => LZ4.judge(reader, lz4_content(reader, start)),
        _ => None,
    }
}

/// The file's bytes as a stream, fetched in the pieces a decoder asks for.
struct Bytes<'a, 'b> {
    reader: &'a Reader<'b>,
    at: u64,
}

impl Read for Bytes<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.reader.read(self.at, buffer.len());
        if let Some(to) = buffer.get_mut(..bytes.len()) {
            to.copy_from_slice(&bytes);
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

/// Reads up to `limit` bytes; a stream that breaks off gives what came before.
fn unpack(mut stream: impl Read, limit: usize) -> Vec<u8> {
    let mut bytes = vec![0; limit];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match stream.read(rest) {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    bytes.truncate(filled);
    bytes
}

/// Unpacks the start of raw deflate data (RFC 1951), up to `limit` bytes.
pub(super) fn inflate(packed: &[u8], limit: usize) -> Vec<u8> {
    let mut unpacked = vec![0; limit];
    let flags =
        inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
    let mut decoder = Box::new(DecompressorOxide::new());
    let (_, _, count) = decompress(&mut decoder, packed, &mut unpacked, 0, flags);
    unpacked.truncate(count);
    unpacked
}

/// Skips the gzip header (RFC 1952, 2.3) and unpacks.
fn gzip_content(reader: &Reader<'_>) -> Option<Vec<u8>> {
    let data = reader.read(0, PACKED);
    let flags = byte(&data, 3)?;
    let mut at = 10;
    if flags & 0x04 != 0 {
        at += 2 + usize::from(le16(&data, at)?);
    }
    // Name, then comment: each ends with a zero byte.
    for present in [flags & 0x08 != 0, flags & 0x10 != 0] {
        if present {
            at += data.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    at += if flags & 0x02 != 0 { 2 } else { 0 };
    Some(inflate(data.get(at..)?, UNPACKED))
}

/// Skips the stream header (12 bytes) and the block header and unpacks LZMA2 data; other filters are not
/// undone. Sizes in the block header are variable-length numbers, the filter id of LZMA2 is 21 hex.
fn xz_content(reader: &Reader<'_>) -> Option<Vec<u8>> {
    let size = (usize::from(byte(reader.head(), 12)?) + 1) * 4;
    let header = slice(reader.head(), 12, size)?;
    let flags = byte(header, 1)?;
    let mut at = 2;
    for bit in [0x40, 0x80] {
        if flags & bit != 0 {
            at += header.get(at..)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
        }
    }
    let only_lzma2 = flags & 3 == 0 && byte(header, at)? == 0x21;
    if !only_lzma2 {
        return None;
    }
    let chunks = Bytes { reader, at: 12 + size as u64 };
    Some(unpack(Lzma2Reader::new(BufReader::new(chunks), 64 << 10, None), UNPACKED))
}

/// Makes a frame of its own out of the first block, so that the window the file states does not matter
/// and the block comes out whole (RFC 8878, 3.1.1).
fn zstd_content(reader: &Reader<'_>, start: u64) -> Option<Vec<u8>> {
    let data = reader.read(start, ZSTD_BLOCK + 64);
    let descriptor = byte(&data, 4)?;
    let single_segment = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied()?;
    let content = match descriptor >> 6 {
        0 => usize::from(single_segment),
        code => 1 << code,
    };
    let block = 5 + usize::from(!single_segment) + dictionary + content;
    let header = u32::from(byte(&data, block)?) | u32::from(le16(&data, block + 1)?) << 8;
    let (kind, size) = (header >> 1 & 3, usize::try_from(header >> 3).ok()?);
    let body = slice(&data, block + 3, if kind == 1 { 1 } else { size.min(ZSTD_BLOCK) })?;
    let last = (header | 1).to_le_bytes();
    // No dictionary, no checksum, no content size; a window of 128 KiB.
    let frame = [b"\x28\xB5\x2F\xFD\x00\x38", last.get(..3)?, body].concat();
    let mut decoder = ruzstd::decoding::FrameDecoder::new();
    let mut input = frame.as_slice();
    decoder.init(&mut input).ok()?;
    decoder.decode_blocks(&mut input, ruzstd::decoding::BlockDecodingStrategy::All).ok()?;
    let mut unpacked = decoder.collect()?;
    unpacked.truncate(UNPACKED);
    Some(unpacked)
}

/// Finds the first data block of a frame (LZ4 Frame Format 1.6.4) and unpacks it.
fn lz4_content(reader: &Reader<'_>, start: u64) -> Option<Vec<u8>> {
    let data = reader.read(start, PACKED);
    let legacy = data.starts_with(b"\x02\x21\x4C\x18");
    let flags = byte(&data, 4)?;
    let at = match legacy {
        true => 4,
        // Magic, flags, block sizes, content size, dictionary id, header checksum.
        false => 6 + if flags & 8 != 0 { 8 } else { 0 } + if flags & 1 != 0 { 4 } else { 0 } + 1,
    };
    let size = le32(&data, at)?;
    let body = data.get(at + 4..)?;
    let stored = !legacy && size & 0x8000_0000 != 0;
    let body = body.get(..usize::try_from(size & 0x7FFF_FFFF).ok()?.min(body.len()))?;
    Some(if stored { body.iter().copied().take(UNPACKED).collect() } else { lz4_block(body) })
}

/// Unpacks the start of an LZ4 block: literals, then copies of what is already there.
fn lz4_block(packed: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::with_capacity(UNPACKED);
    let mut at = 0;
    while unpacked.len() < UNPACKED && lz4_sequence(packed, &mut at, &mut unpacked).is_some() {}
    unpacked
}

fn lz4_sequence(packed: &[u8], at: &mut usize, unpacked: &mut Vec<u8>) -> Option<()> {
    let token = byte(packed, *at)?;
    *at += 1;
    let literals = lz4_length(packed, at, usize::from(token >> 4))?;
    let rest = packed.get(*at..)?;
    unpacked.extend(rest.iter().take(literals.min(UNPACKED)));
    *at += literals;
    let distance = usize::from(le16(packed, *at)?);
    *at += 2;
    let count = 4 + lz4_length(packed, at, usize::from(token & 15))?;
    let from = unpacked.len().checked_sub(distance).filter(|_| distance > 0)?;
    for offset in 0..count.min(UNPACKED) {
        unpacked.push(byte(unpacked, from + offset)?);
    }
    Some(())
}

/// A length of 15 goes on in the next bytes, up to the first that is not 255.
fn lz4_length(packed: &[u8], at: &mut usize, start: usize) -> Option<usize> {
    if start < 15 {
        return Some(start);
    }
    let more = packed.get(*at..)?;
    let full = more.iter().take_while(|byte| **byte == 255).count();
    let last = byte(more, full)?;
    *at += full + 1;
    Some(start + 255 * full + usize::from(last))
}
