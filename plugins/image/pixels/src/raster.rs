//! The internal format `raster`: a [`Picture`] as bytes.
//!
//! Little endian throughout. It never leaves a job, so there is one version and no compression:
//!
//! ```text
//! "FWRASTER"  u32 version = 1
//! u32 sequence (0 still, 1 animation, 2 pages)   u32 loops
//! u32 orientation   f64 density x   f64 density y (0 = unknown)
//! u32 length + bytes: icc, exif, xmp (length u32::MAX = absent)
//! u32 length + UTF-8: words of the dropped features, separated by spaces
//! u32 number of frames, then for each:
//!     u32 width  u32 height  u32 channels (index)  u32 bytes a sample  u32 delay_ms
//!     the samples
//! ```

use crate::{Channels, Frame, Metadata, Orientation, Picture, Samples, Sequence};
use formwork_sdk::{Error, Feature, Limits, Result, Writer};

const MAGIC: &[u8; 8] = b"FWRASTER";
const VERSION: u32 = 1;
const ABSENT: u32 = u32::MAX;
const CHANNELS: [Channels; 5] =
    [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];

/// Writes a picture. The caller closes the output.
///
/// # Errors
///
/// `limit_exceeded` (`output`); `io`.
pub fn write(picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    output.append(&header(picture))?;
    for frame in &picture.frames {
        let channels = CHANNELS.iter().position(|channels| *channels == frame.channels).unwrap_or(0) as u32;
        let mut head = Vec::with_capacity(20);
        for value in [frame.width, frame.height, channels, frame.samples.width() as u32, frame.delay_ms] {
            head.extend(value.to_le_bytes());
        }
        output.append(&head)?;
        output.append(bytes_of(&frame.samples))?;
    }
    Ok(())
}

/// Number of bytes [`write`] will write, so that the host can reserve them.
pub fn length(picture: &Picture) -> u64 {
    header(picture).len() as u64 + picture.frames.len() as u64 * 20 + picture.bytes()
}

fn header(picture: &Picture) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let (sequence, loops) = match picture.sequence {
        Sequence::Still => (0, 0),
        Sequence::Animation { loops } => (1, loops),
        Sequence::Pages => (2, 0),
    };
    let metadata = &picture.metadata;
    for value in [VERSION, sequence, loops, metadata.orientation as u32] {
        bytes.extend(value.to_le_bytes());
    }
    let density = metadata.density.unwrap_or((0.0, 0.0));
    bytes.extend(density.0.to_le_bytes());
    bytes.extend(density.1.to_le_bytes());
    for block in [&metadata.icc, &metadata.exif, &metadata.xmp] {
        put_block(&mut bytes, block.as_deref());
    }
    let dropped: Vec<&str> = picture.dropped.iter().map(|feature| feature.word()).collect();
    put_block(&mut bytes, Some(dropped.join(" ").as_bytes()));
    bytes.extend((picture.frames.len() as u32).to_le_bytes());
    bytes
}

fn put_block(bytes: &mut Vec<u8>, block: Option<&[u8]>) {
    let length = block.map_or(ABSENT, |block| block.len() as u32);
    bytes.extend(length.to_le_bytes());
    bytes.extend(block.unwrap_or(&[]));
}

fn bytes_of(samples: &Samples) -> &[u8] {
    // SAFETY: plain numbers of 1, 2 and 4 bytes without padding may be viewed as bytes; the length is
    // that of the whole slice.
    unsafe {
        match samples {
            Samples::U8(samples) => samples.as_slice(),
            Samples::U16(samples) => std::slice::from_raw_parts(samples.as_ptr().cast(), samples.len() * 2),
            Samples::F32(samples) => std::slice::from_raw_parts(samples.as_ptr().cast(), samples.len() * 4),
        }
    }
}

/// Reads a picture back.
///
/// # Errors
///
/// `corrupt_input` when it is not a raster; `limit_exceeded` (`frames`, `memory`).
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Picture> {
    let mut cursor = Cursor { bytes };
    if cursor.take(8)? != MAGIC || cursor.u32()? != VERSION {
        return Err(Error::corrupt("not a raster of this version"));
    }
    let (sequence, loops) = (cursor.u32()?, cursor.u32()?);
    let orientation = Orientation::from_exif(cursor.u32()?);
    let density = (cursor.f64()?, cursor.f64()?);
    let (icc, exif, xmp) = (cursor.block()?, cursor.block()?, cursor.block()?);
    let dropped = cursor.block()?.unwrap_or_default();
    let count = cursor.u32()?;
    if u64::from(count) > limits.frames {
        return Err(Error::limit("frames", count, limits.frames));
    }
    let frames = (0..count).map(|_| cursor.frame()).collect::<Result<Vec<_>>>()?;
    Ok(Picture {
        frames,
        sequence: match sequence {
            0 => Sequence::Still,
            1 => Sequence::Animation { loops },
            _ => Sequence::Pages,
        },
        metadata: Metadata {
            icc,
            exif,
            xmp,
            orientation,
            density: (density.0 > 0.0 && density.1 > 0.0).then_some(density),
        },
        dropped: String::from_utf8_lossy(&dropped).split(' ').filter_map(Feature::from_word).collect(),
    })
}

struct Cursor<'b> {
    bytes: &'b [u8],
}

impl<'b> Cursor<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let (head, tail) =
            self.bytes.split_at_checked(count).ok_or_else(|| Error::corrupt("the raster ends too early"))?;
        self.bytes = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn block(&mut self) -> Result<Option<Vec<u8>>> {
        let length = self.u32()?;
        if length == ABSENT { Ok(None) } else { Ok(Some(self.take(length as usize)?.to_vec())) }
    }

    fn frame(&mut self) -> Result<Frame> {
        let wrong = || Error::corrupt("a frame of the raster is malformed");
        let (width, height, channels) = (self.u32()?, self.u32()?, self.u32()?);
        let (sample, delay_ms) = (self.u32()? as usize, self.u32()?);
        let channels = CHANNELS.get(channels as usize).copied().ok_or_else(wrong)?;
        let count =
            (width as usize).checked_mul(height as usize).and_then(|n| n.checked_mul(channels.count()));
        let data = self.take(count.and_then(|n| n.checked_mul(sample)).ok_or_else(wrong)?)?;
        let samples = match sample {
            1 => Samples::U8(data.to_vec()),
            2 => Samples::U16(data.as_chunks::<2>().0.iter().map(|two| u16::from_le_bytes(*two)).collect()),
            4 => Samples::F32(data.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()),
            _ => return Err(wrong()),
        };
        Frame::new(width, height, channels, samples)
            .map(|frame| Frame { delay_ms, ..frame })
            .ok_or_else(wrong)
    }
}
