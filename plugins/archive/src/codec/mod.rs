//! Compressed streams: what reads them and what writes them.

pub(crate) mod bzip2;
pub(crate) mod deflate;
pub(crate) mod gzip;
pub(crate) mod lz4;
pub(crate) mod lzma;
pub(crate) mod lzma2;
pub(crate) mod runs;
pub(crate) mod xz;
pub(crate) mod zstd;

use crate::context::Context;
use crate::source::SourceReader;
use crate::time::Time;
use formwork_sdk::{Error, Result};
use std::io::{self, BufRead, Read};

/// How one stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Lz4,
    Lzma,
}

/// What a stream's header says of the file inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Label {
    pub(crate) name: Option<String>,
    pub(crate) modified: Option<Time>,
}

impl Codec {
    /// Opens a compressed stream: all of its members, frames or streams, one after the other.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when it does not start as it should; `limit_exceeded` (`memory`).
    pub(crate) fn open<'a>(
        self,
        context: &'a Context<'a>,
        packed: SourceReader<'a>,
    ) -> Result<Box<dyn Read + 'a>> {
        match self {
            Codec::Gzip => Ok(Box::new(gzip::Reader::new(context, packed))),
            Codec::Bzip2 => Ok(Box::new(bzip2::Reader::new(context, packed))),
            Codec::Xz => xz::reader(context, packed),
            Codec::Zstd => zstd::reader(context, packed),
            Codec::Lz4 => Ok(Box::new(lz4::Reader::new(context, packed))),
            Codec::Lzma => lzma::reader(context, packed),
        }
    }

    /// The word for messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
            Codec::Zstd => "zstd",
            Codec::Lz4 => "lz4",
            Codec::Lzma => "lzma",
        }
    }
}

/// What one step of a [`Decode`] did.
pub(crate) struct Progress {
    pub(crate) consumed: usize,
    pub(crate) produced: usize,
    /// The stream ended properly.
    pub(crate) ended: bool,
}

/// A decoder that is fed and drained piece by piece.
pub(crate) trait Decode {
    /// Decodes some of `input` into `out`; `last` says that no input follows.
    fn step(&mut self, input: &[u8], out: &mut [u8], last: bool) -> Result<Progress>;
}

/// Reads one stream through a decoder, and stops where it ends.
pub(crate) fn pull(
    packed: &mut impl BufRead,
    decoder: &mut impl Decode,
    out: &mut [u8],
) -> io::Result<(usize, bool)> {
    loop {
        let input = packed.fill_buf()?;
        let last = input.is_empty();
        let progress = decoder.step(input, out, last)?;
        packed.consume(progress.consumed);
        if progress.ended || progress.produced > 0 || out.is_empty() {
            return Ok((progress.produced, progress.ended));
        }
        if last {
            return Err(Error::corrupt("the compressed data ends too early").into());
        }
        if progress.consumed == 0 {
            return Err(Error::corrupt("the compressed data is broken: its decoder is stuck").into());
        }
    }
}

/// A stream that is one decoder's from start to end.
pub(crate) struct Piped<R, D> {
    packed: R,
    decoder: D,
    ended: bool,
}

impl<R, D> Piped<R, D> {
    pub(crate) fn new(packed: R, decoder: D) -> Self {
        Piped { packed, decoder, ended: false }
    }
}

impl<R: BufRead, D: Decode> Read for Piped<R, D> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let (count, ended) = pull(&mut self.packed, &mut self.decoder, out)?;
        self.ended = ended;
        Ok(count)
    }
}

/// Passes on what a foreign decoder reads, and calls its complaints by their name: broken input.
pub(crate) struct Blaming<R> {
    inner: R,
    what: &'static str,
}

impl<R> Blaming<R> {
    pub(crate) fn new(what: &'static str, inner: R) -> Self {
        Blaming { inner, what }
    }
}

impl<R: Read> Read for Blaming<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.inner.read(out).map_err(|error| blame(self.what, error).into())
    }
}

/// Turns a foreign decoder's error into one of ours, unless it was ours from the start.
pub(crate) fn blame(what: &str, error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Error::corrupt(format!("the {what} data ends too early"))
        }
        Err(error) => Error::corrupt(format!("the {what} data is broken: {error}")),
    }
}

/// Tells whether another member of a stream follows. Bytes that are none are left alone with a warning, as
/// other programs do; zeros are padding and not worth a word.
pub(crate) fn another(
    context: &Context<'_>,
    packed: &mut impl BufRead,
    magic: &[u8],
    what: &str,
) -> io::Result<bool> {
    let rest = packed.fill_buf()?;
    if rest.is_empty() {
        return Ok(false);
    }
    // A member cut off in the middle of its first bytes counts as one: it will be found broken.
    let common = rest.len().min(magic.len());
    if rest.get(..common) == magic.get(..common) {
        return Ok(true);
    }
    if rest.iter().any(|byte| *byte != 0) {
        context.step.warn(format!("bytes after the end of the {what} data were ignored"));
    }
    Ok(false)
}
