//! Moving pictures, usually with sound.

use crate::Compression::{Either, Lossless};
use crate::Feature::{
    Alpha, Animation, BitDepth, Chapters, Colours, Cover, Fonts, Metadata, Subtitles, Tracks,
};
use crate::Feature::{Quality, Text, Vector};
use crate::{Format, Signature};

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "3gp",
        name: "3GPP multimedia",
        extensions: &["3gp", "3gpp", "3g2", "3gpp2"],
        aliases: &["3gp2"],
        mime: &["video/3gpp", "video/3gpp2", "audio/3gpp", "audio/3gpp2"],
        signatures: &[Signature::at(4, b"ftyp3gp"), Signature::at(4, b"ftyp3g2")],
        container: Some("mp4"),
        holds: &[Animation, Colours, Tracks, Subtitles, Metadata],
        specification: "3GPP TS 26.244, https://www.3gpp.org/dynareport/26244.htm",
        ..Format::VIDEO
    },
    Format {
        id: "asf",
        name: "Advanced Systems Format",
        extensions: &["asf"],
        mime: &["video/x-ms-asf", "application/vnd.ms-asf"],
        signatures: &[Signature::start(b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C")],
        holds: &[Animation, Colours, Tracks, Chapters, Metadata, Cover],
        specification: "Microsoft, Advanced Systems Format (ASF) Specification 01.20.05",
        ..Format::VIDEO
    },
    Format {
        id: "avi",
        name: "Audio Video Interleave",
        extensions: &["avi"],
        mime: &["video/x-msvideo", "video/avi", "video/vnd.avi", "video/msvideo"],
        signatures: &[Signature::at(8, b"AVI LIST")],
        compression: Either,
        holds: &[Animation, Colours, Alpha, Tracks, Metadata, Quality],
        specification: "Microsoft AVI RIFF File Reference, https://learn.microsoft.com/windows/win32/directshow/avi-riff-file-reference",
        ..Format::VIDEO
    },
    Format {
        id: "divx",
        name: "DivX video in AVI",
        extensions: &["divx", "div"],
        mime: &["video/divx", "video/vnd.divx"],
        container: Some("avi"),
        holds: &[Animation, Colours, Tracks, Metadata],
        specification: "ISO/IEC 14496-2 (MPEG-4 Visual) in AVI, FourCC DIVX, DX50 or DIV3",
        ..Format::VIDEO
    },
    Format {
        id: "dv",
        name: "Digital Video stream",
        extensions: &["dv", "dif"],
        mime: &["video/x-dv", "video/dv"],
        holds: &[Animation, Colours, Tracks],
        specification: "IEC 61834-2; SMPTE 314M, 370M",
        ..Format::VIDEO
    },
    Format {
        id: "f4v",
        name: "Flash MP4 video",
        extensions: &["f4v", "f4p"],
        mime: &["video/x-f4v", "video/mp4"],
        signatures: &[Signature::at(4, b"ftypf4v ")],
        container: Some("mp4"),
        holds: &[Animation, Colours, Tracks, Metadata],
        specification: "Adobe Flash Video File Format Specification 10.1, part F4V",
        ..Format::VIDEO
    },
    Format {
        id: "ffconcat",
        name: "FFmpeg concatenation script",
        extensions: &["ffconcat"],
        mime: &["text/x-ffconcat"],
        signatures: &[Signature::start(b"ffconcat version")],
        compression: Lossless,
        specification: "FFmpeg concat demuxer, https://ffmpeg.org/ffmpeg-formats.html#concat",
        ..Format::VIDEO
    },
    Format {
        id: "flv",
        name: "Flash Video",
        extensions: &["flv"],
        mime: &["video/x-flv"],
        signatures: &[Signature::start(b"FLV\x01")],
        holds: &[Animation, Colours, Tracks, Metadata],
        specification: "Adobe Flash Video File Format Specification 10.1, part FLV",
        ..Format::VIDEO
    },
    Format {
        id: "m2ts",
        name: "Blu-ray transport stream (192 byte packets)",
        extensions: &["m2ts", "m2t"],
        aliases: &["bdav"],
        mime: &["video/mp2t", "video/vnd.dlna.mpeg-tts"],
        container: Some("ts"),
        holds: &[Animation, Colours, BitDepth, Tracks, Subtitles],
        specification: "ISO/IEC 13818-1 with the 4 byte TP_extra_header of BDAV",
        ..Format::VIDEO
    },
    Format {
        id: "m3u8",
        name: "HTTP Live Streaming playlist",
        extensions: &["m3u8", "m3u"],
        aliases: &["hls"],
        mime: &["application/vnd.apple.mpegurl", "audio/mpegurl"],
        signatures: &[Signature::start(b"#EXTM3U")],
        compression: Lossless,
        specification: "RFC 8216, https://www.rfc-editor.org/rfc/rfc8216",
        ..Format::VIDEO
    },
    Format {
        id: "m4v",
        name: "MPEG-4 video (Apple)",
        extensions: &["m4v"],
        mime: &["video/x-m4v", "video/mp4"],
        signatures: &[Signature::at(4, b"ftypM4V")],
        container: Some("mp4"),
        holds: &[Animation, Colours, BitDepth, Tracks, Subtitles, Chapters, Metadata],
        specification: "ISO/IEC 14496-14 with the brand M4V",
        ..Format::VIDEO
    },
    Format {
        id: "mkv",
        name: "Matroska video",
        extensions: &["mkv", "mk3d", "mks"],
        aliases: &["matroska"],
        mime: &["video/matroska", "video/x-matroska"],
        signatures: &[Signature::start(b"\x1A\x45\xDF\xA3")],
        compression: Either,
        holds: &[
            Animation, Colours, Alpha, BitDepth, Tracks, Subtitles, Chapters, Metadata, Cover, Fonts, Quality,
        ],
        specification: "RFC 9559 (Matroska) and RFC 8794 (EBML), https://www.rfc-editor.org/rfc/rfc9559",
        ..Format::VIDEO
    },
    Format {
        id: "mov",
        name: "QuickTime movie",
        extensions: &["mov", "qt"],
        aliases: &["quicktime"],
        mime: &["video/quicktime"],
        signatures: &[Signature::at(4, b"ftypqt  ")],
        compression: Either,
        holds: &[Animation, Colours, Alpha, BitDepth, Tracks, Subtitles, Chapters, Metadata, Cover, Quality],
        specification: "Apple QuickTime File Format, https://developer.apple.com/documentation/quicktime-file-format",
        ..Format::VIDEO
    },
    Format {
        id: "mp4",
        name: "MPEG-4 file",
        extensions: &["mp4", "mpg4", "mp4v"],
        aliases: &["mpeg4", "mpeg-4"],
        mime: &["video/mp4", "audio/mp4", "application/mp4"],
        signatures: &[
            Signature::at(4, b"ftypisom"),
            Signature::at(4, b"ftypiso2"),
            Signature::at(4, b"ftypmp41"),
            Signature::at(4, b"ftypmp42"),
            Signature::at(4, b"ftypavc1"),
        ],
        holds: &[Animation, Colours, BitDepth, Tracks, Subtitles, Chapters, Metadata, Cover],
        specification: "ISO/IEC 14496-12 and 14496-14",
        ..Format::VIDEO
    },
    Format {
        id: "mpeg",
        name: "MPEG program stream",
        extensions: &["mpeg", "mpg", "mpe", "m1v", "m2v", "mpv", "m2p"],
        aliases: &["mpeg1", "mpeg2"],
        mime: &["video/mpeg", "video/mp2p"],
        signatures: &[Signature::start(b"\x00\x00\x01\xBA"), Signature::start(b"\x00\x00\x01\xB3")],
        holds: &[Animation, Colours, Tracks],
        specification: "ISO/IEC 11172-1 and 13818-1",
        ..Format::VIDEO
    },
    Format {
        id: "mts",
        name: "AVCHD transport stream",
        extensions: &["mts"],
        aliases: &["avchd"],
        mime: &["video/mp2t"],
        container: Some("ts"),
        holds: &[Animation, Colours, Tracks, Subtitles],
        specification: "AVCHD format specification over ISO/IEC 13818-1",
        ..Format::VIDEO
    },
    Format {
        id: "mxf",
        name: "Material Exchange Format",
        extensions: &["mxf"],
        mime: &["application/mxf"],
        signatures: &[Signature::start(b"\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02\x01\x01\x02")],
        compression: Either,
        holds: &[Animation, Colours, Alpha, BitDepth, Tracks, Metadata, Quality],
        specification: "SMPTE ST 377-1",
        ..Format::VIDEO
    },
    Format {
        id: "ogv",
        name: "Ogg video",
        extensions: &["ogv", "ogm", "ogx"],
        mime: &["video/ogg", "application/ogg"],
        container: Some("ogg"),
        holds: &[Animation, Colours, Tracks, Subtitles, Chapters, Metadata],
        specification: "RFC 3533 with Theora, https://www.theora.org/doc/Theora.pdf",
        ..Format::VIDEO
    },
    Format {
        id: "rm",
        name: "RealMedia",
        extensions: &["rm", "rmvb", "rv"],
        aliases: &["realmedia"],
        mime: &["application/vnd.rn-realmedia", "video/vnd.rn-realvideo"],
        signatures: &[Signature::start(b".RMF\x00\x00\x00")],
        holds: &[Animation, Colours, Tracks, Metadata],
        specification: "RealMedia File Format, Helix DNA client documentation",
        ..Format::VIDEO
    },
    Format {
        id: "swf",
        name: "Flash movie",
        extensions: &["swf"],
        aliases: &["flash"],
        mime: &["application/vnd.adobe.flash.movie", "application/x-shockwave-flash"],
        signatures: &[Signature::start(b"FWS"), Signature::start(b"CWS"), Signature::start(b"ZWS")],
        holds: &[Animation, Colours, Alpha, Vector, Text, Tracks, Fonts],
        specification: "Adobe SWF File Format Specification 19",
        ..Format::VIDEO
    },
    Format {
        id: "ts",
        name: "MPEG transport stream",
        extensions: &["ts", "tp", "trp"],
        aliases: &["mpegts", "mpeg-ts"],
        mime: &["video/mp2t"],
        holds: &[Animation, Colours, BitDepth, Tracks, Subtitles],
        specification: "ITU-T H.222.0 | ISO/IEC 13818-1, https://www.itu.int/rec/T-REC-H.222.0",
        ..Format::VIDEO
    },
    Format {
        id: "vob",
        name: "DVD video object",
        extensions: &["vob"],
        mime: &["video/mpeg", "video/dvd", "video/x-ms-vob"],
        container: Some("mpeg"),
        holds: &[Animation, Colours, Tracks, Subtitles],
        specification: "DVD-Video over ISO/IEC 13818-1 program streams",
        ..Format::VIDEO
    },
    Format {
        id: "webm",
        name: "WebM",
        extensions: &["webm"],
        mime: &["video/webm", "audio/webm"],
        container: Some("mkv"),
        holds: &[Animation, Colours, Alpha, BitDepth, Tracks, Subtitles, Chapters, Metadata],
        specification: "WebM Container Guidelines, https://www.webmproject.org/docs/container/",
        ..Format::VIDEO
    },
    Format {
        id: "wmv",
        name: "Windows Media Video",
        extensions: &["wmv", "wm"],
        mime: &["video/x-ms-wmv"],
        container: Some("asf"),
        holds: &[Animation, Colours, Tracks, Chapters, Metadata, Cover],
        specification: "Microsoft, Advanced Systems Format (ASF) Specification 01.20.05; SMPTE ST 421 (VC-1)",
        ..Format::VIDEO
    },
    Format {
        id: "xvid",
        name: "Xvid video in AVI",
        extensions: &["xvid"],
        mime: &["video/x-xvid", "video/x-msvideo"],
        container: Some("avi"),
        holds: &[Animation, Colours, Tracks, Metadata],
        specification: "ISO/IEC 14496-2 (MPEG-4 Visual) in AVI, FourCC XVID",
        ..Format::VIDEO
    },
    Format {
        id: "y4m",
        name: "YUV4MPEG2 raw video",
        extensions: &["y4m"],
        aliases: &["yuv4mpeg"],
        mime: &["video/x-yuv4mpeg"],
        signatures: &[Signature::start(b"YUV4MPEG2 ")],
        compression: Lossless,
        holds: &[Animation, Colours, BitDepth, Quality],
        specification: "yuv4mpeg(5) of the MJPEG tools",
        ..Format::VIDEO
    },
];
