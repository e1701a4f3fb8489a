//! Files that name other files and hosts: what a reader of media must not follow.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::{Result, made};

/// A file that would have its reader open something else.
#[derive(Clone, Debug)]
pub struct Lure {
    /// Where it is.
    pub path: PathBuf,
    /// The name its format usually has.
    pub extension: &'static str,
}

/// Name of the file that lures name; no call may open it. The ending is one that readers of playlists follow.
pub const SECRET: &str = "secret-samples.m4s";

/// Writes every lure into `folder`, beside the file they name. Addresses are those of `host`, who hears of it.
pub fn write(folder: &Path, host: SocketAddr) -> Result<Vec<Lure>> {
    let secret = folder.join(SECRET);
    fs::write(&secret, made::wav(8_000))?;
    let (file, url) = (secret.display().to_string(), format!("http://{host}/clip.ts"));
    let lures: [(&str, &str, Vec<u8>); 9] = [
        ("hls-file", "m3u8", hls(&file).into()),
        ("hls-url", "m3u8", hls(&url).into()),
        ("hls-proto", "m3u8", hls(&format!("file:{file}")).into()),
        ("dash-file", "mpd", dash(&format!("file://{file}")).into()),
        ("dash-url", "mpd", dash(&url).into()),
        ("list-file", "ffconcat", format!("ffconcat version 1.0\nfile '{file}'\nduration 1\n").into()),
        ("list-near", "ffconcat", format!("ffconcat version 1.0\nfile {SECRET}\nduration 1\n").into()),
        ("session", "sdp", sdp(host).into()),
        ("reference", "mov", movie_elsewhere(&file)),
    ];
    let put = |(name, extension, bytes): (&str, &'static str, Vec<u8>)| {
        let path = folder.join(format!("{name}.{extension}"));
        fs::write(&path, bytes)?;
        Ok(Lure { path, extension })
    };
    lures.into_iter().map(put).collect()
}

/// RFC 8216: a playlist of one segment.
fn hls(segment: &str) -> String {
    format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{segment}\n#EXT-X-ENDLIST\n")
}

/// ISO/IEC 23009-1: a presentation of one representation with a base address.
fn dash(base: &str) -> String {
    format!(
        r#"<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" minBufferTime="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="audio/mp4">
<Representation id="1" bandwidth="64000" codecs="mp4a.40.2"><BaseURL>{base}</BaseURL></Representation>
</AdaptationSet></Period></MPD>
"#
    )
}

/// RFC 8866: a session that is received over RTP.
fn sdp(host: SocketAddr) -> String {
    let (ip, port) = (host.ip(), host.port());
    format!("v=0\no=- 0 0 IN IP4 {ip}\ns=x\nc=IN IP4 {ip}\nt=0 0\nm=audio {port} RTP/AVP 0\n")
}

/// A QuickTime movie whose sound is in another file, named by an alias in its data reference (`dref`, `alis`).
fn movie_elsewhere(file: &str) -> Vec<u8> {
    let alias = full_box(b"alis", &alias(file));
    let references = full_box(b"dref", &[&1_u32.to_be_bytes(), alias.as_slice()].concat());
    let mut sample = vec![0_u8; 6];
    sample.extend([0, 1]); // the first data reference
    sample.extend([0; 8]);
    sample.extend([0, 1, 0, 16, 0, 0, 0, 0]); // one channel of 16 bits
    sample.extend((8_000_u32 << 16).to_be_bytes());
    let described =
        full_box(b"stsd", &[&1_u32.to_be_bytes(), plain_box(b"sowt", &sample).as_slice()].concat());
    let numbers = |kind: &[u8; 4], numbers: &[u32]| {
        full_box(kind, &numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>())
    };
    let table = plain_box(
        b"stbl",
        &[
            described,
            numbers(b"stts", &[1, 8_000, 1]),
            numbers(b"stsc", &[1, 1, 8_000, 1]),
            numbers(b"stsz", &[2, 8_000]),
            numbers(b"stco", &[1, 44]), // where the samples of the other file are
        ]
        .concat(),
    );
    let media_information =
        plain_box(b"minf", &[numbers(b"smhd", &[0]), plain_box(b"dinf", &references), table].concat());
    let handler = full_box(b"hdlr", b"mhlrsoun\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let media = plain_box(
        b"mdia",
        &[numbers(b"mdhd", &[0, 0, 8_000, 8_000, 0]), handler, media_information].concat(),
    );
    let mut header = vec![0_u8; 80];
    header[8..12].copy_from_slice(&1_u32.to_be_bytes());
    header[16..20].copy_from_slice(&1_000_u32.to_be_bytes());
    let track = plain_box(b"trak", &[full_box(b"tkhd", &header), media].concat());
    let movie = numbers(b"mvhd", &[&[0, 0, 1_000, 1_000][..], &[0; 20]].concat());
    [plain_box(b"ftyp", b"qt  \0\0\0\0qt  "), plain_box(b"moov", &[movie, track].concat())].concat()
}

/// An alias record of the classic Mac OS, version 2, with the one extra a reader on another system goes by: the
/// absolute path.
fn alias(file: &str) -> Vec<u8> {
    let mut record = vec![0_u8; 4];
    record.extend([0, 150, 0, 2, 0, 0]);
    record.extend([1, b'/']);
    record.resize(record.len() + 26 + 12, 0); // the volume's name, its date and kind, the parent folder
    let name = file.rsplit('/').next().unwrap_or_default().as_bytes();
    record.push(u8::try_from(name.len().min(63)).unwrap_or(63));
    let mut field = name.to_vec();
    field.resize(63, 0);
    record.extend(field);
    record.resize(record.len() + 16, 0);
    record.extend([0, 1, 0, 1]); // one step up to the common folder, one down
    record.resize(record.len() + 16, 0);
    for (kind, text) in [(2_u16, file), (18, file)] {
        record.extend(kind.to_be_bytes());
        record.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
        record.extend(text.bytes());
        record.resize(record.len().next_multiple_of(2), 0);
    }
    record.extend([0xFF, 0xFF, 0, 0]);
    record
}

fn plain_box(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
    [&size.to_be_bytes(), kind.as_slice(), body].concat()
}

fn full_box(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    plain_box(kind, &[&[0; 4], body].concat())
}
