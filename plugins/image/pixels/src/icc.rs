//! Colour profiles: recognising sRGB, and converting to it.

use crate::{Channels, Frame, Samples};
use moxcms::{
    CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout, ProfileText, RenderingIntent,
    ToneReprCurve, TransformExecutor, TransformOptions, XyY,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Samples converted at one go.
const BLOCK: usize = 1 << 15;

/// A colour profile that could be read.
pub struct Profile {
    inner: ColorProfile,
}

impl Profile {
    /// Reads an ICC profile; `None` when it is malformed.
    pub fn parse(bytes: &[u8]) -> Option<Profile> {
        guarded(|| ColorProfile::new_from_slice(bytes).ok()).flatten().map(|inner| Profile { inner })
    }

    /// Makes a profile from chromaticities and a gamma, as PNG's `cHRM` and `gAMA` give them: x and y of
    /// white, red, green and blue, and the exponent that turns samples into light.
    pub fn from_chromaticities(white: (f32, f32), primaries: [(f32, f32); 3], gamma: f32) -> Option<Profile> {
        let xy = |(x, y): (f32, f32)| XyY::new(x.into(), y.into(), 1.0);
        let [red, green, blue] = primaries.map(|(x, y)| moxcms::Chromaticity::new(x, y));
        guarded(|| {
            let mut inner = ColorProfile::new_srgb();
            inner.update_rgb_colorimetry(xy(white), ColorPrimaries { red, green, blue });
            inner.cicp = None;
            let curve = ToneReprCurve::Parametric(vec![gamma]);
            inner.red_trc = Some(curve.clone());
            inner.green_trc = Some(curve.clone());
            inner.blue_trc = Some(curve);
            inner.description = Some(ProfileText::PlainString("PNG gAMA and cHRM".into()));
            Profile { inner }
        })
    }

    /// Makes a profile from the code points of ITU-T H.273: colour primaries and transfer
    /// characteristics.
    pub fn from_cicp(primaries: u8, transfer: u8) -> Option<Profile> {
        let code = CicpProfile {
            color_primaries: primaries.try_into().ok()?,
            transfer_characteristics: transfer.try_into().ok()?,
            matrix_coefficients: moxcms::MatrixCoefficients::Identity,
            full_range: true,
        };
        guarded(|| ColorProfile::new_from_cicp(code)).map(|inner| Profile { inner })
    }

    /// Makes a grey profile of a gamma.
    pub fn from_grey_gamma(gamma: f32) -> Option<Profile> {
        guarded(|| ColorProfile::new_gray_with_gamma(gamma)).map(|inner| Profile { inner })
    }

    /// The profile as bytes for a file.
    pub fn encode(&self) -> Option<Vec<u8>> {
        guarded(|| self.inner.encode().ok()).flatten()
    }

    /// The profile's own name.
    pub fn name(&self) -> Option<String> {
        let name = match self.inner.description.as_ref()? {
            ProfileText::PlainString(text) => text.clone(),
            ProfileText::Localizable(all) => all.first()?.value.clone(),
            ProfileText::Description(text) => text.ascii_string.clone(),
        };
        Some(name.trim_matches(|c: char| c.is_control() || c.is_whitespace()).to_owned())
            .filter(|name| !name.is_empty())
    }

    /// Whether the profile describes samples of these channels.
    pub fn fits(&self, channels: Channels) -> bool {
        let space = match channels {
            Channels::Grey | Channels::GreyAlpha => DataColorSpace::Gray,
            Channels::Rgb | Channels::Rgba => DataColorSpace::Rgb,
            Channels::Cmyk => DataColorSpace::Cmyk,
        };
        self.inner.color_space == space
    }

    /// Whether converting to sRGB would change nothing anyone could see: no colour of a coarse grid moves
    /// by more than one 8-bit step.
    pub fn is_srgb(&self) -> bool {
        let steps = [0u8, 36, 73, 110, 146, 182, 219, 255];
        let (channels, grid): (_, Vec<u8>) = match self.inner.color_space {
            DataColorSpace::Gray => (Channels::Grey, steps.to_vec()),
            DataColorSpace::Rgb => {
                let all = steps.iter().flat_map(|r| steps.iter().flat_map(|g| steps.map(|b| [*r, *g, b])));
                (Channels::Rgb, all.flatten().collect())
            }
            _ => return false,
        };
        let Some(converted) = self.converted_u8(&grid, channels) else { return false };
        grid.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1)
    }

    /// Whether the samples are light itself, or nearly: 8 bits are then too few for the dark.
    pub fn is_linear(&self) -> bool {
        let (channels, dark) = match self.inner.color_space {
            DataColorSpace::Gray => (Channels::Grey, vec![8]),
            DataColorSpace::Rgb => (Channels::Rgb, vec![8; 3]),
            _ => return false,
        };
        self.converted_u8(&dark, channels).is_some_and(|light| light.iter().all(|value| *value >= 25))
    }

    fn converted_u8(&self, samples: &[u8], channels: Channels) -> Option<Vec<u8>> {
        let (to, layouts) = destination(channels);
        let transform =
            guarded(|| self.inner.create_transform_8bit(layouts.0, &to, layouts.1, options()).ok());
        let mut converted = samples.to_vec();
        run(&transform.flatten()?, samples, &mut converted).then_some(converted)
    }

    /// Converts a frame to sRGB: RGB and grey keep their channels, CMYK becomes RGB. False when the
    /// profile does not fit or cannot be used; the frame is then unchanged. Linear light (`f32`) is sRGB's
    /// primaries already and passes.
    pub fn to_srgb(&self, frame: &mut Frame) -> bool {
        if !self.fits(frame.channels) {
            return false;
        }
        let (to, layouts) = destination(frame.channels);
        let inks = frame.channels == Channels::Cmyk;
        let inner = &self.inner;
        let done = match &mut frame.samples {
            Samples::U8(samples) => {
                guarded(|| inner.create_transform_8bit(layouts.0, &to, layouts.1, options()).ok())
                    .flatten()
                    .is_some_and(|transform| {
                        if inks { inks_to_light(&transform, samples) } else { in_place(&transform, samples) }
                    })
            }
            Samples::U16(samples) => {
                guarded(|| inner.create_transform_16bit(layouts.0, &to, layouts.1, options()).ok())
                    .flatten()
                    .is_some_and(|transform| {
                        if inks { inks_to_light(&transform, samples) } else { in_place(&transform, samples) }
                    })
            }
            Samples::F32(_) => return !inks,
        };
        if done && inks {
            frame.channels = Channels::Rgb;
        }
        done
    }

    /// Converts a frame of grey or RGB from sRGB to the profile. False when the profile does not fit or cannot be
    /// used; the frame is then unchanged. Linear light and inks pass.
    pub fn from_srgb(&self, frame: &mut Frame) -> bool {
        if !self.fits(frame.channels) || frame.channels == Channels::Cmyk {
            return false;
        }
        let (from, (layout, _)) = destination(frame.channels);
        let inner = &self.inner;
        match &mut frame.samples {
            Samples::U8(samples) => {
                guarded(|| from.create_transform_8bit(layout, inner, layout, options()).ok())
                    .flatten()
                    .is_some_and(|transform| in_place(&transform, samples))
            }
            Samples::U16(samples) => {
                guarded(|| from.create_transform_16bit(layout, inner, layout, options()).ok())
                    .flatten()
                    .is_some_and(|transform| in_place(&transform, samples))
            }
            Samples::F32(_) => true,
        }
    }
}

/// The profile and the layouts a conversion of these channels ends in.
fn destination(channels: Channels) -> (ColorProfile, (Layout, Layout)) {
    let srgb = ColorProfile::new_srgb();
    match channels {
        Channels::Grey | Channels::GreyAlpha => {
            let mut grey = ColorProfile::new_gray_with_gamma(2.2);
            grey.gray_trc = srgb.red_trc;
            let layout = if channels.has_alpha() { Layout::GrayAlpha } else { Layout::Gray };
            (grey, (layout, layout))
        }
        Channels::Rgb => (srgb, (Layout::Rgb, Layout::Rgb)),
        Channels::Rgba => (srgb, (Layout::Rgba, Layout::Rgba)),
        Channels::Cmyk => (srgb, (Layout::Rgba, Layout::Rgb)),
    }
}

fn options() -> TransformOptions {
    TransformOptions {
        rendering_intent: RenderingIntent::RelativeColorimetric,
        ..TransformOptions::default()
    }
}

type Transform<T> = Arc<dyn TransformExecutor<T> + Send + Sync>;

fn run<T: Copy + Default>(transform: &Transform<T>, from: &[T], to: &mut [T]) -> bool {
    guarded(AssertUnwindSafe(|| transform.transform(from, to).is_ok())).unwrap_or(false)
}

/// Converts block by block, so that only one block is held twice. A failure shows at the first block or
/// never: it depends on the sizes only.
fn in_place<T: Copy + Default>(transform: &Transform<T>, samples: &mut [T]) -> bool {
    // A multiple of 1, 2, 3 and 4 samples a pixel.
    samples.chunks_mut(BLOCK * 12).all(|block| {
        let from = block.to_vec();
        run(transform, &from, block)
    })
}

fn inks_to_light<T: Copy + Default>(transform: &Transform<T>, samples: &mut Vec<T>) -> bool {
    let mut light = vec![T::default(); samples.len() / 4 * 3];
    let blocks = samples.chunks(BLOCK * 4).zip(light.chunks_mut(BLOCK * 3));
    let done = blocks.into_iter().all(|(from, to)| run(transform, from, to));
    if done {
        *samples = light;
    }
    done
}

/// Profiles come from files. A fault inside the colour engine makes the profile unusable, which the
/// caller says, and nothing worse.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn srgb_is_recognised_and_others_are_not() {
        let profile = |inner: ColorProfile| Profile::parse(&inner.encode().unwrap()).unwrap();
        assert!(profile(ColorProfile::new_srgb()).is_srgb());
        assert!(!profile(ColorProfile::new_adobe_rgb()).is_srgb());
        assert!(!profile(ColorProfile::new_display_p3()).is_srgb());
        assert!(!Profile::from_grey_gamma(1.0).unwrap().is_srgb());
        assert!(Profile::parse(b"nonsense").is_none());
    }

    #[test]
    fn chromaticities_of_srgb_are_nearly_srgb() {
        let primaries = [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)];
        let profile = Profile::from_chromaticities((0.3127, 0.3290), primaries, 1.0).unwrap();
        let mut frame =
            Frame::new(2, 1, Channels::Rgb, Samples::U8(vec![255, 255, 255, 0, 128, 255])).unwrap();
        assert!(profile.to_srgb(&mut frame));
        let Samples::U8(samples) = frame.samples else { panic!("depth") };
        assert!(samples[0] >= 254 && samples[1] >= 254 && samples[2] >= 254, "{samples:?}");
        assert!(samples[3] <= 2 && samples[4].abs_diff(188) <= 2 && samples[5] >= 253, "{samples:?}");
        assert!(profile.encode().is_some());
    }
}
