//! How many bits of a sample are worth keeping, and the sample format that keeps them.

use super::settings::SoundWish;
use crate::library::{self, Takes};
use crate::{Codec, EncoderSettings, Track, ff};

/// Bits of a sample worth keeping, and whether they are a floating point number. A lossy source has no depth of its
/// own: 16 bits.
pub(super) fn depth(track: &Track, wish: &SoundWish) -> (u32, bool) {
    if let Some(bits) = wish.bits {
        return (bits, false);
    }
    let raw = track.parameters.raw();
    if !is_lossless(track) {
        return (16, false);
    }
    let format = library::sample_format(raw.format);
    // SAFETY: a valid format.
    let bytes = format.map_or(2, |format| unsafe { ff::av_get_bytes_per_sample(format) });
    let float = format.is_some_and(is_float);
    let said = u32::try_from(raw.bits_per_raw_sample).unwrap_or(0);
    (if said > 0 && !float { said } else { u32::try_from(bytes).unwrap_or(2) * 8 }, float)
}

/// What a lossless target cannot keep of the samples: what they are, and what they become.
pub fn lost_bits(track: &Track, settings: &EncoderSettings, codec: &Codec) -> Option<(String, String)> {
    use ff::AVSampleFormat::{
        AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP, AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P, AV_SAMPLE_FMT_U8,
        AV_SAMPLE_FMT_U8P,
    };
    let sound = settings.sound.filter(|_| codec.lossless)?;
    let (bits, float) = depth(track, &SoundWish::default());
    let float_kept = is_float(sound.format);
    let kept = match sound.format {
        AV_SAMPLE_FMT_U8 | AV_SAMPLE_FMT_U8P => 8,
        AV_SAMPLE_FMT_S16 | AV_SAMPLE_FMT_S16P => 16,
        AV_SAMPLE_FMT_DBL | AV_SAMPLE_FMT_DBLP => 64,
        _ if codec.word.contains("24") => 24,
        _ if sound.bits > 0 => sound.bits,
        _ => 32,
    };
    let kind = |float| if float { "floating point" } else { "whole numbers" };
    let told = |bits, float| format!("{bits} bits ({})", kind(float));
    (bits > kept || float && !float_kept).then(|| (told(bits, float), told(kept, float_kept)))
}

/// Whether what a codec decodes to is what was encoded.
fn is_lossless(track: &Track) -> bool {
    let id = track.codec();
    // SAFETY: looks an id up; the descriptor is static.
    let about = unsafe { ff::avcodec_descriptor_get(id).as_ref() };
    let kept = about.is_some_and(|about| about.props & ff::AV_CODEC_PROP_LOSSY == 0);
    // DTS-HD Master Audio, with and without objects: the core and what it lacks.
    let master = id == ff::AVCodecID::AV_CODEC_ID_DTS && (60..=62).contains(&track.parameters.raw().profile);
    kept || master || Codec::of(id).is_some_and(|codec| codec.lossless)
}

fn is_float(format: ff::AVSampleFormat) -> bool {
    use ff::AVSampleFormat::{AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP};
    matches!(format, AV_SAMPLE_FMT_FLT | AV_SAMPLE_FMT_FLTP | AV_SAMPLE_FMT_DBL | AV_SAMPLE_FMT_DBLP)
}

/// The sample format nearest to the source's among those an encoder takes, and the bits that count in it.
pub(super) fn format(
    codec: &Codec,
    takes: &Takes,
    track: &Track,
    wish: &SoundWish,
) -> (ff::AVSampleFormat, u32) {
    use ff::AVSampleFormat::{
        AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_S16,
        AV_SAMPLE_FMT_S16P, AV_SAMPLE_FMT_S32, AV_SAMPLE_FMT_S32P, AV_SAMPLE_FMT_U8, AV_SAMPLE_FMT_U8P,
    };
    const WIDE: [ff::AVSampleFormat; 2] = [AV_SAMPLE_FMT_S32, AV_SAMPLE_FMT_S32P];
    const NARROW: [ff::AVSampleFormat; 2] = [AV_SAMPLE_FMT_S16, AV_SAMPLE_FMT_S16P];
    const FLOAT: [ff::AVSampleFormat; 4] =
        [AV_SAMPLE_FMT_FLTP, AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_DBL, AV_SAMPLE_FMT_DBLP];
    let (bits, float) = depth(track, wish);
    // Opus spends bits on what it takes for detail below the 16 bits that are there.
    let narrow = !float && bits <= 16 && is_lossless(track);
    let order: Vec<ff::AVSampleFormat> = if !codec.lossless && narrow {
        NARROW.into_iter().chain(FLOAT).chain(WIDE).collect()
    } else if !codec.lossless || float {
        FLOAT.into_iter().chain(WIDE).chain(NARROW).collect()
    } else if bits > 16 {
        WIDE.into_iter().chain(FLOAT).chain(NARROW).collect()
    // FFmpeg's encoder of WavPack writes blocks of 8 bits that other readers call damaged.
    } else if bits > 8 || codec.word == "wavpack" {
        NARROW.into_iter().chain(WIDE).chain(FLOAT).collect()
    } else {
        [AV_SAMPLE_FMT_U8, AV_SAMPLE_FMT_U8P].into_iter().chain(NARROW).chain(WIDE).chain(FLOAT).collect()
    };
    let found = order.into_iter().find(|format| takes.samples.contains(format));
    let format = found.or_else(|| takes.samples.first().copied()).unwrap_or(AV_SAMPLE_FMT_S16);
    // Lossless codecs that pack 32-bit samples of which the lower bits are empty.
    let packed = codec.lossless && WIDE.contains(&format) && bits <= 24 && !codec.word.starts_with("pcm_");
    let most = if matches!(codec.word, "alac" | "flac" | "tta") && WIDE.contains(&format) { 24 } else { 0 };
    (format, if packed { bits.max(17) } else { most })
}
