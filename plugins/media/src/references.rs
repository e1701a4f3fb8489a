//! Media that an ISO base media file says is in another file: refused, where FFmpeg would read the wrong bytes.

use formwork_sdk::{Error, Input, Result};

/// Boxes from the outside in to the list of references (ISO/IEC 14496-12, 8.7.2).
const WAY: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"];
/// Boxes that are looked at; real files have some dozens on the way.
const MOST_BOXES: u32 = 20_000;
/// The flag of a reference to the file itself.
const SELF_CONTAINED: u32 = 1;

/// Fails when a track's media is elsewhere.
///
/// # Errors
///
/// `unsupported_conversion`; `io`.
pub(crate) fn refuse_external(input: &Input<'_>) -> Result<()> {
    let Some(length) = input.length() else { return Ok(()) };
    let mut boxes = 0;
    walk(input, 0, length, &WAY, &mut boxes)
}

fn walk(input: &Input<'_>, mut start: u64, end: u64, way: &[&[u8; 4]], boxes: &mut u32) -> Result<()> {
    while start + 8 <= end {
        *boxes += 1;
        let Some((name, body, next)) = head(input, start, end)?.filter(|_| *boxes <= MOST_BOXES) else {
            return Ok(());
        };
        match way.split_first() {
            Some((wanted, [])) if &name == *wanted => entries(input, body + 8, next, boxes)?,
            Some((wanted, rest)) if &name == *wanted => walk(input, body, next, rest, boxes)?,
            _ => {}
        }
        start = next;
    }
    Ok(())
}

/// The references of a list.
fn entries(input: &Input<'_>, mut start: u64, end: u64, boxes: &mut u32) -> Result<()> {
    while start + 12 <= end {
        *boxes += 1;
        let Some((_, body, next)) = head(input, start, end)?.filter(|_| *boxes <= MOST_BOXES) else {
            return Ok(());
        };
        let mut flags = [0; 4];
        if input.read_at(body, &mut flags)? == 4 && u32::from_be_bytes(flags) & SELF_CONTAINED == 0 {
            return Err(Error::unsupported(
                "its media is in another file that it names; nothing but the file itself is opened",
            ));
        }
        start = next;
    }
    Ok(())
}

/// Name, body and end of the box at `start`; `None` when it does not fit.
fn head(input: &Input<'_>, start: u64, end: u64) -> Result<Option<([u8; 4], u64, u64)>> {
    let mut bytes = [0; 16];
    let count = input.read_at(start, &mut bytes)?;
    if count < 8 {
        return Ok(None);
    }
    let [l0, l1, l2, l3, n0, n1, n2, n3, long @ ..] = bytes;
    let (body, length) = match u32::from_be_bytes([l0, l1, l2, l3]) {
        // To the end of what it is in.
        0 => (8, end - start),
        1 if count == 16 => (16, u64::from_be_bytes(long)),
        length => (8, u64::from(length)),
    };
    let next = start.checked_add(length).filter(|next| length >= body && *next <= end);
    Ok(next.map(|next| ([n0, n1, n2, n3], start + body, next)))
}
