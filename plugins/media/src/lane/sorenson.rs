//! Sorenson H.263 as Flash carries it: which pictures stand for themselves.
//!
//! FFmpeg's reader of SWF marks none of them, and a copy that waits for one would lose the film.

use crate::ff;

/// Whether `data` is an intra picture of Sorenson H.263 (SWF File Format Specification 19, H.263 video packet).
pub(crate) fn is_intra(codec: ff::AVCodecID, data: &[u8]) -> bool {
    if codec != ff::AVCodecID::AV_CODEC_ID_FLV1 {
        return false;
    }
    // Start code (17 bits), version (5), time (8); the size takes three, and sizes 0 and 1 are spelled out.
    let Some(size) = bits(data, 30, 3) else { return false };
    let written = match size {
        0 => 16,
        1 => 32,
        _ => 0,
    };
    bits(data, 33 + written, 2) == Some(0)
}

/// `count` bits from bit `at` on, highest first.
fn bits(data: &[u8], at: usize, count: usize) -> Option<u32> {
    (at..at + count).try_fold(0, |value, bit| {
        let byte = data.get(bit / 8)?;
        Some(value << 1 | u32::from(byte >> (7 - bit % 8) & 1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_types_are_read_behind_every_kind_of_size() {
        let flv1 = ff::AVCodecID::AV_CODEC_ID_FLV1;
        // 17 bits of start code, version 0, time 0; then size 2 (352 x 288), type 0 and type 1.
        assert!(is_intra(flv1, &[0, 0, 0x80, 0b01, 0b0000_0000, 0]));
        assert!(!is_intra(flv1, &[0, 0, 0x80, 0b01, 0b0010_0000, 0]));
        // Size 0: two bytes of width and height first.
        assert!(is_intra(flv1, &[0, 0, 0x80, 0, 0b0111_1111, 0xff, 0b1000_0000, 0]));
        assert!(!is_intra(flv1, &[0, 0, 0x80, 0, 0b0111_1111, 0xff, 0b1010_0000, 0]));
        assert!(!is_intra(flv1, &[0, 0]));
        assert!(!is_intra(ff::AVCodecID::AV_CODEC_ID_H264, &[0; 8]));
    }
}
