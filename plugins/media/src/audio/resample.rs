//! Brings sound to another rate, number of channels and sample format.

use super::Samples;
use crate::encode::SoundSettings;
use crate::packet::no_memory;
use crate::{Frame, check, ff, library};
use formwork_sdk::{Error, Result};
use std::ptr;

/// A converter from frames of one kind to what an encoder takes.
pub struct Resampler {
    /// `None` when nothing has to be changed.
    context: *mut ff::SwrContext,
    from: Shape,
    to: SoundSettings,
}

// SAFETY: used by one thread at a time.
unsafe impl Send for Resampler {}

/// What a frame's samples are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    rate: i32,
    channels: i32,
    mask: u64,
    format: i32,
}

impl Shape {
    fn of(frame: &Frame) -> Shape {
        // SAFETY: the frame is valid; the mask is only read for layouts that are one.
        unsafe {
            let raw = &*frame.as_ptr();
            Shape {
                rate: raw.sample_rate,
                channels: raw.ch_layout.nb_channels,
                mask: library::mask_of(&raw.ch_layout),
                format: raw.format,
            }
        }
    }
}

impl Resampler {
    /// Samples a second of a frame; 0 when it does not say.
    pub fn rate_of(frame: &Frame) -> u32 {
        // SAFETY: the frame is valid.
        u32::try_from(unsafe { (*frame.as_ptr()).sample_rate }).unwrap_or(0)
    }

    /// Makes one from frames like this to what an encoder takes.
    ///
    /// # Errors
    ///
    /// `corrupt_input` when the frame is not like sound; `limit_exceeded` (`memory`).
    pub fn new(frame: &Frame, to: SoundSettings) -> Result<Resampler> {
        let from = Shape::of(frame);
        let format = library::sample_format(from.format);
        let (Some(format), 1.., 1..=64) = (format, from.rate, from.channels) else {
            return Err(Error::corrupt("the decoded sound has no rate, channels or sample format"));
        };
        let mut resampler = Resampler { context: ptr::null_mut(), from, to };
        // SAFETY: the layouts are made here and freed here; the context is checked before use.
        unsafe {
            let mut input: ff::AVChannelLayout = std::mem::zeroed();
            let mut output: ff::AVChannelLayout = std::mem::zeroed();
            let keeps = to.relabel && from.channels as u32 == to.channels && from.mask != 0 && to.mask != 0;
            let mask = if keeps { to.mask } else { from.mask };
            library::set_layout(&mut input, from.channels as u32, mask);
            library::set_layout(&mut output, to.channels, to.mask);
            let same = from.rate == to.rate as i32
                && format == to.format
                && to.order.is_empty()
                && ff::av_channel_layout_compare(&raw const input, &raw const output) == 0;
            let mut code = 0;
            if !same {
                code = ff::swr_alloc_set_opts2(
                    &raw mut resampler.context,
                    &raw mut output,
                    to.format,
                    to.rate as i32,
                    &raw mut input,
                    format,
                    from.rate,
                    0,
                    ptr::null_mut(),
                );
                if code >= 0 && !to.order.is_empty() {
                    code = set_order(resampler.context, &input, &output, to.order);
                }
                if code >= 0 {
                    code = ff::swr_init(resampler.context);
                }
            }
            ff::av_channel_layout_uninit(&raw mut input);
            ff::av_channel_layout_uninit(&raw mut output);
            check(code, "convert the sound")?;
        }
        Ok(resampler)
    }

    /// Whether a frame is like the one this was made for.
    pub fn fits(&self, frame: &Frame) -> bool {
        self.from == Shape::of(frame)
    }

    /// Converts a frame, or with `None` what is still inside, and appends it to `samples`.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`); `corrupt_input`.
    pub fn convert(&mut self, frame: Option<Frame>, samples: &mut Samples) -> Result<()> {
        if self.context.is_null() {
            return frame.map_or(Ok(()), |frame| samples.push(&frame));
        }
        let given = frame.as_ref().map_or(0, Frame::samples) as i64;
        // SAFETY: the context is ours.
        let inside = unsafe { ff::swr_get_delay(self.context, i64::from(self.from.rate)) };
        let room = (inside.saturating_add(given)).saturating_mul(i64::from(self.to.rate))
            / i64::from(self.from.rate)
            + 64;
        let mut output = samples.frame(usize::try_from(room).map_err(|_| no_memory())?)?;
        // SAFETY: both frames are valid; at the end FFmpeg takes null and 0 for "no more".
        let count = unsafe {
            let input = frame.as_ref().map_or(ptr::null_mut(), |frame| (*frame.as_ptr()).extended_data);
            let raw = output.as_ptr();
            let made = (*raw).nb_samples;
            ff::swr_convert((self.context).cast(), (*raw).extended_data, made, input.cast(), given as i32)
        };
        let count = check(count, "convert the sound")?;
        if count > 0 {
            output.shorten(count);
            samples.push(&output)?;
        }
        Ok(())
    }

    /// Takes `take` samples of a frame, from `skip` on.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`memory`).
    pub fn cut(frame: Frame, skip: usize, take: usize) -> Result<Frame> {
        if skip == 0 && take >= frame.samples() {
            return Ok(frame);
        }
        let mut part = Frame::new()?;
        // SAFETY: both frames are valid; `part` gets room for `take` samples of the same kind, and
        // `skip + take` is within `frame` as `Timeline::place` computes it.
        unsafe {
            let (from, to) = (&*frame.as_ptr(), part.as_ptr());
            let take = take.min(frame.samples().saturating_sub(skip));
            (*to).format = from.format;
            (*to).nb_samples = take as i32;
            (*to).sample_rate = from.sample_rate;
            check(
                ff::av_channel_layout_copy(&raw mut (*to).ch_layout, &raw const from.ch_layout),
                "cut the sound",
            )?;
            part.allocate()?;
            let format = library::sample_format(from.format)
                .ok_or_else(|| Error::corrupt("sound without a format"))?;
            ff::av_samples_copy(
                (*to).extended_data,
                from.extended_data.cast(),
                0,
                skip as i32,
                take as i32,
                from.ch_layout.nb_channels,
                format,
            );
        }
        Ok(part)
    }
}

/// Has a context that is not open yet put out its channels in another order. FFmpeg's code.
///
/// # Safety
///
/// The context and both layouts are valid; there are at most 64 channels of input.
unsafe fn set_order(
    context: *mut ff::SwrContext,
    input: &ff::AVChannelLayout,
    output: &ff::AVChannelLayout,
    order: &[usize],
) -> i32 {
    const STRIDE: usize = 64;
    // FFmpeg 5.1 scales all rows there could be, not just those of the output.
    let mut usual = vec![0.0; STRIDE * STRIDE];
    let mut ordered = vec![0.0; STRIDE * STRIDE];
    let half = std::f64::consts::FRAC_1_SQRT_2;
    // SAFETY: the matrices have a row of 64 for each of 64 channels of output; `swr_set_matrix` copies.
    unsafe {
        let (none, stride) = (ff::AVMatrixEncoding::AV_MATRIX_ENCODING_NONE, STRIDE as isize);
        let code = ff::swr_build_matrix2(
            input,
            output,
            half,
            half,
            0.0,
            1.0,
            1.0,
            usual.as_mut_ptr(),
            stride,
            none,
            context.cast(),
        );
        if code < 0 {
            return code;
        }
        for (row, from) in ordered.chunks_exact_mut(STRIDE).zip(order) {
            row.copy_from_slice(usual.get(from * STRIDE..(from + 1) * STRIDE).unwrap_or(&[0.0; STRIDE]));
        }
        ff::swr_set_matrix(context, ordered.as_ptr(), STRIDE as i32)
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        // SAFETY: ours, or null.
        unsafe { ff::swr_free(&raw mut self.context) };
    }
}
