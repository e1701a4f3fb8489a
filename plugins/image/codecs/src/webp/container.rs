//! The RIFF container of WebP (RFC 9649, section 2).

use formwork_image_pixels::Metadata;
use formwork_sdk::{Error, Result, Writer};

/// Flags of the VP8X chunk.
const ANIMATION: u8 = 0x02;
const XMP: u8 = 0x04;
const EXIF: u8 = 0x08;
const ALPHA: u8 = 0x10;
const ICC: u8 = 0x20;

/// A chunk: its four letters and its content.
pub(super) type Chunk<'b> = ([u8; 4], &'b [u8]);

/// The chunks of a WebP file. A last chunk that is cut short is given as far as it goes.
pub(super) fn chunks(file: &[u8]) -> Result<Vec<Chunk<'_>>> {
    let body = match file {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', body @ ..] => body,
        _ => return Err(Error::corrupt("not a WebP file")),
    };
    Ok(split(body).collect())
}

/// Splits bytes into chunks.
pub(super) fn split(mut bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let (name, rest) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        let (content, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        // Chunks are padded to even lengths.
        bytes = if length % 2 == 1 { rest.get(1..).unwrap_or(&[]) } else { rest };
        Some((*name, content))
    })
}

/// A number of three bytes.
pub(super) fn number24(bytes: &[u8], place: usize) -> Option<u32> {
    let &[a, b, c] = bytes.get(place..)?.first_chunk::<3>()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

/// Width and height from a VP8X chunk.
pub(super) fn canvas(vp8x: &[u8]) -> Option<(u32, u32)> {
    Some((number24(vp8x, 4)? + 1, number24(vp8x, 7)? + 1))
}

/// Whether a VP8X chunk announces alpha.
pub(super) fn announces_alpha(vp8x: &[u8]) -> bool {
    vp8x.first().is_some_and(|flags| flags & ALPHA != 0)
}

/// Wraps the chunks of one frame so that the library takes them for a file.
pub(super) fn wrapped(frame: &[u8], width: u32, height: u32) -> Vec<u8> {
    let alpha = split(frame).any(|(name, _)| &name == b"ALPH");
    let mut body = b"WEBP".to_vec();
    if alpha {
        push_chunk(&mut body, b"VP8X", &extended(ALPHA, width, height));
    }
    body.extend_from_slice(frame);
    let mut file = b"RIFF".to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

fn extended(flags: u8, width: u32, height: u32) -> [u8; 10] {
    let [w0, w1, w2, _] = width.saturating_sub(1).to_le_bytes();
    let [h0, h1, h2, _] = height.saturating_sub(1).to_le_bytes();
    [flags, 0, 0, 0, w0, w1, w2, h0, h1, h2]
}

fn push_chunk(bytes: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    bytes.extend_from_slice(name);
    bytes.extend((content.len() as u32).to_le_bytes());
    bytes.extend_from_slice(content);
    bytes.extend((content.len() % 2 == 1).then_some(0));
}

/// Reads the metadata chunks.
pub(super) fn metadata(chunks: &[Chunk<'_>], allowed: u64) -> Result<Metadata> {
    let find = |wanted: &[u8; 4]| chunks.iter().find(|(name, _)| name == wanted).map(|(_, content)| *content);
    let (icc, exif, xmp) = (find(b"ICCP"), find(b"EXIF"), find(b"XMP "));
    let all: u64 = [icc, exif, xmp].iter().flatten().map(|block| block.len() as u64).sum();
    if all > allowed {
        return Err(Error::limit("metadata", all, allowed));
    }
    let exif = exif.map(formwork_image_pixels::exif::without_prefix);
    Ok(Metadata {
        icc: icc.map(<[u8]>::to_vec),
        orientation: exif.map(formwork_image_pixels::exif::orientation).unwrap_or_default(),
        exif: exif.map(<[u8]>::to_vec),
        xmp: xmp.map(<[u8]>::to_vec),
        density: None,
    })
}

/// Writes what the library encoded, with metadata put into the container. `holes`: an animation has
/// transparent parts, which the library only notes when they lie within a frame.
pub(super) fn write(
    file: &[u8],
    (width, height): (u32, u32),
    metadata: &Metadata,
    holes: bool,
    output: &mut Writer<'_>,
) -> Result<()> {
    let blocks = [(ICC, &metadata.icc), (EXIF, &metadata.exif), (XMP, &metadata.xmp)];
    let mut flags: u8 = blocks.iter().filter(|(_, block)| block.is_some()).map(|(flag, _)| flag).sum();
    if flags == 0 && !holes {
        return output.append(file);
    }
    flags |= if holes { ALPHA } else { 0 };
    let chunks = chunks(file)?;
    for (name, content) in &chunks {
        flags |= match name {
            b"VP8X" => content.first().copied().unwrap_or(0),
            b"ALPH" => ALPHA,
            // A lossless picture says in its own header whether it has alpha.
            b"VP8L" => content.get(4).filter(|byte| *byte & 0x10 != 0).map_or(0, |_| ALPHA),
            b"ANIM" => ANIMATION,
            _ => 0,
        };
    }
    let mut all: Vec<Chunk<'_>> = Vec::new();
    let extended = extended(flags, width, height);
    all.push((*b"VP8X", &extended));
    all.extend(metadata.icc.as_deref().map(|block| (*b"ICCP", block)));
    all.extend(chunks.into_iter().filter(|(name, _)| name != b"VP8X"));
    all.extend(metadata.exif.as_deref().map(|block| (*b"EXIF", block)));
    all.extend(metadata.xmp.as_deref().map(|block| (*b"XMP ", block)));
    let length: usize = all.iter().map(|(_, content)| 8 + content.len().next_multiple_of(2)).sum();
    output.append(&[b"RIFF".as_slice(), &(length as u32 + 4).to_le_bytes(), b"WEBP"].concat())?;
    for (name, content) in all {
        output.append(&[name, (content.len() as u32).to_le_bytes()].concat())?;
        output.append(content)?;
        if content.len() % 2 == 1 {
            output.append(&[0])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_and_tolerates_the_end() {
        let mut file = b"RIFF\0\0\0\0WEBP".to_vec();
        push_chunk(&mut file, b"AAAA", b"odd");
        push_chunk(&mut file, b"BBBB", b"even");
        let all = chunks(&file).unwrap();
        assert_eq!(all, [(*b"AAAA", b"odd".as_slice()), (*b"BBBB", b"even")]);
        assert_eq!(chunks(&file[..file.len() - 2]).unwrap()[1].1, b"ev");
        for length in 0..file.len() {
            let _ = chunks(&file[..length]);
        }
    }

    #[test]
    fn sizes_survive() {
        assert_eq!(canvas(&extended(ALPHA, 16_383, 7)), Some((16_383, 7)));
        assert!(announces_alpha(&extended(ALPHA, 1, 1)));
    }
}
