use crate::canvas::{Canvas, Disposal, Update};
use crate::codec::{Facts, Reader, Wish};
use crate::damage;
use formwork_image_pixels::{Channels, Metadata, Picture, Sequence, is_opaque, set_channels};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit, Repeat};
use std::num::NonZeroU64;

pub(super) const READER: Reader = Reader { decode, inspect };

fn decode(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<Picture> {
    let bytes = input.bytes()?;
    let mut decoder = open(step, &bytes, false)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    step.check_picture(width.into(), height.into(), 4 * 2)?;
    let mut canvas = Canvas::new(width, height);
    let mut picture = Picture::default();
    loop {
        let done = picture.frames.len() as u64;
        step.tick(done, 0)?;
        let update = match decoder.next_frame_info() {
            Ok(None) => break,
            Ok(Some(_)) if wish.first_frame_only && done > 0 => {
                picture.dropped.push(Feature::Animation);
                break;
            }
            Ok(Some(frame)) => update(frame),
            Err(error) => {
                accept(step, done, error)?;
                break;
            }
        };
        step.within("frames", done + 1, step.limits().frames)?;
        step.check_picture(width.into(), height.into(), 4 * (done + 3))?;
        step.check_picture(update.width.into(), update.height.into(), 5)?;
        let (part, damage) = part(&mut decoder, &update);
        if damage.is_none() || done == 0 {
            picture.frames.push(canvas.show(&part, &update)?);
        }
        if let Some(error) = damage {
            match done {
                0 => step.warn(format!("the input is damaged: parts of the picture are missing ({error})")),
                _ => accept(step, done, error)?,
            }
            break;
        }
    }
    if picture.frames.is_empty() {
        return Err(Error::corrupt("the GIF holds no picture"));
    }
    if picture.frames.len() > 1 {
        picture.sequence = Sequence::Animation { loops: loops(&decoder) };
    }
    if picture.frames.iter().all(is_opaque) {
        picture.frames.iter_mut().for_each(|frame| set_channels(frame, Channels::Rgb));
    }
    picture.metadata = metadata(&decoder);
    Ok(picture)
}

fn accept(step: &Step<'_>, done: u64, error: DecodingError) -> Result<()> {
    if done == 0 {
        return Err(failure(error));
    }
    damage::accept_frames(step, done, done + 1, error)
}

fn failure(error: DecodingError) -> Error {
    Error::corrupt(format!("the GIF is damaged: {error}"))
}

fn open<'b>(step: &Step<'_>, bytes: &'b [u8], headers_only: bool) -> Result<Decoder<&'b [u8]>> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.skip_frame_decoding(headers_only);
    options.allow_unknown_blocks(true);
    let limit = if headers_only { step.limits().metadata } else { step.limits().memory };
    options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(limit).unwrap_or(NonZeroU64::MIN)));
    options.read_info(bytes).map_err(failure)
}

fn update(frame: &gif::Frame<'_>) -> Update {
    Update {
        left: frame.left.into(),
        top: frame.top.into(),
        width: frame.width.into(),
        height: frame.height.into(),
        over: true,
        disposal: match frame.dispose {
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
            _ => Disposal::Keep,
        },
        delay_ms: u32::from(frame.delay) * 10,
    }
}

/// Decodes the pixels of the current frame. What a damaged file lacks is transparent.
fn part(decoder: &mut Decoder<&[u8]>, update: &Update) -> (Vec<[u8; 4]>, Option<DecodingError>) {
    let frame = decoder.current_frame_info();
    let transparent = frame.and_then(|frame| frame.transparent);
    let mut indices = vec![0; update.width as usize * update.height as usize];
    let error = decoder.read_into_buffer(&mut indices).err();
    let palette = decoder.palette().unwrap_or(&[]).as_chunks::<3>().0;
    let mut colours = [[0u8; 4]; 256];
    for (slot, [r, g, b]) in colours.iter_mut().zip(palette) {
        *slot = [*r, *g, *b, u8::MAX];
    }
    if let Some(slot) = transparent.and_then(|index| colours.get_mut(usize::from(index))) {
        *slot = [0; 4];
    }
    (indices.into_iter().map(|index| colours[usize::from(index)]).collect(), error)
}

/// How often the animation plays. The number in the file counts what follows the first time.
fn loops(decoder: &Decoder<&[u8]>) -> u32 {
    match decoder.repeat() {
        Repeat::Infinite => 0,
        Repeat::Finite(more) => u32::from(more) + 1,
    }
}

fn metadata(decoder: &Decoder<&[u8]>) -> Metadata {
    Metadata {
        icc: decoder.icc_profile().map(<[u8]>::to_vec),
        xmp: decoder.xmp_metadata().map(<[u8]>::to_vec),
        ..Metadata::default()
    }
}

fn inspect(step: &Step<'_>, input: &Input<'_>) -> Result<Facts> {
    let bytes = input.bytes()?;
    let mut decoder = open(step, &bytes, true)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    if width == 0 || height == 0 {
        return Err(Error::corrupt(format!("the GIF is {width} by {height} pixels")));
    }
    let (mut frames, mut alpha) = (0, false);
    // A damaged end hides frames and nothing else.
    while let Ok(Some(frame)) = decoder.next_frame_info() {
        let whole = (frame.left, frame.top) == (0, 0)
            && u32::from(frame.width) >= width
            && u32::from(frame.height) >= height;
        alpha |= frames == 0 && (frame.transparent.is_some() || !whole);
        frames += 1;
    }
    let channels = if alpha { Channels::Rgba } else { Channels::Rgb };
    let metadata = metadata(&decoder);
    Ok(Facts {
        icc: metadata.icc,
        metadata: metadata.xmp.is_some(),
        palette: true,
        ..Facts::new(width, height, channels, 8).animated(frames.max(1))
    })
}
