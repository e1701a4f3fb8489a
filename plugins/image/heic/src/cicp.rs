//! Colour spaces named by code points (ITU-T H.273), as HEIC and AVIF carry them.

use formwork_image_pixels::{Frame, Profile, Samples};

/// What the samples of a picture mean, when no ICC profile says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cicp {
    /// Colour primaries: 1 is BT.709, 9 BT.2020, 12 Display P3, 2 unspecified.
    pub(crate) primaries: u16,
    /// Transfer characteristics: 13 is sRGB, 16 PQ, 18 HLG, 2 unspecified.
    pub(crate) transfer: u16,
}

/// sRGB's curve. Pictures marked with a video camera's curve or with none are shown with it as well.
const SRGB_CURVE: u8 = 13;

/// Luminance of diffuse white in BT.2408, in candela per square metre.
const WHITE: f64 = 203.0;

/// Linear light with BT.2020's primaries to sRGB's (BT.2087, section 4).
const FROM_BT2020: Matrix = [
    [1.660_491, -0.587_641, -0.072_850],
    [-0.124_550, 1.132_900, -0.008_349],
    [-0.018_151, -0.100_579, 1.118_730],
];

/// Linear light with Display P3's primaries to sRGB's.
const FROM_P3: Matrix =
    [[1.224_940, -0.224_940, 0.0], [-0.042_057, 1.042_057, 0.0], [-0.019_638, -0.078_636, 1.098_274]];

const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

type Matrix = [[f64; 3]; 3];

impl Cicp {
    /// Whether the samples reach far beyond diffuse white: PQ and HLG.
    pub(crate) fn is_hdr(self) -> bool {
        matches!(self.transfer, 16 | 18)
    }

    /// Makes an ICC profile; `None` for what is shown as sRGB, for code points no profile expresses, and for
    /// HDR, which becomes light instead.
    pub(crate) fn profile(self) -> Option<Vec<u8>> {
        let primaries = match self.primaries {
            2 => 1,
            other @ (1 | 4..=12 | 22) => other as u8,
            _ => return None,
        };
        let transfer = match self.transfer {
            1 | 2 | 6 | 14 | 15 => SRGB_CURVE,
            other @ (4 | 5 | 7..=13) => other as u8,
            _ => return None,
        };
        if (primaries, transfer) == (1, SRGB_CURVE) {
            return None;
        }
        let mut bytes = Profile::from_cicp(primaries, transfer)?.encode()?;
        // The same picture makes the same bytes, whatever the clock says (ICC.1:2022, section 7.2.8).
        bytes.get_mut(24..36)?.copy_from_slice(&[0x07, 0xD0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
        Some(bytes)
    }

    /// Turns the frame of an HDR picture into linear light; leaves every other one as it is.
    pub(crate) fn in_light(self, frame: Frame) -> Frame {
        let mut samples: Vec<f32> = match &frame.samples {
            Samples::U8(samples) if self.is_hdr() => {
                samples.iter().map(|value| f32::from(*value) / 255.0).collect()
            }
            Samples::U16(samples) if self.is_hdr() => {
                samples.iter().map(|value| f32::from(*value) / 65_535.0).collect()
            }
            _ => return frame,
        };
        if frame.channels.count() >= 3 {
            self.linearise(&mut samples, frame.channels.count());
        }
        Frame { samples: Samples::F32(samples), ..frame }
    }

    /// Turns samples of an HDR picture, 0 to 1 as encoded, into linear light with sRGB primaries, where
    /// 1 is diffuse white. Works in place on pixels of `count` samples; the first three are the colour.
    fn linearise(self, samples: &mut [f32], count: usize) {
        let matrix = match self.primaries {
            9 => FROM_BT2020,
            11 | 12 => FROM_P3,
            _ => IDENTITY,
        };
        for pixel in samples.chunks_exact_mut(count.max(3)) {
            let coded = [pixel[0], pixel[1], pixel[2]].map(f64::from);
            let light = if self.transfer == 18 { hlg(coded) } else { coded.map(pq) };
            for (sample, row) in pixel.iter_mut().zip(matrix) {
                *sample = (row[0] * light[0] + row[1] * light[1] + row[2] * light[2]) as f32;
            }
        }
    }
}

/// SMPTE ST 2084: code value to light.
fn pq(value: f64) -> f64 {
    let root = value.clamp(0.0, 1.0).powf(1.0 / 78.843_75);
    let light =
        ((root - 0.835_937_5).max(0.0) / (18.851_562_5 - 18.687_5 * root)).powf(1.0 / 0.159_301_757_812_5);
    light * 10_000.0 / WHITE
}

/// BT.2100 HLG: code values to light on a display of 1,000 cd/m².
fn hlg(coded: [f64; 3]) -> [f64; 3] {
    let scene = coded.map(|value| {
        let value = value.clamp(0.0, 1.0);
        if value <= 0.5 {
            value * value / 3.0
        } else {
            (((value - 0.559_910_73) / 0.178_832_77).exp() + 0.284_668_92) / 12.0
        }
    });
    let luminance = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2];
    scene.map(|value| value * luminance.powf(0.2) * 1_000.0 / WHITE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_other_spaces_get_a_profile() {
        for transfer in [1, 2, 6, 13] {
            assert_eq!(Cicp { primaries: 1, transfer }.profile(), None);
        }
        for (primaries, transfer) in [(12, 13), (9, 1), (1, 8)] {
            assert!(Cicp { primaries, transfer }.profile().is_some(), "{primaries} {transfer}");
        }
        for (primaries, transfer) in [(77, 13), (300, 13), (1, 300), (0, 0)] {
            assert_eq!(Cicp { primaries, transfer }.profile(), None);
        }
    }

    #[test]
    fn hdr_white_is_one() {
        // 203 cd/m² is code value 0.58 in PQ and 0.75 in HLG (BT.2408).
        for (transfer, code) in [(16, 0.5807), (18, 0.75)] {
            let mut grey = [code; 3];
            Cicp { primaries: 9, transfer }.linearise(&mut grey, 3);
            assert!(grey.iter().all(|sample| (sample - 1.0).abs() < 0.02), "{transfer}: {grey:?}");
        }
    }
}
