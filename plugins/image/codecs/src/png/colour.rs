//! The colour space a PNG names, as an ICC profile.

use formwork_image_pixels::Profile;
use png::{ColorType, Info};

/// Gamma and chromaticities of sRGB as PNG writes them, in 100,000ths.
const SRGB_GAMMA: i64 = 45_455;
const SRGB_POINTS: [i64; 8] = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];

/// The profile samples are encoded in; `None` for sRGB. In the order of precedence the specification
/// gives (section 13.1): cICP, iCCP, sRGB, then gAMA with cHRM.
pub(super) fn profile(info: &Info<'_>) -> Option<Vec<u8>> {
    let grey = matches!(info.color_type, ColorType::Grayscale | ColorType::GrayscaleAlpha);
    if let Some(points) = info.coding_independent_code_points.filter(|_| !grey) {
        let profile = Profile::from_cicp(points.color_primaries, points.transfer_function);
        return profile.filter(|profile| !profile.is_srgb()).and_then(|profile| profile.encode());
    }
    if let Some(profile) = &info.icc_profile {
        return Some(profile.to_vec());
    }
    if info.srgb.is_some() {
        return None;
    }
    let gamma = info.gama_chunk.map_or(SRGB_GAMMA, |gamma| i64::from(gamma.into_scaled()));
    let points = info.chrm_chunk.map_or(SRGB_POINTS, |points| {
        [points.white, points.red, points.green, points.blue]
            .map(|(x, y)| [i64::from(x.into_scaled()), i64::from(y.into_scaled())])
            .as_flattened()
            .first_chunk()
            .copied()
            .unwrap_or(SRGB_POINTS)
    });
    let near = |a: i64, b: i64, by: i64| (a - b).abs() <= by;
    let same_points = grey || points.iter().zip(SRGB_POINTS).all(|(a, b)| near(*a, b, 500));
    if gamma == 0 || near(gamma, SRGB_GAMMA, 500) && same_points {
        return None;
    }
    let exponent = 100_000.0 / gamma as f32;
    if grey {
        return Profile::from_grey_gamma(exponent)?.encode();
    }
    let [wx, wy, rx, ry, gx, gy, bx, by] = points.map(|value| value as f32 / 100_000.0);
    Profile::from_chromaticities((wx, wy), [(rx, ry), (gx, gy), (bx, by)], exponent)?.encode()
}
