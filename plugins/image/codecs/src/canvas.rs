//! The canvas on which the partial updates of an animation become whole frames. Shared by GIF and APNG.

use formwork_image_pixels::{Channels, Frame, Samples};
use formwork_sdk::{Error, Result};

/// A sample type animations use.
pub(crate) trait Level: Copy + Default + PartialEq {
    /// Full opacity.
    const FULL: Self;
    fn number(self) -> f32;
    fn from_number(number: f32) -> Self;
    fn samples(all: Vec<Self>) -> Samples;
}

impl Level for u8 {
    const FULL: u8 = u8::MAX;
    fn number(self) -> f32 {
        self.into()
    }
    fn from_number(number: f32) -> u8 {
        (number + 0.5) as u8
    }
    fn samples(all: Vec<u8>) -> Samples {
        Samples::U8(all)
    }
}

impl Level for u16 {
    const FULL: u16 = u16::MAX;
    fn number(self) -> f32 {
        self.into()
    }
    fn from_number(number: f32) -> u16 {
        (number + 0.5) as u16
    }
    fn samples(all: Vec<u16>) -> Samples {
        Samples::U16(all)
    }
}

/// What becomes of an update before the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// It stays.
    Keep,
    /// Its rectangle becomes transparent.
    Clear,
    /// Its rectangle becomes what it was before.
    Restore,
}

/// One partial update: where it goes and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Laid over what is there, instead of replacing it.
    pub(crate) over: bool,
    pub(crate) disposal: Disposal,
    pub(crate) delay_ms: u32,
}

/// The canvas: straight alpha, transparent at first.
pub(crate) struct Canvas<T> {
    width: usize,
    height: usize,
    pixels: Vec<[T; 4]>,
}

impl<T: Level> Canvas<T> {
    /// The caller has checked the size against the limits.
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Canvas { width, height, pixels: vec![[T::default(); 4]; width * height] }
    }

    /// Draws an update, returns the whole frame that is then seen, and disposes of the update. Parts
    /// outside the canvas are cut off.
    pub(crate) fn show(&mut self, part: &[[T; 4]], update: &Update) -> Result<Frame> {
        let before = (update.disposal == Disposal::Restore).then(|| self.pixels.clone());
        self.rows(update, part, |under, top| if update.over { blend(top, under) } else { top });
        let samples = T::samples(self.pixels.as_flattened().to_vec());
        let frame = Frame::new(self.width as u32, self.height as u32, Channels::Rgba, samples)
            .ok_or_else(|| Error::corrupt("the animation has an empty canvas"))?;
        match (update.disposal, before) {
            (Disposal::Restore, Some(before)) => self.pixels = before,
            (Disposal::Clear, _) => self.rows(update, part, |_, _| [T::default(); 4]),
            _ => {}
        }
        Ok(Frame { delay_ms: update.delay_ms, ..frame })
    }

    /// Changes every pixel of an update's rectangle.
    fn rows(&mut self, update: &Update, part: &[[T; 4]], change: impl Fn([T; 4], [T; 4]) -> [T; 4]) {
        let (left, top) = (update.left as usize, update.top as usize);
        let rows = self.pixels.chunks_exact_mut(self.width.max(1)).take(self.height).skip(top);
        for (row, source) in
            rows.zip(part.chunks_exact((update.width as usize).max(1)).take(update.height as usize))
        {
            let row = row.get_mut(left..).unwrap_or(&mut []);
            row.iter_mut().zip(source).for_each(|(under, over)| *under = change(*under, *over));
        }
    }
}

/// Lays a colour over another, both with straight alpha (Porter and Duff's "over").
fn blend<T: Level>(top: [T; 4], under: [T; 4]) -> [T; 4] {
    let [r, g, b, alpha] = top;
    if alpha == T::FULL || under[3] == T::default() {
        return top;
    }
    if alpha == T::default() {
        return under;
    }
    let full = T::FULL.number();
    let (over, below) = (alpha.number() / full, under[3].number() / full * (1.0 - alpha.number() / full));
    let whole = over + below;
    let mix = |top: T, under: T| T::from_number((top.number() * over + under.number() * below) / whole);
    [mix(r, under[0]), mix(g, under[1]), mix(b, under[2]), T::from_number(whole * full)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 4] = [255, 0, 0, 255];
    const NONE: [u8; 4] = [0; 4];

    fn update(left: u32, over: bool, disposal: Disposal) -> Update {
        Update { left, top: 0, width: 1, height: 1, over, disposal, delay_ms: 10 }
    }

    #[test]
    fn disposals() {
        let mut canvas = Canvas::new(2, 1);
        let first = canvas.show(&[RED], &update(0, false, Disposal::Keep)).unwrap();
        assert_eq!(first.samples, Samples::U8([RED, NONE].concat()));
        let second = canvas.show(&[RED], &update(1, false, Disposal::Restore)).unwrap();
        assert_eq!(second.samples, Samples::U8([RED, RED].concat()));
        let third = canvas.show(&[NONE], &update(1, true, Disposal::Clear)).unwrap();
        assert_eq!(third.samples, Samples::U8([RED, NONE].concat()));
        // Partly and wholly outside: cut off.
        canvas.show(&[RED], &update(9, false, Disposal::Keep)).unwrap();
        assert_eq!(canvas.pixels, [RED, NONE]);
    }

    #[test]
    fn half_over_opaque() {
        assert_eq!(blend([0u8, 0, 0, 128], [255, 255, 255, 255]), [127, 127, 127, 255]);
        assert_eq!(blend([9u8, 9, 9, 128], NONE), [9, 9, 9, 128]);
    }
}
