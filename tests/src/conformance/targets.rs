//! What a video or audio target is in the eyes of foreign readers, and what it can hold.

/// A group of targets that are one container.
#[derive(Debug)]
pub(super) struct Target {
    /// The targets.
    formats: &'static [&'static str],
    /// One of ffprobe's names of the container.
    pub(super) container: &'static str,
    /// mediainfo's names of the container; an empty one where it does not know every dialect.
    pub(super) second: &'static [&'static str],
    /// Major brands of an ISO file that are right; empty for other containers.
    pub(super) brands: &'static [&'static str],
    /// Codecs of moving pictures that players expect in it; empty when it holds none.
    pub(super) video: &'static [&'static str],
    /// Codecs of sound that players expect in it; empty when it holds none.
    pub(super) audio: &'static [&'static str],
    /// Bits of a sample up to which it keeps sound exactly; 0 when it is lossy.
    pub(super) exact_bits: u64,
    /// True when it has a place for its length.
    pub(super) tells_length: bool,
}

/// Stands for every codec.
const ANY: &[&str] = &["*"];

const LOSSY: Target = Target {
    formats: &[],
    container: "",
    second: &[],
    brands: &[],
    video: &[],
    audio: &[],
    exact_bits: 0,
    tells_length: true,
};

const ISO: &str = "mp4";
const PCM: &[&str] = &["pcm_*"];
/// What keeps the input's samples in a WAV, among it the packed kinds that are copied as they are.
const WAVE: &[&str] = &["pcm_*", "adpcm_ms", "adpcm_ima_wav"];
const OGG_SOUND: &[&str] = &["vorbis", "opus", "flac", "speex"];
const STREAM_VIDEO: &[&str] = &["h264", "hevc", "mpeg2video", "mpeg1video", "mpeg4", "vc1"];
const STREAM_SOUND: &[&str] = &["aac", "aac_latm", "mp2", "mp3", "ac3", "eac3", "dts", "truehd", "opus"];
const WINDOWS_VIDEO: &[&str] =
    &["wmv1", "wmv2", "wmv3", "vc1", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "mpeg4"];
const WINDOWS_SOUND: &[&str] =
    &["wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "mp3", "metasound", "pcm_*"];

const TARGETS: &[Target] = &[
    Target {
        formats: &["mp4"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["isom", "iso*", "mp4*", "avc1"],
        video: &["h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "vc1"],
        audio: &["aac", "mp3", "mp2", "ac3", "eac3", "opus", "alac", "flac", "dts", "vorbis"],
        ..LOSSY
    },
    Target {
        formats: &["mov"],
        container: "mov",
        second: &["MPEG-4", "QuickTime"],
        brands: &["qt"],
        video: ANY,
        audio: ANY,
        ..LOSSY
    },
    Target {
        formats: &["m4v"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["M4V*", "M4A"],
        video: &["h264", "hevc", "mpeg4"],
        audio: &["aac", "ac3", "eac3", "alac", "mp3"],
        ..LOSSY
    },
    Target {
        formats: &["3gp"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["3gp*", "3g2*"],
        video: &["h263", "mpeg4", "h264"],
        audio: &["aac", "amr_nb", "amr_wb"],
        ..LOSSY
    },
    Target {
        formats: &["f4v"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["f4v", "F4V"],
        video: &["h264"],
        audio: &["aac", "mp3"],
        ..LOSSY
    },
    Target { formats: &["avi"], container: "avi", second: &["AVI"], video: ANY, audio: ANY, ..LOSSY },
    Target {
        formats: &["mkv"],
        container: "matroska",
        second: &["Matroska"],
        video: ANY,
        audio: ANY,
        ..LOSSY
    },
    Target {
        formats: &["webm"],
        container: "webm",
        second: &["WebM"],
        video: &["vp8", "vp9", "av1"],
        audio: &["vorbis", "opus"],
        ..LOSSY
    },
    Target {
        formats: &["wmv", "asf"],
        container: "asf",
        second: &["Windows Media"],
        video: WINDOWS_VIDEO,
        audio: WINDOWS_SOUND,
        ..LOSSY
    },
    Target {
        formats: &["flv"],
        container: "flv",
        second: &["Flash Video"],
        video: &["flv1", "h264", "vp6f", "vp6a", "flashsv", "flashsv2"],
        audio: &["mp3", "aac", "speex", "nellymoser", "pcm_*", "adpcm_swf"],
        ..LOSSY
    },
    Target {
        formats: &["mpeg"],
        container: "mpeg",
        second: &["MPEG-PS"],
        video: &["mpeg1video", "mpeg2video"],
        audio: &["mp2", "mp3", "ac3"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["vob"],
        container: "mpeg",
        second: &["MPEG-PS"],
        video: &["mpeg1video", "mpeg2video"],
        audio: &["mp2", "ac3", "dts", "pcm_dvd"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["ts"],
        container: "mpegts",
        second: &["MPEG-TS"],
        video: STREAM_VIDEO,
        audio: STREAM_SOUND,
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["mts", "m2ts"],
        container: "mpegts",
        second: &["BDAV", "MPEG-TS"],
        video: STREAM_VIDEO,
        audio: &["ac3", "eac3", "dts", "truehd", "mp2", "aac", "pcm_bluray"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["ogv"],
        container: "ogg",
        second: &["Ogg"],
        video: &["theora"],
        audio: OGG_SOUND,
        ..LOSSY
    },
    Target { formats: &["gif"], container: "gif", second: &["GIF"], video: &["gif"], ..LOSSY },
    Target {
        formats: &["swf"],
        container: "swf",
        second: &["ShockWave"],
        video: &["flv1", "vp6f", "vp6a", "mjpeg"],
        audio: &["mp3"],
        tells_length: false,
        ..LOSSY
    },
    Target { formats: &["mp3"], container: "mp3", second: &["MPEG Audio"], audio: &["mp3"], ..LOSSY },
    Target {
        formats: &["aac"],
        container: "aac",
        second: &["ADTS"],
        audio: &["aac"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["mp2"],
        container: "mp3",
        second: &["MPEG Audio"],
        audio: &["mp2"],
        tells_length: false,
        ..LOSSY
    },
    Target { formats: &["mka"], container: "matroska", second: &["Matroska"], audio: ANY, ..LOSSY },
    Target {
        formats: &["tta"],
        container: "tta",
        // Samples that look like the start of a frame mislead mediainfo.
        second: &["TTA", "MPEG Audio"],
        audio: &["tta"],
        exact_bits: 24,
        ..LOSSY
    },
    Target { formats: &["ogg"], container: "ogg", second: &["Ogg"], audio: OGG_SOUND, ..LOSSY },
    Target { formats: &["oga"], container: "ogg", second: &["Ogg"], audio: OGG_SOUND, ..LOSSY },
    Target { formats: &["opus"], container: "ogg", second: &["Ogg"], audio: &["opus"], ..LOSSY },
    Target { formats: &["spx"], container: "ogg", second: &["Ogg"], audio: &["speex"], ..LOSSY },
    Target {
        formats: &["m4a"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["M4A"],
        audio: &["aac", "alac"],
        ..LOSSY
    },
    Target {
        formats: &["m4b"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["M4B", "M4A"],
        audio: &["aac", "alac"],
        ..LOSSY
    },
    Target {
        formats: &["3ga"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["3gp*", "3g2*"],
        audio: &["aac", "amr_nb", "amr_wb"],
        ..LOSSY
    },
    Target { formats: &["wma"], container: "asf", second: &["Windows Media"], audio: WINDOWS_SOUND, ..LOSSY },
    Target {
        formats: &["amr"],
        container: "amr",
        second: &["AMR"],
        audio: &["amr_nb", "amr_wb"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["ac3"],
        container: "ac3",
        second: &["AC-3"],
        audio: &["ac3"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["dts"],
        container: "dts",
        second: &["DTS"],
        audio: &["dts"],
        tells_length: false,
        ..LOSSY
    },
    Target {
        formats: &["wav"],
        container: "wav",
        second: &["Wave", "RF64"],
        audio: WAVE,
        exact_bits: 32,
        ..LOSSY
    },
    Target {
        formats: &["flac"],
        container: "flac",
        second: &["FLAC"],
        audio: &["flac"],
        exact_bits: 24,
        ..LOSSY
    },
    Target {
        formats: &["alac"],
        container: ISO,
        second: &["MPEG-4"],
        brands: &["M4A"],
        audio: &["alac"],
        exact_bits: 24,
        ..LOSSY
    },
    Target { formats: &["aiff"], container: "aiff", second: &["AIFF"], audio: PCM, exact_bits: 32, ..LOSSY },
    Target { formats: &["au"], container: "au", second: &["AU"], audio: PCM, exact_bits: 32, ..LOSSY },
    Target {
        formats: &["caf"],
        container: "caf",
        second: &["CAF"],
        audio: &["pcm_*", "alac"],
        exact_bits: 32,
        ..LOSSY
    },
    Target {
        formats: &["wv"],
        container: "wv",
        second: &["WavPack", ""],
        audio: &["wavpack"],
        exact_bits: 32,
        ..LOSSY
    },
];

/// Finds what a target has to be; `None` for stills.
pub(super) fn of(format: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.formats.contains(&format))
}

/// True when `name` is in `list`, whose entries may end with a star.
pub(super) fn named(list: &[&str], name: &str) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *entry == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Suite;

    #[test]
    fn every_target_that_is_asked_for_is_known_once() {
        let asked = Suite::Video.outputs().iter().chain(Suite::Audio.outputs());
        for to in asked.filter(|to| !Suite::is_still(to)) {
            assert_eq!(TARGETS.iter().filter(|target| target.formats.contains(to)).count(), 1, "{to}");
        }
    }

    #[test]
    fn stars_stand_for_any_end() {
        assert!(named(&["pcm_*"], "pcm_s16le") && named(&["*"], "x") && !named(&["h264"], "h264x"));
    }
}
