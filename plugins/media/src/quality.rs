//! How good a lossy result is, in the words of each encoder.

use crate::ff;

/// How an encoder is told how good.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Quality {
    /// The encoder's own default, or given among its options.
    #[default]
    Own,
    /// Bits a second.
    BitRate {
        /// Aimed at.
        rate: u64,
        /// Never passed for long; with it comes a buffer of one second.
        most: Option<u64>,
    },
    /// A fixed quantiser scale: 2 is finest and 31 coarsest for MPEG-like codecs.
    Scale(f64),
}

impl Quality {
    pub(crate) fn apply(self, raw: &mut ff::AVCodecContext) {
        match self {
            Quality::Own => {}
            Quality::BitRate { rate, most } => {
                let bits = |rate: u64| i64::try_from(rate).unwrap_or(i64::MAX);
                raw.bit_rate = bits(rate);
                if let Some(most) = most {
                    raw.rc_max_rate = bits(most);
                    raw.rc_buffer_size = i32::try_from(most).unwrap_or(i32::MAX);
                }
            }
            Quality::Scale(scale) => {
                raw.flags |= ff::AV_CODEC_FLAG_QSCALE as i32;
                raw.global_quality = (scale * f64::from(ff::FF_QP2LAMBDA)).round() as i32;
            }
        }
    }
}

/// Bits a second of sound for a quality of 1 to 100: `usual` at 75, twice that at 100.
pub fn bit_rate_for(quality: i64, usual: u64) -> u64 {
    (usual as f64 * 2f64.powf((quality as f64 - 75.0) / 25.0)).round() as u64
}
