//! Writes one compressed stream. The input is cut into pieces at places that depend on nothing but the input,
//! so that any number of threads makes the same bytes.

use super::out::Out;
use crate::codec::{self, Codec, Label, bzip2, deflate, gzip, lzma2, xz};
use crate::context::Context;
use crate::member::Member;
use crate::pool::{Ordered, Pool};
use crate::scratch::Scratch;
use formwork_sdk::{Error, Result};
use std::io::Write;

/// A compressed stream being written, or a plain one.
pub(crate) struct Packer<'p, 'q, 'a> {
    context: &'a Context<'a>,
    coder: Coder<'p, 'q, 'a>,
    /// Bytes of the piece being gathered.
    piece: Vec<u8>,
    /// Bytes a piece has.
    size: usize,
}

enum Coder<'p, 'q, 'a> {
    Plain(Out<'a>),
    Zstd(Box<zstd::Encoder<'static, Out<'a>>>),
    Pieces(Pieces<'p, 'q, 'a>),
}

/// Codecs whose pieces are made side by side.
struct Pieces<'p, 'q, 'a> {
    out: Out<'a>,
    queue: Ordered<'p, 'q, 'a, Made>,
    kind: Kind,
}

enum Kind {
    /// Members; the first one has the header with the file's name.
    Members {
        level: i32,
        header: Vec<u8>,
    },
    /// One member out of joined pieces.
    Joined {
        level: i32,
        before: Vec<u8>,
        crc: crc32fast::Hasher,
        bytes: u64,
        ended: bool,
    },
    Bzip2(bzip2::Joiner),
    Xz {
        settings: lzma2::Settings,
        index: xz::Index,
    },
}

/// A finished piece.
enum Made {
    Bytes(Vec<u8>),
    Deflate { bytes: Vec<u8>, crc: u32, plain: u64 },
    Bzip2(bzip2::Block),
    Xz(xz::Block),
}

/// A little more than a bzip2 block, so that blocks come out full.
const BZIP2_PIECE: usize = 900_000 + 4_096;
/// Bytes of pieces under way.
const UNDER_WAY: u64 = 2 << 20;

impl<'p, 'q, 'a> Packer<'p, 'q, 'a> {
    /// Opens the main output for a stream of that codec.
    ///
    /// # Errors
    ///
    /// `io`; `limit_exceeded` (`memory`); `unsupported_conversion` for codecs that are only read.
    pub(crate) fn open(
        context: &'a Context<'a>,
        pool: &'p Pool<'q, 'a>,
        codec: Option<Codec>,
        label: &Label,
    ) -> Result<Self> {
        let mut out = Out::open(context.step)?;
        let level = deflate::level(context.effort);
        let mut size = deflate::PIECE;
        let mut most = UNDER_WAY;
        let kind = match codec {
            None => return Ok(Self::of(context, Coder::Plain(out), 0)),
            Some(Codec::Zstd) => {
                let encoder = codec::zstd::writer(context, out)?;
                return Ok(Self::of(context, Coder::Zstd(Box::new(encoder)), 0));
            }
            Some(Codec::Gzip) if context.single_member => {
                out.put(&gzip::header(label))?;
                let crc = crc32fast::Hasher::new();
                Kind::Joined { level, before: Vec::new(), crc, bytes: 0, ended: false }
            }
            Some(Codec::Gzip) => Kind::Members { level, header: gzip::header(label) },
            Some(Codec::Bzip2) => {
                let (joiner, start) = bzip2::Joiner::new();
                out.put(&start)?;
                size = BZIP2_PIECE;
                Kind::Bzip2(joiner)
            }
            Some(Codec::Xz) => {
                out.put(&xz::stream_header())?;
                let settings = lzma2::Settings::new(context.effort.unwrap_or(6), u32::MAX);
                size = (settings.dictionary as usize * 3).max(1 << 20);
                most = size as u64 * pool.threads() as u64;
                Kind::Xz { settings, index: xz::Index::default() }
            }
            Some(codec @ (Codec::Lz4 | Codec::Lzma)) => {
                return Err(Error::unsupported(format!("{} is only read, not written", codec.word())));
            }
        };
        let pieces = Pieces { out, queue: Ordered::new(pool, most), kind };
        Ok(Self::of(context, Coder::Pieces(pieces), size))
    }

    fn of(context: &'a Context<'a>, coder: Coder<'p, 'q, 'a>, size: usize) -> Self {
        Packer { context, coder, piece: Vec::new(), size }
    }

    /// Appends bytes to the stream.
    ///
    /// # Errors
    ///
    /// `cancelled`, `timeout`, `limit_exceeded`, `io`.
    pub(crate) fn put(&mut self, mut bytes: &[u8]) -> Result<()> {
        let pieces = match &mut self.coder {
            Coder::Plain(out) => return out.put(bytes),
            Coder::Zstd(encoder) => return Ok(encoder.write_all(bytes)?),
            Coder::Pieces(pieces) => pieces,
        };
        while self.piece.len() + bytes.len() >= self.size {
            let (now, later) = bytes.split_at_checked(self.size - self.piece.len()).unwrap_or((bytes, &[]));
            self.piece.extend_from_slice(now);
            bytes = later;
            let whole = std::mem::take(&mut self.piece);
            self.piece = pieces.submit(self.context, whole, false)?;
        }
        if self.piece.capacity() == 0 {
            // Room for what comes, without doubling on the way there.
            self.piece.reserve_exact(self.size.min(deflate::PIECE).max(bytes.len()));
        }
        self.piece.extend_from_slice(bytes);
        Ok(())
    }

    /// Tells whether deflate data can be put in as it is.
    pub(crate) fn takes_members(&self) -> bool {
        matches!(&self.coder, Coder::Pieces(Pieces { kind: Kind::Members { .. }, .. }))
    }

    /// Puts in gzip members made by a task. Asked of a stream that [takes them](Self::takes_members) only.
    ///
    /// # Errors
    ///
    /// As for [`Packer::put`].
    pub(crate) fn put_members(
        &mut self,
        weight: u64,
        job: impl FnOnce(&mut Scratch) -> Result<Vec<u8>> + Send + 'a,
    ) -> Result<()> {
        let Coder::Pieces(pieces) = &mut self.coder else { return Ok(()) };
        if !self.piece.is_empty() {
            let piece = std::mem::take(&mut self.piece);
            if piece.len() <= SMALL {
                let made = pieces.small_member(&piece);
                pieces.push(0, move |_| Ok(Made::Bytes(made)))?;
                self.piece = piece;
                self.piece.clear();
            } else {
                self.piece = pieces.submit(self.context, piece, false)?;
            }
        }
        pieces.push(weight, move |scratch| job(scratch).map(Made::Bytes))
    }

    /// Puts in one gzip member whose deflate data is handed on as it is, after its checksum was checked.
    ///
    /// # Errors
    ///
    /// As for [`Packer::put`], and those of the member.
    pub(crate) fn put_whole_member(
        &mut self,
        header: Vec<u8>,
        context: &'a Context<'a>,
        member: &Member<'a>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let crc = member.unpack(context, scratch, &mut |_| Ok(()))?;
        let piece = std::mem::take(&mut self.piece);
        let Coder::Pieces(pieces) = &mut self.coder else { return Ok(()) };
        if !piece.is_empty() {
            self.piece = pieces.submit(context, piece, false)?;
        }
        while pieces.emit_one()? {}
        if let Kind::Members { header, .. } = &mut pieces.kind {
            header.clear();
        }
        pieces.out.put(&header)?;
        member.raw_pieces(scratch, &mut |bytes| pieces.out.put(bytes))?;
        let mut trailer = Vec::new();
        gzip::push_trailer(&mut trailer, crc, member.bytes);
        pieces.out.put(&trailer)
    }

    /// Ends the stream and the output.
    ///
    /// # Errors
    ///
    /// As for [`Packer::put`].
    pub(crate) fn close(mut self) -> Result<()> {
        match self.coder {
            Coder::Plain(out) => out.close(),
            Coder::Zstd(encoder) => encoder.finish()?.close(),
            Coder::Pieces(mut pieces) => {
                // What does not fit one bzip2 block comes back.
                while pieces.wants(&self.piece) {
                    self.piece = pieces.submit(self.context, self.piece, true)?;
                }
                pieces.close()
            }
        }
    }
}

/// Pieces up to this size, tar headers mostly, are not worth a task.
const SMALL: usize = 2_048;

impl<'a> Pieces<'_, '_, 'a> {
    /// Tells whether the last bytes still make a piece. An empty file is one, too, in gzip.
    fn wants(&self, piece: &[u8]) -> bool {
        match &self.kind {
            Kind::Members { header, .. } => !piece.is_empty() || !header.is_empty(),
            Kind::Joined { ended, .. } => !ended,
            Kind::Bzip2(_) | Kind::Xz { .. } => !piece.is_empty(),
        }
    }

    /// Has a piece made; returns a buffer for the next one, with what was left over.
    fn submit(&mut self, context: &'a Context<'a>, piece: Vec<u8>, last: bool) -> Result<Vec<u8>> {
        let mut rest = Vec::new();
        let weight = piece.len() as u64;
        match &mut self.kind {
            Kind::Members { level, header } => {
                let (level, first) = (*level, std::mem::take(header));
                self.push(weight, move |scratch| {
                    let header = if first.is_empty() { &gzip::PLAIN_HEADER[..] } else { &first };
                    gzip::member(header, &piece, level, scratch).map(Made::Bytes)
                })?;
            }
            Kind::Joined { level, before, ended, .. } => {
                let level = *level;
                let window =
                    piece.get(piece.len().saturating_sub(deflate::WINDOW)..).unwrap_or_default().to_vec();
                let before = std::mem::replace(before, window);
                *ended = last;
                self.push(weight, move |_| {
                    let bytes = deflate::piece(&before, &piece, level, last)?;
                    let crc = libdeflater::crc32(&piece);
                    Ok(Made::Deflate { bytes, crc, plain: piece.len() as u64 })
                })?;
            }
            Kind::Bzip2(_) => {
                let mut piece = piece;
                rest = piece.split_off(bzip2::block_length(&piece));
                self.push(weight, move |_| bzip2::block(&piece).map(Made::Bzip2))?;
            }
            Kind::Xz { settings, .. } => {
                let settings = *settings;
                self.push(weight, move |_| xz::block(context, &settings, &piece).map(Made::Xz))?;
            }
        }
        Ok(rest)
    }

    /// Makes a member of a few bytes on the spot.
    fn small_member(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut member = gzip::PLAIN_HEADER.to_vec();
        if let Kind::Members { header, .. } = &mut self.kind {
            let first = std::mem::take(header);
            if !first.is_empty() {
                member = first;
            }
        }
        member.extend_from_slice(&codec::runs::deflate(plain));
        gzip::push_trailer(&mut member, libdeflater::crc32(plain), plain.len() as u64);
        member
    }

    fn push(
        &mut self,
        weight: u64,
        job: impl FnOnce(&mut Scratch) -> Result<Made> + Send + 'a,
    ) -> Result<()> {
        while self.queue.is_full(weight) {
            self.emit_one()?;
        }
        self.queue.push(weight, job);
        Ok(())
    }

    /// Writes the oldest piece; returns false when there is none.
    fn emit_one(&mut self) -> Result<bool> {
        let Some(made) = self.queue.pop() else { return Ok(false) };
        match (made?, &mut self.kind) {
            (Made::Bytes(bytes), _) => self.out.put(&bytes)?,
            (Made::Deflate { bytes, crc, plain }, kind) => {
                self.out.put(&bytes)?;
                if let Kind::Joined { crc: sum, bytes, .. } = kind {
                    *bytes += plain;
                    sum.combine(&crc32fast::Hasher::new_with_initial_len(crc, plain));
                }
            }
            (Made::Bzip2(block), Kind::Bzip2(joiner)) => self.out.put(&joiner.push(&block))?,
            (Made::Xz(block), Kind::Xz { index, .. }) => {
                index.add(&block);
                self.out.put(&block.bytes)?;
            }
            (Made::Bzip2(_) | Made::Xz(_), _) => {}
        }
        Ok(true)
    }

    fn close(mut self) -> Result<()> {
        while self.emit_one()? {}
        match self.kind {
            Kind::Members { .. } => {}
            Kind::Joined { crc, bytes, .. } => {
                let mut trailer = Vec::new();
                gzip::push_trailer(&mut trailer, crc.finalize(), bytes);
                self.out.put(&trailer)?;
            }
            Kind::Bzip2(joiner) => self.out.put(&joiner.finish())?,
            Kind::Xz { index, .. } => self.out.put(&index.finish())?,
        }
        self.out.close()
    }
}
