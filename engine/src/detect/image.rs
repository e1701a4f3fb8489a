//! Pictures: a closer look at PNG and JPEG, and the formats whose headers must add up.

use super::bytes::{be16, be32, byte, has, le16, le32, slice};
use super::finding::Finding;
use super::reader::Reader;

/// The most chunks of a PNG that stand before its pixels.
const CHUNKS: usize = 512;
/// The end of a TGA 2.0 file: the signature with its full stop and zero byte.
const TGA_FOOTER: &[u8] = b"TRUEVISION-XFILE.\x00";

/// PNG, or APNG when an animation control chunk stands before the pixels (PNG third edition, 11.3.6).
pub(super) fn png(reader: &Reader<'_>) -> Option<Finding> {
    let mut at = 8;
    for _ in 0..CHUNKS {
        let chunk = reader.read(at, 8);
        match slice(&chunk, 4, 4) {
            Some(b"acTL") => {
                return Some(Finding::certain("apng", "PNG with animation control").also_called(&["png"]));
            }
            Some(b"IDAT" | b"IEND") | None => break,
            Some(_) => at += u64::from(be32(&chunk, 0).unwrap_or(0)) + 12,
        }
    }
    Some(Finding::certain("png", "signature of PNG"))
}

/// JPEG: start of image, then a marker (ITU-T T.81, table B.1).
pub(super) fn jpeg(reader: &Reader<'_>) -> Option<Finding> {
    (byte(reader.head(), 3)? >= 0xC0).then(|| Finding::certain("jpg", "start of image and a marker"))
}

/// Pictures without a signature, or with one too short to be trusted.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    let head = reader.head();
    netpbm(head).or_else(|| pcx(head)).or_else(|| sgi(head)).or_else(|| metafile(head))
}

/// Netpbm: `P1` to `P7`, `PF`, `Pf`, then numbers (comments between them start with `#`).
fn netpbm(head: &[u8]) -> Option<Finding> {
    let kind = byte(head, 1).filter(|_| head.starts_with(b"P"))?;
    if head.starts_with(b"P7\n")
        && slice(head, 0, head.len().min(256))?.windows(5).any(|part| part == b"WIDTH")
    {
        return Some(Finding::certain("pnm", "PAM header"));
    }
    let needed = match kind {
        b'1' | b'4' => 2,
        b'2' | b'3' | b'5' | b'6' => 3,
        b'F' | b'f' => 3,
        _ => return None,
    };
    let numbers = numbers(head.get(2..)?, needed)?;
    let sizes = numbers.iter().take(2).all(|size| size.parse::<u32>().is_ok_and(|size| size > 0));
    let last = numbers.last()?;
    let depth = match kind {
        b'F' | b'f' => last.parse::<f32>().is_ok(),
        _ => last.parse::<u32>().is_ok_and(|maximum| needed == 2 || (1..=65535).contains(&maximum)),
    };
    let kind = char::from(kind);
    (sizes && depth).then(|| Finding::certain("pnm", format!("Netpbm header P{kind}")))
}

/// The first `count` words of a Netpbm header, each after white space.
fn numbers(text: &[u8], count: usize) -> Option<Vec<&str>> {
    if !text.first()?.is_ascii_whitespace() {
        return None;
    }
    let mut words = Vec::new();
    let mut rest = text.get(..text.len().min(1024))?;
    while words.len() < count {
        rest = rest.trim_ascii_start();
        if rest.starts_with(b"#") {
            rest = rest.splitn(2, |byte| *byte == b'\n').nth(1)?;
            continue;
        }
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        let (word, after) = rest.split_at_checked(end)?;
        words.push(std::str::from_utf8(word).ok().filter(|word| word.len() <= 24)?);
        rest = after;
    }
    Some(words)
}

/// PCX (ZSoft manual, revision 5): maker 10, version, run lengths, depth, a window, planes.
fn pcx(head: &[u8]) -> Option<Finding> {
    let [maker, version, coding, bits] = *slice(head, 0, 4)? else { return None };
    let window: Vec<u16> = (0..4).filter_map(|index| le16(head, 4 + 2 * index)).collect();
    let [left, top, right, bottom] = *window.as_slice() else { return None };
    let (planes, line) = (byte(head, 65)?, u32::from(le16(head, 66)?));
    let width = u32::from(right.wrapping_sub(left)) + 1;
    let fits = maker == 10
        && matches!(version, 0 | 2..=5)
        && coding <= 1
        && matches!(bits, 1 | 2 | 4 | 8)
        && right >= left
        && bottom >= top
        && (1..=4).contains(&planes)
        && line >= (width * u32::from(bits)).div_ceil(8)
        && line <= width * u32::from(bits) + 64;
    fits.then(|| Finding::likely("pcx", "PCX header that adds up"))
}

/// SGI: magic 474, run lengths or not, one or two bytes a sample, dimensions.
fn sgi(head: &[u8]) -> Option<Finding> {
    let fits = head.starts_with(b"\x01\xDA")
        && byte(head, 2)? <= 1
        && matches!(byte(head, 3)?, 1 | 2)
        && (1..=3).contains(&be16(head, 4)?)
        && be16(head, 6)? > 0;
    fits.then(|| Finding::likely("sgi", "SGI image header"))
}

/// Metafiles: EMF starts with a header record that holds ` EMF` ([MS-EMF] 2.3.4.2); WMF without the
/// placeable header starts with type, header size and version ([MS-WMF] 2.3.2.2).
fn metafile(head: &[u8]) -> Option<Finding> {
    if has(head, 0, b"\x01\x00\x00\x00") && has(head, 40, b" EMF") {
        return Some(Finding::certain("emf", "EMF header record"));
    }
    let fits =
        matches!(le16(head, 0)?, 1 | 2) && le16(head, 2)? == 9 && matches!(le16(head, 4)?, 0x100 | 0x300);
    (fits && le32(head, 6)? >= 9).then(|| Finding::likely("wmf", "WMF header"))
}

/// TGA 2.0 is known by its footer. Older files have nothing but a header that must add up (Truevision
/// TGA 2.0, 18 bytes); without a name that agrees, only headers without any freedom are believed.
pub(super) fn probe_targa(reader: &Reader<'_>) -> Option<Finding> {
    let header = Targa::parse(reader.head())?;
    let footer = reader.tail(TGA_FOOTER.len()).is_some_and(|(_, tail)| tail == TGA_FOOTER);
    if footer {
        return Some(Finding::certain("tga", "TGA header and footer"));
    }
    let named = reader.is_called("tga");
    if named || header.is_strict(reader.length()) {
        return Some(Finding::guess("tga", "TGA header that adds up"));
    }
    None
}

/// What matters of a TGA header.
struct Targa {
    id: u8,
    kind: u8,
    map_bytes: u64,
    width: u16,
    height: u16,
    depth: u8,
    origin: (u16, u16),
    alpha: u8,
}

impl Targa {
    /// Reads a header whose fields agree with each other: a colour map where the kind needs one, a depth
    /// the kind allows, no reserved bit.
    fn parse(head: &[u8]) -> Option<Targa> {
        let [id, map, kind] = *slice(head, 0, 3)? else { return None };
        let (map_length, map_bits) = (le16(head, 5)?, byte(head, 7)?);
        let (depth, descriptor) = (byte(head, 16)?, byte(head, 17)?);
        let mapped = matches!(kind, 1 | 9);
        let map_fits = match map {
            0 => !mapped && map_bits == 0 && map_length == 0 || !mapped && le16(head, 3)? == 0,
            1 => matches!(map_bits, 8 | 15 | 16 | 24 | 32) && map_length > 0,
            _ => false,
        };
        let depth_fits = match kind {
            1 | 9 | 3 | 11 => matches!(depth, 8 | 16),
            2 | 10 => matches!(depth, 15 | 16 | 24 | 32),
            _ => false,
        };
        let alpha = descriptor & 0x0F;
        let header = Targa {
            id,
            kind,
            map_bytes: if map == 1 { u64::from(map_length) * u64::from(map_bits.div_ceil(8)) } else { 0 },
            width: le16(head, 12)?,
            height: le16(head, 14)?,
            depth,
            origin: (le16(head, 8)?, le16(head, 10)?),
            alpha,
        };
        let fits = map_fits && depth_fits && descriptor & 0xC0 == 0 && alpha <= 8;
        (fits && header.width > 0 && header.height > 0).then_some(header)
    }

    /// Tells whether nothing in the header is left to chance: the origin in a corner, alpha bits that suit
    /// the depth, and a length that suits the pixels (exact when not packed, but for a short tail).
    fn is_strict(&self, length: Option<u64>) -> bool {
        let Some(length) = length else { return false };
        let pixels = u64::from(self.width) * u64::from(self.height) * u64::from(self.depth.div_ceil(8));
        let start = 18 + u64::from(self.id) + self.map_bytes;
        let size_fits = match self.kind {
            1..=3 => length >= start + pixels && length <= start + pixels + 8192,
            _ => length > start && length <= start + pixels + pixels / 64 + 8192,
        };
        let corner = matches!(self.origin.0, 0) && (self.origin.1 == 0 || self.origin.1 == self.height);
        let alpha = match self.depth {
            32 => matches!(self.alpha, 0 | 8),
            16 => self.alpha <= 1,
            _ => self.alpha == 0,
        };
        corner && alpha && size_fits && (self.depth != 16 || self.kind != 3)
    }
}
