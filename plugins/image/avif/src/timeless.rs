//! The library writes the time of day into films, with which the same picture would become other bytes each second.

/// Boxes with boxes in them, on the way to those with times.
const OUTER: [&[u8]; 3] = [b"moov", b"trak", b"mdia"];
/// Boxes that start with when they were made and changed (ISO/IEC 14496-12, 8.2.2, 8.3.2 and 8.4.2).
const TIMED: [&[u8]; 3] = [b"mvhd", b"tkhd", b"mdhd"];
/// Bytes of a box's length and type.
const HEAD: usize = 8;

/// Sets these times to 0, which is to say that they are not known.
pub(crate) fn forget_times(mut boxes: &mut [u8]) {
    while let Some((length, kind)) = head(boxes) {
        let Some((one, rest)) = boxes.split_at_mut_checked(length) else { return };
        boxes = rest;
        let Some(content) = one.get_mut(HEAD..) else { return };
        if OUTER.contains(&kind.as_slice()) {
            forget_times(content);
        } else if TIMED.contains(&kind.as_slice()) {
            // Version 1 has times of 64 bits instead of 32.
            let times = if content.first() == Some(&1) { 4..20 } else { 4..12 };
            content.get_mut(times).unwrap_or_default().fill(0);
        }
    }
}

/// Length and type of the first box; nothing where it has a long length, as only pictures' data may have, or none.
fn head(boxes: &[u8]) -> Option<(usize, [u8; 4])> {
    let length = u32::from_be_bytes(boxes.get(..4)?.try_into().ok()?);
    let kind = boxes.get(4..HEAD)?.try_into().ok()?;
    Some((usize::try_from(length).ok()?, kind)).filter(|(length, _)| *length >= HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + HEAD).unwrap();
        [&length.to_be_bytes()[..], kind, content].concat()
    }

    #[test]
    fn times_are_0_and_nothing_else_is() {
        let short = |times: u8| boxed(b"mvhd", &[[0; 4], [times; 4], [times; 4], [7; 4]].concat());
        let long = |times: u8| boxed(b"mdhd", &[&[1, 0, 0, 0][..], &[times; 16], &[7; 4]].concat());
        let file = |times: u8| {
            let track = boxed(b"trak", &boxed(b"mdia", &long(times)));
            [boxed(b"meta", &[9; 30]), boxed(b"moov", &[short(times), track].concat())].concat()
        };
        let mut timed = file(5);
        forget_times(&mut timed);
        assert_eq!(timed, file(0));
    }

    #[test]
    fn what_is_no_box_is_left_alone() {
        for bytes in [&[0, 0, 0, 1, 1, 1, 1, 1, 1][..], &[0, 0, 1, 0, 1, 1, 1, 1], &[1, 2]] {
            let mut same = bytes.to_vec();
            forget_times(&mut same);
            assert_eq!(same, bytes);
        }
    }
}
