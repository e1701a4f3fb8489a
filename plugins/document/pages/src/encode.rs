//! Pixels as files of pictures, which go into other files.

use formwork_image_pixels::{Channels, Frame, Samples};
use png::ColorType;

/// Quality of JPEG.
const QUALITY: u8 = 85;

/// Samples of eight bits as PNG; `None` when there are not as many as the size says.
pub(crate) fn png((width, height): (u32, u32), colour: ColorType, samples: &[u8]) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(samples).ok()?;
    Some(file)
}

/// A picture without alpha as PNG or JPEG, whichever is smaller, and whether it is JPEG.
pub(crate) fn smaller(frame: &Frame) -> Option<(Vec<u8>, bool)> {
    let Samples::U8(samples) = &frame.samples else { return None };
    let (colour, kind) = match frame.channels {
        Channels::Grey => (ColorType::Grayscale, jpeg_encoder::ColorType::Luma),
        Channels::Rgb => (ColorType::Rgb, jpeg_encoder::ColorType::Rgb),
        _ => return None,
    };
    let png = png((frame.width, frame.height), colour, samples);
    let jpeg = jpeg(frame, samples, kind);
    match (png, jpeg) {
        (Some(png), Some(jpeg)) if jpeg.len() < png.len() => Some((jpeg, true)),
        (Some(png), _) => Some((png, false)),
        (None, jpeg) => jpeg.map(|jpeg| (jpeg, true)),
    }
}

fn jpeg(frame: &Frame, samples: &[u8], kind: jpeg_encoder::ColorType) -> Option<Vec<u8>> {
    let (width, height) = (u16::try_from(frame.width).ok()?, u16::try_from(frame.height).ok()?);
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, QUALITY).encode(samples, width, height, kind).ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_pictures_are_png_and_noise_is_jpeg() {
        const SIDE: u32 = 128;
        let frame = |samples: Vec<u8>| Frame::new(SIDE, SIDE, Channels::Grey, Samples::U8(samples)).unwrap();
        let mut seed = 1_u32;
        let noise = (0..SIDE * SIDE).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            100 + (seed >> 28) as u8
        });
        let noise = frame(noise.collect());
        assert!(!smaller(&frame(vec![200; (SIDE * SIDE) as usize])).unwrap().1);
        assert!(smaller(&noise).unwrap().1);
    }
}
