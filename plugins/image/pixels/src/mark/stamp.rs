//! A mark in the samples of the picture it is laid over.

use crate::{Channels, Depth, Frame, Profile, Samples, set_channels, set_depth};

/// A sample as a number and back.
pub(super) trait Level: Copy {
    const FULL: f32;
    fn number(self) -> f32;
    fn of(number: f32) -> Self;
}

impl Level for u8 {
    const FULL: f32 = 255.0;
    fn number(self) -> f32 {
        self.into()
    }
    fn of(number: f32) -> u8 {
        (number + 0.5) as u8
    }
}

impl Level for u16 {
    const FULL: f32 = 65_535.0;
    fn number(self) -> f32 {
        self.into()
    }
    fn of(number: f32) -> u16 {
        (number + 0.5) as u16
    }
}

impl Level for f32 {
    const FULL: f32 = 1.0;
    fn number(self) -> f32 {
        self
    }
    fn of(number: f32) -> f32 {
        number
    }
}

/// A mark ready to be blended.
pub(super) struct Stamp {
    /// Its colours, in the channels (without alpha) and the depth of the picture.
    colours: Frame,
    /// How much it covers, from 0 to 1, pixel by pixel.
    cover: Vec<f32>,
}

impl Stamp {
    /// From red, green, blue, alpha in sRGB; `profile` is the picture's, when it is another one.
    pub(super) fn new(drawn: &Frame, picture: &Frame, profile: Option<&Profile>, opacity: f64) -> Stamp {
        let cover = match &drawn.samples {
            Samples::U8(samples) => cover(samples, opacity),
            Samples::U16(samples) => cover(samples, opacity),
            Samples::F32(samples) => cover(samples, opacity),
        };
        let mut colours = drawn.clone();
        let channels = opaque(picture.channels);
        set_depth(&mut colours, picture.samples.depth());
        set_channels(&mut colours, channels);
        if let Some(profile) = profile.filter(|_| picture.samples.depth() != Depth::F32) {
            profile.from_srgb(&mut colours);
        }
        Stamp { colours, cover }
    }

    /// Whether it is in the samples of a frame.
    pub(super) fn fits(&self, frame: &Frame) -> bool {
        self.colours.channels == opaque(frame.channels)
            && self.colours.samples.depth() == frame.samples.depth()
    }

    /// Blends it into a frame, its upper left corner at a place.
    pub(super) fn press(&self, frame: &mut Frame, corner: (u32, u32)) {
        let (width, count) = (frame.width as usize, frame.channels.count());
        let alpha = frame.channels.has_alpha();
        match (&mut frame.samples, &self.colours.samples) {
            (Samples::U8(under), Samples::U8(over)) => self.rows(under, over, (width, count, alpha), corner),
            (Samples::U16(under), Samples::U16(over)) => {
                self.rows(under, over, (width, count, alpha), corner)
            }
            (Samples::F32(under), Samples::F32(over)) => {
                self.rows(under, over, (width, count, alpha), corner)
            }
            // `fits` is asked before.
            _ => {}
        }
    }

    fn rows<T: Level>(
        &self,
        under: &mut [T],
        over: &[T],
        (width, count, alpha): (usize, usize, bool),
        (x, y): (u32, u32),
    ) {
        let (own, colours) = (self.colours.width as usize, self.colours.channels.count());
        let below = under.chunks_exact_mut(width * count).skip(y as usize);
        for ((row, over), cover) in
            below.zip(over.chunks_exact(own * colours)).zip(self.cover.chunks_exact(own))
        {
            let pixels = row.chunks_exact_mut(count).skip(x as usize);
            for ((pixel, over), cover) in pixels.zip(over.chunks_exact(colours)).zip(cover) {
                // What is not covered stays as it is, to the bit.
                if *cover > 0.0 {
                    blend(pixel, over, *cover, alpha);
                }
            }
        }
    }
}

fn opaque(channels: Channels) -> Channels {
    match channels {
        Channels::Grey | Channels::GreyAlpha => Channels::Grey,
        Channels::Rgb | Channels::Rgba => Channels::Rgb,
        Channels::Cmyk => Channels::Cmyk,
    }
}

fn cover<T: Level>(samples: &[T], opacity: f64) -> Vec<f32> {
    let opacity = opacity as f32;
    samples
        .iter()
        .skip(3)
        .step_by(4)
        .map(|alpha| (alpha.number() / T::FULL).clamp(0.0, 1.0) * opacity)
        .collect()
}

/// Porter and Duff's "over"; neither side has its alpha multiplied in.
fn blend<T: Level>(under: &mut [T], over: &[T], cover: f32, alpha: bool) {
    if !alpha {
        for (under, over) in under.iter_mut().zip(over) {
            let before = under.number();
            *under = T::of(before + (over.number() - before) * cover);
        }
        return;
    }
    let Some((alpha, colours)) = under.split_last_mut() else { return };
    let left = alpha.number() / T::FULL * (1.0 - cover);
    let sum = cover + left;
    for (under, over) in colours.iter_mut().zip(over) {
        *under = T::of((over.number() * cover + under.number() * left) / sum);
    }
    *alpha = T::of(sum * T::FULL);
}

/// Whether something that is seen of red, green, blue, alpha is not grey.
pub(super) fn is_coloured(frame: &Frame) -> bool {
    fn any<T: Level + PartialEq>(samples: &[T]) -> bool {
        samples.as_chunks::<4>().0.iter().any(|[r, g, b, a]| a.number() > 0.0 && (r != g || g != b))
    }
    match &frame.samples {
        Samples::U8(samples) => any(samples),
        Samples::U16(samples) => any(samples),
        Samples::F32(samples) => any(samples),
    }
}
