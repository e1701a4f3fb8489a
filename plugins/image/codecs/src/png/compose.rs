//! Putting the partial updates of an animated PNG together to whole frames.

use super::read::{Source, failure, frame, layout, read_rows};
use crate::canvas::{Canvas, Disposal, Level, Update};
use crate::damage;
use formwork_image_pixels::{Channels, Frame, Picture, Samples, Sequence, set_channels};
use formwork_sdk::{Error, ErrorKind, Result, Step};
use png::{AnimationControl, BitDepth, BlendOp, DisposeOp, FrameControl};

/// Decodes all frames.
pub(super) fn animation(
    step: &Step<'_>,
    source: &mut Source<'_>,
    control: AnimationControl,
) -> Result<Picture> {
    let (width, height) = source.info().size();
    let (_, depth) = source.output_color_type();
    let all = u64::from(control.num_frames);
    step.within("frames", all, step.limits().frames)?;
    let pixel = if depth == BitDepth::Sixteen { 8 } else { 4 };
    step.check_picture(width.into(), height.into(), pixel * (all + 2))?;
    let frames = match depth {
        BitDepth::Sixteen => frames::<u16>(step, source, all, |samples| match samples {
            Samples::U16(samples) => Some(samples.as_chunks::<4>().0),
            _ => None,
        }),
        _ => frames::<u8>(step, source, all, |samples| match samples {
            Samples::U8(samples) => Some(samples.as_chunks::<4>().0),
            _ => None,
        }),
    }?;
    let mut picture = Picture { frames, ..Picture::default() };
    picture.sequence = Sequence::Animation { loops: control.num_plays };
    Ok(picture)
}

fn frames<T: Level>(
    step: &Step<'_>,
    source: &mut Source<'_>,
    all: u64,
    pixels: fn(&Samples) -> Option<&[[T; 4]]>,
) -> Result<Vec<Frame>> {
    let (width, height) = source.info().size();
    let mut canvas = Canvas::<T>::new(width, height);
    let mut bytes =
        vec![0; source.output_buffer_size().ok_or_else(|| Error::corrupt("the PNG is too large"))?];
    let separate = source.info().frame_control().is_none();
    if separate {
        // The default picture is for viewers that know no animation.
        source.next_frame(&mut bytes).map_err(|error| failure(step, error))?;
    }
    let mut frames = Vec::new();
    for index in 0..all {
        step.tick(index, all)?;
        let part = next(step, source, &mut bytes, index > 0 || separate);
        let (part, update) = match part {
            Ok(found) => found,
            Err(error) if matches!(error.kind, ErrorKind::Cancelled | ErrorKind::Timeout) => {
                return Err(error);
            }
            Err(error) => {
                damage::accept_frames(step, index, all, error.message)?;
                break;
            }
        };
        frames.push(canvas.show(pixels(&part.samples).unwrap_or(&[]), &update)?);
    }
    Ok(frames)
}

/// Decodes the next update.
fn next(
    step: &Step<'_>,
    source: &mut Source<'_>,
    bytes: &mut [u8],
    advance: bool,
) -> Result<(Frame, Update)> {
    let control = match source.info().frame_control().copied() {
        Some(control) if !advance => control,
        _ => *source.next_frame_info().map_err(|error| failure(step, error))?,
    };
    let (color, depth) = source.output_color_type();
    let size = source.output_line_size(control.width).unwrap_or(0).saturating_mul(control.height as usize);
    let part = bytes.get_mut(..size).ok_or_else(|| Error::corrupt("a frame of the PNG is too large"))?;
    part.fill(0);
    read_rows(step, source, part)?;
    let mut part = frame(control.width, control.height, layout(color), depth, part.to_vec())?;
    set_channels(&mut part, Channels::Rgba);
    Ok((part, update(&control)))
}

fn update(control: &FrameControl) -> Update {
    let per_second = if control.delay_den == 0 { 100 } else { u32::from(control.delay_den) };
    Update {
        left: control.x_offset,
        top: control.y_offset,
        width: control.width,
        height: control.height,
        over: control.blend_op == BlendOp::Over,
        disposal: match control.dispose_op {
            DisposeOp::None => Disposal::Keep,
            DisposeOp::Background => Disposal::Clear,
            DisposeOp::Previous => Disposal::Restore,
        },
        delay_ms: (u32::from(control.delay_num) * 1000 + per_second / 2) / per_second,
    }
}
