//! The xz container: reading through liblzma, writing block by block so that threads can share the work.
//!
//! Written from "The .xz File Format", version 1.2.1.

use super::Piped;
use super::lzma::{Unpack, setup};
use super::lzma2::Settings;
use crate::context::Context;
use formwork_sdk::Result;
use liblzma::stream::{CONCATENATED, Stream};
use std::io::{BufRead, Read};

/// Reads all streams of an xz file as one.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn reader<'a>(context: &'a Context<'a>, packed: impl BufRead + 'a) -> Result<Box<dyn Read + 'a>> {
    let stream = Stream::new_stream_decoder(context.limits.memory, CONCATENATED).map_err(setup)?;
    Ok(Box::new(Piped::new(packed, Unpack::new(context, stream))))
}

/// Magic number and flags: the check is a CRC-64.
const HEADER: [u8; 8] = [0xFD, b'7', b'z', b'X', b'Z', 0, 0, 4];

/// What every stream starts with.
pub(crate) fn stream_header() -> Vec<u8> {
    let mut header = HEADER.to_vec();
    header.extend_from_slice(&libdeflater::crc32(&[0, 4]).to_le_bytes());
    header
}

/// One finished block.
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Length without the padding.
    unpadded: u64,
    plain: u64,
}

/// Compresses one block.
///
/// # Errors
///
/// `cancelled`, `timeout`; `limit_exceeded` (`memory`).
pub(crate) fn block(context: &Context<'_>, settings: &Settings, plain: &[u8]) -> Result<Block> {
    let packed = super::lzma2::encode(context, settings, plain)?;
    let mut bytes = block_header(settings.dictionary_byte(), packed.len() as u64, plain.len() as u64);
    bytes.extend_from_slice(&packed);
    let unpadded = bytes.len() as u64 + 8;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend_from_slice(&crc64(plain).to_le_bytes());
    Ok(Block { bytes, unpadded, plain: plain.len() as u64 })
}

/// A header with both sizes and the one filter, LZMA2.
fn block_header(dictionary: u8, packed: u64, plain: u64) -> Vec<u8> {
    let mut header = vec![0, 0xC0];
    push_number(&mut header, packed);
    push_number(&mut header, plain);
    header.extend_from_slice(&[0x21, 1, dictionary]);
    header.resize(header.len().next_multiple_of(4), 0);
    let size = header.len() / 4;
    if let Some(first) = header.first_mut() {
        *first = size as u8;
    }
    header.extend_from_slice(&libdeflater::crc32(&header).to_le_bytes());
    header
}

/// The list of blocks that ends a stream.
#[derive(Default)]
pub(crate) struct Index {
    records: Vec<u8>,
    count: u64,
}

impl Index {
    pub(crate) fn add(&mut self, block: &Block) {
        push_number(&mut self.records, block.unpadded);
        push_number(&mut self.records, block.plain);
        self.count += 1;
    }

    /// Returns index and footer.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut out = vec![0];
        push_number(&mut out, self.count);
        out.extend_from_slice(&self.records);
        out.resize(out.len().next_multiple_of(4), 0);
        out.extend_from_slice(&libdeflater::crc32(&out).to_le_bytes());
        let size = (out.len() / 4 - 1) as u32;
        let mut footer = size.to_le_bytes().to_vec();
        footer.extend_from_slice(&[0, 4]);
        out.extend_from_slice(&libdeflater::crc32(&footer).to_le_bytes());
        out.extend_from_slice(&footer);
        out.extend_from_slice(b"YZ");
        out
    }
}

/// Appends a number of variable length (section 1.2).
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// CRC-64 with the polynomial of ECMA-182, eight bytes a step.
fn crc64(bytes: &[u8]) -> u64 {
    static TABLES: [[u64; 256]; 8] = tables();
    let mut crc = !0_u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mixed = (crc ^ u64::from_le_bytes(*word)).to_le_bytes();
        crc = mixed.iter().zip(TABLES.iter().rev()).fold(0, |sum, (byte, table)| sum ^ entry(table, *byte));
    }
    for byte in rest {
        crc = entry(&TABLES[0], crc as u8 ^ byte) ^ crc >> 8;
    }
    !crc
}

fn entry(table: &[u64; 256], byte: u8) -> u64 {
    table.get(usize::from(byte)).copied().unwrap_or(0)
}

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0_u64; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 != 0 { crc >> 1 ^ 0xC96C_5795_D787_0F42 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = tables[0][(before & 255) as usize] ^ before >> 8;
            byte += 1;
        }
        table += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    #[test]
    fn crc64_has_its_known_value() {
        assert_eq!(super::crc64(b"123456789"), 0x995D_C9BB_DF19_39FA);
        assert_eq!(super::crc64(b""), 0);
    }
}
