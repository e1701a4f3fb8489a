//! Formats known by the signature in their row.
//!
//! The longest matching signature is asked first. A row whose signature is short, or is shared with
//! other formats, has a closer look in [`CLOSER`]; without one the signature is enough.

use formwork_formats::all;

use super::bytes::{be16, be32, byte, has, le16, le32, slice};
use super::finding::Finding;
use super::reader::Reader;
use super::{Probe, archive, asf, audio, compressed, image, ogg, page, palm, tar, tiff, zip};

/// Looks that open the file further, by row id.
const CLOSER: &[(&str, Probe)] = &[
    ("7z", archive::seven_zip),
    ("amr", |reader| audio::amr(reader.head())),
    ("asf", asf::refine),
    ("bz2", compressed::bzip2),
    ("deb", |_| Some(Finding::certain("deb", "Unix archive that starts with debian-binary"))),
    ("eps", page::dos_eps),
    ("epub", zip::refine),
    ("flac", audio::flac),
    ("gz", compressed::gzip),
    ("jpg", image::jpeg),
    ("lz4", compressed::lz4),
    ("mobi", palm::refine),
    ("ogg", ogg::refine),
    ("pdf", page::pdf),
    ("png", image::png),
    ("ps", page::postscript),
    ("rar", archive::rar),
    ("rm", |_| Some(Finding::certain("rm", "signature of RealMedia").or_named(&["ra"]))),
    ("tar", tar::refine),
    ("tiff", tiff::refine),
    ("xz", compressed::xz),
    ("zip", zip::refine),
    ("zst", compressed::zstd),
];

/// Says whether a file's first bytes go on as a format's header does; `None` when they are too few.
type Check = fn(&[u8]) -> Option<bool>;

/// What must hold besides a short signature, by row id.
const CHECKS: &[(&str, Check)] = &[
    // Copyright flag, then original, home and constant-rate bits: binary, unlike text that says ADIF.
    ("aac", |head| Some(head.get(4..64)?.iter().any(|byte| *byte < 0x09 || *byte > 0xF4))),
    // u16 version, thousandths: 3.93 to 3.99 and what may come.
    ("ape", |head| Some((3000..5000).contains(&le16(head, 4)?))),
    // Header size, then an encoding number.
    ("au", |head| Some((1..=64).contains(&be32(head, 12)?))),
    ("bmp", bitmap),
    ("cpio", |head| Some(slice(head, 6, 32)?.iter().all(u8::is_ascii_hexdigit))),
    ("cur", icon),
    // FORM size, then DJVU (one page), DJVM (many) or DJVI.
    ("djvu", |head| Some(has(head, 12, b"DJV"))),
    ("flv", |head| Some(be32(head, 5)? >= 9)),
    ("icns", |head| Some(be32(head, 4)? >= 16 && slice(head, 8, 4)?.is_ascii())),
    ("ico", icon),
    ("jxl", jpeg_xl),
    ("mpeg", |_| Some(false)),
    ("qoi", |head| Some(be32(head, 4)? > 0 && matches!(byte(head, 12)?, 3 | 4) && byte(head, 13)? < 2)),
    // Version, then the unpacked size.
    ("swf", |head| Some((1..64).contains(&byte(head, 3)?) && (8..0x2000_0000).contains(&le32(head, 4)?))),
    // Block size is even, version 4.02 to 4.16.
    ("wv", |head| Some((0x400..=0x420).contains(&le16(head, 8)?))),
    // LZW code width.
    ("z", |head| Some((9..=16).contains(&(byte(head, 2)? & 0x1F)))),
];

/// Finds the row whose signature opens the file.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    let mut found: Vec<(usize, &'static str, &'static str)> = all()
        .flat_map(|row| row.signatures.iter().map(move |signature| (row, signature)))
        .filter(|(_, signature)| signature.matches(head))
        .map(|(row, signature)| (signature.bytes.len(), row.id, row.name))
        .collect();
    found.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
    found.into_iter().find_map(|(_, id, name)| look(reader, id, name))
}

fn look(reader: &Reader<'_>, id: &'static str, name: &str) -> Option<Finding> {
    if let Some((_, closer)) = CLOSER.iter().find(|(row, _)| *row == id) {
        return closer(reader);
    }
    let check = CHECKS.iter().find(|(row, _)| *row == id);
    let holds = check.is_none_or(|(_, check)| check(reader.head()).unwrap_or(false));
    holds.then(|| Finding::certain(id, format!("signature of {name}")))
}

/// A bitmap file header must be followed by one of the known information headers (BITMAPCOREHEADER to
/// BITMAPV5HEADER and the OS/2 2.x sizes).
fn bitmap(head: &[u8]) -> Option<bool> {
    let size = le32(head, 14)?;
    Some(matches!(size, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124) && le32(head, 10)? < 0x1000_0000)
}

/// An icon directory: a count, then entries whose first points behind the directory.
fn icon(head: &[u8]) -> Option<bool> {
    let count = u32::from(le16(head, 4)?);
    let (size, offset) = (le32(head, 14)?, le32(head, 18)?);
    Some((1..=1024).contains(&count) && size > 0 && offset >= 6 + 16 * count)
}

/// The container form is plain by its signature; the bare codestream (FF 0A) must not be text and must
/// go on with a size header (ISO/IEC 18181-1, 6.3).
fn jpeg_xl(head: &[u8]) -> Option<bool> {
    if !head.starts_with(b"\xFF\x0A") {
        return Some(true);
    }
    let text = head.iter().skip(2).take(64).filter(|byte| byte.is_ascii_graphic() || **byte == b' ').count();
    Some(head.len() >= 12 && text < 48 && be16(head, 2)? != 0)
}
