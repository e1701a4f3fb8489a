//! The table of codecs: the words users know, and how the library is asked for them.

use crate::ff::AVCodecID::{self, *};
use crate::{ff, library};

/// What a codec codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodecKind {
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles.
    Subtitle,
}

/// One codec.
#[derive(Debug)]
pub struct Codec {
    /// The word for it in options and facts: FFmpeg's, or the one people use.
    pub word: &'static str,
    /// FFmpeg's id.
    pub id: AVCodecID,
    /// What it codes.
    pub kind: CodecKind,
    /// FFmpeg's encoders, the best first. None: tracks of it can only be copied.
    pub encoders: &'static [&'static str],
    /// Whether what is decoded is what was encoded.
    pub lossless: bool,
}

impl Codec {
    /// All codecs that can be written or copied.
    pub const TABLE: &'static [Codec] = TABLE;

    /// Finds one by its word; other words that people use count too.
    pub fn named(word: &str) -> Option<&'static Codec> {
        let word = word.to_ascii_lowercase();
        let usual =
            ALIASES.iter().find(|(alias, _)| *alias == word).map_or(word.as_str(), |(_, usual)| usual);
        TABLE.iter().find(|codec| codec.word == usual)
    }

    /// Finds one by FFmpeg's id.
    pub fn of(id: AVCodecID) -> Option<&'static Codec> {
        TABLE.iter().find(|codec| codec.id == id)
    }

    /// The encoder to use: the first that the library has.
    pub fn encoder(&self) -> Option<&'static str> {
        self.encoders.iter().copied().find(|name| library::encoder(name).is_some() || *name == AMR_OUTSIDE)
    }

    /// Whether the library can decode it.
    pub fn can_decode(&self) -> bool {
        // SAFETY: looks an id up.
        unsafe { !ff::avcodec_find_decoder(self.id).is_null() }
    }
}

/// An encoder that is not FFmpeg's: OpenCORE's, which Debian's FFmpeg is built without.
pub(crate) const AMR_OUTSIDE: &str = "opencore-amrnb";

/// Other words for codecs.
const ALIASES: &[(&str, &str)] = &[
    ("avc", "h264"),
    ("x264", "h264"),
    ("h.264", "h264"),
    ("hevc", "h265"),
    ("x265", "h265"),
    ("h.265", "h265"),
    ("divx", "mpeg4"),
    ("xvid", "mpeg4"),
    ("mpeg2", "mpeg2video"),
    ("mpeg1", "mpeg1video"),
    ("amr", "amr_nb"),
    ("wma", "wmav2"),
    ("wmv", "wmv2"),
    ("pcm", "pcm_s16le"),
    ("dca", "dts"),
];

const fn video(word: &'static str, id: AVCodecID, encoders: &'static [&'static str]) -> Codec {
    Codec { word, id, kind: CodecKind::Video, encoders, lossless: false }
}

const fn audio(word: &'static str, id: AVCodecID, encoders: &'static [&'static str]) -> Codec {
    Codec { word, id, kind: CodecKind::Audio, encoders, lossless: false }
}

const fn exact(codec: Codec) -> Codec {
    Codec { lossless: true, ..codec }
}

const fn text(word: &'static str, id: AVCodecID, encoders: &'static [&'static str]) -> Codec {
    Codec { word, id, kind: CodecKind::Subtitle, encoders, lossless: true }
}

const TABLE: &[Codec] = &[
    video("h264", AV_CODEC_ID_H264, &["libx264", "libopenh264"]),
    video("h265", AV_CODEC_ID_HEVC, &["libx265"]),
    video("vp8", AV_CODEC_ID_VP8, &["libvpx"]),
    video("vp9", AV_CODEC_ID_VP9, &["libvpx-vp9"]),
    video("av1", AV_CODEC_ID_AV1, &["libsvtav1", "libaom-av1"]),
    video("mpeg4", AV_CODEC_ID_MPEG4, &["mpeg4"]),
    video("mpeg2video", AV_CODEC_ID_MPEG2VIDEO, &["mpeg2video"]),
    video("mpeg1video", AV_CODEC_ID_MPEG1VIDEO, &["mpeg1video"]),
    video("theora", AV_CODEC_ID_THEORA, &["libtheora"]),
    video("wmv2", AV_CODEC_ID_WMV2, &["wmv2"]),
    video("wmv1", AV_CODEC_ID_WMV1, &["wmv1"]),
    video("wmv3", AV_CODEC_ID_WMV3, &[]),
    video("vc1", AV_CODEC_ID_VC1, &[]),
    video("msmpeg4v3", AV_CODEC_ID_MSMPEG4V3, &["msmpeg4"]),
    video("msmpeg4v2", AV_CODEC_ID_MSMPEG4V2, &["msmpeg4v2"]),
    video("flv1", AV_CODEC_ID_FLV1, &["flv"]),
    video("vp6f", AV_CODEC_ID_VP6F, &[]),
    video("h263", AV_CODEC_ID_H263, &["h263"]),
    video("mjpeg", AV_CODEC_ID_MJPEG, &["mjpeg"]),
    video("prores", AV_CODEC_ID_PRORES, &["prores_ks"]),
    video("dvvideo", AV_CODEC_ID_DVVIDEO, &[]),
    video("gif", AV_CODEC_ID_GIF, &["gif"]),
    exact(video("ffv1", AV_CODEC_ID_FFV1, &["ffv1"])),
    exact(video("huffyuv", AV_CODEC_ID_HUFFYUV, &["huffyuv"])),
    exact(video("rawvideo", AV_CODEC_ID_RAWVIDEO, &[])),
    audio("aac", AV_CODEC_ID_AAC, &["aac"]),
    audio("mp3", AV_CODEC_ID_MP3, &["libmp3lame"]),
    audio("mp2", AV_CODEC_ID_MP2, &["mp2"]),
    audio("opus", AV_CODEC_ID_OPUS, &["libopus"]),
    audio("vorbis", AV_CODEC_ID_VORBIS, &["libvorbis"]),
    audio("speex", AV_CODEC_ID_SPEEX, &["libspeex"]),
    audio("ac3", AV_CODEC_ID_AC3, &["ac3"]),
    audio("eac3", AV_CODEC_ID_EAC3, &["eac3"]),
    audio("dts", AV_CODEC_ID_DTS, &["dca"]),
    audio("wmav2", AV_CODEC_ID_WMAV2, &["wmav2"]),
    audio("wmav1", AV_CODEC_ID_WMAV1, &["wmav1"]),
    audio("wmapro", AV_CODEC_ID_WMAPRO, &[]),
    audio("wmavoice", AV_CODEC_ID_WMAVOICE, &[]),
    audio("amr_nb", AV_CODEC_ID_AMR_NB, &["libopencore_amrnb", AMR_OUTSIDE]),
    audio("amr_wb", AV_CODEC_ID_AMR_WB, &["libvo_amrwbenc"]),
    exact(audio("flac", AV_CODEC_ID_FLAC, &["flac"])),
    exact(audio("alac", AV_CODEC_ID_ALAC, &["alac"])),
    exact(audio("wavpack", AV_CODEC_ID_WAVPACK, &["wavpack"])),
    exact(audio("tta", AV_CODEC_ID_TTA, &["tta"])),
    exact(audio("pcm_u8", AV_CODEC_ID_PCM_U8, &["pcm_u8"])),
    exact(audio("pcm_s8", AV_CODEC_ID_PCM_S8, &["pcm_s8"])),
    exact(audio("pcm_s16le", AV_CODEC_ID_PCM_S16LE, &["pcm_s16le"])),
    exact(audio("pcm_s16be", AV_CODEC_ID_PCM_S16BE, &["pcm_s16be"])),
    exact(audio("pcm_s24le", AV_CODEC_ID_PCM_S24LE, &["pcm_s24le"])),
    exact(audio("pcm_s24be", AV_CODEC_ID_PCM_S24BE, &["pcm_s24be"])),
    exact(audio("pcm_s32le", AV_CODEC_ID_PCM_S32LE, &["pcm_s32le"])),
    exact(audio("pcm_s32be", AV_CODEC_ID_PCM_S32BE, &["pcm_s32be"])),
    exact(audio("pcm_f32le", AV_CODEC_ID_PCM_F32LE, &["pcm_f32le"])),
    exact(audio("pcm_f32be", AV_CODEC_ID_PCM_F32BE, &["pcm_f32be"])),
    exact(audio("pcm_f64le", AV_CODEC_ID_PCM_F64LE, &["pcm_f64le"])),
    exact(audio("pcm_f64be", AV_CODEC_ID_PCM_F64BE, &["pcm_f64be"])),
    audio("pcm_mulaw", AV_CODEC_ID_PCM_MULAW, &["pcm_mulaw"]),
    audio("pcm_alaw", AV_CODEC_ID_PCM_ALAW, &["pcm_alaw"]),
    audio("adpcm_ms", AV_CODEC_ID_ADPCM_MS, &["adpcm_ms"]),
    audio("adpcm_ima_wav", AV_CODEC_ID_ADPCM_IMA_WAV, &["adpcm_ima_wav"]),
    text("srt", AV_CODEC_ID_SUBRIP, &["subrip"]),
    text("ass", AV_CODEC_ID_ASS, &["ass"]),
    text("webvtt", AV_CODEC_ID_WEBVTT, &["webvtt"]),
    text("mov_text", AV_CODEC_ID_MOV_TEXT, &["mov_text"]),
    text("dvd_subtitle", AV_CODEC_ID_DVD_SUBTITLE, &[]),
    text("hdmv_pgs_subtitle", AV_CODEC_ID_HDMV_PGS_SUBTITLE, &[]),
    text("dvb_subtitle", AV_CODEC_ID_DVB_SUBTITLE, &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ids_are_unique_and_aliases_lead_to_rows() {
        for (index, codec) in TABLE.iter().enumerate() {
            let same = |other: &&Codec| other.word == codec.word || other.id == codec.id;
            assert!(TABLE[..index].iter().find(same).is_none(), "{}", codec.word);
        }
        for (alias, _) in ALIASES {
            assert!(Codec::named(alias).is_some(), "{alias}");
        }
    }
}
