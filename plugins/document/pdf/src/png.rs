//! Writes samples as PDF has them as PNG (ISO/IEC 15948): the two pack samples into rows in the same way.

use crate::save::deflate;
use flate2::Crc;

/// What a sample means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Grey = 0,
    Colour = 2,
    Palette = 3,
}

/// Samples in rows, each of whole bytes.
pub(crate) struct Picture<'p> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits: u8,
    pub(crate) kind: Kind,
    pub(crate) palette: Option<Vec<u8>>,
    pub(crate) samples: &'p [u8],
}

/// `None` for samples PNG does not have, or too few of them.
pub(crate) fn write(picture: &Picture<'_>) -> Option<Vec<u8>> {
    let Picture { width, height, bits, kind, palette, samples } = picture;
    let fits = match kind {
        Kind::Grey => matches!(bits, 1 | 2 | 4 | 8 | 16),
        Kind::Colour => matches!(bits, 8 | 16),
        Kind::Palette => matches!(bits, 1 | 2 | 4 | 8),
    };
    let channels = if *kind == Kind::Colour { 3 } else { 1 };
    let row = (*width as usize * channels * usize::from(*bits)).div_ceil(8);
    if !fits || row == 0 || samples.len() / row < *height as usize {
        return None;
    }
    let mut rows = Vec::with_capacity((row + 1) * *height as usize);
    for line in samples.chunks_exact(row).take(*height as usize) {
        rows.push(0);
        rows.extend_from_slice(line);
    }
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([*bits, *kind as u8, 0, 0, 0]);
    chunk(&mut file, *b"IHDR", &head);
    if let Some(palette) = palette {
        chunk(&mut file, *b"PLTE", palette);
    }
    chunk(&mut file, *b"IDAT", &deflate(&rows, 6).ok()?);
    chunk(&mut file, *b"IEND", &[]);
    Some(file)
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut sum = Crc::new();
    sum.update(&kind);
    sum.update(data);
    file.extend((data.len() as u32).to_be_bytes());
    file.extend(kind);
    file.extend(data);
    file.extend(sum.sum().to_be_bytes());
}
