//! What stands in the packed objects of a file (ISO 32000-2, 7.5.7), without taking the file apart.

use flate2::read::ZlibDecoder;
use formwork_sdk::{Result, Step};
use memchr::memmem::{find, find_iter};
use std::io::Read;

/// The most that is unpacked of one file.
const MOST: u64 = 64 << 20;
/// Bytes between the kind of a stream and its beginning.
const LONGEST_HEAD: usize = 1_024;

/// Which of these names of PDF stand in a packed object. Nothing is known of streams that are encrypted.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(crate) fn mentions<const N: usize>(step: &Step<'_>, file: &[u8], names: [&[u8]; N]) -> Result<[bool; N]> {
    let mut seen = [false; N];
    let mut left = MOST;
    for place in find_iter(file, b"/ObjStm") {
        step.tick(0, 0)?;
        let unpacked = file.get(place..).and_then(content).map(|packed| unpacked(packed, left));
        let unpacked = unpacked.unwrap_or_default();
        left = left.saturating_sub(unpacked.len() as u64);
        for (seen, name) in seen.iter_mut().zip(names) {
            *seen |= find(&unpacked, name).is_some();
        }
        if left == 0 || seen.iter().all(|seen| *seen) {
            break;
        }
    }
    Ok(seen)
}

/// What follows the next word that begins a stream.
fn content(file: &[u8]) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"stream";
    let head = file.get(..LONGEST_HEAD).unwrap_or(file);
    let rest = file.get(find(head, BEGIN)? + BEGIN.len()..)?;
    let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
    Some(rest.strip_prefix(b"\n").unwrap_or(rest))
}

fn unpacked(packed: &[u8], most: u64) -> Vec<u8> {
    let mut unpacked = Vec::new();
    // What is broken is read as far as it goes.
    let _ = ZlibDecoder::new(packed).take(most).read_to_end(&mut unpacked);
    unpacked
}
