//! From stored samples to the colours of a frame.

use super::layout::Layout;
use super::tags;
use formwork_image_pixels::{Channels, Frame, Samples, from_linear};
use formwork_sdk::{Error, Result};

/// A sample type with the arithmetic needed here.
trait Level: Copy + Default {
    const FULL: f32;
    fn number(self) -> f32;
    fn from_number(number: f32) -> Self;
    fn inverted(self) -> Self;
}

macro_rules! level {
    ($type:ty) => {
        impl Level for $type {
            const FULL: f32 = <$type>::MAX as f32;
            fn number(self) -> f32 {
                self.into()
            }
            fn from_number(number: f32) -> Self {
                (number + 0.5) as $type
            }
            fn inverted(self) -> Self {
                <$type>::MAX - self
            }
        }
    };
}
level!(u8);
level!(u16);

impl Level for f32 {
    const FULL: f32 = 1.0;
    fn number(self) -> f32 {
        self
    }
    fn from_number(number: f32) -> f32 {
        number
    }
    fn inverted(self) -> f32 {
        1.0 - self
    }
}

/// Makes a frame of interleaved samples as the page stores them.
pub(super) fn frame(layout: &Layout, samples: Samples) -> Result<Frame> {
    let (channels, samples) = match samples {
        Samples::U8(samples) if layout.photometric == tags::PALETTE => {
            (Channels::Rgb, Samples::U8(palette(layout, &samples)?))
        }
        Samples::U8(samples) => {
            convert(layout, samples).map(|(channels, samples)| (channels, Samples::U8(samples)))?
        }
        Samples::U16(samples) => {
            convert(layout, samples).map(|(channels, samples)| (channels, Samples::U16(samples)))?
        }
        Samples::F32(samples) => {
            convert(layout, samples).map(|(channels, samples)| (channels, Samples::F32(samples)))?
        }
    };
    Frame::new(layout.width, layout.height, channels, samples)
        .ok_or_else(|| Error::corrupt("the TIFF has too few samples"))
}

/// The channels a page's frame will have.
pub(super) fn channels(layout: &Layout) -> Channels {
    match (layout.photometric, layout.has_alpha()) {
        (tags::SEPARATED, _) if layout.samples >= 4 => Channels::Cmyk,
        (tags::PALETTE, _) => Channels::Rgb,
        (tags::RGB | tags::YCBCR | tags::CIELAB | tags::ICCLAB, true) if layout.samples > 3 => Channels::Rgba,
        (tags::RGB | tags::YCBCR | tags::CIELAB | tags::ICCLAB, _) if layout.samples >= 3 => Channels::Rgb,
        (_, true) => Channels::GreyAlpha,
        _ => Channels::Grey,
    }
}

fn palette(layout: &Layout, samples: &[u8]) -> Result<Vec<u8>> {
    let map = &layout.colour_map;
    let count = map.len() / 3;
    if count == 0 {
        return Err(Error::corrupt("the TIFF has no palette"));
    }
    // Some writers put 8-bit values into the 16-bit table.
    let shift = if map.iter().all(|value| *value < 256) { 0 } else { 8 };
    let colour = |index: usize| {
        [0, 1, 2]
            .map(|plane| map.get(plane * count + index).map_or(0, |value| (value >> shift).min(255) as u8))
    };
    let table: Vec<[u8; 3]> = (0..256).map(colour).collect();
    let indices = samples.iter().step_by(layout.samples);
    Ok(indices.flat_map(|index| table.get(usize::from(*index)).copied().unwrap_or_default()).collect())
}

fn convert<T: Level>(layout: &Layout, samples: Vec<T>) -> Result<(Channels, Vec<T>)> {
    let channels = channels(layout);
    let wanted = channels.count();
    let mut kept =
        if wanted == layout.samples { samples } else { first_of(&samples, layout.samples, wanted) };
    let pixels = kept.chunks_exact_mut(wanted);
    match layout.photometric {
        tags::WHITE_IS_ZERO => pixels.for_each(|pixel| pixel[0] = pixel[0].inverted()),
        tags::BLACK_IS_ZERO | tags::MASK | tags::RGB | tags::SEPARATED => {}
        tags::YCBCR if wanted >= 3 => pixels.for_each(from_ycbcr),
        tags::CIELAB if wanted >= 3 => pixels.for_each(|pixel| from_lab(pixel, true)),
        tags::ICCLAB if wanted >= 3 => pixels.for_each(|pixel| from_lab(pixel, false)),
        other => return Err(Error::unsupported(format!("TIFF with colours of kind {other}"))),
    }
    if channels.has_alpha() && layout.extra == 1 {
        kept.chunks_exact_mut(wanted).for_each(undo_multiplication);
    }
    Ok((channels, kept))
}

/// The first `wanted` samples of each pixel.
fn first_of<T: Copy>(samples: &[T], count: usize, wanted: usize) -> Vec<T> {
    samples.chunks_exact(count).flat_map(|pixel| pixel.iter().take(wanted).copied()).collect()
}

/// Premultiplied samples become straight ones.
fn undo_multiplication<T: Level>(pixel: &mut [T]) {
    let Some((alpha, colours)) = pixel.split_last_mut() else { return };
    let opacity = alpha.number() / T::FULL;
    if opacity > 0.0 && opacity < 1.0 {
        for sample in colours {
            let straight = sample.number() / opacity;
            *sample = T::from_number(if T::FULL == 1.0 { straight } else { straight.min(T::FULL) });
        }
    }
}

/// Full-range YCbCr with the weights of BT.601, TIFF's default.
fn from_ycbcr<T: Level>(pixel: &mut [T]) {
    let [y, cb, cr, ..] = pixel else { return };
    let middle = ((T::FULL + 1.0) / 2.0).floor();
    let (luma, blue, red) = (y.number(), cb.number() - middle, cr.number() - middle);
    let set = |value: f32| T::from_number(value.clamp(0.0, T::FULL));
    (*y, *cb, *cr) =
        (set(luma + 1.402 * red), set(luma - 0.344_136 * blue - 0.714_136 * red), set(luma + 1.772 * blue));
}

/// CIE L*a*b* under D50 to sRGB. `signed`: a and b are two's complement, else offset by half.
fn from_lab<T: Level>(pixel: &mut [T], signed: bool) {
    let [l, a, b, ..] = pixel else { return };
    let half = (T::FULL + 1.0) / 2.0;
    let axis = |value: f32| {
        let centred = match (signed, value >= half) {
            (true, true) => value - 2.0 * half,
            (true, false) => value,
            (false, _) => value - half,
        };
        centred * 128.0 / half
    };
    let rgb = lab_to_srgb(l.number() / T::FULL * 100.0, axis(a.number()), axis(b.number()));
    let set = |value: f32| T::from_number(value.clamp(0.0, 1.0) * T::FULL);
    (*l, *a, *b) = (set(rgb[0]), set(rgb[1]), set(rgb[2]));
}

/// L*a*b* (D50) to encoded sRGB, by XYZ and the Bradford adaptation to D65.
fn lab_to_srgb(l: f32, a: f32, b: f32) -> [f32; 3] {
    let fy = (l + 16.0) / 116.0;
    let (fx, fz) = (fy + a / 500.0, fy - b / 200.0);
    let light = |f: f32| if f > 6.0 / 29.0 { f.powi(3) } else { (f - 4.0 / 29.0) * 108.0 / 841.0 };
    let (x, y, z) = (0.964_22 * light(fx), light(fy), 0.825_21 * light(fz));
    // XYZ under D50 to linear sRGB: adaptation and primaries in one matrix.
    [
        from_linear(3.133_856 * x - 1.616_867 * y - 0.490_615 * z),
        from_linear(-0.978_768 * x + 1.916_142 * y + 0.033_454 * z),
        from_linear(0.071_945 * x - 0.228_991 * y + 1.405_243 * z),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lab_landmarks() {
        let near = |lab: (f32, f32, f32), rgb: [f32; 3]| {
            let found = lab_to_srgb(lab.0, lab.1, lab.2);
            found.iter().zip(rgb).all(|(a, b)| (a - b).abs() < 0.01)
        };
        assert!(near((100.0, 0.0, 0.0), [1.0; 3]));
        assert!(near((0.0, 0.0, 0.0), [0.0; 3]));
        // sRGB's red under D50.
        assert!(near((54.29, 80.80, 69.89), [1.0, 0.0, 0.0]), "{:?}", lab_to_srgb(54.29, 80.80, 69.89));
    }

    #[test]
    fn grey_ycbcr_is_grey() {
        let mut pixel = [77u8, 128, 128];
        from_ycbcr(&mut pixel);
        assert_eq!(pixel, [77, 77, 77]);
    }
}
