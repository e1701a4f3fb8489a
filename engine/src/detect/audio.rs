//! Sound in frames: MPEG audio, ADTS, AC-3, DTS, behind an ID3 tag or behind junk.

use super::bytes::{be16, be32, byte, has, slice};
use super::finding::Finding;
use super::reader::Reader;

/// How far frames are searched for behind junk.
const SEARCH: u64 = 640 << 10;
/// How much is looked at in one go while searching.
const PIECE: usize = 64 << 10;
/// How much two pieces share.
const OVERLAP: usize = 8 << 10;
/// How many frames in a row prove a stream at the start, and behind junk.
const FRAMES: usize = 3;
const FRAMES_BEHIND_JUNK: usize = 12;

/// Formats that some programs put an ID3 tag in front of.
const TAGGED: &[(&[u8], &str)] = &[
    (b"fLaC", "flac"),
    (b"MAC ", "ape"),
    (b"TTA1", "tta"),
    (b"TTA2", "tta"),
    (b"wvpk", "wv"),
    (b"OggS", "ogg"),
];

/// AMR (RFC 4867, 5.1): `#!AMR`, `#!AMR-WB`, each also as `_MC1.0` for several channels, and a line end.
pub(super) fn amr(head: &[u8]) -> Option<Finding> {
    let lines = [b"#!AMR\n".as_slice(), b"#!AMR-WB\n", b"#!AMR_MC1.0\n", b"#!AMR-WB_MC1.0\n"];
    lines.iter().any(|line| head.starts_with(line)).then(|| Finding::certain("amr", "signature of AMR"))
}

/// FLAC (RFC 9639, 8): the first metadata block is stream information, 34 bytes long.
pub(super) fn flac(reader: &Reader<'_>) -> Option<Finding> {
    let fits = has(reader.head(), 5, b"\x00\x00\x22") && byte(reader.head(), 4)? & 0x7F == 0;
    Some(if fits {
        Finding::certain("flac", "FLAC stream information")
    } else {
        Finding::likely("flac", "signature of FLAC")
    })
}

/// Frames at the start of the file, or behind an ID3 tag.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let (start, tagged) = behind_tag(reader);
    let marked = matches!(reader.head(), [0xFF, 0xE0..=0xFF, ..] | [0x0B, 0x77, ..]);
    let data = if tagged || marked { reader.read(start, PIECE) } else { reader.head().to_vec() };
    let found = frames(&data, FRAMES).or_else(|| dts(&data));
    if !tagged {
        return found;
    }
    let signed = || TAGGED.iter().find(|(words, _)| data.starts_with(words));
    found
        .or_else(|| {
            signed().map(|(_, id)| Finding::certain(id, format!("signature of {id} behind an ID3 tag")))
        })
        .or_else(|| padded_frames(&data))
        .or_else(|| Some(Finding::likely("mp3", "ID3 tag").or_named(&["aac", "mp2", "flac", "ape", "tta"])))
}

/// Frames behind bytes that mean nothing; not searched for in files that are called something else.
pub(super) fn probe_behind_junk(reader: &Reader<'_>) -> Option<Finding> {
    if reader.is_called_otherwise(&["mp3", "mp2"]) {
        return None;
    }
    let mut at = 0;
    while at < SEARCH {
        let data = reader.read(at, PIECE);
        if data.len() < 64 {
            return None;
        }
        if let Some(finding) = search(&data, FRAMES_BEHIND_JUNK) {
            return Some(finding);
        }
        // Pieces overlap, so that frames across their border are seen.
        at += (PIECE - OVERLAP) as u64;
    }
    None
}

/// Where the sound starts: behind ID3v2 tags (id3.org, ID3v2.4, 3.1), whose size is 4 times 7 bits.
fn behind_tag(reader: &Reader<'_>) -> (u64, bool) {
    let mut at = 0;
    for _ in 0..4 {
        let header = reader.read(at, 10);
        let size = slice(&header, 6, 4).filter(|size| size.iter().all(|byte| byte & 0x80 == 0));
        let version = byte(&header, 3).is_some_and(|version| (2..=4).contains(&version));
        let Some(size) = size.filter(|_| header.starts_with(b"ID3") && version) else { break };
        let footer = if byte(&header, 5).unwrap_or(0) & 0x10 == 0 { 0 } else { 10 };
        at += 10 + footer + size.iter().fold(0, |value, byte| value << 7 | u64::from(*byte));
    }
    (at, at > 0)
}

/// Some taggers leave zero bytes behind the tag.
fn padded_frames(data: &[u8]) -> Option<Finding> {
    let start = data.iter().position(|byte| *byte != 0)?;
    frames(data.get(start..)?, FRAMES).or_else(|| search(data, FRAMES))
}

fn search(data: &[u8], wanted: usize) -> Option<Finding> {
    let starts = data
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| matches!(pair, [0xFF, second] if second & 0xE0 == 0xE0));
    starts
        .filter_map(|(at, _)| data.get(at..))
        .find_map(|rest| mpeg_frames(rest, wanted))
        .filter(|(id, _)| *id == "mp3")
        .map(|(id, _)| Finding::likely(id, "MPEG audio frames behind other bytes"))
}

/// Frames of one kind in a row, from the first byte on.
fn frames(data: &[u8], wanted: usize) -> Option<Finding> {
    if let Some((id, count)) = mpeg_frames(data, wanted) {
        return Some(Finding::certain(id, format!("{count} MPEG audio frames in a row")));
    }
    if mpeg_frame(data).is_some() && has_encoder_tag(data) {
        return Some(Finding::certain("mp3", "MPEG audio frame with an encoder's tag"));
    }
    if let Some(count) = chain(data, wanted, adts_frame) {
        return Some(Finding::certain("aac", format!("{count} ADTS frames in a row")));
    }
    let count = chain(data, wanted.min(2), ac3_frame)?;
    Some(Finding::certain("ac3", format!("{count} AC-3 frames in a row")))
}

/// Follows frames by the length each states. A file that ends inside a frame may have fewer than `wanted`,
/// but two at least, or one that is the whole file.
fn chain(data: &[u8], wanted: usize, length: fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let mut rest = data;
    let mut count = 0;
    while count < wanted {
        let Some(size) = length(rest) else { break };
        count += 1;
        match rest.get(size..) {
            Some(next) => rest = next,
            None => break,
        }
    }
    let ended = rest.len() < 8 || rest.starts_with(b"TAG") || length(rest).is_some();
    (count >= wanted || count >= 2 && ended || count == 1 && rest.is_empty()).then_some(count)
}

/// The tag encoders put into an otherwise empty first frame, behind 9 to 32 bytes of side information.
fn has_encoder_tag(data: &[u8]) -> bool {
    [13, 21, 36]
        .iter()
        .any(|at| has(data, *at, b"Xing") || has(data, *at, b"Info") || has(data, *at, b"VBRI"))
}

/// MPEG audio frames that agree in version, layer and sample rate.
fn mpeg_frames(data: &[u8], wanted: usize) -> Option<(&'static str, usize)> {
    let layer = match byte(data, 1)? >> 1 & 3 {
        1 => "mp3",
        2 | 3 => "mp2",
        _ => return None,
    };
    let count = chain(data, wanted, mpeg_frame)?;
    let mut at = 0;
    for _ in 0..count {
        let [here, first] = [slice(data, at, 4)?, slice(data, 0, 4)?].map(|h| (h[1] & 0xFE, h[2] & 0x0C));
        if here != first {
            return None;
        }
        at += mpeg_frame(data.get(at..)?)?;
    }
    Some((layer, count))
}

/// The length of an MPEG audio frame (ISO/IEC 11172-3, 2.4.1.3; 13818-3 for the lower sample rates;
/// the 2.5 extension by Fraunhofer). Bit rates are in kbit/s by index.
fn mpeg_frame(data: &[u8]) -> Option<usize> {
    const RATES: [[usize; 14]; 5] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let header = be32(data, 0)?;
    let field = |shift: u32, mask: u32| usize::try_from(header >> shift & mask).unwrap_or(0);
    let (version, layer) = (field(19, 3), field(17, 3));
    if header >> 21 != 0x7FF || version == 1 || layer == 0 || field(0, 3) == 2 {
        return None;
    }
    let first = version == 3;
    let table = match (first, layer) {
        (true, 3) => 0,
        (true, 2) => 1,
        (true, _) => 2,
        (false, 3) => 3,
        (false, _) => 4,
    };
    let rate = RATES.get(table)?.get(field(12, 15).checked_sub(1)?)? * 1000;
    let frequency = [44100, 48000, 32000].get(field(10, 3))? >> [2, 0, 1, 0].get(version)?;
    let padding = field(9, 1);
    Some(match layer {
        3 => (12 * rate / frequency + padding) * 4,
        1 if !first => 72 * rate / frequency + padding,
        _ => 144 * rate / frequency + padding,
    })
}

/// The length of an ADTS frame (ISO/IEC 14496-3, 1.A.2.2): sync, layer 0, rate index below 13.
fn adts_frame(data: &[u8]) -> Option<usize> {
    let header = slice(data, 0, 7)?;
    let fits = be16(header, 0)? & 0xFFF6 == 0xFFF0 && byte(header, 2)? >> 2 & 15 < 13;
    let length = usize::try_from(be32(header, 2)? >> 5 & 0x1FFF).ok()?;
    (fits && length > 7).then_some(length)
}

/// The length of an AC-3 frame (ETSI TS 102 366, 4.4.1 and table 4.13) or an E-AC-3 frame (E.1.3.1).
fn ac3_frame(data: &[u8]) -> Option<usize> {
    const RATES: [usize; 19] =
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
    if !data.starts_with(b"\x0B\x77") {
        return None;
    }
    let (sizes, stream) = (byte(data, 4)?, byte(data, 5)? >> 3);
    if (11..=16).contains(&stream) {
        return Some((usize::from(be16(data, 2)? & 0x07FF) + 1) * 2);
    }
    let rate = RATES.get(usize::from(sizes & 0x3F) / 2).filter(|_| stream <= 10)?;
    Some(match sizes >> 6 {
        0 => rate * 4,
        1 => (rate * 96_000 / 44_100 + usize::from(sizes & 1)) * 2,
        2 => rate * 6,
        _ => return None,
    })
}

/// DTS (ETSI TS 102 114, 5.3.1): the sync word in 16 or 14 bits and either byte order, or a stream that
/// has extension frames only (7.4.1).
fn dts(data: &[u8]) -> Option<Finding> {
    let evidence = match be32(data, 0)? {
        0x7FFE_8001 => "core sync word",
        0xFE7F_0180 => "core sync word, little-endian",
        0x1FFF_E800 => "core sync word, 14 bits",
        0xFF1F_00E8 => "core sync word, 14 bits, little-endian",
        0x6458_2025 => "extension sync word",
        _ => return None,
    };
    Some(Finding::certain("dts", format!("DTS {evidence}")))
}
