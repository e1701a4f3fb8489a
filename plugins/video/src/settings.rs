//! How each encoder of pictures is told what is wanted: one row a codec.

use crate::options::VideoWish;
use formwork_media::ff::AVPixelFormat::{self, *};
use formwork_media::library::{self, Takes};
use formwork_media::{Codec, Container, Quality, Rational};

/// Threads of an encoder: a fixed number, because what some encoders write depends on it, and the same input has to
/// give the same bytes on every machine.
const THREADS: usize = 4;
/// Presets from fast to slow, and the step of the scale of each encoder that has its own words for them.
const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

/// What x264 is told to use of a processor that can do AVX-512: everything else. With it, the shares of the macroblock tree
/// depend on memory that x264 never wrote (0.164; seen with filled allocations), so that a second film of a process differs
/// from time to time.
const BEFORE_AVX512: &str = "AVX2,FMA3,BMI1,BMI2,LZCNT";

/// Side of a coding tree unit of x265. In pictures of one row or column of them, its weights of references depend on memory
/// that it never wrote (3.5; seen as above), so they get none.
const X265_BLOCK: u32 = 64;

/// Codecs whose encoders begin anew now and then, so that what was made is kept if the job is killed. Not: those of whole
/// pictures, which are quick, and large to keep.
const CUT: &[&str] =
    &["h264", "h265", "vp9", "av1", "theora", "mpeg4", "mpeg2video", "mpeg1video", "wmv2", "wmv1", "flv1"];

/// What an encoder is told beside sizes.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) options: Vec<(&'static str, String)>,
    pub(crate) quality: Quality,
    pub(crate) threads: usize,
    /// Seconds from one key frame to the next, at most; `None` for the encoder's own.
    pub(crate) key_seconds: Option<f64>,
}

/// What the encoder aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Aim {
    /// 1 to 100.
    Quality(f64),
    /// Bits a second.
    BitRate(u64),
}

/// The row of a codec. `size`: width and height in pixels.
pub(crate) fn told(codec: &Codec, encoder: &str, wish: &VideoWish, aim: Aim, size: (u32, u32)) -> Told {
    let pixels = u64::from(size.0) * u64::from(size.1);
    let (quality, bit_rate) = match aim {
        Aim::Quality(quality) => (quality, None),
        Aim::BitRate(rate) => (75.0, Some(rate)),
    };
    let preset = wish.preset.as_deref().unwrap_or("medium");
    let slowness = PRESETS.iter().position(|word| *word == preset).unwrap_or(5);
    let mut told = Told { threads: THREADS, key_seconds: Some(10.0), ..Told::default() };
    if let Some(rate) = bit_rate {
        told.quality = Quality::BitRate { rate, most: None };
    }
    let mut set = |name: &'static str, value: String| told.options.push((name, value));
    match encoder {
        "libx264" | "libx265" => {
            set("preset", preset.to_owned());
            let shift = if encoder == "libx265" { 4.0 } else { 0.0 };
            match (wish.lossless, bit_rate) {
                (true, _) if encoder == "libx264" => set("qp", "0".into()),
                (true, _) => set("x265-params", "log-level=none:lossless=1".into()),
                (_, None) => set("crf", format!("{:.1}", (49.25 - 0.35 * quality + shift).clamp(0.0, 51.0))),
                _ => {}
            }
            if encoder == "libx264" && has_avx512() {
                set("x264-params", format!("asm={BEFORE_AVX512}"));
            }
            if encoder == "libx265" && !wish.lossless {
                let weights = if size.0.min(size.1) <= X265_BLOCK { ":weightp=0" } else { "" };
                let threads = THREADS.min(3);
                let parameters = format!("log-level=none:pools=none:frame-threads={threads}{weights}");
                set("x265-params", parameters);
            }
        }
        "libvpx-vp9" | "libvpx" => {
            set("deadline", "good".into());
            set("cpu-used", [8, 8, 6, 5, 4, 3, 2, 1, 0][slowness].to_string());
            if encoder == "libvpx-vp9" {
                set("row-mt", "1".into());
                set("tile-columns", if pixels >= 1280 * 720 { "2" } else { "1" }.into());
            }
            if wish.lossless && encoder == "libvpx-vp9" {
                set("lossless", "1".into());
            }
            if bit_rate.is_none() {
                // Without a limit on bits, the scale alone decides.
                let scale = (31.0 + (75.0 - quality) * 0.7).clamp(4.0, 60.0);
                set("crf", format!("{scale:.0}"));
                let most = if encoder == "libvpx" { pixels.saturating_mul(8).max(1_000_000) } else { 0 };
                told.quality = Quality::BitRate { rate: most, most: None };
            }
        }
        "libsvtav1" | "libaom-av1" => {
            let speed = [12, 11, 10, 9, 8, 7, 6, 5, 4][slowness];
            if encoder == "libsvtav1" {
                set("preset", speed.to_string());
            } else {
                set("cpu-used", speed.min(8).to_string());
                set("row-mt", "1".into());
            }
            if bit_rate.is_none() {
                set("crf", format!("{:.0}", (35.0 + (75.0 - quality) * 0.7).clamp(5.0, 63.0)));
            }
        }
        "libtheora" => {
            // Its pictures get worse with the distance from the last key frame, at the same size.
            told.key_seconds = Some(1.25);
            if bit_rate.is_none() {
                told.quality = Quality::Scale((quality / 10.0).clamp(0.0, 10.0));
            }
        }
        "prores_ks" => set("profile", if quality > 80.0 { "hq" } else { "standard" }.into()),
        "ffv1" => {
            set("level", "3".into());
            set("slices", "4".into());
            set("slicecrc", "1".into());
        }
        _ if !codec.lossless => {
            let mpeg = codec.word.starts_with("mpeg") && codec.word != "mpeg4";
            told.key_seconds = Some(if mpeg { 0.5 } else { 4.0 });
            if bit_rate.is_none() {
                told.quality = Quality::Scale(scale_of(quality));
            }
        }
        _ => {}
    }
    told
}

fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Whether the film may be cut into segments that do not know of each other. What aims at a rate shares bits out over the
/// whole film.
pub(crate) fn may_be_cut(codec: &Codec, aim: Aim) -> bool {
    CUT.contains(&codec.word) && matches!(aim, Aim::Quality(_))
}

/// The scale of MPEG-like encoders, from 2 (finest) to 31: 4 at quality 75.
fn scale_of(quality: f64) -> f64 {
    let scale = if quality >= 75.0 { 2.0 + (95.0 - quality) / 10.0 } else { 4.0 + (75.0 - quality) * 0.24 };
    scale.clamp(2.0, 31.0)
}

/// The pixel format to encode with: as much of the source's depth and alpha as the codec usually carries.
pub(crate) fn pixel_format(codec: &Codec, takes: &Takes, source: AVPixelFormat) -> AVPixelFormat {
    let depth = library::pixel_format_facts(source).map_or(8, |(_, bits)| bits);
    let alpha = library::has_alpha(source);
    let wanted: &[AVPixelFormat] = match codec.word {
        "vp9" | "vp8" if alpha => &[AV_PIX_FMT_YUVA420P],
        "h265" | "av1" | "vp9" if depth > 8 => &[AV_PIX_FMT_YUV420P10LE],
        "prores" if alpha => &[AV_PIX_FMT_YUVA444P10LE],
        "prores" => &[AV_PIX_FMT_YUV422P10LE],
        "mjpeg" => &[AV_PIX_FMT_YUVJ420P],
        _ if codec.lossless && takes.pixels.contains(&source) => return source,
        _ => &[AV_PIX_FMT_YUV420P],
    };
    let fitting = wanted.iter().copied().find(|format| takes.pixels.contains(format));
    fitting.or_else(|| takes.pixels.first().copied()).unwrap_or(AV_PIX_FMT_YUV420P)
}

/// Whether both sides have to be even.
pub(crate) fn wants_even(format: AVPixelFormat) -> bool {
    !matches!(
        format,
        AV_PIX_FMT_RGB24
            | AV_PIX_FMT_BGR24
            | AV_PIX_FMT_RGB8
            | AV_PIX_FMT_BGR8
            | AV_PIX_FMT_PAL8
            | AV_PIX_FMT_BGR0
    )
}

/// The frame rates of ISO/IEC 13818-2, table 6-4: players of MPEG-1 and MPEG-2 know no others.
const MPEG_RATES: [Rational; 8] = [
    Rational::new(24_000, 1001),
    Rational::new(24, 1),
    Rational::new(25, 1),
    Rational::new(30_000, 1001),
    Rational::new(30, 1),
    Rational::new(50, 1),
    Rational::new(60_000, 1001),
    Rational::new(60, 1),
];

/// The frame rate to encode with: the wanted one, or the nearest that the encoder knows. Of a slow film each frame
/// becomes several, as evenly as can be.
pub(crate) fn frame_rate(codec: &Codec, takes: &Takes, wanted: Rational) -> Rational {
    let distance = |rate: &Rational| (rate.value() - wanted.value()).abs();
    let unevenness = |rate: &Rational| {
        let times = rate.value() / wanted.value();
        (times - times.round()).abs() / times.round().max(1.0)
    };
    if !matches!(codec.word, "mpeg1video" | "mpeg2video") {
        let nearest = takes.frame_rates.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        return nearest.unwrap_or(wanted);
    }
    let mut rates = MPEG_RATES;
    if wanted.value() < 23.9 {
        rates.sort_by(|a, b| unevenness(a).total_cmp(&unevenness(b)));
    } else {
        rates.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    }
    rates[0]
}

/// The four-letter code players go by, where the muxer's own is another.
pub(crate) fn tag(codec: &Codec, container: &Container) -> u32 {
    match (codec.word, container.muxer) {
        ("h265", "mp4" | "mov" | "ipod") => u32::from_le_bytes(*b"hvc1"),
        ("mpeg4", "avi") => u32::from_le_bytes(*b"XVID"),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_quality_is_the_usual_scale() {
        assert_eq!(scale_of(75.0), 4.0);
        assert_eq!(scale_of(95.0), 2.0);
        assert!(scale_of(1.0) > 20.0);
        let codec = Codec::named("h264").unwrap();
        let told = told(codec, "libx264", &VideoWish::default(), Aim::Quality(75.0), (1, 1));
        assert!(told.options.contains(&("crf", "23.0".into())), "{told:?}");
    }
}
