//! The ISO base media file format (ISO/IEC 14496-12) and QuickTime: brands, then tracks.

use super::bytes::{array, be32, be64};
use super::finding::Finding;
use super::reader::Reader;

/// The most boxes that are looked at on one level.
const BOXES: usize = 256;
/// The most tracks that are looked at.
const TRACKS: usize = 32;

/// A brand, a box type or a codec: four characters.
type Code = [u8; 4];

/// What the major brand alone decides (the registration authority's list, <https://mp4ra.org>).
const BRANDS: &[(&Code, &str)] = &[
    (b"qt  ", "mov"),
    (b"M4A ", "m4a"),
    (b"M4P ", "m4a"),
    (b"f4a ", "m4a"),
    (b"M4B ", "m4b"),
    (b"f4b ", "m4b"),
    (b"M4V ", "m4v"),
    (b"M4VH", "m4v"),
    (b"M4VP", "m4v"),
    (b"f4v ", "f4v"),
    (b"F4V ", "f4v"),
    (b"f4p ", "f4v"),
    (b"crx ", "cr3"),
];
/// Brands of HEIF images and sequences coded as AV1 (AVIF 1.1, section 6).
const AV1_IMAGES: &[&Code] = &[b"avif", b"avis"];
/// Brands of HEIF images and sequences (ISO/IEC 23008-12, 10 and annexes).
const IMAGES: &[&Code] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1",
    b"miaf", b"vvic", b"j2ki",
];
/// Boxes that open QuickTime movies older than brands.
const OLD_MOVIE: &[&Code] = &[b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"];
/// Boxes that open a segment of a fragmented movie.
const SEGMENT: &[&Code] = &[b"styp", b"moof", b"sidx"];

/// Tells which use of the base format a file is.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let first = Atom::at(reader, 0)?;
    if first.kind == *b"ftyp" {
        return branded(reader, &Brands::read(reader, &first)?);
    }
    let followed = |atoms: &[&Code]| atoms.contains(&&first.kind) && is_movie(reader);
    if followed(OLD_MOVIE) {
        return Some(Finding::certain("mov", "QuickTime boxes without a brand").or_named(&["mp4"]));
    }
    followed(SEGMENT).then(|| Finding::certain("mp4", "fragmented movie without a brand"))
}

/// Tells whether the boxes at the start include one that holds a movie, its data or a fragment.
fn is_movie(reader: &Reader<'_>) -> bool {
    let known: &[&Code] = &[b"moov", b"mdat", b"moof"];
    Atom::list(reader, 0, u64::MAX).take(8).any(|atom| known.contains(&&atom.kind))
}

fn branded(reader: &Reader<'_>, brands: &Brands) -> Option<Finding> {
    let word = String::from_utf8_lossy(&brands.major).trim().to_string();
    if brands.any(AV1_IMAGES) && !brands.is_movie() {
        return Some(Finding::certain("avif", format!("HEIF with the brand {word}, AV1 inside")));
    }
    if IMAGES.contains(&&brands.major) {
        return Some(Finding::certain("heic", format!("HEIF with the brand {word}")));
    }
    if brands.major.starts_with(b"jp2") || brands.major == *b"jxl " {
        return None;
    }
    let tracks = Tracks::read(reader);
    let found = if brands.major.starts_with(b"3g") || brands.major == *b"kddi" {
        mobile(brands, &tracks, &word)
    } else {
        let id = BRANDS.iter().find(|(brand, _)| **brand == brands.major).map_or("mp4", |(_, id)| id);
        movie(id, brands, &tracks, &word)
    };
    Some(found.encrypted(tracks.encrypted))
}

/// 3GPP files: with only sound they are also called 3ga; with an MPEG-4 brand beside, also mp4.
fn mobile(brands: &Brands, tracks: &Tracks, word: &str) -> Finding {
    let both = brands.any(&[b"isom", b"mp41", b"mp42"]);
    match (tracks.only_audio(), both) {
        (true, true) => only_audio("3ga", word).or_named(&["3gp", "mp4", "m4a"]),
        (true, false) => only_audio("3ga", word).or_named(&["3gp"]),
        (false, true) => Finding::certain("3gp", format!("brand {word}")).or_named(&["mp4"]),
        (false, false) => Finding::certain("3gp", format!("brand {word}")),
    }
}

fn movie(id: &'static str, brands: &Brands, tracks: &Tracks, word: &str) -> Finding {
    if tracks.only_audio() && tracks.lossless && id != "mov" {
        return Finding::certain("alac", format!("brand {word}, only Apple Lossless audio"))
            .also_called(&["m4a", "mp4", "m4b"]);
    }
    let found = Finding::certain(id, format!("brand {word}"));
    match id {
        "mp4" if tracks.only_audio() => only_audio("m4a", word).or_named(&["mp4", "m4b", "m4v", "f4v"]),
        "mp4" if brands.any(&[b"3gp4", b"3gp5", b"3gp6", b"3gp7", b"3g2a"]) => {
            found.or_named(&["m4v", "f4v", "3gp"])
        }
        "mp4" => found.or_named(&["m4v", "f4v"]),
        "m4a" => found.or_named(&["m4b", "mp4"]),
        "m4b" => found.or_named(&["m4a", "mp4"]),
        "m4v" => found.or_named(&["mp4", "f4v"]),
        "f4v" => found.or_named(&["mp4", "m4v"]),
        _ => found,
    }
}

fn only_audio(id: &'static str, word: &str) -> Finding {
    Finding::certain(id, format!("brand {word}, only audio"))
}

struct Brands {
    major: Code,
    compatible: Vec<Code>,
}

impl Brands {
    fn read(reader: &Reader<'_>, atom: &Atom) -> Option<Brands> {
        let size = usize::try_from(atom.end - atom.body).ok()?.min(1024);
        let body = reader.read(atom.body, size);
        let compatible = body.get(8..).unwrap_or_default().chunks_exact(4).filter_map(|code| array(code, 0));
        Some(Brands { major: array(&body, 0)?, compatible: compatible.collect() })
    }

    /// Tells whether one of `codes` is the major brand or a compatible one.
    fn any(&self, codes: &[&Code]) -> bool {
        codes.iter().any(|code| **code == self.major || self.compatible.contains(code))
    }

    /// Tells whether the major brand is one of movies, which may list image brands beside.
    fn is_movie(&self) -> bool {
        !AV1_IMAGES.contains(&&self.major) && !IMAGES.contains(&&self.major)
    }
}

/// What the tracks hold.
#[derive(Default)]
struct Tracks {
    audio: bool,
    video: bool,
    lossless: bool,
    encrypted: bool,
}

impl Tracks {
    fn read(reader: &Reader<'_>) -> Tracks {
        let mut tracks = Tracks::default();
        if let Some(moov) = Atom::list(reader, 0, u64::MAX).find(|atom| atom.kind == *b"moov") {
            for track in moov.children(reader, b"trak").take(TRACKS) {
                tracks.note(reader, &track);
            }
        }
        tracks
    }

    /// Reads the handler (`mdia/hdlr`, type at 8) and the first sample entry (`mdia/minf/stbl/stsd`, type
    /// at 12).
    fn note(&mut self, reader: &Reader<'_>, track: &Atom) -> Option<()> {
        let media = track.child(reader, b"mdia")?;
        let handler: Code = array(&reader.read(media.child(reader, b"hdlr")?.body, 12), 8)?;
        self.audio |= handler == *b"soun";
        self.video |= handler == *b"vide";
        let table = media.child(reader, b"minf")?.child(reader, b"stbl")?.child(reader, b"stsd")?;
        let entry: Code = array(&reader.read(table.body, 16), 12)?;
        self.lossless |= entry == *b"alac";
        self.encrypted |= matches!(&entry, b"encv" | b"enca" | b"drms" | b"drmi");
        Some(())
    }

    fn only_audio(&self) -> bool {
        self.audio && !self.video
    }
}

/// A box: its type, and where its contents start and end.
struct Atom {
    kind: Code,
    body: u64,
    end: u64,
}

impl Atom {
    /// Reads a box header: size, type; size 1 means that 64 bits follow, 0 that it goes on to the end.
    fn at(reader: &Reader<'_>, at: u64) -> Option<Atom> {
        let header = reader.read(at, 16);
        let kind: Code = array(&header, 4)?;
        let (size, length) = match be32(&header, 0)? {
            0 => (u64::MAX - at, 8),
            1 => (be64(&header, 8)?, 16),
            size => (u64::from(size), 8),
        };
        let named = kind.iter().all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | 0xA9));
        (size >= length && named).then(|| Atom { kind, body: at + length, end: at.saturating_add(size) })
    }

    fn list<'a>(reader: &'a Reader<'_>, start: u64, end: u64) -> impl Iterator<Item = Atom> + use<'a> {
        let mut at = start;
        std::iter::from_fn(move || {
            let atom = (at < end).then(|| Atom::at(reader, at)).flatten()?;
            at = atom.end;
            Some(atom)
        })
        .take(BOXES)
    }

    fn children<'a>(&self, reader: &'a Reader<'_>, kind: &'a Code) -> impl Iterator<Item = Atom> + use<'a> {
        Atom::list(reader, self.body, self.end).filter(move |atom| atom.kind == *kind)
    }

    fn child(&self, reader: &Reader<'_>, kind: &Code) -> Option<Atom> {
        Atom::list(reader, self.body, self.end).find(|atom| atom.kind == *kind)
    }
}
