//! What one thread keeps between tasks, so that buffers and codecs are made once.

use crate::source::reserve;
use formwork_sdk::{Error, Result};
use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};

/// Buffers larger than this are given back after use.
const KEPT: usize = 8 << 20;

/// One thread's buffers and codecs.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Packed bytes read from an input.
    pub(crate) packed: Vec<u8>,
    /// Unpacked bytes.
    pub(crate) plain: Vec<u8>,
    /// A whole file gathered from pieces.
    pub(crate) gathered: Vec<u8>,
    out: Vec<u8>,
    inflater: Option<Decompressor>,
    deflater: Option<(i32, Compressor)>,
}

impl Scratch {
    /// Gives back buffers that one large task left behind.
    pub(crate) fn trim(&mut self) {
        for buffer in [&mut self.packed, &mut self.plain, &mut self.gathered, &mut self.out] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
    }

    /// Deflates whole bytes at one of libdeflate's levels, 0 to 12.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub(crate) fn deflate(&mut self, plain: &[u8], level: i32) -> Result<&[u8]> {
        if self.deflater.as_ref().is_none_or(|(kept, _)| *kept != level) {
            let known = CompressionLvl::new(level).unwrap_or_default();
            self.deflater = Some((level, Compressor::new(known)));
        }
        let Some((_, deflater)) = &mut self.deflater else { return Ok(&[]) };
        let bound = deflater.deflate_compress_bound(plain.len());
        let out = room(&mut self.out, bound)?;
        // The bound makes sure that it fits.
        let length = deflater.deflate_compress(plain, out).unwrap_or(0);
        Ok(self.out.get(..length).unwrap_or_default())
    }

    /// The parts a decoder needs side by side.
    pub(crate) fn parts(&mut self) -> (&mut Vec<u8>, &mut Vec<u8>, Inflater<'_>) {
        (&mut self.packed, &mut self.plain, Inflater(&mut self.inflater))
    }
}

/// The thread's inflater, made when first used.
pub(crate) struct Inflater<'s>(&'s mut Option<Decompressor>);

impl Inflater<'_> {
    /// Inflates a whole raw stream, which must come out at exactly `length` bytes.
    ///
    /// # Errors
    ///
    /// `corrupt_input`; `limit_exceeded` (`memory`).
    pub(crate) fn inflate<'b>(
        &mut self,
        packed: &[u8],
        plain: &'b mut Vec<u8>,
        length: usize,
    ) -> Result<&'b [u8]> {
        // Deflate cannot grow more than 1032 times: a larger claim is a lie, found before memory is taken.
        if length / 1_032 > packed.len() {
            return Err(Error::corrupt("the claimed size is larger than the data can unpack to"));
        }
        let out = room(plain, length)?;
        match self.0.get_or_insert_with(Decompressor::new).deflate_decompress(packed, out) {
            Ok(count) if count == length => Ok(out),
            Ok(count) => Err(Error::corrupt(format!("it unpacks to {count} bytes instead of {length}"))),
            Err(DecompressionError::InsufficientSpace) => {
                Err(Error::corrupt(format!("it unpacks to more than the {length} bytes claimed")))
            }
            Err(DecompressionError::BadData) => Err(Error::corrupt("its compressed data is broken")),
        }
    }
}

/// Returns the first bytes of a buffer that only ever grows, so that nothing is zeroed twice.
fn room(buffer: &mut Vec<u8>, length: usize) -> Result<&mut [u8]> {
    if length > buffer.len() {
        reserve(buffer, length - buffer.len())?;
        buffer.resize(length, 0);
    }
    Ok(buffer.get_mut(..length).unwrap_or_default())
}
