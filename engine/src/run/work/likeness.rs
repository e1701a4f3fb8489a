//! How like its input a picture is: 100 times the mean structural similarity of brightness (Wang, Bovik, Sheikh and
//! Simoncelli, IEEE Transactions on Image Processing 13(4), 2004) in windows of 8 by 8 pixels, every 4 pixels; the input is
//! brought to the result's size first, and both are laid on white.

use super::super::item::Item;
use super::walk::{Along, Walk};
use super::{Work, look};
use crate::plan::{self, Request, Wishes};
use crate::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// What pictures are compared as.
const FORMAT: &str = "pnm";
const WINDOW: usize = 8;
const STEP: usize = 4;

/// Brightness of each pixel, from 0 to 255.
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<f64>,
}

/// Compares a result with what it was made of.
pub(super) fn score(walk: &Walk<'_>, input: &Item, result: &Item) -> Result<f64> {
    let result = grey(walk, result, &Map::new())?;
    let size = json!({"width": result.width, "height": result.height, "fit": "scale"});
    let size = size.as_object().cloned().unwrap_or_default();
    let input = grey(walk, input, &size)?;
    if (input.width, input.height) != (result.width, result.height) {
        return Err(unmeasured("it does not come to the size of the result"));
    }
    Ok(100.0 * similarity(&input, &result).max(0.0))
}

fn unmeasured(why: &str) -> Error {
    Error::new(ErrorKind::UnsupportedConversion, format!("`min_quality` cannot be measured here: {why}"))
}

/// A picture as brightness, by the plugins that read it.
fn grey(walk: &Walk<'_>, item: &Item, options: &Map<String, Value>) -> Result<Grey> {
    let converting = Work { operation: "convert".into(), ..Work::default() };
    let looked = look(walk.parts, &converting, vec![item.clone()], walk.control)?;
    let from = looked.format().ok_or_else(|| unmeasured("its format is not known"))?;
    let registry = &walk.parts.registry;
    let request = Request {
        operation: "convert".into(),
        from,
        to: Some(registry.require_format(FORMAT)?),
        options: options.clone(),
        bytes: item.length(),
        features: looked.features.clone(),
        accompanied: false,
        wishes: Wishes::default(),
    };
    let route = plan::best(registry, &request)?;
    let aside = Walk { span: (0.0, 0.0), ..*walk };
    let arrived = aside.along(&route, looked.items, Along::default())?;
    let first = arrived.items.first().ok_or_else(|| unmeasured("it has no picture"))?;
    read(&first.bytes(walk.limits.memory)?).ok_or_else(|| unmeasured("it cannot be decoded"))
}

/// Reads a binary PGM or PPM (https://netpbm.sourceforge.net/doc/).
fn read(bytes: &[u8]) -> Option<Grey> {
    let channels = match bytes.get(..2)? {
        b"P5" => 1,
        b"P6" => 3,
        _ => return None,
    };
    let mut at = 2;
    let mut numbers = [0_usize; 3];
    for number in &mut numbers {
        while bytes.get(at)?.is_ascii_whitespace() || bytes.get(at) == Some(&b'#') {
            if bytes.get(at) == Some(&b'#') {
                at += bytes.get(at..)?.iter().position(|byte| *byte == b'\n')?;
            }
            at += 1;
        }
        let digits = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *number = std::str::from_utf8(bytes.get(at..at + digits)?).ok()?.parse().ok()?;
        at += digits;
    }
    let [width, height, most] = numbers;
    let wide = if most > 255 { 2 } else { 1 };
    let count = width.checked_mul(height)?.checked_mul(channels * wide)?;
    let samples = bytes.get(at + 1..)?.get(..count)?;
    let value = |sample: &[u8]| sample.iter().fold(0.0, |value, byte| value * 256.0 + f64::from(*byte));
    let scale = 255.0 / (most.max(1) as f64);
    let pixel = |pixel: &[u8]| match pixel.chunks(wide).map(value).collect::<Vec<_>>().as_slice() {
        // Rec. ITU-R BT.601-7, section 2.5.1.
        [red, green, blue] => (0.299 * red + 0.587 * green + 0.114 * blue) * scale,
        [grey] => grey * scale,
        _ => 0.0,
    };
    Some(Grey { width, height, pixels: samples.chunks(channels * wide).map(pixel).collect() })
}

/// The mean over all windows; a picture smaller than one is one window.
fn similarity(one: &Grey, two: &Grey) -> f64 {
    let (wide, high) = (WINDOW.min(one.width), WINDOW.min(one.height));
    let (mut sum, mut count) = (0.0, 0.0);
    for top in (0..=one.height - high).step_by(STEP) {
        for left in (0..=one.width - wide).step_by(STEP) {
            sum += window(one, two, (left, top), (wide, high));
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

fn window(one: &Grey, two: &Grey, (left, top): (usize, usize), (wide, high): (usize, usize)) -> f64 {
    const C1: f64 = 0.01 * 255.0 * 0.01 * 255.0;
    const C2: f64 = 0.03 * 255.0 * 0.03 * 255.0;
    let (mut a, mut b, mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in top..top + high {
        let start = row * one.width + left;
        let rows = one.pixels.get(start..start + wide).zip(two.pixels.get(start..start + wide));
        let Some((first, second)) = rows else { return 0.0 };
        for (x, y) in first.iter().zip(second) {
            (a, b, aa, bb, ab) = (a + x, b + y, aa + x * x, bb + y * y, ab + x * y);
        }
    }
    let count = (wide * high) as f64;
    let (a, b) = (a / count, b / count);
    let (aa, bb, ab) = (aa / count - a * a, bb / count - b * b, ab / count - a * b);
    (2.0 * a * b + C1) * (2.0 * ab + C2) / ((a * a + b * b + C1) * (aa + bb + C2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(noise: i32) -> Grey {
        let mut bytes = b"P5 # made\n16 12\n255\n".to_vec();
        for place in 0..16 * 12_i32 {
            bytes.push(
                (128 + 90 * ((place / 3) % 2) - 45 + (place * 7919 % 13 - 6) * noise).clamp(0, 255) as u8
            );
        }
        read(&bytes).unwrap()
    }

    #[test]
    fn the_same_is_most_alike_and_noise_is_less() {
        let clean = picture(0);
        assert!((similarity(&clean, &picture(0)) - 1.0).abs() < 1e-9);
        let (little, much) = (similarity(&clean, &picture(1)), similarity(&clean, &picture(9)));
        assert!(1.0 > little && little > much && much > 0.0, "{little} {much}");
    }

    #[test]
    fn what_is_cut_short_is_no_picture() {
        assert!(read(b"P6\n2 2\n255\n123456789").is_none());
        assert!(read(b"P6\n99999999999 99999999999\n255\n").is_none());
        assert!(read(b"P5\n1 1\n65535\n\x80\x00").is_some_and(|grey| (grey.pixels[0] - 127.5).abs() < 1.0));
        assert!(read(b"P5\n# no end").is_none());
    }
}
