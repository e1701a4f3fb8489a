//! Changing the type of the samples.
//!
//! 8 and 16 bits are encoded with the sRGB curve (or the embedded profile's), `f32` is linear light. Going
//! down from light to bits, values above 1 have no place. A picture that has some is brought in with one
//! simple curve: light up to 0.8 stays as it is, more than that approaches 1 and never reaches it, with
//! the same slope at 0.8. The curve acts on the strongest channel and scales the others along, so hues
//! stay. A picture without such values passes unchanged.

use crate::colour::{encode_fast, linear_table_u8, linear_table_u16};
use crate::{Channels, Frame, Samples};

/// Where the curve for highlights begins.
const KNEE: f32 = 0.8;

/// Light beyond this, infinite light included, counts as this much.
const BRIGHTEST: f32 = 1e9;

/// Type of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// 8 bits.
    U8,
    /// 16 bits.
    U16,
    /// Linear light in 32-bit floating point.
    F32,
}

impl Samples {
    /// The type of the samples.
    pub const fn depth(&self) -> Depth {
        match self {
            Samples::U8(_) => Depth::U8,
            Samples::U16(_) => Depth::U16,
            Samples::F32(_) => Depth::F32,
        }
    }
}

/// Changes the type of a frame's samples. `f32` on either side takes or gives sRGB primaries; convert
/// profiles before.
pub fn set_depth(frame: &mut Frame, depth: Depth) {
    if frame.samples.depth() == depth {
        return;
    }
    if let Samples::F32(samples) = &mut frame.samples {
        roll_off_highlights(samples, frame.channels);
    }
    let samples = std::mem::replace(&mut frame.samples, Samples::U8(Vec::new()));
    frame.samples = match (samples, depth) {
        (Samples::U8(from), Depth::U16) => Samples::U16(from.iter().map(|v| u16::from(*v) * 257).collect()),
        (Samples::U16(from), Depth::U8) => Samples::U8(from.iter().map(|v| narrow(*v)).collect()),
        (Samples::U8(from), _) => Samples::F32(to_light(&from, frame.channels, linear_table_u8(), 255.0)),
        (Samples::U16(from), _) => {
            Samples::F32(to_light(&from, frame.channels, linear_table_u16(), 65_535.0))
        }
        (Samples::F32(from), Depth::U8) => {
            Samples::U8(from_light(&from, frame.channels, |value| (value * 255.0 + 0.5) as u8))
        }
        (Samples::F32(from), _) => {
            Samples::U16(from_light(&from, frame.channels, |value| (value * 65_535.0 + 0.5) as u16))
        }
    };
}

/// Rounds 16 bits to 8.
pub(crate) fn narrow(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_895) >> 16) as u8
}

fn to_light<T: Copy + Into<u32>>(from: &[T], channels: Channels, table: &[f32], full: f32) -> Vec<f32> {
    let linear = |value: T| table.get(value.into() as usize).copied().unwrap_or(1.0);
    let count = channels.count();
    if channels == Channels::Cmyk {
        return from.iter().map(|value| value_of(*value) / full).collect();
    }
    if !channels.has_alpha() {
        return from.iter().map(|value| linear(*value)).collect();
    }
    let last = |index: usize| index % count == count - 1;
    let one =
        |(index, value): (usize, &T)| if last(index) { value_of(*value) / full } else { linear(*value) };
    from.iter().enumerate().map(one).collect()
}

fn value_of<T: Into<u32>>(value: T) -> f32 {
    value.into() as f32
}

fn from_light<T>(from: &[f32], channels: Channels, round: fn(f32) -> T) -> Vec<T> {
    let count = channels.count();
    let plain = |value: f32| round(value.clamp(0.0, 1.0));
    let encoded = |value: f32| round(encode_fast(value));
    if channels == Channels::Cmyk {
        return from.iter().map(|value| plain(*value)).collect();
    }
    if !channels.has_alpha() {
        return from.iter().map(|value| encoded(*value)).collect();
    }
    let last = |index: usize| index % count == count - 1;
    let one = |(index, value): (usize, &f32)| if last(index) { plain(*value) } else { encoded(*value) };
    from.iter().enumerate().map(one).collect()
}

/// Whether any colour is brighter than 1.
pub(crate) fn exceeds_white(frame: &Frame) -> bool {
    let Samples::F32(samples) = &frame.samples else { return false };
    samples.iter().any(|value| *value > 1.0)
}

fn roll_off_highlights(samples: &mut [f32], channels: Channels) {
    if channels == Channels::Cmyk || !samples.iter().any(|value| *value > 1.0) {
        return;
    }
    let colours = channels.count() - usize::from(channels.has_alpha());
    for pixel in samples.chunks_exact_mut(channels.count()) {
        let Some(colour) = pixel.get_mut(..colours) else { continue };
        colour.iter_mut().for_each(|value| *value = value.min(BRIGHTEST));
        let strongest = colour.iter().copied().fold(0.0, f32::max);
        if strongest > KNEE {
            let room = 1.0 - KNEE;
            let target = KNEE + room * (1.0 - (-(strongest - KNEE) / room).exp());
            colour.iter_mut().for_each(|value| *value *= target / strongest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(samples: Samples) -> Frame {
        Frame::new(samples.len() as u32, 1, Channels::Grey, samples).unwrap()
    }

    #[test]
    fn bits_survive_light_and_back() {
        for (all, depth) in [
            (Samples::U8((0..=255).collect()), Depth::U8),
            (Samples::U16((0..=65_535).collect()), Depth::U16),
        ] {
            let mut there = frame(all.clone());
            set_depth(&mut there, Depth::F32);
            set_depth(&mut there, depth);
            assert!(there.samples == all);
        }
    }

    #[test]
    fn eight_bits_survive_sixteen() {
        let all = Samples::U8((0..=255).collect());
        let mut there = frame(all.clone());
        set_depth(&mut there, Depth::U16);
        set_depth(&mut there, Depth::U8);
        assert_eq!(there.samples, all);
        assert_eq!((narrow(128), narrow(129), narrow(65_535)), (0, 1, 255));
    }

    #[test]
    fn highlights_are_ordered_and_shadows_untouched() {
        let mut light = frame(Samples::F32(vec![0.5, 0.8, 1.0, 2.0, f32::INFINITY, f32::NAN, -1.0]));
        set_depth(&mut light, Depth::U16);
        let Samples::U16(bits) = light.samples else { panic!("depth") };
        let half = (crate::colour::from_linear(0.5) * 65_535.0).round() as u16;
        assert_eq!(bits[0], half);
        assert!(bits[1] < bits[2] && bits[2] < bits[3] && bits[3] <= bits[4]);
        assert_eq!(bits[6], 0);
    }
}
