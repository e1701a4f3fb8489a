//! Undoing the compression of one chunk (strip or tile).

use super::ccitt::{self, Scheme};
use super::layout::Layout;
use formwork_sdk::{Error, Result};
use std::borrow::Cow;
use std::io::Read;
use weezl::{BitOrder, decode::Decoder};

/// The bytes of a chunk, exactly as many as asked for: what a damaged chunk lacks is zero.
pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    pub(super) complete: bool,
}

/// Unpacks a chunk to `length` bytes. `rows` is the number of rows in it.
///
/// # Errors
///
/// `unsupported_conversion` for a compression that is not known here.
pub(super) fn unpack(layout: &Layout, packed: &[u8], rows: usize, length: usize) -> Result<Unpacked> {
    let packed = if layout.reversed { Cow::Owned(reversed(packed)) } else { Cow::Borrowed(packed) };
    let width = layout.chunk.0 as usize * layout.chunk_samples();
    let bilevel = |scheme| {
        let (bytes, done) = ccitt::decode(&packed, width, rows, scheme);
        Unpacked { bytes, complete: done == rows }
    };
    let mut unpacked = match layout.compression {
        1 => {
            Unpacked { bytes: packed.get(..length.min(packed.len())).unwrap_or(&[]).to_vec(), complete: true }
        }
        2 => bilevel(Scheme::Rows),
        3 => bilevel(Scheme::Group3 { two_dimensional: layout.t4_options & 1 == 1 }),
        4 => bilevel(Scheme::Group4),
        5 => lzw(&packed, length),
        8 | 32_946 => deflate(&packed, length),
        32_773 => Unpacked { bytes: packbits(&packed, length), complete: true },
        other => return Err(unsupported(other)),
    };
    unpacked.complete &= unpacked.bytes.len() >= length;
    unpacked.bytes.resize(length, 0);
    Ok(unpacked)
}

fn unsupported(compression: u64) -> Error {
    let name = match compression {
        34_712 | 33_003..=33_005 => "JPEG 2000",
        34_925 => "LZMA",
        50_000 => "Zstandard",
        50_001 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        34_661 => "JBIG",
        34_887 => "LERC",
        _ => "unknown",
    };
    Error::unsupported(format!("TIFF with {name} compression ({compression})"))
}

/// Bits of each byte from right to left.
fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte.reverse_bits()).collect()
}

fn deflate(packed: &[u8], length: usize) -> Unpacked {
    let mut bytes = vec![0; length];
    let mut reader = flate2::read::ZlibDecoder::new(packed);
    let mut done = 0;
    while let Some(room) = bytes.get_mut(done..).filter(|room| !room.is_empty()) {
        match reader.read(room) {
            Ok(count) if count > 0 => done += count,
            _ => break,
        }
    }
    bytes.truncate(done);
    Unpacked { bytes, complete: done == length }
}

/// LZW as TIFF 6.0 has it, or as older writers had it: from right to left, codes growing one later.
fn lzw(packed: &[u8], length: usize) -> Unpacked {
    let old = matches!(packed, [0, second, ..] if second & 1 == 1);
    let mut decoder =
        if old { Decoder::new(BitOrder::Lsb, 8) } else { Decoder::with_tiff_size_switch(BitOrder::Msb, 8) };
    let mut bytes = vec![0; length];
    let (mut from, mut done) = (packed, 0);
    while let Some(room) = bytes.get_mut(done..).filter(|room| !room.is_empty()) {
        let result = decoder.decode_bytes(from, room);
        from = from.get(result.consumed_in..).unwrap_or(&[]);
        done += result.consumed_out;
        match result.status {
            Ok(weezl::LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            _ => break,
        }
    }
    bytes.truncate(done);
    Unpacked { complete: done == length, bytes }
}

/// PackBits (TIFF 6.0, section 9).
fn packbits(mut packed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let Some((head, rest)) = packed.split_first() else { break };
        let count = usize::from(head.wrapping_neg()) + 1;
        packed = match head {
            0x80 => rest,
            0..=0x7F => {
                let (literal, after) = rest.split_at(rest.len().min(usize::from(*head) + 1));
                bytes.extend_from_slice(literal);
                after
            }
            _ => match rest.split_first() {
                Some((byte, after)) => {
                    bytes.extend(std::iter::repeat_n(*byte, count));
                    after
                }
                None => &[],
            },
        };
    }
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_of_the_specification() {
        let packed =
            [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7, 0xAA];
        let unpacked = packbits(&packed, 24);
        assert_eq!(unpacked.len(), 24);
        assert_eq!(unpacked[..6], [0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A]);
        for length in 0..packed.len() {
            assert!(packbits(&packed[..length], 24).len() <= 24);
        }
    }
}
