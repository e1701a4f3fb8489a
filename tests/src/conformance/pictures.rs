//! Is the output the same picture as the input, as foreign readers see both?

use super::case::{Fault, size};
use super::pairs::{animates, keeps_alpha, raw, scales};
use crate::judge::Picture;

/// Mean difference of a thumbnail's samples, of 255, up to which two pictures look the same. Lossy targets at
/// their default quality stay below 4; swapped channels or a turned picture are far above.
const SAME: f64 = 16.0;
/// The same for inputs whose colours readers rightly render differently.
const ALIKE: f64 = 48.0;
/// Correlation from which such pictures show the same thing in another light.
const CORRELATED: f64 = 0.7;
/// The share of clear pixels from which a picture counts as one with transparency; the rims of drawings, which
/// programs render differently, stay below.
const CLEAR: f64 = 0.02;
/// Pictures below this many pixels may differ more: there one pixel's rounding is seen in a thumbnail.
const TINY_PIXELS: u64 = 400;
/// An icon has no side longer than this.
const ICON_SIDE: u32 = 256;

pub(super) fn compare(
    from: &str,
    to: &str,
    input: &Picture,
    output: &Picture,
) -> Result<(), (Fault, String)> {
    if !sizes_agree(from, to, input, output) {
        let sizes: Vec<_> = input.sizes().map(|(width, height)| format!("{width}x{height}")).collect();
        return Err((Fault::Size, format!("{} instead of {}", size(output), sizes.join(" or "))));
    }
    if let Some(frames) = frames_due(from, to, input).filter(|due| *due != output.frames) {
        return Err((Fault::Frames, format!("{} instead of {frames}", output.frames)));
    }
    if input.clear >= CLEAR && keeps_alpha(to) && output.clear == 0.0 {
        return Err((Fault::Alpha, "the output is opaque".to_owned()));
    }
    looks_alike(input, output)
}

/// How many frames the output owes; `None` when the formats leave it open.
fn frames_due(from: &str, to: &str, input: &Picture) -> Option<u32> {
    let kept = animates(from) && animates(to) || from == "tiff" && matches!(to, "tiff" | "pdf");
    kept.then_some(input.frames)
}

fn sizes_agree(from: &str, to: &str, input: &Picture, output: &Picture) -> bool {
    let seen = (output.width, output.height);
    input.sizes().any(|due| {
        let long = due.0.max(due.1);
        if to == "ico" && long > ICON_SIDE {
            return seen.0.max(seen.1) <= ICON_SIDE && proportions_agree(due, seen, 0.01);
        }
        let developed = raw(from) && near(due.0, seen.0, 0.04) && near(due.1, seen.1, 0.04);
        due == seen || developed || (scales(from) || scales(to)) && proportions_agree(due, seen, 0.01)
    })
}

fn near(due: u32, seen: u32, part: f64) -> bool {
    f64::from(due.abs_diff(seen)) <= (f64::from(due) * part).max(1.0)
}

/// True when the proportions differ by no more than `part` and the rounding of the smaller sides.
pub(crate) fn proportions_agree(due: (u32, u32), seen: (u32, u32), part: f64) -> bool {
    let smallest = [due.0, due.1, seen.0, seen.1].into_iter().min().unwrap_or(0);
    if smallest == 0 {
        return false;
    }
    let ratio = f64::from(due.0) * f64::from(seen.1) / (f64::from(due.1) * f64::from(seen.0));
    (ratio - 1.0).abs() <= part + 1.0 / f64::from(smallest)
}

fn looks_alike(input: &Picture, output: &Picture) -> Result<(), (Fault, String)> {
    if input.thumb.is_empty() || input.thumb.len() != output.thumb.len() {
        return Ok(());
    }
    let most = if input.pixels() < TINY_PIXELS { SAME * 1.5 } else { SAME };
    if difference(&input.thumb, &output.thumb) <= most {
        return Ok(());
    }
    unlike(&input.thumb, &output.thumb, input.loose).map_or(Ok(()), |why| Err((Fault::Look, why)))
}

/// How two small copies show something else; `loose` where readers rightly differ in colours.
pub(crate) fn unlike(one: &[u8], other: &[u8], loose: bool) -> Option<String> {
    let (difference, correlation) = (difference(one, other), correlation(one, other));
    let same = difference <= SAME || loose && (difference <= ALIKE || correlation >= CORRELATED);
    (!same).then(|| format!("thumbnails differ by {difference:.0} of 255, correlation {correlation:.2}"))
}

fn difference(one: &[u8], other: &[u8]) -> f64 {
    let sum: u64 = one.iter().zip(other).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    ratio(sum, one.len())
}

/// Pearson's correlation of the samples; 1 when one of the pictures is flat.
fn correlation(one: &[u8], other: &[u8]) -> f64 {
    let mean = |bytes: &[u8]| ratio(bytes.iter().map(|byte| u64::from(*byte)).sum(), bytes.len());
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (f64::from(*a) - mean_one, f64::from(*b) - mean_other);
        both += a * b;
        left += a * a;
        right += b * b;
    }
    if left * right == 0.0 { 1.0 } else { both / (left * right).sqrt() }
}

fn ratio(sum: u64, count: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "sums of a few thousand bytes are exact")]
    let ratio = sum as f64 / count.max(1) as f64;
    ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Picture {
        let thumb = (0..=255).chain(0..=255).chain(0..=255).collect();
        Picture { width, height, frames: 1, thumb, ..Picture::default() }
    }

    #[test]
    fn size_rules_follow_the_formats() {
        let agree = |from, to, due: (u32, u32), seen: (u32, u32)| {
            sizes_agree(from, to, &picture(due.0, due.1), &picture(seen.0, seen.1))
        };
        assert!(agree("jpg", "png", (40, 30), (40, 30)));
        assert!(!agree("jpg", "png", (40, 30), (30, 40)), "orientation was not applied");
        assert!(agree("jpg", "ico", (4000, 3000), (256, 192)));
        assert!(!agree("jpg", "ico", (40, 30), (256, 192)));
        assert!(agree("jpg", "pdf", (4000, 3000), (288, 216)));
        assert!(agree("svg", "png", (100, 50), (200, 100)));
        assert!(agree("kdc", "png", (768, 512), (756, 504)));
        assert!(!agree("nef", "png", (2012, 1324), (160, 120)));
    }

    #[test]
    fn frames_stay_between_animated_formats_only() {
        let moving = Picture { frames: 4, ..picture(8, 8) };
        assert_eq!(compare("gif", "webp", &moving, &picture(8, 8)).unwrap_err().0, Fault::Frames);
        assert!(compare("gif", "png", &moving, &picture(8, 8)).is_ok());
    }

    #[test]
    fn a_reversed_picture_does_not_look_alike() {
        let mut turned = picture(8, 8);
        turned.thumb.reverse();
        assert_eq!(compare("png", "bmp", &picture(8, 8), &turned).unwrap_err().0, Fault::Look);
    }

    #[test]
    fn lost_alpha_is_a_fault_where_it_fits() {
        let clear = Picture { clear: 0.5, ..picture(8, 8) };
        assert_eq!(compare("png", "webp", &clear, &picture(8, 8)).unwrap_err().0, Fault::Alpha);
        assert!(compare("png", "jpg", &clear, &picture(8, 8)).is_ok());
    }
}
