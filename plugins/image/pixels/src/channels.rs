//! Changing which samples make a pixel.

use crate::colour::{luma_u8, luma_u16, luminance, pixel_f32, pixel_u8, pixel_u16};
use crate::{Channels, Frame, Samples};

/// A sample type with the arithmetic conversions need.
trait Sample: Copy + PartialEq {
    const FULL: Self;
    const NONE: Self;
    fn luma(rgb: [Self; 3]) -> Self;
    /// `over * alpha + under * (1 - alpha)`.
    fn blend(over: Self, under: Self, alpha: Self) -> Self;
    /// `(1 - ink) * (1 - black)`.
    fn light(ink: Self, black: Self) -> Self;
}

impl Sample for u8 {
    const FULL: u8 = u8::MAX;
    const NONE: u8 = 0;
    fn luma(rgb: [u8; 3]) -> u8 {
        luma_u8(rgb)
    }
    fn blend(over: u8, under: u8, alpha: u8) -> u8 {
        let (over, under, alpha) = (u32::from(over), u32::from(under), u32::from(alpha));
        ((over * alpha + under * (255 - alpha) + 127) / 255) as u8
    }
    fn light(ink: u8, black: u8) -> u8 {
        ((u32::from(255 - ink) * u32::from(255 - black) + 127) / 255) as u8
    }
}

impl Sample for u16 {
    const FULL: u16 = u16::MAX;
    const NONE: u16 = 0;
    fn luma(rgb: [u16; 3]) -> u16 {
        luma_u16(rgb)
    }
    fn blend(over: u16, under: u16, alpha: u16) -> u16 {
        let (over, under, alpha) = (u64::from(over), u64::from(under), u64::from(alpha));
        ((over * alpha + under * (65_535 - alpha) + 32_767) / 65_535) as u16
    }
    fn light(ink: u16, black: u16) -> u16 {
        ((u64::from(65_535 - ink) * u64::from(65_535 - black) + 32_767) / 65_535) as u16
    }
}

impl Sample for f32 {
    const FULL: f32 = 1.0;
    const NONE: f32 = 0.0;
    fn luma(rgb: [f32; 3]) -> f32 {
        luminance(rgb)
    }
    fn blend(over: f32, under: f32, alpha: f32) -> f32 {
        under + (over - under) * alpha.clamp(0.0, 1.0)
    }
    fn light(ink: f32, black: f32) -> f32 {
        (1.0 - ink) * (1.0 - black)
    }
}

/// Changes a frame's channels. Adds an opaque alpha or drops alpha without looking at it (see
/// [`flatten`]); makes grey by luma; CMYK becomes RGB by the plain formula `(1 - ink)(1 - black)`, RGB
/// becomes CMYK without black. Profiles do not matter here: convert them before.
pub fn set_channels(frame: &mut Frame, channels: Channels) {
    if frame.channels == channels {
        return;
    }
    let from = frame.channels;
    frame.samples = match &frame.samples {
        Samples::U8(samples) => Samples::U8(convert(samples, from, channels)),
        Samples::U16(samples) => Samples::U16(convert(samples, from, channels)),
        Samples::F32(samples) => Samples::F32(convert(samples, from, channels)),
    };
    frame.channels = channels;
}

fn convert<T: Sample + std::ops::Sub<Output = T>>(samples: &[T], from: Channels, to: Channels) -> Vec<T> {
    use Channels::{Cmyk, Grey, GreyAlpha, Rgb, Rgba};
    let (full, none) = (T::FULL, T::NONE);
    match (from, to) {
        (Grey, Rgb) => each::<T, 1, 3>(samples, |[g]| [g, g, g]),
        (Grey, Rgba) => each::<T, 1, 4>(samples, |[g]| [g, g, g, full]),
        (Grey, GreyAlpha) => each::<T, 1, 2>(samples, |[g]| [g, full]),
        (GreyAlpha, Grey) => each::<T, 2, 1>(samples, |[g, _]| [g]),
        (GreyAlpha, Rgb) => each::<T, 2, 3>(samples, |[g, _]| [g, g, g]),
        (GreyAlpha, Rgba) => each::<T, 2, 4>(samples, |[g, a]| [g, g, g, a]),
        (Rgb, Grey) => each::<T, 3, 1>(samples, |rgb| [T::luma(rgb)]),
        (Rgb, GreyAlpha) => each::<T, 3, 2>(samples, |rgb| [T::luma(rgb), full]),
        (Rgb, Rgba) => each::<T, 3, 4>(samples, |[r, g, b]| [r, g, b, full]),
        (Rgba, Grey) => each::<T, 4, 1>(samples, |[r, g, b, _]| [T::luma([r, g, b])]),
        (Rgba, GreyAlpha) => each::<T, 4, 2>(samples, |[r, g, b, a]| [T::luma([r, g, b]), a]),
        (Rgba, Rgb) => each::<T, 4, 3>(samples, |[r, g, b, _]| [r, g, b]),
        (Cmyk, Rgb) => each::<T, 4, 3>(samples, light_of),
        (Cmyk, Rgba) => each::<T, 4, 4>(samples, |inks| with_alpha(light_of(inks))),
        (Cmyk, Grey) => each::<T, 4, 1>(samples, |inks| [T::luma(light_of(inks))]),
        (Cmyk, GreyAlpha) => each::<T, 4, 2>(samples, |inks| [T::luma(light_of(inks)), full]),
        (Grey, Cmyk) => each::<T, 1, 4>(samples, |[g]| [none, none, none, full - g]),
        (GreyAlpha, Cmyk) => each::<T, 2, 4>(samples, |[g, _]| [none, none, none, full - g]),
        (Rgb, Cmyk) => each::<T, 3, 4>(samples, |[r, g, b]| [full - r, full - g, full - b, none]),
        (Rgba, Cmyk) => each::<T, 4, 4>(samples, |[r, g, b, _]| [full - r, full - g, full - b, none]),
        _ => samples.to_vec(),
    }
}

fn light_of<T: Sample>([c, m, y, k]: [T; 4]) -> [T; 3] {
    [T::light(c, k), T::light(m, k), T::light(y, k)]
}

fn with_alpha<T: Sample>([r, g, b]: [T; 3]) -> [T; 4] {
    [r, g, b, T::FULL]
}

fn each<T: Copy, const FROM: usize, const TO: usize>(
    samples: &[T],
    map: impl Fn([T; FROM]) -> [T; TO],
) -> Vec<T> {
    let pixels: Vec<[T; TO]> = samples.as_chunks::<FROM>().0.iter().map(|pixel| map(*pixel)).collect();
    pixels.into_flattened()
}

/// Lays a frame with alpha over a colour and drops the alpha. Samples are blended as they are encoded,
/// as browsers do.
pub fn flatten(frame: &mut Frame, background: [u8; 4]) {
    let without = match frame.channels {
        Channels::GreyAlpha => Channels::Grey,
        Channels::Rgba => Channels::Rgb,
        _ => return,
    };
    frame.samples = match &frame.samples {
        Samples::U8(samples) => Samples::U8(blended(samples, without, &pixel_u8(without, background))),
        Samples::U16(samples) => Samples::U16(blended(samples, without, &pixel_u16(without, background))),
        Samples::F32(samples) => Samples::F32(blended(samples, without, &pixel_f32(without, background))),
    };
    frame.channels = without;
}

fn blended<T: Sample>(samples: &[T], without: Channels, under: &[T]) -> Vec<T> {
    let count = without.count();
    let mut flat = Vec::with_capacity(samples.len() / (count + 1) * count);
    for pixel in samples.chunks_exact(count + 1) {
        let Some((alpha, colour)) = pixel.split_last() else { continue };
        flat.extend(colour.iter().zip(under).map(|(over, under)| T::blend(*over, *under, *alpha)));
    }
    flat
}

/// Whether every pixel is fully opaque; true for frames without alpha.
pub fn is_opaque(frame: &Frame) -> bool {
    fn opaque<T: Sample>(samples: &[T], count: usize) -> bool {
        samples.iter().skip(count - 1).step_by(count).all(|alpha| *alpha == T::FULL)
    }
    let count = frame.channels.count();
    !frame.channels.has_alpha()
        || match &frame.samples {
            Samples::U8(samples) => opaque(samples, count),
            Samples::U16(samples) => opaque(samples, count),
            Samples::F32(samples) => opaque(samples, count),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(samples: Vec<u8>, from: Channels, to: Channels) -> Vec<u8> {
        let mut frame = Frame::new(1, 1, from, Samples::U8(samples)).unwrap();
        set_channels(&mut frame, to);
        let Samples::U8(samples) = frame.samples else { panic!("depth") };
        samples
    }

    #[test]
    fn white_black_and_inks() {
        assert_eq!(converted(vec![0, 0, 0, 0], Channels::Cmyk, Channels::Rgb), [255, 255, 255]);
        assert_eq!(converted(vec![9, 9, 9, 255], Channels::Cmyk, Channels::Rgb), [0, 0, 0]);
        assert_eq!(converted(vec![255, 255, 255], Channels::Rgb, Channels::Grey), [255]);
        assert_eq!(converted(vec![7], Channels::Grey, Channels::Rgba), [7, 7, 7, 255]);
        assert_eq!(converted(vec![7, 3], Channels::GreyAlpha, Channels::Rgba), [7, 7, 7, 3]);
    }

    #[test]
    fn flattening_blends() {
        let mut frame =
            Frame::new(2, 1, Channels::Rgba, Samples::U8(vec![0, 0, 0, 0, 255, 0, 0, 128])).unwrap();
        assert!(!is_opaque(&frame));
        flatten(&mut frame, [255, 255, 255, 255]);
        assert_eq!(frame.samples, Samples::U8(vec![255, 255, 255, 255, 127, 127]));
        assert!(is_opaque(&frame));
    }
}
