//! LZMA2 encoding in blocks that stand alone, so that threads can share them. Used by xz and 7z.

use super::lzma::setup;
use crate::context::{Context, TICK};
use crate::source::reserve;
use formwork_sdk::{Error, ErrorKind, Result};
use liblzma::stream::{Action, Filters, LzmaOptions, MatchFinder, Mode, Status, Stream};

/// How hard to look for matches, and how far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    preset: u32,
    nice: u32,
    depth: u32,
    /// Bytes of the dictionary.
    pub(crate) dictionary: u32,
}

impl Settings {
    /// Settings for an effort of 0 to 9, with a dictionary of at most so many bytes.
    pub(crate) fn new(effort: u8, most: u32) -> Settings {
        // (preset, nice length, search depth, dictionary as a power of two); depth 0 leaves it to liblzma.
        let (preset, nice, depth, dictionary) = match effort {
            0 => (0, 32, 0, 18),
            1 => (1, 32, 2, 20),
            2 => (1, 32, 3, 22),
            // A far view and few tries: measured to beat liblzma's own presets 2 and 3 in time and size.
            3 => (1, 32, 4, 23),
            4 => (4, 16, 0, 22),
            5 => (5, 32, 0, 23),
            6 => (6, 64, 0, 23),
            7 => (6, 64, 0, 24),
            8 => (6, 64, 0, 25),
            _ => (9, 273, 0, 26),
        };
        let wanted = 1_u32 << dictionary;
        Settings { preset, nice, depth, dictionary: fitting(wanted.min(most.max(4_096))) }
    }

    /// LZMA2's byte for the dictionary size.
    pub(crate) fn dictionary_byte(&self) -> u8 {
        (0..40)
            .find(|byte| {
                super::lzma::lzma2_dictionary(&[*byte]).is_ok_and(|size| size >= u64::from(self.dictionary))
            })
            .unwrap_or(40)
    }

    fn options(&self) -> Result<LzmaOptions> {
        let mut options = LzmaOptions::new_preset(self.preset).map_err(setup)?;
        options.dict_size(self.dictionary).nice_len(self.nice);
        if self.preset >= 4 {
            options.mode(Mode::Normal).match_finder(MatchFinder::BinaryTree4);
        }
        if self.depth > 0 {
            options.depth(self.depth);
        }
        Ok(options)
    }
}

/// The smallest size LZMA2 can name that holds so many bytes: 2^n or 2^n + 2^(n-1).
fn fitting(bytes: u32) -> u32 {
    let power = bytes.next_power_of_two();
    let between = power / 4 * 3;
    if between >= bytes && between >= 4_096 { between } else { power.max(4_096) }
}

/// Encodes bytes as LZMA2 data that starts with a fresh dictionary and ends with the end mark.
///
/// # Errors
///
/// `cancelled`, `timeout`; `limit_exceeded` (`memory`).
pub(crate) fn encode(context: &Context<'_>, settings: &Settings, plain: &[u8]) -> Result<Vec<u8>> {
    let options = settings.options()?;
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let stream = Stream::new_raw_encoder(&filters).map_err(setup)?;
    run(context, stream, plain)
}

/// Runs an encoder over all of its input.
fn run(context: &Context<'_>, mut stream: Stream, plain: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    reserve(&mut out, plain.len() / 4 + 1_024)?;
    let mut pieces = plain.chunks(TICK).peekable();
    let mut input = pieces.next().unwrap_or_default();
    loop {
        let last = pieces.peek().is_none();
        let action = if last { Action::Finish } else { Action::Run };
        let before = stream.total_in();
        let status = stream.process_vec(input, &mut out, action).map_err(|error| match setup(error) {
            error if error.kind == ErrorKind::LimitExceeded => error,
            _ => Error::new(ErrorKind::Internal, "the LZMA2 encoder failed"),
        })?;
        if status == Status::StreamEnd {
            return Ok(out);
        }
        input = input.get((stream.total_in() - before) as usize..).unwrap_or_default();
        if input.is_empty() && !last {
            input = pieces.next().unwrap_or_default();
            context.tick()?;
        }
        if out.capacity() - out.len() < TICK {
            let more = (out.capacity() / 2).clamp(TICK, 16 << 20);
            reserve(&mut out, more)?;
        }
    }
}

/// Encodes a small piece as plain LZMA, as 7z compresses its headers. Returns properties and data.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(crate) fn encode_lzma(context: &Context<'_>, plain: &[u8]) -> Result<([u8; 5], Vec<u8>)> {
    let dictionary = fitting(u32::try_from(plain.len()).unwrap_or(u32::MAX).clamp(4_096, 1 << 24));
    let mut options = LzmaOptions::new_preset(6).map_err(setup)?;
    options.dict_size(dictionary);
    let mut filters = Filters::new();
    filters.lzma1(&options);
    let stream = Stream::new_raw_encoder(&filters).map_err(setup)?;
    // Properties: (pb * 5 + lp) * 9 + lc with the preset's 2, 0, 3, and the dictionary size.
    let [a, b, c, d] = dictionary.to_le_bytes();
    Ok(([0x5D, a, b, c, d], run(context, stream, plain)?))
}
