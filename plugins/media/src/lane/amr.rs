//! Speech packets of several frames are taken apart: files of 3GPP hold one frame a packet.

use crate::ff::AVCodecID::{self, AV_CODEC_ID_AMR_NB, AV_CODEC_ID_AMR_WB};

/// Bytes of a frame after its header, for each frame type (RFC 4867, section 5.3; 3GPP TS 26.101 and 26.201).
const NARROW: [usize; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0];
const WIDE: [usize; 16] = [17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0];

/// The frames of a packet; empty for other codecs, and for a packet that is one frame.
pub(super) fn frames(codec: AVCodecID, data: &[u8]) -> Vec<&[u8]> {
    let sizes = match codec {
        AV_CODEC_ID_AMR_NB => &NARROW,
        AV_CODEC_ID_AMR_WB => &WIDE,
        _ => return Vec::new(),
    };
    let mut frames = Vec::new();
    let mut rest = data;
    while let Some(header) = rest.first() {
        let size = sizes.get(usize::from(header >> 3 & 0xf)).map_or(1, |size| size + 1);
        let (frame, behind) = rest.split_at(size.min(rest.len()));
        frames.push(frame);
        rest = behind;
    }
    if frames.len() > 1 { frames } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_told_apart_by_their_headers() {
        let packet = [vec![0x3c; 32], vec![0x04; 13], vec![0x7c], vec![0x3c; 9]].concat();
        let lengths: Vec<usize> =
            frames(AV_CODEC_ID_AMR_NB, &packet).iter().map(|frame| frame.len()).collect();
        assert_eq!(lengths, [32, 13, 1, 9]);
        assert!(frames(AV_CODEC_ID_AMR_NB, &packet[..32]).is_empty());
    }
}
