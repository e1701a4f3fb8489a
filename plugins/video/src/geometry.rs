//! Sizes: from what is asked for to numbers that filters and encoders take.

use crate::graph::Filter;
use crate::options::{Change, Fit};
use formwork_sdk::{Error, Result};

/// A size on the way through the filters.
pub(crate) type Size = (u32, u32);

/// The filters of a change of geometry, and the size behind it. `even`: sides must be even numbers at the end, so they
/// are kept even all along.
pub(crate) fn filters(change: &Change, size: Size, even: bool) -> Result<(Vec<Filter>, Size)> {
    match change {
        Change::Crop { x, y, width, height } => crop(size, (*x, *y), (*width, *height), even),
        Change::Resize { width, height, fit, background } => {
            Ok(resize(size, (*width, *height), *fit, *background, even))
        }
        Change::Resolution(side) => {
            let wanted = if size.0 >= size.1 { (None, Some(*side)) } else { (Some(*side), None) };
            Ok(resize(size, wanted, Fit::Max, [0; 4], even))
        }
        Change::Turn(angle) => Ok(turn(*angle, size)),
        Change::Mark(_) => Ok((Vec::new(), size)),
    }
}

fn crop(size: Size, at: Size, wanted: (Option<u32>, Option<u32>), even: bool) -> Result<(Vec<Filter>, Size)> {
    let (width, height) = size;
    let (x, y) = at;
    if x >= width || y >= height {
        return Err(Error::invalid(format!(
            "the cut begins at {x},{y}, outside the picture of {width}x{height}"
        )));
    }
    let (most_width, most_height) = (width - x, height - y);
    let (cut_width, cut_height) = (wanted.0.unwrap_or(most_width), wanted.1.unwrap_or(most_height));
    if cut_width > most_width || cut_height > most_height {
        return Err(Error::invalid(format!(
            "the cut of {cut_width}x{cut_height} at {x},{y} leaves the picture of {width}x{height}"
        )));
    }
    let cut = (rounded(cut_width, even), rounded(cut_height, even));
    let cut = (cut.0.min(width - x), cut.1.min(height - y));
    Ok((vec![Filter::new("crop", format!("w={}:h={}:x={x}:y={y}:exact=1", cut.0, cut.1))], cut))
}

/// A clockwise turn in quarters.
pub(crate) fn turn(angle: i32, size: Size) -> (Vec<Filter>, Size) {
    let across = (size.1, size.0);
    match angle {
        90 => (vec![Filter::new("transpose", "dir=clock")], across),
        180 => (vec![Filter::new("hflip", ""), Filter::new("vflip", "")], size),
        270 => (vec![Filter::new("transpose", "dir=cclock")], across),
        _ => (Vec::new(), size),
    }
}

fn resize(
    size: Size,
    wanted: (Option<u32>, Option<u32>),
    fit: Fit,
    background: [u8; 4],
    even: bool,
) -> (Vec<Filter>, Size) {
    let whole = |value: f64| (value.round() as u32).max(1);
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let ratio = |side: Option<u32>, of: f64| side.map(|side| f64::from(side) / of);
    let (across, down) = (ratio(wanted.0, width), ratio(wanted.1, height));
    let scaled = |factor: f64| (rounded(whole(width * factor), even), rounded(whole(height * factor), even));
    let exact = |size: Size| (rounded(size.0, even), rounded(size.1, even));
    match (fit, across, down) {
        (Fit::Scale, Some(_), Some(_)) => {
            scale_to(exact((wanted.0.unwrap_or(1), wanted.1.unwrap_or(1))), size)
        }
        (Fit::Crop, Some(across), Some(down)) => {
            let target = exact((wanted.0.unwrap_or(1), wanted.1.unwrap_or(1)));
            let full = scaled(across.max(down));
            let full = (full.0.max(target.0), full.1.max(target.1));
            let (mut filters, _) = scale_to(full, size);
            filters.push(Filter::new("crop", format!("w={}:h={}:exact=1", target.0, target.1)));
            (filters, target)
        }
        (Fit::Pad, Some(across), Some(down)) => {
            let target = exact((wanted.0.unwrap_or(1), wanted.1.unwrap_or(1)));
            let full = scaled(across.min(down));
            let full = (full.0.min(target.0), full.1.min(target.1));
            let (mut filters, _) = scale_to(full, size);
            let [red, green, blue, alpha] = background;
            let (x, y) = ((target.0 - full.0) / 2, (target.1 - full.1) / 2);
            filters.push(Filter::new(
                "pad",
                format!(
                    "w={}:h={}:x={x}:y={y}:color=0x{red:02x}{green:02x}{blue:02x}{alpha:02x}",
                    target.0, target.1
                ),
            ));
            (filters, target)
        }
        (_, across, down) => {
            let factor = across.into_iter().chain(down).fold(f64::INFINITY, f64::min);
            // Nothing is enlarged unless it is stretched on purpose.
            let factor = if fit == Fit::Max { factor.min(1.0) } else { factor };
            if factor.is_finite() && factor != 1.0 {
                scale_to(scaled(factor), size)
            } else {
                (Vec::new(), size)
            }
        }
    }
}

/// Scales to a size exactly.
pub(crate) fn scale_to(target: Size, size: Size) -> (Vec<Filter>, Size) {
    if target == size {
        return (Vec::new(), size);
    }
    (vec![Filter::new("scale", format!("w={}:h={}:flags=bicubic", target.0, target.1))], target)
}

/// The nearest side an encoder takes.
pub(crate) fn rounded(side: u32, even: bool) -> u32 {
    if even { (side & !1).max(2) } else { side.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(size: Size, width: Option<u32>, height: Option<u32>, fit: Fit) -> Size {
        resize(size, (width, height), fit, [0; 4], true).1
    }

    #[test]
    fn sizes_follow_the_fit() {
        assert_eq!(resized((1920, 1080), Some(640), None, Fit::Max), (640, 360));
        assert_eq!(resized((320, 180), Some(640), None, Fit::Max), (320, 180));
        assert_eq!(resized((1920, 1080), Some(500), Some(500), Fit::Crop), (500, 500));
        assert_eq!(resized((1920, 1080), Some(500), Some(500), Fit::Pad), (500, 500));
        assert_eq!(resized((1920, 1080), Some(100), Some(200), Fit::Scale), (100, 200));
        assert_eq!(resized((1920, 1080), Some(333), None, Fit::Max), (332, 186));
    }

    #[test]
    fn a_cut_outside_is_refused() {
        assert!(crop((100, 100), (100, 0), (None, None), true).is_err());
        assert!(crop((100, 100), (50, 50), (Some(60), None), true).is_err());
        assert_eq!(crop((101, 101), (50, 50), (None, None), true).unwrap().1, (50, 50));
    }
}
