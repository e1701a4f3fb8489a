//! What the header of H.265 says that FFmpeg does not tell.

/// Bytes before the arrays of parameter sets (ISO/IEC 14496-15, 8.3.2.1.2).
const HEAD: usize = 22;
/// Type of a video parameter set (ITU-T H.265, table 7-1).
const VIDEO_SET: u8 = 32;

/// Whether a film has more layers than one, as those for two eyes: `header` is what MPEG-4 files have of it.
pub(crate) fn has_layers(header: &[u8]) -> bool {
    video_set(header).is_some_and(|set| {
        // Behind two bytes of header: 4 bits id, 2 flags, 6 bits of layers but one (7.3.2.1).
        let bits = |at: usize| set.get(at).copied().unwrap_or(0);
        (bits(2) & 0b11) << 4 | bits(3) >> 4 > 0
    })
}

/// The first video parameter set.
fn video_set(header: &[u8]) -> Option<&[u8]> {
    let (arrays, mut rest) = header.get(HEAD..)?.split_first()?;
    for _ in 0..*arrays {
        let (kind, count) = (rest.first()? & 0x3f, number(rest.get(1..)?)?);
        rest = rest.get(3..)?;
        for _ in 0..count {
            let length = number(rest)?;
            let set = rest.get(2..2 + length)?;
            if kind == VIDEO_SET {
                return Some(set);
            }
            rest = rest.get(2 + length..)?;
        }
    }
    None
}

fn number(bytes: &[u8]) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(set: &[u8]) -> Vec<u8> {
        let length = [0, u8::try_from(set.len()).unwrap()];
        // A parameter set of another kind comes first.
        [&[0; HEAD][..], &[2, 0x80 | 33, 0, 1, 0, 1, 9, 0x80 | VIDEO_SET, 0, 1], &length, set].concat()
    }

    #[test]
    fn layers_are_those_of_the_video_parameter_set() {
        assert!(!has_layers(&header(&[0x40, 1, 0x0c, 0x01])));
        assert!(has_layers(&header(&[0x40, 1, 0x0c, 0x11])));
        assert!(has_layers(&header(&[0x40, 1, 0x0d, 0x01])));
    }

    #[test]
    fn a_header_that_is_cut_has_no_layers() {
        let whole = header(&[0x40, 1, 0x0c, 0x11]);
        assert!((0..whole.len() - 1).all(|end| !has_layers(&whole[..end])));
    }
}
