//! From a HEIC file to a picture.

use crate::broken;
use crate::cicp::Cicp;
use crate::container::{self, Geometry, Layout, Rectangle, Still};
use crate::patience::patiently;
use crate::tiles::{self, Canvas, Kind, Progress};
use formwork_image_pixels::{Channels, Frame, Picture, Samples};
use formwork_sdk::{Error, Feature, Input, Result, Step};
use heifer::{Image, Sample};

/// Bytes a pixel may take while a picture of 8 bits is decoded: planes of 16 bit words, the canvas, alpha.
const BYTES_8: u64 = 8;
/// The same with more than 8 bits.
const BYTES_16: u64 = 16;
/// The same when the library puts the picture together itself, in steps that copy.
const BYTES_WHOLE: u64 = 32;

/// Decodes the primary picture.
///
/// # Errors
///
/// `corrupt_input`; `limit_exceeded`; `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, input: &Input<'_>) -> Result<Picture> {
    let bytes = input.bytes()?;
    let file = container::parse(&bytes)?;
    let still = Still::primary(&file);
    let mut metadata = still.metadata(step)?;
    say_losses(step, &still, &bytes)?;
    let cicp = if metadata.icc.is_some() { None } else { still.cicp()? };
    let plain = still.layout(still.id)?.zip(still.geometry()?);
    let Some((layout, geometry)) = plain else {
        let frame = whole(step, &still, &bytes)?;
        metadata.icc = metadata.icc.or_else(|| cicp.and_then(Cicp::profile));
        return Ok(Picture { metadata, ..Picture::still(frame) });
    };
    metadata.orientation = geometry.orientation;
    // A profile for colours does not fit a picture that is only grey.
    let keep_colour = cicp.is_some_and(Cicp::is_hdr)
        || metadata.icc.as_ref().is_some_and(|icc| icc.get(16..20) != Some(b"GRAY"));
    let frame = if layout.depth == 8 {
        step.check_picture(layout.size.0.into(), layout.size.1.into(), BYTES_8)?;
        decode::<u8>(step, &still, &layout, &geometry, keep_colour)?
    } else {
        step.check_picture(layout.size.0.into(), layout.size.1.into(), BYTES_16)?;
        decode::<u16>(step, &still, &layout, &geometry, keep_colour)?
    };
    metadata.icc = metadata.icc.or_else(|| cicp.and_then(Cicp::profile));
    let frame = match cicp {
        Some(cicp) => cicp.in_light(frame),
        None => frame,
    };
    Ok(Picture { metadata, ..Picture::still(frame) })
}

/// Says what the file holds beyond its primary picture.
fn say_losses(step: &Step<'_>, still: &Still<'_, '_>, bytes: &[u8]) -> Result<()> {
    if still.has_gain_map()? {
        step.lose(Feature::BitDepth, "the gain map that brightens highlights on HDR screens");
    }
    if still.auxiliary(|kind| kind.contains("depth"))?.is_some() {
        step.lose(Feature::Layers, "the depth map");
    }
    match still.others() {
        0 => {}
        1 => step.lose(Feature::Pages, "one further picture"),
        others => step.lose(Feature::Pages, format!("{others} further pictures")),
    }
    if has_film(bytes) {
        step.lose(Feature::Animation, "the film beside the picture");
    }
    Ok(())
}

/// Whether an image sequence or a motion photo's film lies beside the picture.
pub(crate) fn has_film(bytes: &[u8]) -> bool {
    let boxes = crate::isobmff::BoxIter::new(bytes);
    boxes.flatten().any(|part| matches!(&part.header.box_type.0, b"moov" | b"mpvd"))
}

/// Decodes colour and alpha and brings them into the form pictures have.
fn decode<S: Depth>(
    step: &Step<'_>,
    still: &Still<'_, '_>,
    layout: &Layout,
    geometry: &Geometry,
    keep_colour: bool,
) -> Result<Frame> {
    let alpha = match still.alpha()? {
        Some(id) => still.layout(id)?,
        None => None,
    };
    let count = layout.tiles.len() + alpha.as_ref().map_or(0, |alpha| alpha.tiles.len());
    let progress = Progress::of(count);
    let mut canvas: Canvas<S> = tiles::decode(step, still.file, layout, Kind::Colour, &progress)?;
    if let Some(alpha) = &alpha {
        blend(step, still, (&mut canvas, layout), alpha, &progress)?;
    }
    if let Some(cut) = geometry.cut {
        cut_out(&mut canvas.samples, layout.size.0, cut);
    }
    let size = geometry.cut.map_or(layout.size, |(_, _, width, height)| (width, height));
    let channels = match (canvas.grey && !keep_colour, alpha.is_some()) {
        (true, false) => Channels::Grey,
        (true, true) => Channels::GreyAlpha,
        (false, false) => Channels::Rgb,
        (false, true) => Channels::Rgba,
    };
    pack(&mut canvas.samples, channels);
    let samples = S::finish(canvas.samples, layout.depth);
    Frame::new(size.0, size.1, channels, samples).ok_or_else(|| Error::corrupt("the picture is empty"))
}

/// Writes alpha into the fourth sample of each pixel.
fn blend<S: Depth>(
    step: &Step<'_>,
    still: &Still<'_, '_>,
    (canvas, layout): (&mut Canvas<S>, &Layout),
    alpha: &Layout,
    progress: &Progress,
) -> Result<()> {
    step.check_picture(alpha.size.0.into(), alpha.size.1.into(), BYTES_16)?;
    let mask: Canvas<S> = if S::depth(alpha.depth) == S::depth(layout.depth) {
        tiles::decode(step, still.file, alpha, Kind::Luma, progress)?
    } else {
        let other = tiles::decode::<u16>(step, still.file, alpha, Kind::Luma, progress)?;
        let (from, to) = (greatest(alpha.depth), greatest(S::depth(layout.depth)));
        let scaled = other.samples.into_iter().map(|value| (u32::from(value) * to + from / 2) / from);
        Canvas { samples: scaled.map(|value| S::from_u16(value as u16)).collect(), grey: true }
    };
    // The mask is usually as large as the picture; a smaller one is stretched.
    let (width, height) = (layout.size.0 as usize, layout.size.1 as usize);
    let (mask_width, mask_height) = (alpha.size.0 as usize, alpha.size.1 as usize);
    let rows: Vec<&[S]> = mask.samples.chunks_exact(mask_width).collect();
    for (y, row) in canvas.samples.chunks_exact_mut(width * 4).enumerate() {
        let Some(levels) = rows.get(y * mask_height / height) else { continue };
        for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
            if let (Some(level), [.., last]) = (levels.get(x * mask_width / width), pixel) {
                *last = *level;
            }
        }
    }
    if still.premultiplied() {
        divide(&mut canvas.samples, greatest(S::depth(layout.depth)));
    }
    Ok(())
}

fn greatest(depth: u8) -> u32 {
    (1 << depth.clamp(1, 16)) - 1
}

/// Undoes the multiplication with alpha.
fn divide<S: Sample>(samples: &mut [S], greatest: u32) {
    for pixel in samples.as_chunks_mut::<4>().0 {
        let alpha = u32::from(pixel[3].to_u16());
        if alpha == 0 || alpha == greatest {
            continue;
        }
        for sample in &mut pixel[..3] {
            let value = (u32::from(sample.to_u16()) * greatest + alpha / 2) / alpha;
            *sample = S::from_u16(value.min(greatest) as u16);
        }
    }
}

/// Keeps a part of the canvas, in place. The rectangle lies within it.
fn cut_out<S: Copy>(samples: &mut Vec<S>, whole_width: u32, (left, top, width, height): Rectangle) {
    let (stride, kept) = (whole_width as usize * 4, width as usize * 4);
    for y in 0..height as usize {
        let from = (top as usize + y) * stride + left as usize * 4;
        samples.copy_within(from..from + kept, y * kept);
    }
    samples.truncate(kept * height as usize);
}

/// Drops the samples a kind of pixel does not have, in place.
fn pack<S: Copy>(samples: &mut Vec<S>, channels: Channels) {
    let kept: &[usize] = match channels {
        Channels::Grey => &[0],
        Channels::GreyAlpha => &[0, 3],
        Channels::Rgb => &[0, 1, 2],
        Channels::Rgba | Channels::Cmyk => return,
    };
    let mut end = 0;
    for pixel in 0..samples.len() / 4 {
        for sample in kept {
            samples[end] = samples[pixel * 4 + sample];
            end += 1;
        }
    }
    samples.truncate(end);
    samples.shrink_to_fit();
}

/// A sample on the canvas that becomes a sample of a picture.
trait Depth: Sample + 'static {
    /// Spreads the values over the whole range of the type.
    fn finish(samples: Vec<Self>, depth: u8) -> Samples;
}

impl Depth for u8 {
    fn finish(samples: Vec<u8>, _: u8) -> Samples {
        Samples::U8(samples)
    }
}

impl Depth for u16 {
    fn finish(mut samples: Vec<u16>, depth: u8) -> Samples {
        let greatest = greatest(depth);
        for sample in &mut samples {
            *sample = ((u32::from(*sample) * 65_535 + greatest / 2) / greatest) as u16;
        }
        Samples::U16(samples)
    }
}

/// Lets the library put together what is neither one picture nor a plain grid.
fn whole(step: &Step<'_>, still: &Still<'_, '_>, bytes: &[u8]) -> Result<Frame> {
    let (width, height) = still.size()?;
    step.check_picture(width.into(), height.into(), BYTES_WHOLE)?;
    let limits = step.limits();
    let options = heifer::Options {
        max_threads: step.threads(),
        max_pixels: limits.pixels.min(limits.memory / BYTES_WHOLE).max(1),
    };
    let owned = bytes.to_vec();
    let image = patiently(step, move |_| heifer::decode_with_options(&owned, &options))?.map_err(broken)?;
    step.check_picture(image.width.into(), image.height.into(), BYTES_16)?;
    from_image(image)
}

fn from_image(mut image: Image) -> Result<Frame> {
    let channels = if image.has_alpha { Channels::Rgba } else { Channels::Rgb };
    pack(&mut image.data, channels);
    let samples = if image.bit_depth == 8 {
        Samples::U8(image.data.iter().map(|value| *value as u8).collect())
    } else {
        u16::finish(image.data, image.bit_depth)
    };
    Frame::new(image.width, image.height, channels, samples)
        .ok_or_else(|| Error::corrupt("the picture is empty"))
}
