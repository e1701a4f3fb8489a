//! The table of containers that can be written: which muxer makes them and what players of them take.
//!
//! Muxers often allow more than players do, so the codecs are listed here. What the library at hand does not have is
//! left out when a plugin describes itself ([`Container::writable`]).

use crate::{Codec, CodecKind, library};

/// What becomes of subtitle tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subtitles {
    /// There is no place for them.
    None,
    /// Text in this codec; and tracks of `copies` as they are.
    Text {
        /// The codec's word.
        word: &'static str,
        /// Words of codecs that may be copied.
        copies: &'static [&'static str],
    },
}

/// One container.
#[derive(Debug)]
pub struct Container {
    /// Id of the format, as in the engine's rows.
    pub id: &'static str,
    /// FFmpeg's muxer.
    pub muxer: &'static str,
    /// The muxer's own options.
    pub options: &'static [(&'static str, &'static str)],
    /// Words of video codecs: the first is the default, all may be asked for or copied. Empty: sound only.
    pub video: &'static [&'static str],
    /// Words of audio codecs, likewise.
    pub audio: &'static [&'static str],
    /// Subtitles.
    pub subtitles: Subtitles,
    /// More than one track of a kind.
    pub many_tracks: bool,
    /// But only one of pictures.
    pub one_video: bool,
    /// Chapter marks.
    pub chapters: bool,
    /// Tags.
    pub tags: bool,
    /// Cover art.
    pub cover: bool,
}

impl Container {
    /// All of them.
    pub const TABLE: &'static [Container] = TABLE;

    /// Finds one by the format's id.
    pub fn of(id: &str) -> Option<&'static Container> {
        TABLE.iter().find(|container| container.id == id)
    }

    /// Whether the library at hand can write it: the muxer and a codec.
    pub fn writable(&self) -> bool {
        let any = |words: &[&str]| {
            words.iter().any(|word| Codec::named(word).is_some_and(|c| c.encoder().is_some()))
        };
        library::muxer(self.muxer).is_some()
            && (self.video.is_empty() || any(self.video))
            && (self.audio.is_empty() || any(self.audio))
    }

    /// Whether it is a file of Ogg (RFC 3533), whatever it is called.
    pub fn is_ogg(&self) -> bool {
        matches!(self.muxer, "ogg" | "oga" | "ogv" | "opus" | "spx")
    }

    /// Whether sound has no times in it, and so begins where the file does.
    pub fn sound_has_no_times(&self) -> bool {
        matches!(self.muxer, "avi" | "swf")
    }

    /// Words of a kind's codecs that the library can encode.
    pub fn encodable(&self, kind: CodecKind) -> Vec<&'static str> {
        let words = if kind == CodecKind::Video { self.video } else { self.audio };
        words
            .iter()
            .copied()
            .filter(|word| Codec::named(word).is_some_and(|codec| codec.encoder().is_some()))
            .collect()
    }

    /// Whether a track of this codec may be copied into it.
    pub fn may_hold(&self, codec: &Codec) -> bool {
        let words = match codec.kind {
            CodecKind::Video => self.video,
            CodecKind::Audio => self.audio,
            CodecKind::Subtitle => match self.subtitles {
                Subtitles::None => &[],
                Subtitles::Text { copies, .. } => copies,
            },
        };
        words.contains(&codec.word)
    }
}

/// Options that hold for a family of muxers: the same input gives the same bytes.
pub(crate) fn own_options(container: &Container) -> Vec<(&'static str, String)> {
    match container.muxer {
        // The directory is moved to the front by this crate's own output, and players look for edit lists.
        "mp4" | "mov" | "ipod" | "3gp" | "f4v" => vec![("use_editlist", "1".into())],
        _ => Vec::new(),
    }
}

const MP4_TEXT: Subtitles = Subtitles::Text { word: "mov_text", copies: &["mov_text", "dvd_subtitle"] };
const MATROSKA_TEXT: Subtitles = Subtitles::Text {
    word: "srt",
    copies: &["srt", "ass", "webvtt", "dvd_subtitle", "hdmv_pgs_subtitle", "dvb_subtitle"],
};

/// What rows start from: pictures and sound of one track each.
const BASE: Container = Container {
    id: "",
    muxer: "",
    options: &[],
    video: &[],
    audio: &[],
    subtitles: Subtitles::None,
    many_tracks: false,
    one_video: false,
    chapters: false,
    tags: true,
    cover: false,
};

const MPEG4_AUDIO: &[&str] = &["aac", "mp3", "ac3", "eac3", "alac", "opus", "flac", "mp2", "dts"];
const LITTLE_PCM: &[&str] = &[
    "pcm_s16le",
    "pcm_s24le",
    "pcm_s32le",
    "pcm_f32le",
    "pcm_f64le",
    "pcm_u8",
    "pcm_mulaw",
    "pcm_alaw",
    "adpcm_ms",
    "adpcm_ima_wav",
];
const BIG_PCM: &[&str] =
    &["pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "pcm_s8", "pcm_mulaw", "pcm_alaw"];
/// 192-byte packets, as on Blu-ray discs and AVCHD cameras.
const BLU_RAY: &[(&str, &str)] = &[("mpegts_m2ts_mode", "1")];
/// The pictures and the sound of such films; FFmpeg writes any other as private data that players pass over.
const BLU_RAY_VIDEO: &[&str] = &["h264", "h265", "mpeg2video"];
const BLU_RAY_AUDIO: &[&str] = &["ac3", "dts", "eac3"];
const TS_VIDEO: &[&str] = &["h264", "h265", "mpeg2video", "mpeg1video"];
const TS_AUDIO: &[&str] = &["aac", "ac3", "mp2", "mp3", "eac3", "dts", "opus"];
const WINDOWS_VIDEO: &[&str] = &["wmv2", "wmv1", "msmpeg4v3", "wmv3", "vc1", "msmpeg4v2"];
const WINDOWS_AUDIO: &[&str] = &["wmav2", "wmav1", "wmapro", "wmavoice"];

const TABLE: &[Container] = &[
    Container {
        id: "mp4",
        muxer: "mp4",
        video: &["h264", "h265", "av1", "mpeg4", "vp9", "mpeg2video", "mpeg1video"],
        audio: MPEG4_AUDIO,
        subtitles: MP4_TEXT,
        many_tracks: true,
        chapters: true,
        cover: true,
        ..BASE
    },
    Container {
        id: "mov",
        muxer: "mov",
        video: &["h264", "h265", "prores", "mpeg4", "mjpeg", "mpeg2video", "mpeg1video", "dvvideo"],
        audio: &[
            "aac",
            "alac",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_s16be",
            "pcm_s24be",
            "ac3",
            "mp3",
            "eac3",
        ],
        subtitles: Subtitles::Text { word: "mov_text", copies: &["mov_text"] },
        many_tracks: true,
        chapters: true,
        ..BASE
    },
    Container {
        id: "m4v",
        // FFmpeg's muxer of that name knows neither HEVC nor AC-3.
        muxer: "mp4",
        options: &[("brand", "M4V ")],
        video: &["h264", "h265", "mpeg4"],
        audio: &["aac", "ac3", "alac"],
        subtitles: Subtitles::Text { word: "mov_text", copies: &["mov_text"] },
        many_tracks: true,
        chapters: true,
        ..BASE
    },
    Container {
        id: "3gp",
        muxer: "3gp",
        video: &["h264", "mpeg4", "h263"],
        audio: &["aac", "amr_nb", "amr_wb"],
        ..BASE
    },
    Container { id: "f4v", muxer: "f4v", video: &["h264", "vp6f"], audio: &["aac", "mp3"], ..BASE },
    Container {
        id: "mkv",
        muxer: "matroska",
        video: &[
            "h264",
            "h265",
            "av1",
            "vp9",
            "vp8",
            "mpeg4",
            "mpeg2video",
            "mpeg1video",
            "theora",
            "ffv1",
            "mjpeg",
            "prores",
            "wmv2",
            "wmv1",
            "wmv3",
            "vc1",
            "msmpeg4v3",
            "msmpeg4v2",
            "flv1",
            "vp6f",
            "h263",
            "huffyuv",
        ],
        audio: &[
            "aac",
            "opus",
            "vorbis",
            "flac",
            "mp3",
            "ac3",
            "eac3",
            "dts",
            "mp2",
            "alac",
            "wavpack",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
            "pcm_u8",
            "wmav2",
            "wmav1",
            "wmapro",
            "amr_nb",
            "amr_wb",
            "adpcm_ms",
        ],
        subtitles: MATROSKA_TEXT,
        many_tracks: true,
        chapters: true,
        cover: true,
        ..BASE
    },
    Container {
        id: "webm",
        muxer: "webm",
        video: &["vp9", "vp8", "av1"],
        audio: &["opus", "vorbis"],
        subtitles: Subtitles::Text { word: "webvtt", copies: &["webvtt"] },
        many_tracks: true,
        chapters: true,
        ..BASE
    },
    Container {
        id: "avi",
        muxer: "avi",
        video: &[
            "mpeg4",
            "h264",
            "mjpeg",
            "msmpeg4v3",
            "msmpeg4v2",
            "ffv1",
            "huffyuv",
            "mpeg2video",
            "dvvideo",
            "wmv2",
            "wmv1",
        ],
        audio: &["mp3", "ac3", "pcm_s16le", "mp2", "aac", "pcm_u8", "adpcm_ms", "dts"],
        many_tracks: true,
        ..BASE
    },
    Container {
        id: "wmv",
        muxer: "asf",
        video: WINDOWS_VIDEO,
        audio: WINDOWS_AUDIO,
        chapters: true,
        many_tracks: true,
        ..BASE
    },
    Container {
        id: "asf",
        muxer: "asf",
        video: WINDOWS_VIDEO,
        audio: WINDOWS_AUDIO,
        chapters: true,
        many_tracks: true,
        ..BASE
    },
    Container { id: "flv", muxer: "flv", video: &["h264", "flv1", "vp6f"], audio: &["aac", "mp3"], ..BASE },
    Container {
        id: "mpeg",
        muxer: "vob",
        video: &["mpeg2video", "mpeg1video"],
        audio: &["mp2", "ac3", "mp3"],
        tags: false,
        ..BASE
    },
    Container {
        id: "vob",
        muxer: "vob",
        video: &["mpeg2video", "mpeg1video"],
        audio: &["ac3", "mp2"],
        tags: false,
        ..BASE
    },
    Container {
        id: "ogv",
        muxer: "ogv",
        video: &["theora"],
        audio: &["vorbis", "opus", "flac", "speex"],
        chapters: true,
        many_tracks: true,
        ..BASE
    },
    Container {
        id: "ts",
        muxer: "mpegts",
        video: TS_VIDEO,
        audio: TS_AUDIO,
        many_tracks: true,
        tags: false,
        ..BASE
    },
    Container {
        id: "mts",
        muxer: "mpegts",
        options: BLU_RAY,
        video: BLU_RAY_VIDEO,
        audio: BLU_RAY_AUDIO,
        many_tracks: true,
        one_video: true,
        tags: false,
        ..BASE
    },
    Container {
        id: "m2ts",
        muxer: "mpegts",
        options: BLU_RAY,
        video: BLU_RAY_VIDEO,
        audio: BLU_RAY_AUDIO,
        many_tracks: true,
        one_video: true,
        tags: false,
        ..BASE
    },
    Container { id: "swf", muxer: "swf", video: &["flv1"], audio: &["mp3"], tags: false, ..BASE },
    Container { id: "gif", muxer: "gif", video: &["gif"], tags: false, ..BASE },
    Container { id: "mp3", muxer: "mp3", audio: &["mp3"], chapters: true, cover: true, ..BASE },
    Container { id: "mp2", muxer: "mp2", audio: &["mp2"], tags: false, ..BASE },
    Container { id: "wav", muxer: "wav", options: &[("rf64", "auto")], audio: LITTLE_PCM, ..BASE },
    Container { id: "flac", muxer: "flac", audio: &["flac"], cover: true, ..BASE },
    Container { id: "aac", muxer: "adts", audio: &["aac"], tags: false, ..BASE },
    Container { id: "ogg", muxer: "ogg", audio: &["vorbis"], chapters: true, ..BASE },
    Container {
        id: "oga",
        muxer: "oga",
        audio: &["vorbis", "flac", "opus", "speex"],
        chapters: true,
        ..BASE
    },
    Container { id: "opus", muxer: "opus", audio: &["opus"], chapters: true, ..BASE },
    Container { id: "spx", muxer: "spx", audio: &["speex"], ..BASE },
    Container { id: "m4a", muxer: "ipod", audio: &["aac", "alac"], chapters: true, cover: true, ..BASE },
    Container { id: "m4b", muxer: "ipod", audio: &["aac", "alac"], chapters: true, cover: true, ..BASE },
    Container { id: "alac", muxer: "ipod", audio: &["alac"], chapters: true, cover: true, ..BASE },
    Container { id: "3ga", muxer: "3gp", audio: &["aac", "amr_nb", "amr_wb"], ..BASE },
    Container { id: "wma", muxer: "asf", audio: WINDOWS_AUDIO, chapters: true, ..BASE },
    Container { id: "aiff", muxer: "aiff", audio: BIG_PCM, ..BASE },
    Container { id: "amr", muxer: "amr", audio: &["amr_nb", "amr_wb"], tags: false, ..BASE },
    Container { id: "ac3", muxer: "ac3", audio: &["ac3"], tags: false, ..BASE },
    Container {
        id: "caf",
        muxer: "caf",
        audio: &[
            "pcm_s16be",
            "pcm_s24be",
            "pcm_s32be",
            "pcm_f32be",
            "pcm_s8",
            "alac",
            "pcm_mulaw",
            "pcm_alaw",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
        ],
        ..BASE
    },
    Container {
        id: "au",
        muxer: "au",
        audio: &[
            "pcm_s16be",
            "pcm_s24be",
            "pcm_s32be",
            "pcm_f32be",
            "pcm_f64be",
            "pcm_s8",
            "pcm_mulaw",
            "pcm_alaw",
        ],
        tags: false,
        ..BASE
    },
    Container { id: "wv", muxer: "wv", audio: &["wavpack"], ..BASE },
    Container { id: "tta", muxer: "tta", audio: &["tta"], ..BASE },
    Container { id: "dts", muxer: "dts", audio: &["dts"], tags: false, ..BASE },
    Container {
        id: "mka",
        muxer: "matroska",
        audio: &[
            "opus",
            "aac",
            "flac",
            "vorbis",
            "mp3",
            "ac3",
            "eac3",
            "dts",
            "alac",
            "wavpack",
            "mp2",
            "pcm_s16le",
            "pcm_s24le",
            "pcm_s32le",
            "pcm_f32le",
        ],
        chapters: true,
        many_tracks: true,
        ..BASE
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_a_codec_and_every_row_can_be_written_with_a_full_library() {
        for container in TABLE {
            for word in container.video.iter().chain(container.audio) {
                assert!(
                    Codec::named(word).is_some_and(|codec| codec.word == *word),
                    "{}: {word}",
                    container.id
                );
            }
            assert!(container.writable(), "{}", container.id);
        }
    }
}
