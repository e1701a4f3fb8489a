//! What a 7z would cost to open, looked at before it is: the compressed header names its own coders, and a
//! few bytes there can ask for gigabytes of memory or years of key derivation.

use crate::codec::lzma::{lzma_dictionary, lzma2_dictionary};
use crate::context::Context;
use crate::source::Source;
use formwork_sdk::{Error, Result};
use sevenz_rust2::EncoderMethod;

/// Rounds of key derivation as a power of two; 7-Zip writes 19 and refuses more than 24.
const CYCLES: u8 = 24;
/// The value that means no derivation at all.
const NO_CYCLES: u8 = 63;

/// Checks the start of a 7z and the coders of its compressed header. False when the archive is empty: then it
/// has no directory at all.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`).
pub(super) fn check(context: &Context<'_>, source: Source<'_>) -> Result<bool> {
    let start: [u8; 32] = source.array(0)?;
    let [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C, _, _, s0, s1, s2, s3, rest @ ..] = &start else {
        return Err(Error::corrupt("there is no 7z header"));
    };
    let number = |at: usize| {
        let bytes = rest.get(at..).and_then(|rest| rest.first_chunk::<8>());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    };
    let (offset, length) = (number(0).saturating_add(32), number(8));
    if offset.saturating_add(length) > source.length() {
        return Err(Error::corrupt("the 7z archive is cut short: its directory is missing"));
    }
    context.may_use(length)?;
    if length == 0 {
        // All zeros, the checksum too, is an archive whose writing did not end.
        let whole = crc32fast::hash(rest) == u32::from_le_bytes([*s0, *s1, *s2, *s3]);
        return if whole { Ok(false) } else { Err(Error::corrupt("the 7z archive has no directory")) };
    }
    let mut buffer = Vec::new();
    let header = source.bytes(offset, length, &mut buffer)?;
    if let [0x17, streams @ ..] = header {
        coders(context, streams)?;
    }
    Ok(true)
}

/// Looks at the coders of a stream description as far as it can be read; what cannot is refused later by the
/// real reader.
fn coders(context: &Context<'_>, bytes: &[u8]) -> Result<()> {
    let mut cursor = Cursor { bytes };
    while let Some(id) = cursor.byte() {
        match id {
            // The sizes of packed streams and their checksums, of which only the length matters here.
            6 => cursor.skip_pack_info(),
            7 => return folders(context, &mut cursor),
            _ => return Ok(()),
        }
    }
    Ok(())
}

fn folders(context: &Context<'_>, cursor: &mut Cursor<'_>) -> Result<()> {
    let (Some(0x0B), Some(folders), Some(0)) = (cursor.byte(), cursor.number(), cursor.byte()) else {
        return Ok(());
    };
    for _ in 0..folders.min(64) {
        let Some(count) = cursor.number().filter(|count| *count <= 64) else { return Ok(()) };
        let mut inputs = 0_u64;
        for _ in 0..count {
            let Some(coder) = cursor.coder() else { return Ok(()) };
            check_coder(context, coder.id, coder.properties)?;
            inputs = inputs.saturating_add(coder.inputs);
        }
        let pairs = count.saturating_sub(1);
        let packed = inputs.saturating_sub(pairs);
        let numbers = pairs * 2 + if packed > 1 { packed.min(64) } else { 0 };
        for _ in 0..numbers {
            cursor.number();
        }
    }
    Ok(())
}

/// Checks what one coder would need.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded` (`memory`).
pub(super) fn check_coder(context: &Context<'_>, id: &[u8], properties: &[u8]) -> Result<()> {
    match id {
        EncoderMethod::ID_LZMA => context.may_use(lzma_dictionary(properties)?),
        EncoderMethod::ID_LZMA2 => context.may_use(lzma2_dictionary(properties)?),
        EncoderMethod::ID_PPMD => {
            let memory = properties.get(1..).and_then(|rest| rest.first_chunk::<4>());
            context.may_use(memory.map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes))))
        }
        EncoderMethod::ID_AES256_SHA256 => match properties.first().map(|first| first & 63) {
            Some(CYCLES..NO_CYCLES) => {
                Err(Error::corrupt("the 7z archive asks for too many rounds of key derivation"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

struct Cursor<'b> {
    bytes: &'b [u8],
}

struct RawCoder<'b> {
    id: &'b [u8],
    properties: &'b [u8],
    inputs: u64,
}

impl<'b> Cursor<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(usize::try_from(length).ok()?)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A number of 1 to 9 bytes: the ones at the top of the first byte say how many follow.
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let more = first.leading_ones();
        let high = if more >= 7 { 0 } else { u64::from(first) & ((1 << (7 - more)) - 1) };
        let low = self.take(u64::from(more))?;
        let low = low.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        Some(if more >= 7 { low } else { high << (8 * more) | low })
    }

    fn skip_pack_info(&mut self) {
        let (Some(_), Some(streams)) = (self.number(), self.number()) else { return };
        while let Some(id) = self.byte() {
            match id {
                9 => {
                    for _ in 0..streams.min(1_024) {
                        self.number();
                    }
                }
                // Checksums, all of them there.
                10 if self.byte() == Some(1) => {
                    let _checksums = self.take(streams.saturating_mul(4));
                }
                _ => return,
            }
        }
    }

    fn coder(&mut self) -> Option<RawCoder<'b>> {
        let flags = self.byte()?;
        let id = self.take(u64::from(flags & 15))?;
        let mut inputs = 1;
        if flags & 0x10 != 0 {
            inputs = self.number()?;
            self.number()?;
        }
        let mut properties: &[u8] = &[];
        if flags & 0x20 != 0 {
            let length = self.number()?;
            properties = self.take(length)?;
        }
        Some(RawCoder { id, properties, inputs })
    }
}
