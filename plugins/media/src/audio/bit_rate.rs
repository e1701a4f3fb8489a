//! How many bits a second sound is given.

use super::settings::SoundWish;
use crate::{Codec, Quality, bit_rate_for};

/// Bits a second people expect of a codec: the figure at quality 75.
pub fn usual_bit_rate(codec: &Codec, channels: u32) -> u64 {
    let channels = u64::from(channels);
    let more = channels.saturating_sub(2);
    match codec.word {
        "mp3" => {
            if channels > 1 {
                192_000
            } else {
                112_000
            }
        }
        "mp2" => {
            if channels > 1 {
                224_000
            } else {
                128_000
            }
        }
        "opus" => {
            if channels > 1 {
                128_000 + more * 32_000
            } else {
                72_000
            }
        }
        "ac3" | "eac3" => {
            if channels > 1 {
                192_000 + more * 64_000
            } else {
                96_000
            }
        }
        "dts" => {
            if channels > 2 {
                1_411_000
            } else {
                768_000
            }
        }
        "wmav1" | "wmav2" => {
            if channels > 1 {
                160_000
            } else {
                96_000
            }
        }
        "amr_nb" => 12_200,
        "amr_wb" => 23_850,
        _ => {
            if channels > 1 {
                160_000 + more * 64_000
            } else {
                96_000
            }
        }
    }
}

pub(super) fn quality(codec: &Codec, rate: u32, channels: u32, wish: &SoundWish) -> Quality {
    let wanted = wish.quality.unwrap_or(75);
    match codec.word {
        _ if codec.lossless || codec.word.starts_with("adpcm") || codec.word.starts_with("pcm") => {
            Quality::Own
        }
        // Variable rate by quality, which goes with every sample rate; 5 is the usual one of 0 to 10.
        "vorbis" if wish.bit_rate.is_none() => {
            Quality::Scale((5.0 + (wanted - 75) as f64 * 0.1).clamp(-1.0, 10.0))
        }
        "speex" if wish.bit_rate.is_none() => Quality::Own,
        _ => {
            let usual = usual_bit_rate(codec, channels);
            // Low rates of samples need fewer bits, and some encoders refuse more.
            let share = (f64::from(rate) / 44_100.0).clamp(0.2, 1.0);
            let speech = codec.word.starts_with("amr");
            let usual = if speech { usual } else { (usual as f64 * share) as u64 };
            let wished = wish.bit_rate.unwrap_or_else(|| bit_rate_for(wanted, usual));
            Quality::BitRate { rate: step(codec, rate, channels, wished), most: None }
        }
    }
}

/// The nearest rate of those a codec's frames can have.
fn step(codec: &Codec, rate: u32, channels: u32, wished: u64) -> u64 {
    /// ISO/IEC 11172-3, 2.4.2.3 and 13818-3, 2.4.2.3, in kbit/s: layer III and II, full and half sample rates.
    const MP3: [u64; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const MP2: [u64; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    const HALF: [u64; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    /// ETSI TS 102 366, table 5.18.
    const AC3: [u64; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    let steps: &[u64] = match codec.word {
        "mp3" if rate < 16_000 => &HALF[..8],
        "mp3" | "mp2" if rate < 32_000 => &HALF,
        "mp3" => &MP3,
        // Mono layer II knows no rate above 192.
        "mp2" if channels == 1 => &MP2[..10],
        "mp2" => &MP2,
        "ac3" => &AC3,
        "opus" => return wished.clamp(6_000, 510_000),
        "dts" => return wished.clamp(320_000, 3_840_000),
        "aac" => return wished.clamp(8_000, 6 * u64::from(rate) * u64::from(channels)),
        // FFmpeg's encoder refuses less.
        "wmav1" | "wmav2" => return wished.max(24_000),
        _ => return wished.max(4_000),
    };
    steps.iter().map(|kilo| kilo * 1000).min_by_key(|step| step.abs_diff(wished)).unwrap_or(wished)
}
