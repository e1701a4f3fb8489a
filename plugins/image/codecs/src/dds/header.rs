//! The header, its extension of DirectX 10, and what they say of the pixels.

use super::plain::Layout;
use formwork_image_pixels::Channels;
use formwork_sdk::{Error, Result};

/// Bytes of the magic number and the header.
pub(super) const LENGTH: usize = 128;

/// Flags of the pixel format (`DDPF_…`).
pub(super) const ALPHA: u32 = 0x1;
const ALPHA_ONLY: u32 = 0x2;
const FOURCC: u32 = 0x4;
pub(super) const RGB: u32 = 0x40;
pub(super) const LUMINANCE: u32 = 0x2_0000;
/// Six sides of a cube, and slices of a volume (`DDSCAPS2_…`).
const CUBE: u32 = 0x200;
const VOLUME: u32 = 0x20_0000;

/// Compression in blocks of 4 by 4 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Bc1,
    Bc2,
    Bc3,
    Bc4 { signed: bool },
    Bc5 { signed: bool },
    Bc6 { signed: bool },
    Bc7,
}

/// How the pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pixels {
    Blocks(Block),
    Plain(Layout),
}

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Pixels,
    /// Alpha is multiplied into the colours.
    pub(super) premultiplied: bool,
    /// Pictures in the file beside smaller versions: sides of a cube, slices, elements of an array.
    pub(super) pictures: u32,
    /// Where the pixels begin.
    pub(super) start: usize,
}

impl Header {
    /// Reads the header and its extension.
    pub(super) fn parse(bytes: &[u8]) -> Result<Header> {
        let head: &[u8; LENGTH] = bytes.first_chunk().ok_or_else(too_short)?;
        if !head.starts_with(b"DDS ") {
            return Err(Error::corrupt("not a DDS"));
        }
        let [size, flags, four, bits] = [76, 80, 84, 88].map(|place| word(head, place));
        let masks = [92, 96, 100, 104].map(|place| word(head, place));
        if word(head, 4) != 124 || !matches!(size, 32 | 24) {
            return Err(Error::corrupt("the DDS has a header of the wrong size"));
        }
        let (kind, depth) = (word(head, 112), word(head, 24));
        let sides = if kind & CUBE != 0 { (kind >> 10 & 0x3F).count_ones() } else { 1 };
        let slices = if kind & VOLUME != 0 { depth.max(1) } else { 1 };
        let mut header = Header {
            width: word(head, 16),
            height: word(head, 12),
            pixels: Pixels::Blocks(Block::Bc1),
            premultiplied: false,
            pictures: sides.max(1).saturating_mul(slices),
            start: LENGTH,
        };
        if flags & FOURCC == 0 {
            header.pixels = Pixels::Plain(masked(flags, bits, masks)?);
        } else if four.to_le_bytes() == *b"DX10" {
            header.extend(bytes)?;
        } else {
            header.premultiplied = matches!(&four.to_le_bytes(), b"DXT2" | b"DXT4");
            header.pixels = by_code(four)?;
        }
        Ok(header)
    }

    /// Reads the extension.
    fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        let extension: &[u8; 20] =
            bytes.get(LENGTH..).and_then(|rest| rest.first_chunk()).ok_or_else(too_short)?;
        self.pixels = by_number(word(extension, 0))?;
        self.premultiplied = word(extension, 16) & 7 == 2;
        self.pictures = self.pictures.saturating_mul(word(extension, 12).max(1));
        self.start += extension.len();
        Ok(())
    }

    /// The samples of a pixel as they are delivered.
    pub(super) const fn channels(&self) -> Channels {
        match self.pixels {
            Pixels::Blocks(Block::Bc1 | Block::Bc2 | Block::Bc3 | Block::Bc7) => Channels::Rgba,
            Pixels::Blocks(Block::Bc4 { .. }) => Channels::Grey,
            Pixels::Blocks(Block::Bc5 { .. } | Block::Bc6 { .. }) => Channels::Rgb,
            Pixels::Plain(layout) => layout.channels(),
        }
    }
}

fn too_short() -> Error {
    Error::corrupt("the DDS ends within its header")
}

fn word(bytes: &[u8], place: usize) -> u32 {
    let word = bytes.get(place..).and_then(|rest| rest.first_chunk());
    word.map_or(0, |word| u32::from_le_bytes(*word))
}

/// Pixels whose samples are found by masks. Some writers put masks of short words at the upper end of 32 bits.
fn masked(flags: u32, bits: u32, masks: [u32; 4]) -> Result<Layout> {
    let unknown = || Error::unsupported(format!("a DDS of {bits} bits a pixel with flags {flags:#x}"));
    if !matches!(bits, 8 | 16 | 24 | 32) {
        return Err(unknown());
    }
    let lowered =
        |mask: u32| if mask.trailing_zeros() >= bits { mask.unbounded_shr(32 - bits) } else { mask };
    let [red, green, blue, alpha] = masks.map(lowered);
    let alpha = if flags & (ALPHA | ALPHA_ONLY) != 0 { alpha } else { 0 };
    let grey = flags & LUMINANCE != 0 || flags & RGB == 0;
    if red | green | blue | alpha == 0 {
        return Err(unknown());
    }
    Ok(Layout::Masked { bytes: bits as u8 / 8, masks: [red, green, blue, alpha], grey })
}

/// Formats named by four letters, or by a number of Direct3D 9.
fn by_code(code: u32) -> Result<Pixels> {
    Ok(Pixels::Blocks(match &code.to_le_bytes() {
        b"DXT1" => Block::Bc1,
        b"DXT2" | b"DXT3" => Block::Bc2,
        b"DXT4" | b"DXT5" => Block::Bc3,
        b"ATI1" | b"BC4U" => Block::Bc4 { signed: false },
        b"BC4S" => Block::Bc4 { signed: true },
        b"ATI2" | b"BC5U" => Block::Bc5 { signed: false },
        b"BC5S" => Block::Bc5 { signed: true },
        _ => {
            return Ok(Pixels::Plain(match code {
                36 => Layout::Deep { channels: Channels::Rgba },
                111 => Layout::Half { channels: Channels::Grey },
                113 => Layout::Half { channels: Channels::Rgba },
                114 => Layout::Float { channels: Channels::Grey },
                116 => Layout::Float { channels: Channels::Rgba },
                _ => return Err(unknown(format!("{:?}", code.to_le_bytes().escape_ascii().to_string()))),
            }));
        }
    }))
}

/// Formats of the extension (`DXGI_FORMAT`).
fn by_number(number: u32) -> Result<Pixels> {
    let bytes = |bytes, masks| Layout::Masked { bytes, masks, grey: false };
    let blocks = match number {
        70..=72 => Block::Bc1,
        73..=75 => Block::Bc2,
        76..=78 => Block::Bc3,
        79 | 80 => Block::Bc4 { signed: false },
        81 => Block::Bc4 { signed: true },
        82 | 83 => Block::Bc5 { signed: false },
        84 => Block::Bc5 { signed: true },
        94 | 95 => Block::Bc6 { signed: false },
        96 => Block::Bc6 { signed: true },
        97..=99 => Block::Bc7,
        _ => {
            return Ok(Pixels::Plain(match number {
                2 => Layout::Float { channels: Channels::Rgba },
                6 => Layout::Float { channels: Channels::Rgb },
                10 => Layout::Half { channels: Channels::Rgba },
                11 => Layout::Deep { channels: Channels::Rgba },
                24 => bytes(4, [0x3FF, 0xF_FC00, 0x3FF0_0000, 0xC000_0000]),
                27..=29 => bytes(4, [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000]),
                41 => Layout::Float { channels: Channels::Grey },
                49 => bytes(2, [0xFF, 0xFF00, 0, 0]),
                54 => Layout::Half { channels: Channels::Grey },
                56 => Layout::Deep { channels: Channels::Grey },
                61 => Layout::Masked { bytes: 1, masks: [0xFF, 0, 0, 0], grey: true },
                65 => Layout::Masked { bytes: 1, masks: [0, 0, 0, 0xFF], grey: true },
                85 => bytes(2, [0xF800, 0x7E0, 0x1F, 0]),
                86 => bytes(2, [0x7C00, 0x3E0, 0x1F, 0x8000]),
                87 | 90 | 91 => bytes(4, [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000]),
                88 | 92 | 93 => bytes(4, [0xFF_0000, 0xFF00, 0xFF, 0]),
                115 => bytes(2, [0xF00, 0xF0, 0xF, 0xF000]),
                _ => return Err(unknown(format!("{number}"))),
            }));
        }
    };
    Ok(Pixels::Blocks(blocks))
}

fn unknown(name: String) -> Error {
    Error::unsupported(format!("the pixel format {name} of DDS cannot be read"))
}
