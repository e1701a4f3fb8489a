use super::container::{self, Chunk, number24};
use super::decoder::{self, Header};
use crate::canvas::{Canvas, Disposal, Update};
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Picture, Samples, Sequence, is_opaque, set_channels};
use formwork_sdk::{Error, Feature, Input, Result, Step};

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let chunks = container::chunks(&bytes)?;
    let metadata = container::metadata(&chunks, step.limits().metadata)?;
    let updates: Vec<&[u8]> = named(&chunks, b"ANMF").collect();
    let mut picture = match named(&chunks, b"VP8X").next().and_then(container::canvas) {
        Some(size) if !updates.is_empty() => animation(step, &chunks, &updates, size, wish)?,
        _ => Picture::still(still(step, &bytes)?),
    };
    picture.metadata = metadata;
    Ok(picture)
}

fn named<'c, 'b>(chunks: &'c [Chunk<'b>], wanted: &'c [u8; 4]) -> impl Iterator<Item = &'b [u8]> + 'c {
    chunks.iter().filter(move |(name, _)| name == wanted).map(|(_, content)| *content)
}

fn damaged() -> Error {
    Error::corrupt("the WebP is damaged")
}

/// Decodes a file, or a wrapped frame, that holds one picture.
fn still(step: &Step<'_>, file: &[u8]) -> Result<Frame> {
    let header = decoder::header(file).ok_or_else(damaged)?;
    step.check_picture(header.width.into(), header.height.into(), if header.alpha { 4 } else { 3 })?;
    let decoded = decoder::decode(step, file, &header)?;
    if decoded.rows < header.height {
        damage::accept_rows(step, decoded.rows.into(), header.height.into(), "the WebP is damaged")?;
    }
    Frame::new(header.width, header.height, layout(header.alpha), Samples::U8(decoded.samples))
        .ok_or_else(damaged)
}

fn layout(alpha: bool) -> Channels {
    if alpha { Channels::Rgba } else { Channels::Rgb }
}

fn animation(
    step: &Step<'_>,
    chunks: &[Chunk<'_>],
    updates: &[&[u8]],
    (width, height): (u32, u32),
    wish: &Wish,
) -> Result<Picture> {
    let all = updates.len() as u64;
    let wanted = if wish.first_frame_only { 1 } else { all };
    step.within("frames", wanted, step.limits().frames)?;
    step.check_picture(width.into(), height.into(), 4 * (wanted + 2))?;
    let mut canvas = Canvas::<u8>::new(width, height);
    let mut picture = Picture::default();
    for (index, update) in updates.iter().take(wanted as usize).enumerate() {
        step.tick(index as u64, wanted)?;
        match show(step, &mut canvas, update) {
            Ok(frame) => picture.frames.push(frame),
            Err(error) if error.kind == formwork_sdk::ErrorKind::CorruptInput => {
                damage::accept_frames(step, index as u64, wanted, error.message)?;
                break;
            }
            Err(error) => return Err(error),
        }
    }
    // What no frame has drawn on is transparent, whatever the header says.
    if picture.frames.iter().all(is_opaque) {
        picture.frames.iter_mut().for_each(|frame| set_channels(frame, Channels::Rgb));
    }
    if wanted < all {
        picture.dropped.push(Feature::Animation);
    } else {
        let loops = named(chunks, b"ANIM").next().and_then(|content| content.get(4..)?.first_chunk::<2>());
        picture.sequence =
            Sequence::Animation { loops: loops.map_or(0, |loops| u16::from_le_bytes(*loops).into()) };
    }
    Ok(picture)
}

/// Decodes one ANMF chunk (RFC 9649, section 2.7.1.1) and shows it.
fn show(step: &Step<'_>, canvas: &mut Canvas<u8>, content: &[u8]) -> Result<Frame> {
    let number = |place| number24(content, place).ok_or_else(damaged);
    let (head, frame) = content.split_first_chunk::<16>().ok_or_else(damaged)?;
    let flags = head[15];
    let (width, height) = (number(6)? + 1, number(9)? + 1);
    let mut part = still(step, &container::wrapped(frame, width, height))?;
    if part.size() != (width, height) {
        return Err(damaged());
    }
    set_channels(&mut part, Channels::Rgba);
    let Samples::U8(samples) = &part.samples else { return Err(damaged()) };
    let update = Update {
        left: number(0)? * 2,
        top: number(3)? * 2,
        width,
        height,
        over: flags & 2 == 0,
        disposal: if flags & 1 == 1 { Disposal::Clear } else { Disposal::Keep },
        delay_ms: number(12)?,
    };
    canvas.show(samples.as_chunks::<4>().0, &update)
}

/// Whether an ANMF chunk draws on all of the canvas.
fn covers(update: &[u8], size: (u32, u32)) -> bool {
    let corner = (number24(update, 0), number24(update, 3)) == (Some(0), Some(0));
    corner && number24(update, 6).zip(number24(update, 9)).map(|(w, h)| (w + 1, h + 1)) == Some(size)
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let chunks = container::chunks(&bytes)?;
    let metadata = container::metadata(&chunks, step.limits().metadata)?;
    let vp8x = named(&chunks, b"VP8X").next();
    let frames = named(&chunks, b"ANMF").count().max(1) as u64;
    let header =
        match vp8x.and_then(|vp8x| Some((container::canvas(vp8x)?, container::announces_alpha(vp8x)))) {
            Some((size, alpha)) => {
                let open = named(&chunks, b"ANMF").next().is_some_and(|update| !covers(update, size));
                Header { width: size.0, height: size.1, alpha: alpha || open }
            }
            None => decoder::header(&bytes).ok_or_else(damaged)?,
        };
    let facts = Facts::new(header.width, header.height, layout(header.alpha), 8).animated(frames);
    Ok(Facts {
        icc: metadata.icc,
        metadata: metadata.exif.is_some() || metadata.xmp.is_some(),
        orientation: metadata.orientation,
        ..facts
    })
}
