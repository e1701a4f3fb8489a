//! Video and audio.

use super::{atom, id, named, padded, patched};

fn ftyp(major: &[u8; 4], compatible: &[u8]) -> Vec<u8> {
    atom(b"ftyp", &[major.as_slice(), &[0; 4], compatible].concat())
}

/// A movie with one track of this handler and codec.
fn movie(handler: &[u8; 4], codec: &[u8; 4]) -> Vec<u8> {
    let description = atom(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], atom(codec, &[0; 8]).as_slice()].concat());
    let table = atom(b"minf", &atom(b"stbl", &description));
    let kind = atom(b"hdlr", &[&[0; 8], handler.as_slice(), &[0; 12]].concat());
    atom(b"moov", &atom(b"trak", &atom(b"mdia", &[kind, table].concat())))
}

#[test]
fn brands_and_tracks_tell_iso_files_apart() {
    let file = |major, compatible: &[u8], handler, codec| {
        [ftyp(major, compatible), atom(b"free", &[0; 100]), movie(handler, codec)].concat()
    };
    assert_eq!(id(&file(b"isom", b"mp41", b"vide", b"avc1")), Some("mp4"));
    assert_eq!(named(&file(b"isom", b"mp41", b"vide", b"avc1"), "a.m4v"), (Some("m4v"), None));
    assert_eq!(named(&file(b"isom", b"mp41", b"vide", b"avc1"), "a.mov"), (Some("mp4"), Some("mov")));
    assert_eq!(id(&file(b"isom", b"mp41", b"soun", b"mp4a")), Some("m4a"));
    assert_eq!(named(&file(b"isom", b"mp41", b"soun", b"Opus"), "a.mp4"), (Some("mp4"), None));
    assert_eq!(id(&file(b"M4A ", b"", b"soun", b"mp4a")), Some("m4a"));
    assert_eq!(named(&file(b"M4A ", b"", b"soun", b"mp4a"), "a.m4b"), (Some("m4b"), None));
    assert_eq!(named(&file(b"M4A ", b"", b"soun", b"alac"), "a.m4a"), (Some("alac"), None));
    assert_eq!(id(&file(b"M4B ", b"", b"soun", b"mp4a")), Some("m4b"));
    assert_eq!(id(&file(b"3gp4", b"", b"vide", b"s263")), Some("3gp"));
    assert_eq!(id(&file(b"3gp4", b"", b"soun", b"samr")), Some("3ga"));
    assert_eq!(named(&file(b"3gp4", b"", b"soun", b"samr"), "a.3gp"), (Some("3gp"), None));
    assert_eq!(id(&file(b"qt  ", b"", b"soun", b"mp4a")), Some("mov"));
    assert_eq!(id(&ftyp(b"heic", b"mif1heic")), Some("heic"));
    assert_eq!(id(&ftyp(b"mif1", b"mif1heic")), Some("heic"));
    assert_eq!(id(&ftyp(b"mif1", b"avifmiaf")), Some("avif"));
    assert_eq!(id(&ftyp(b"avis", b"msf1")), Some("avif"));
    assert_eq!(id(&ftyp(b"crx ", b"isom")), Some("cr3"));
    assert_eq!(id(&ftyp(b"f4v ", b"isom")), Some("f4v"));
    assert_eq!(id(&[atom(b"wide", b""), atom(b"mdat", &[1; 40])].concat()), Some("mov"));
    assert_eq!(id(&[atom(b"styp", b"msdh"), atom(b"moof", &[1; 40])].concat()), Some("mp4"));
    let found = super::found(&file(b"isom", b"", b"vide", b"encv"));
    assert!(found.encrypted);
}

/// An element with a one-byte size.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &[0x80 | u8::try_from(body.len()).unwrap()], body].concat()
}

#[test]
fn ebml_document_types_and_tracks() {
    let file = |doc_type: &[u8], kinds: &[u8]| {
        let tracks: Vec<u8> =
            kinds.iter().flat_map(|kind| element(b"\xAE", &element(b"\x83", &[*kind]))).collect();
        let info = element(b"\x15\x49\xA9\x66", &[]);
        let segment = element(b"\x18\x53\x80\x67", &[info, element(b"\x16\x54\xAE\x6B", &tracks)].concat());
        [element(b"\x1A\x45\xDF\xA3", &element(b"\x42\x82", doc_type)), segment].concat()
    };
    assert_eq!(id(&file(b"webm", &[1, 2])), Some("webm"));
    assert_eq!(id(&file(b"matroska", &[1, 2])), Some("mkv"));
    assert_eq!(id(&file(b"matroska", &[2])), Some("mka"));
    assert_eq!(named(&file(b"matroska", &[2]), "a.mkv"), (Some("mkv"), None));
    assert_eq!(named(&file(b"matroska", &[1]), "a.mka"), (Some("mkv"), Some("mka")));
    assert_eq!(id(&file(b"matroska", &[])), Some("mkv"));
    // A segment of unknown size, as live streams have.
    let live =
        [element(b"\x1A\x45\xDF\xA3", &element(b"\x42\x82", b"matroska")), b"\x18\x53\x80\x67\xFF".to_vec()];
    assert_eq!(id(&live.concat()), Some("mkv"));
}

#[test]
fn riff_forms_and_codecs() {
    assert_eq!(id(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"), Some("wav"));
    assert_eq!(id(b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0"), Some("wav"));
    assert_eq!(id(b"RIFF\x24\0\0\0WEBPVP8 \x10\0\0\0"), Some("webp"));
    assert_eq!(id(b"RIFF\x24\0\0\0RMIDdata\x10\0\0\0"), Some("mid"));
    assert_eq!(id(b"FORM\0\0\0\x24AIFFCOMM\0\0\0\x12"), Some("aiff"));
    let avi = |codec: &[u8; 4]| {
        let header = [b"strh\x10\0\0\0vids".as_slice(), codec, &[0; 8]].concat();
        let format = [b"strf\x28\0\0\0\x28\0\0\0".as_slice(), &[0; 12], codec, &[0; 20]].concat();
        [
            b"RIFF\0\x10\0\0AVI LIST\xFF\0\0\0hdrlavih\x04\0\0\0\0\0\0\0LIST\xFF\0\0\0strl".as_slice(),
            &header,
            &format,
        ]
        .concat()
    };
    assert_eq!(id(&avi(b"MJPG")), Some("avi"));
    assert_eq!(id(&avi(b"XVID")), Some("xvid"));
    assert_eq!(id(&avi(b"dx50")), Some("divx"));
    assert_eq!(named(&avi(b"XVID"), "a.avi"), (Some("avi"), None));
    assert_eq!(named(&avi(b"MJPG"), "a.divx"), (Some("avi"), Some("divx")));
}

/// The first page of an Ogg stream.
fn ogg(packet: &[u8]) -> Vec<u8> {
    let length = u8::try_from(packet.len()).unwrap();
    [b"OggS\0\x02".as_slice(), &[0; 20], &[1, length], packet].concat()
}

#[test]
fn ogg_codecs() {
    assert_eq!(id(&ogg(b"\x01vorbis")), Some("ogg"));
    assert_eq!(id(&ogg(b"OpusHead")), Some("opus"));
    assert_eq!(named(&ogg(b"OpusHead"), "a.ogg"), (Some("ogg"), None));
    assert_eq!(id(&ogg(b"Speex   ")), Some("spx"));
    assert_eq!(id(&ogg(b"\x7FFLAC")), Some("oga"));
    assert_eq!(id(&[ogg(b"\x01vorbis"), ogg(b"\x80theora")].concat()), Some("ogv"));
    assert_eq!(id(&[ogg(b"fishead\0"), ogg(b"\x80theora")].concat()), Some("ogv"));
}

#[test]
fn asf_streams() {
    const STREAM: &[u8] = b"\x91\x07\xDC\xB7\xB7\xA9\xCF\x11\x8E\xE6\x00\xC0\x0C\x20\x53\x65";
    const AUDIO: &[u8] = b"\x40\x9E\x69\xF8\x4D\x5B\xCF\x11\xA8\xFD\x00\x80\x5F\x5C\x44\x2B";
    const VIDEO: &[u8] = b"\xC0\xEF\x19\xBC\x4D\x5B\xCF\x11\xA8\xFD\x00\x80\x5F\x5C\x44\x2B";
    const HEADER: &[u8] = b"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9\x00\xAA\x00\x62\xCE\x6C";
    let file = |kind: &[u8], codec: &[u8]| {
        let pieces: &[(usize, &[u8])] =
            &[(0, HEADER), (16, &[0, 1]), (30, STREAM), (46, &[130]), (54, kind), (135, codec)];
        patched(300, pieces)
    };
    assert_eq!(id(&file(VIDEO, b"WMV2")), Some("wmv"));
    assert_eq!(id(&file(VIDEO, b"MP43")), Some("asf"));
    assert_eq!(named(&file(VIDEO, b"WMV2"), "a.asf"), (Some("asf"), None));
    assert_eq!(id(&file(AUDIO, b"")), Some("wma"));
    assert_eq!(named(&file(AUDIO, b""), "a.wmv"), (Some("wma"), Some("wmv")));
}

#[test]
fn transport_streams_by_packet_size() {
    let packets = |size: usize, first: usize, count: usize| {
        let mut bytes = vec![0xFF; first + size * count];
        for index in 0..count {
            bytes[first + size * index] = 0x47;
        }
        bytes
    };
    assert_eq!(id(&packets(188, 0, 10)), Some("ts"));
    assert_eq!(named(&packets(188, 0, 10), "a.mts"), (Some("mts"), None));
    assert_eq!(id(&packets(192, 4, 10)), Some("m2ts"));
    assert_eq!(id(&packets(188, 100, 10)), Some("ts"));
    assert_eq!(id(&packets(204, 0, 10)), Some("ts"));
    assert_eq!(id(&packets(188, 0, 1)), None);
    assert_eq!(id(b"Good morning.\nGood night.\n"), Some("txt"));
}

#[test]
fn program_streams() {
    let pack = b"\0\0\x01\xBA\x44\0\x04\0\x04\x01\x43\x38\xDB\xF8";
    assert_eq!(id(&padded(pack, 100)), Some("mpeg"));
    assert_eq!(named(&padded(pack, 100), "a.vob"), (Some("vob"), None));
    let dvd = [pack.as_slice(), b"\0\0\x01\xBB\0\x02\x80\0\0\0\x01\xBF\x03\xD4"].concat();
    assert_eq!(id(&dvd), Some("vob"));
    assert_eq!(id(b"\0\0\x01\xBA\x21\0\x01\0\x01\xA1\x9B\x1D"), Some("mpeg"));
    assert_eq!(id(b"\0\0\x01\xB3\x0A\0\x78\x19\xFF\xFF"), Some("mpeg"));
}

/// `count` frames of 417 bytes: MPEG-1 layer III, 128 kbit/s, 44.1 kHz.
fn mp3(count: usize) -> Vec<u8> {
    padded(b"\xFF\xFB\x90\x00", 417).repeat(count)
}

#[test]
fn mpeg_audio_alone_tagged_and_behind_junk() {
    assert_eq!(id(&mp3(4)), Some("mp3"));
    assert_eq!(id(&[b"ID3\x04\0\0\0\0\x01\0".as_slice(), &[0; 128], &mp3(4)].concat()), Some("mp3"));
    assert_eq!(
        id(&[b"ID3\x03\0\0\0\0\0\x0A".as_slice(), &[7; 10], b"fLaC\0\0\0\x22"].concat()),
        Some("flac")
    );
    assert_eq!(id(&padded(b"ID3\x04\0\0\0\0\x01\0", 600)), Some("mp3"));
    let junk = [0xDE, 0xAD, 0xBE, 0xEF].repeat(50_000);
    assert_eq!(id(&[junk.as_slice(), &mp3(20)].concat()), Some("mp3"));
    assert_eq!(named(&[junk.as_slice(), &mp3(20)].concat(), "a.ppt"), (None, None));
    // Layer II, 192 kbit/s, 48 kHz: 576 bytes.
    assert_eq!(id(&padded(b"\xFF\xFD\xA4\x00", 576).repeat(4)), Some("mp2"));
    // One frame, cut short, with the encoder's tag.
    let lone = patched(60, &[(0, b"\xFF\xFB\x90\x00"), (36, b"Xing")]);
    assert_eq!(id(&lone), Some("mp3"));
    assert_eq!(id(b"ID3 is a kind of tag.\n"), Some("txt"));
}

#[test]
fn other_frames() {
    // ADTS: 100 bytes a frame; AC-3: 48 kHz, 32 kbit/s, 128 bytes; E-AC-3: 64 words.
    assert_eq!(id(&padded(b"\xFF\xF1\x50\x80\x0C\x80\x00", 100).repeat(5)), Some("aac"));
    assert_eq!(id(&padded(b"\x0B\x77\x00\x00\x00\x40", 128).repeat(3)), Some("ac3"));
    assert_eq!(id(&padded(b"\x0B\x77\x00\x3F\x00\x80", 128).repeat(3)), Some("ac3"));
    assert_eq!(id(&padded(b"\x7F\xFE\x80\x01\xFC", 100)), Some("dts"));
    assert_eq!(id(&padded(b"DTSHDHDR", 100)), Some("dts"));
    assert_eq!(id(b"#!AMR\n\x3C"), Some("amr"));
    assert_eq!(id(b"#!AMR-WB\n\x3C"), Some("amr"));
    assert_eq!(id(b"#!AMRITSAR\n"), Some("txt"));
    assert_eq!(id(&padded(b"wvpk\0\x10\0\0\x10\x04", 40)), Some("wv"));
    assert_eq!(id(&padded(b".snd\0\0\0\x18\0\0\0\0\0\0\0\x01", 40)), Some("au"));
    assert_eq!(id(&padded(b"caff\0\x01\0\0desc", 40)), Some("caf"));
    assert_eq!(id(&padded(b"MAC \x96\x0F\0\0", 40)), Some("ape"));
    assert_eq!(id(b"MAC addresses have six bytes.\n"), Some("txt"));
    assert_eq!(id(&padded(b"FWS\x08\x40\0\0\0\x78", 64)), Some("swf"));
    assert_eq!(id(&padded(b"FLV\x01\x05\0\0\0\x09", 64)), Some("flv"));
}
