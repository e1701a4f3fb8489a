//! The sections before the pixels: header, colour table, resources, layers.

use super::bytes::Bytes;
use super::resources::Resources;
use formwork_sdk::{Error, Result};

/// How samples are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Bitmap,
    /// Grey, and duotone without its inks.
    Grey,
    Indexed,
    Rgb,
    Cmyk,
    Lab,
}

impl Mode {
    /// Channels that make the colour.
    pub(super) const fn colours(self) -> usize {
        match self {
            Mode::Bitmap | Mode::Grey | Mode::Indexed => 1,
            Mode::Rgb | Mode::Lab => 3,
            Mode::Cmyk => 4,
        }
    }
}

/// Everything before the pixels.
pub(super) struct Document<'b> {
    /// A large document (PSB): greatest side 300 000, longer lengths.
    pub(super) large: bool,
    /// Channels of the flattened picture.
    pub(super) channels: usize,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample: 1, 8, 16 or 32.
    pub(super) depth: u16,
    pub(super) mode: Mode,
    /// Colours of an indexed picture: all reds, all greens, all blues.
    pub(super) table: &'b [u8],
    pub(super) resources: Resources<'b>,
    pub(super) layers: Layers,
    /// The flattened picture, from its compression on.
    pub(super) picture: Bytes<'b>,
}

/// What the layer section says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layers {
    /// How many layers there are.
    pub(super) count: u32,
    /// How many of them show the whole canvas as it is.
    plain: u32,
    /// The flattened picture's first spare channel is its transparency.
    pub(super) transparency: bool,
    canvas: (u32, u32),
}

impl<'b> Document<'b> {
    /// Reads the sections and checks the header.
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Document<'b>> {
        let mut bytes = Bytes(bytes);
        if bytes.take(4)? != b"8BPS" {
            return Err(Error::corrupt("not a Photoshop document"));
        }
        let large = match bytes.u16()? {
            1 => false,
            2 => true,
            version => return Err(Error::unsupported(format!("Photoshop format {version} is not known"))),
        };
        bytes.take(6)?;
        let channels = usize::from(bytes.u16()?);
        let (height, width) = (bytes.u32()?, bytes.u32()?);
        let depth = bytes.u16()?;
        let mode = mode(bytes.u16()?, channels)?;
        check(mode, channels, depth)?;
        let table = bytes.block(false)?.0;
        let resources = Resources::parse(bytes.block(false)?);
        let mut layers = Layers { canvas: (width, height), ..Layers::default() };
        // The pixels do not depend on what is damaged in there.
        let _ = layers.scan(bytes.block(large)?, large);
        let picture = bytes;
        Ok(Document { large, channels, width, height, depth, mode, table, resources, layers, picture })
    }

    /// Whether the flattened picture has transparency. Saved selections are spare channels too, but have
    /// a name, which files of simple writers do not give.
    pub(super) fn has_alpha(&self) -> bool {
        let spare = self.channels > self.mode.colours();
        let unnamed = self.layers.count == 0 && self.resources.channel_names.is_none();
        spare && (self.layers.transparency || unnamed)
    }
}

fn mode(number: u16, channels: usize) -> Result<Mode> {
    match number {
        0 => Ok(Mode::Bitmap),
        1 | 8 => Ok(Mode::Grey),
        2 => Ok(Mode::Indexed),
        3 => Ok(Mode::Rgb),
        4 => Ok(Mode::Cmyk),
        // Multichannel: its inks are usually the first of cyan, magenta, yellow, black.
        7 if channels >= 4 => Ok(Mode::Cmyk),
        7 => Ok(Mode::Grey),
        9 => Ok(Mode::Lab),
        mode => Err(Error::unsupported(format!("Photoshop colour mode {mode} is not known"))),
    }
}

fn check(mode: Mode, channels: usize, depth: u16) -> Result<()> {
    if channels < mode.colours() || channels > 56 {
        return Err(Error::corrupt(format!("{channels} channels for a picture in {mode:?}")));
    }
    let fits = match mode {
        Mode::Bitmap => depth == 1,
        Mode::Indexed => depth == 8,
        Mode::Cmyk | Mode::Lab => matches!(depth, 8 | 16),
        Mode::Grey | Mode::Rgb => matches!(depth, 8 | 16 | 32),
    };
    if fits { Ok(()) } else { Err(Error::unsupported(format!("{depth} bits a sample in {mode:?}"))) }
}

/// Blocks whose length takes 8 bytes in a large document.
const LONG: [&[u8]; 12] = [
    b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk", b"lnk2", b"FEid",
    b"PxSD",
];

impl Layers {
    /// Looks through the layer section: the list of layers, the mask, then tagged blocks, which hold the
    /// layers of deeper documents.
    fn scan(&mut self, mut section: Bytes<'_>, large: bool) -> Result<()> {
        if section.0.is_empty() {
            return Ok(());
        }
        self.add(section.block(large)?, large);
        section.block(false)?;
        while let Ok(b"8BIM" | b"8B64") = section.take(4) {
            let key = section.take(4)?;
            let block = section.block(large && LONG.contains(&key))?;
            match key {
                b"Lr16" | b"Lr32" | b"Layr" => self.add(block, large),
                b"Mt16" | b"Mt32" | b"Mtrn" => self.transparency = true,
                _ => {}
            }
            section.take_up_to(block.0.len().wrapping_neg() & 3);
        }
        Ok(())
    }

    /// Whether there is more than one layer that looks like the flattened picture.
    pub(super) const fn tell(&self) -> bool {
        self.count > 1 || self.plain < self.count
    }

    /// Counts a list of layers. A negative number says that the picture has transparency.
    fn add(&mut self, mut list: Bytes<'_>, large: bool) {
        let count = list.i16().unwrap_or(0);
        self.count += u32::from(count.unsigned_abs());
        self.transparency |= count < 0;
        self.plain += u32::from(self.is_plain(list, large).unwrap_or(false));
    }

    /// Whether the first layer covers the canvas, is blended normally, opaque and not clipped.
    fn is_plain(&self, mut record: Bytes<'_>, large: bool) -> Result<bool> {
        let sides = [record.u32()?, record.u32()?, record.u32()?, record.u32()?];
        let channels = u64::from(record.u16()?);
        record.take(channels * if large { 10 } else { 6 })?;
        let (width, height) = self.canvas;
        Ok(sides == [0, 0, height, width] && record.take(10)? == b"8BIMnorm\xFF\0")
    }
}
