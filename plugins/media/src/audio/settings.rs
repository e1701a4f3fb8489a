//! From what a user wishes of sound to what an encoder is told.

use super::bit_rate::quality;
use super::chunked::{self, MP3};
use super::depth::{depth, format};
use crate::encode::SoundSettings;
use crate::lane::can_copy;
use crate::library::{self, Takes};
use crate::{Codec, CodecKind, Container, EncoderSettings, Track};
use formwork_sdk::{Error, Options, Result};

/// What a user wishes of the sound. The default wishes nothing.
#[derive(Clone, Debug, Default)]
pub struct SoundWish {
    /// The codec, by its word.
    pub codec: Option<String>,
    /// Bits a second.
    pub bit_rate: Option<u64>,
    /// Samples a second.
    pub rate: Option<u32>,
    /// Channels.
    pub channels: Option<u32>,
    /// Bits of a sample in lossless targets: 8, 16, 24 or 32.
    pub bits: Option<u32>,
    /// 1 to 100.
    pub quality: Option<i64>,
    /// `auto`, `never` or `always`.
    pub copy: Option<String>,
    /// MP3 is encoded in pieces side by side.
    pub parallel: bool,
}

/// What becomes of a track.
#[derive(Clone, Debug)]
pub enum Way {
    /// Its packets are copied.
    Copy,
    /// It is encoded anew.
    Encode(Box<EncoderSettings>, &'static Codec),
}

impl SoundWish {
    /// Reads the options; `codec` is the name of the one that names the codec, `bitrate` of the one with the rate.
    pub fn of(options: &Options<'_>, codec: &str, bitrate: &str) -> SoundWish {
        SoundWish {
            codec: options.text(codec).map(str::to_owned),
            bit_rate: options.get(bitrate),
            rate: options.get("sample_rate"),
            channels: options.get("channels"),
            bits: options.get("bit_depth"),
            quality: options.integer("quality"),
            copy: options.text("copy").map(str::to_owned),
            parallel: options.flag("parallel"),
        }
    }

    /// Whether nothing is asked for that a copy could not give.
    fn is_met_by(&self, track: &Track) -> bool {
        let same_codec =
            self.codec.as_deref().and_then(Codec::named).is_none_or(|codec| codec.id == track.codec());
        let parameters = &track.parameters;
        let rate = self.rate.is_none_or(|rate| rate == parameters.sample_rate());
        let channels = self.channels.is_none_or(|channels| channels == parameters.channels());
        same_codec
            && rate
            && channels
            && self.bit_rate.is_none()
            && self.bits.is_none()
            && self.quality.is_none()
    }
}

/// Decides whether a track is copied or encoded.
///
/// # Errors
///
/// `invalid_request` when a copy is demanded that cannot be, or the container does not take the codec.
pub fn way(container: &Container, track: &Track, wish: &SoundWish) -> Result<Way> {
    let fits = can_copy(track, container);
    match wish.copy.as_deref() {
        Some("always") if !fits => {
            let held = container.audio.join(", ");
            let name = track.codec_name();
            return Err(Error::invalid(format!(
                "`copy=always`, but {} does not hold {name}; it holds {held}",
                container.id
            )));
        }
        Some("always") => return Ok(Way::Copy),
        Some("never") => {}
        _ if fits && wish.is_met_by(track) => return Ok(Way::Copy),
        _ => {}
    }
    let codec = choose_codec(container, track, wish)?;
    Ok(Way::Encode(Box::new(settings_for(codec, container, track, wish)?), codec))
}

fn choose_codec(container: &Container, track: &Track, wish: &SoundWish) -> Result<&'static Codec> {
    let able = container.encodable(CodecKind::Audio);
    if let Some(word) = &wish.codec {
        let codec = Codec::named(word).filter(|codec| able.contains(&codec.word));
        return codec.ok_or_else(|| {
            Error::invalid(format!(
                "{} cannot be written with the audio codec {word}; it takes {}",
                container.id,
                able.join(", ")
            ))
        });
    }
    let first = able.first().and_then(|word| Codec::named(word));
    let first = first.ok_or_else(|| Error::unsupported(format!("{} holds no sound", container.id)))?;
    if !first.word.starts_with("pcm_") {
        return Ok(first);
    }
    // Uncompressed sound keeps the samples as they are, where the container has a codec for them.
    let (bits, float) = depth(track, wish);
    let ending = first.word.get(first.word.len() - 2..).unwrap_or("le");
    let words = match (bits, float) {
        (_, true) if bits > 32 => [format!("pcm_f64{ending}"), format!("pcm_f32{ending}")],
        (_, true) => [format!("pcm_f32{ending}"), format!("pcm_s32{ending}")],
        (..=8, _) => ["pcm_u8".into(), "pcm_s8".into()],
        (..=16, _) => [format!("pcm_s16{ending}"), String::new()],
        (..=24, _) => [format!("pcm_s24{ending}"), format!("pcm_s32{ending}")],
        _ => [format!("pcm_s32{ending}"), format!("pcm_s24{ending}")],
    };
    let fitting = words.iter().find(|word| able.contains(&word.as_str())).and_then(|word| Codec::named(word));
    Ok(fitting.unwrap_or(first))
}

/// Whether the channels of a lossless result keep their samples, but not their places.
pub fn moves_channels(track: &Track, settings: &EncoderSettings) -> bool {
    let mask = library::mask_of(&track.parameters.raw().ch_layout);
    settings.sound.is_some_and(|sound| {
        sound.relabel && sound.channels == track.parameters.channels() && mask != 0 && sound.mask != mask
    })
}

/// The channels of a track and those of its result, when that has fewer.
pub fn mixes_channels(track: &Track, settings: &EncoderSettings) -> Option<(u32, u32)> {
    let (there, kept) = (track.parameters.channels(), settings.sound?.channels);
    (kept < there).then_some((there, kept))
}

/// What the encoder of a codec is told for a track.
///
/// # Errors
///
/// `backend_missing` when the library has no encoder for it.
pub fn settings_for(
    codec: &'static Codec,
    container: &Container,
    track: &Track,
    wish: &SoundWish,
) -> Result<EncoderSettings> {
    let encoder = codec.encoder().ok_or_else(|| {
        Error::new(
            formwork_sdk::ErrorKind::BackendMissing,
            format!("this FFmpeg cannot encode {}", codec.word),
        )
    })?;
    let takes = library::encoder(encoder).map(library::takes).unwrap_or_default();
    let rate = rate(codec, container, &takes, track, wish.rate);
    let (channels, mask) = layout(codec, container, &takes, track, wish.channels);
    let (format, bits) = format(codec, &takes, track, wish);
    let quality = quality(codec, rate, channels, wish);
    let (least, before) = silence(codec, container);
    Ok(EncoderSettings {
        encoder,
        quality,
        options: if wish.parallel && encoder == MP3 { vec![chunked::alone()] } else { Vec::new() },
        threads: 1,
        sound: Some(SoundSettings {
            rate,
            channels,
            mask,
            format,
            bits,
            least,
            before,
            relabel: codec.lossless,
            order: order(codec, channels),
        }),
        ..EncoderSettings::default()
    })
}

/// The rate an encoder takes that is nearest: the same, else the next higher, else the highest. `wanted`: what the user
/// wants; the source's rate without.
fn rate(codec: &Codec, container: &Container, takes: &Takes, track: &Track, wanted: Option<u32>) -> u32 {
    let flash = matches!(container.id, "flv" | "swf") && codec.word == "mp3";
    let rates: &[u32] = match codec.word {
        _ if flash => &[44_100, 22_050, 11_025],
        "amr_nb" => &[8_000],
        "amr_wb" => &[16_000],
        "speex" => &[8_000, 16_000, 32_000],
        _ => &takes.rates,
    };
    let source = track.parameters.sample_rate();
    let source = if source == 0 { 44_100 } else { source };
    // At low rates the frames of these last long, and so does the silence their encoders put in front; few players
    // know the half rates below 16 kHz of layer III, which are in no standard.
    let least = match codec.word {
        "mp3" | "aac" => 16_000,
        "wmav1" | "wmav2" => 32_000,
        _ => 0,
    };
    let wanted = wanted.unwrap_or(source.max(least));
    if !rates.is_empty() {
        let higher = rates.iter().copied().filter(|rate| *rate >= wanted).min();
        return higher.or_else(|| rates.iter().copied().max()).unwrap_or(wanted);
    }
    let most = match codec.word {
        "vorbis" => 192_000,
        "wmav1" | "wmav2" => 48_000,
        "flac" => 655_350,
        _ => 768_000,
    };
    // Above what is possible: a half or a quarter where that is, so that each sample is one of few.
    let halves = [1, 2, 4, 8].map(|part| wanted / part);
    let rate = halves.into_iter().find(|rate| *rate <= most).unwrap_or(most);
    // FLAC's frame headers count higher rates in tens (RFC 9639, 9.1.2).
    if codec.word == "flac" && rate > 65_535 { rate - rate % 10 } else { rate }
}

/// Channels and their places: the source's, where the encoder takes them.
fn layout(
    codec: &Codec,
    container: &Container,
    takes: &Takes,
    track: &Track,
    wanted: Option<u32>,
) -> (u32, u64) {
    let there = track.parameters.channels().max(1);
    let channels = wanted.unwrap_or(there);
    let mask = if channels == there { library::mask_of(&track.parameters.raw().ch_layout) } else { 0 };
    // A file that does not say where its channels are means the usual places.
    let mask = if mask == 0 { library::usual_mask(channels) } else { mask };
    let most = match codec.word {
        "amr_nb" | "amr_wb" => 1,
        "mp3" | "mp2" | "speex" | "wmav1" | "wmav2" | "adpcm_ms" | "adpcm_ima_wav" => 2,
        "dts" | "ac3" | "eac3" => 6,
        // The header of ADTS has no number for channels at the sides and behind (ISO/IEC 14496-3, table 1.19).
        "aac" if container.muxer == "adts" => 6,
        _ => 8,
    };
    let channels = channels.min(most);
    match (codec.word, channels) {
        // These orders only (RFC 7845, 5.1.1.2), with the surround channels behind, not at the sides.
        ("opus", 3..) => return (channels, vorbis_mask(channels)),
        // FFmpeg's reader has no places for five channels of True Audio; the sixth stays silent.
        ("tta", 5) => return (6, vorbis_mask(6)),
        _ => {}
    }
    let layouts = &takes.layouts;
    if layouts.is_empty() || layouts.contains(&(channels, mask)) {
        return (channels, if channels == there { mask } else { 0 });
    }
    let of = |count: u32| layouts.iter().copied().rfind(move |(channels, _)| *channels == count);
    let fewer = (1..=channels).rev().find_map(of);
    fewer.or_else(|| layouts.iter().copied().min()).unwrap_or((channels, 0))
}

/// The places of so many channels in Vorbis (Vorbis I specification, 4.3.9), as FFmpeg's mask.
fn vorbis_mask(channels: u32) -> u64 {
    const FRONT: u64 = 0x3;
    const CENTRE: u64 = 0x4;
    const LOW: u64 = 0x8;
    const BACK: u64 = 0x30;
    const BACK_CENTRE: u64 = 0x100;
    const SIDES: u64 = 0x600;
    match channels {
        3 => FRONT | CENTRE,
        4 => FRONT | BACK,
        5 => FRONT | CENTRE | BACK,
        6 => FRONT | CENTRE | BACK | LOW,
        7 => FRONT | CENTRE | SIDES | BACK_CENTRE | LOW,
        8 => FRONT | CENTRE | SIDES | BACK | LOW,
        _ => 0,
    }
}

/// The channels in the order in which an encoder wants them; empty for FFmpeg's own.
fn order(codec: &Codec, channels: u32) -> &'static [usize] {
    match (codec.word, channels) {
        // FFmpeg hands libopus five channels in another order than its tables and libopus say.
        ("opus", 5) => &[0, 1, 4, 2, 3],
        _ => &[],
    }
}

/// Samples a result has at least, and samples of silence before the sound.
fn silence(codec: &Codec, container: &Container) -> (u32, u32) {
    match (codec.word, container.muxer) {
        // Frames without a header are recognised when several follow each other.
        (_, "ac3") => (6_144, 0),
        (_, "mp2" | "adts" | "dts") => (4_608, 0),
        // FFmpeg's decoder leaves out two blocks, and its encoder puts one in front.
        ("wmav1" | "wmav2", _) => (0, 2_048),
        _ => (0, 0),
    }
}
