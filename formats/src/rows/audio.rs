//! Sound.

use crate::Compression::{Either, Lossless};
use crate::Feature::{Chapters, Cover, Metadata, Quality, Subtitles, Tracks};
use crate::{Format, Signature};

pub(super) const TABLE: &[Format] = &[
    Format {
        id: "3ga",
        name: "3GPP audio",
        extensions: &["3ga"],
        mime: &["audio/3gpp", "audio/3ga"],
        container: Some("3gp"),
        holds: &[Metadata],
        specification: "3GPP TS 26.244, https://www.3gpp.org/dynareport/26244.htm",
        ..Format::AUDIO
    },
    Format {
        id: "aac",
        name: "AAC in ADTS frames (or ADIF)",
        extensions: &["aac", "adts", "adt"],
        mime: &["audio/aac", "audio/x-aac", "audio/aacp"],
        signatures: &[Signature::start(b"ADIF")],
        holds: &[Metadata],
        specification: "ISO/IEC 13818-7 and 14496-3",
        ..Format::AUDIO
    },
    Format {
        id: "ac3",
        name: "Dolby Digital (AC-3, E-AC-3)",
        extensions: &["ac3", "eac3", "ec3"],
        aliases: &["a52"],
        mime: &["audio/ac3", "audio/eac3"],
        specification: "ETSI TS 102 366, https://www.etsi.org",
        ..Format::AUDIO
    },
    Format {
        id: "aiff",
        name: "Audio Interchange File Format",
        extensions: &["aiff", "aif", "aifc"],
        mime: &["audio/aiff", "audio/x-aiff"],
        signatures: &[Signature::at(8, b"AIFFCOMM"), Signature::at(8, b"AIFCFVER")],
        compression: Lossless,
        holds: &[Metadata, Cover, Quality],
        specification: "Apple, Audio Interchange File Format AIFF-C, 1991",
        ..Format::AUDIO
    },
    Format {
        id: "alac",
        name: "Apple Lossless in MPEG-4",
        extensions: &["m4a", "alac"],
        mime: &["audio/mp4", "audio/x-m4a"],
        container: Some("mp4"),
        compression: Lossless,
        holds: &[Metadata, Cover, Chapters, Quality],
        specification: "Apple Lossless Audio Codec, https://github.com/macosforge/alac",
        ..Format::AUDIO
    },
    Format {
        id: "amr",
        name: "Adaptive Multi-Rate speech",
        extensions: &["amr", "awb"],
        aliases: &["amr-nb", "amr-wb"],
        mime: &["audio/amr", "audio/amr-wb"],
        signatures: &[Signature::start(b"#!AMR")],
        specification: "RFC 4867, https://www.rfc-editor.org/rfc/rfc4867",
        ..Format::AUDIO
    },
    Format {
        id: "ape",
        name: "Monkey's Audio",
        extensions: &["ape"],
        mime: &["audio/x-ape", "audio/ape"],
        signatures: &[Signature::start(b"MAC ")],
        compression: Lossless,
        holds: &[Metadata, Cover, Quality],
        specification: "Monkey's Audio SDK, https://www.monkeysaudio.com",
        ..Format::AUDIO
    },
    Format {
        id: "au",
        name: "Sun/NeXT audio",
        extensions: &["au", "snd"],
        mime: &["audio/basic", "audio/x-au"],
        signatures: &[Signature::start(b".snd\x00\x00\x00")],
        compression: Lossless,
        holds: &[Quality],
        specification: "Sun audio file format; RFC 2046 section 4.3 (audio/basic)",
        ..Format::AUDIO
    },
    Format {
        id: "caf",
        name: "Core Audio Format",
        extensions: &["caf"],
        mime: &["audio/x-caf"],
        signatures: &[Signature::start(b"caff\x00\x01")],
        compression: Either,
        holds: &[Metadata, Quality],
        specification: "Apple Core Audio Format Specification 1.0",
        ..Format::AUDIO
    },
    Format {
        id: "dsf",
        name: "DSD stream file",
        extensions: &["dsf"],
        mime: &["audio/x-dsf"],
        signatures: &[Signature::start(b"DSD \x1C\x00\x00\x00\x00\x00\x00\x00")],
        compression: Lossless,
        holds: &[Metadata, Quality],
        specification: "Sony, DSF File Format Specification 1.01",
        ..Format::AUDIO
    },
    Format {
        id: "dts",
        name: "DTS coherent acoustics",
        extensions: &["dts", "dtshd", "dtsma"],
        aliases: &["dca", "dts-hd"],
        mime: &["audio/vnd.dts", "audio/vnd.dts.hd"],
        signatures: &[Signature::start(b"DTSHDHDR"), Signature::start(b"\x7F\xFE\x80\x01")],
        compression: Either,
        holds: &[Quality],
        specification: "ETSI TS 102 114, https://www.etsi.org",
        ..Format::AUDIO
    },
    Format {
        id: "flac",
        name: "Free Lossless Audio Codec",
        extensions: &["flac", "fla"],
        mime: &["audio/flac", "audio/x-flac"],
        signatures: &[Signature::start(b"fLaC")],
        compression: Lossless,
        holds: &[Metadata, Cover, Chapters, Quality],
        specification: "RFC 9639, https://www.rfc-editor.org/rfc/rfc9639",
        ..Format::AUDIO
    },
    Format {
        id: "m4a",
        name: "MPEG-4 audio",
        extensions: &["m4a", "m4p", "m4r"],
        mime: &["audio/mp4", "audio/x-m4a"],
        signatures: &[Signature::at(4, b"ftypM4A ")],
        container: Some("mp4"),
        compression: Either,
        holds: &[Metadata, Cover, Chapters],
        specification: "ISO/IEC 14496-14 with the brand M4A",
        ..Format::AUDIO
    },
    Format {
        id: "m4b",
        name: "MPEG-4 audiobook",
        extensions: &["m4b"],
        mime: &["audio/mp4", "audio/x-m4b"],
        signatures: &[Signature::at(4, b"ftypM4B ")],
        container: Some("mp4"),
        holds: &[Metadata, Cover, Chapters],
        specification: "ISO/IEC 14496-14 with the brand M4B",
        ..Format::AUDIO
    },
    Format {
        id: "mid",
        name: "Standard MIDI file",
        extensions: &["mid", "midi", "kar", "rmi", "smf"],
        mime: &["audio/midi", "audio/x-midi"],
        signatures: &[Signature::start(b"MThd\x00\x00\x00\x06")],
        compression: Lossless,
        holds: &[Metadata, Tracks, Subtitles, Chapters, Quality],
        specification: "MIDI Association RP-001, Standard MIDI Files 1.0, https://midi.org",
        ..Format::AUDIO
    },
    Format {
        id: "mka",
        name: "Matroska audio",
        extensions: &["mka"],
        mime: &["audio/matroska", "audio/x-matroska"],
        container: Some("mkv"),
        compression: Either,
        holds: &[Metadata, Cover, Chapters, Tracks, Quality],
        specification: "RFC 9559 (Matroska), https://www.rfc-editor.org/rfc/rfc9559",
        ..Format::AUDIO
    },
    Format {
        id: "mp2",
        name: "MPEG audio layer II",
        extensions: &["mp2", "mpa", "m2a", "mp1"],
        mime: &["audio/mpeg", "audio/mp2"],
        holds: &[Metadata],
        specification: "ISO/IEC 11172-3 and 13818-3",
        ..Format::AUDIO
    },
    Format {
        id: "mp3",
        name: "MPEG audio layer III",
        extensions: &["mp3"],
        aliases: &["mpga"],
        mime: &["audio/mpeg", "audio/mp3", "audio/x-mp3"],
        holds: &[Metadata, Cover, Chapters],
        specification: "ISO/IEC 11172-3 and 13818-3; tags by https://id3.org",
        ..Format::AUDIO
    },
    Format {
        id: "oga",
        name: "Ogg audio",
        extensions: &["oga"],
        mime: &["audio/ogg"],
        container: Some("ogg"),
        compression: Either,
        holds: &[Metadata, Cover, Chapters, Quality],
        specification: "RFC 3533 and RFC 5334, https://www.rfc-editor.org/rfc/rfc5334",
        ..Format::AUDIO
    },
    Format {
        id: "ogg",
        name: "Ogg Vorbis",
        extensions: &["ogg"],
        aliases: &["vorbis"],
        mime: &["audio/ogg", "application/ogg"],
        signatures: &[Signature::start(b"OggS\x00")],
        holds: &[Metadata, Cover, Chapters],
        specification: "RFC 3533; Vorbis I specification, https://xiph.org/vorbis/doc/",
        ..Format::AUDIO
    },
    Format {
        id: "opus",
        name: "Ogg Opus",
        extensions: &["opus"],
        mime: &["audio/ogg", "audio/opus"],
        container: Some("ogg"),
        holds: &[Metadata, Cover, Chapters],
        specification: "RFC 7845, https://www.rfc-editor.org/rfc/rfc7845",
        ..Format::AUDIO
    },
    Format {
        id: "ra",
        name: "RealAudio",
        extensions: &["ra", "ram"],
        aliases: &["realaudio"],
        mime: &["audio/vnd.rn-realaudio", "audio/x-pn-realaudio"],
        signatures: &[Signature::start(b".ra\xFD\x00")],
        holds: &[Metadata],
        specification: "RealAudio, described in Helix DNA client documentation",
        ..Format::AUDIO
    },
    Format {
        id: "spx",
        name: "Ogg Speex",
        extensions: &["spx"],
        aliases: &["speex"],
        mime: &["audio/ogg", "audio/speex"],
        container: Some("ogg"),
        holds: &[Metadata],
        specification: "The Speex Codec Manual, https://www.speex.org/docs/",
        ..Format::AUDIO
    },
    Format {
        id: "tta",
        name: "True Audio",
        extensions: &["tta"],
        mime: &["audio/x-tta"],
        signatures: &[Signature::start(b"TTA1\x01\x00"), Signature::start(b"TTA2")],
        compression: Lossless,
        holds: &[Metadata, Cover, Quality],
        specification: "True Audio codec format description",
        ..Format::AUDIO
    },
    Format {
        id: "wav",
        name: "Waveform audio",
        extensions: &["wav", "wave", "rf64", "bw64", "bwf"],
        mime: &["audio/wav", "audio/x-wav", "audio/vnd.wave", "audio/wave"],
        signatures: &[Signature::at(8, b"WAVEfmt "), Signature::at(8, b"WAVEds64")],
        compression: Lossless,
        holds: &[Metadata, Quality],
        specification: "Microsoft/IBM Multimedia Programming Interface 1.0; EBU Tech 3285 and 3306; ITU-R BS.2088",
        ..Format::AUDIO
    },
    Format {
        id: "wma",
        name: "Windows Media Audio",
        extensions: &["wma"],
        mime: &["audio/x-ms-wma"],
        container: Some("asf"),
        compression: Either,
        holds: &[Metadata, Cover, Chapters],
        specification: "Microsoft, Advanced Systems Format (ASF) Specification 01.20.05",
        ..Format::AUDIO
    },
    Format {
        id: "wv",
        name: "WavPack",
        extensions: &["wv"],
        aliases: &["wavpack"],
        mime: &["audio/x-wavpack", "audio/wavpack"],
        signatures: &[Signature::start(b"wvpk")],
        compression: Either,
        holds: &[Metadata, Cover, Quality],
        specification: "WavPack 4 & 5 Binary File Format, https://www.wavpack.com",
        ..Format::AUDIO
    },
];
