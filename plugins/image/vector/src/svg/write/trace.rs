//! Shapes traced from pixels: areas of like colour, found and outlined by visioncortex, stacked from the
//! largest to the smallest.

use formwork_image_pixels::{Frame, Samples};
use formwork_sdk::{Error, ErrorKind, Feature, Result, Step};
use std::collections::HashSet;
use std::fmt::Write;
use visioncortex::color_clusters::{Clusters, HIERARCHICAL_MAX, KeyingAction, Runner, RunnerConfig};
use visioncortex::{Color, ColorImage, PathSimplifyMode, PointF64};

/// Areas smaller than this many pixels are taken for specks.
const SPECK: usize = 16;
/// Lower bits of a sample that do not tell colours apart.
const BLUR: i32 = 2;
/// Difference (sum over red, green and blue) that makes a new shape.
const STEP: i32 = 16;
/// Outlines turn sharply at angles above this, in degrees.
const CORNER: f64 = 60.0;
/// Curves are cut where their direction has changed by this, in degrees.
const SPLICE: f64 = 45.0;
/// Segments of outlines are not divided below this length in pixels.
const SEGMENT: f64 = 4.0;
/// Rounds of smoothing.
const ROUNDS: usize = 10;
/// Digits after the point in coordinates.
const DIGITS: u32 = 2;
/// Pixels beyond which tracing takes minutes and gigabytes, and shows nothing more.
const MOST_PIXELS: u64 = 4 << 20;
/// Bytes tracing takes for a pixel when every pixel differs from the next.
const BYTES: u64 = 200;
/// Opacity from which a pixel is drawn.
const SOLID: u8 = 128;

/// Makes the document.
///
/// # Errors
///
/// `limit_exceeded` (`pixels`, `memory`); `cancelled`; `timeout`.
pub(super) fn document(step: &Step<'_>, frame: &Frame) -> Result<String> {
    check(step, frame)?;
    let Samples::U8(samples) = &frame.samples else {
        return Err(Error::new(ErrorKind::Internal, "tracing takes 8 bits a sample"));
    };
    tell(step, samples);
    let (image, key) = image(frame, samples);
    let clusters = cluster(step, image, key)?;
    let mut text = super::opening(frame.width, frame.height);
    outline(step, &clusters, &mut text)?;
    text.push_str("</svg>\n");
    Ok(text)
}

fn check(step: &Step<'_>, frame: &Frame) -> Result<()> {
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    if pixels <= MOST_PIXELS {
        return step.within("memory", pixels.saturating_mul(BYTES), step.limits().memory);
    }
    let width = (MOST_PIXELS as f64 / pixels as f64).sqrt() * f64::from(frame.width);
    let mut error = Error::limit("pixels", pixels, MOST_PIXELS);
    error.message.push_str(&format!(": set `width` to {} or less, or `mode` to embed", width as u64));
    Err(error)
}

fn tell(step: &Step<'_>, samples: &[u8]) {
    step.lose(Feature::Quality, "traced: shapes follow the pixels only roughly");
    let soft = samples.as_chunks::<4>().0.iter().filter(|pixel| !matches!(pixel[3], 0 | 255)).count();
    if soft > 0 {
        step.lose(Feature::Alpha, "traced shapes are either there or not: half transparency was rounded");
    }
}

/// Makes the tracer's image. Transparent pixels get a colour of their own, which is then left out.
fn image(frame: &Frame, samples: &[u8]) -> (ColorImage, Color) {
    let mut image = ColorImage::new_w_h(frame.width as usize, frame.height as usize);
    image.pixels = samples.to_vec();
    let clear = |pixel: &[u8; 4]| pixel[3] < SOLID;
    if !image.pixels.as_chunks::<4>().0.iter().any(clear) {
        return (image, Color::default());
    }
    let key = unused_colour(&image.pixels);
    for pixel in image.pixels.as_chunks_mut::<4>().0 {
        *pixel = if clear(pixel) { key } else { [pixel[0], pixel[1], pixel[2], 255] };
    }
    (image, Color::new_rgba(key[0], key[1], key[2], key[3]))
}

/// A colour no pixel has: the brightest of magenta's neighbours.
fn unused_colour(pixels: &[u8]) -> [u8; 4] {
    let used: HashSet<[u8; 3]> =
        pixels.as_chunks::<4>().0.iter().map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let all = (0..=255u8).flat_map(|red| (0..=255u8).map(move |green| [255 - red, green, 255]));
    let free = all.into_iter().find(|colour| !used.contains(colour)).unwrap_or([255, 0, 255]);
    [free[0], free[1], free[2], 255]
}

fn cluster(step: &Step<'_>, image: ColorImage, key: Color) -> Result<Clusters> {
    let config = RunnerConfig {
        diagonal: false,
        hierarchical: HIERARCHICAL_MAX,
        batch_size: 25_600,
        good_min_area: SPECK,
        good_max_area: image.width * image.height,
        is_same_color_a: BLUR,
        is_same_color_b: 1,
        deepen_diff: STEP,
        hollow_neighbours: 1,
        key_color: key,
        keying_action: KeyingAction::Discard,
    };
    let mut builder = Runner::new(config, image).start();
    while !builder.tick() {
        step.tick(0, 0)?;
    }
    Ok(builder.result())
}

fn outline(step: &Step<'_>, clusters: &Clusters, text: &mut String) -> Result<()> {
    let view = clusters.view();
    let total = view.clusters_output.len() as u64;
    for (done, index) in view.clusters_output.iter().rev().enumerate() {
        step.tick(done as u64, total)?;
        let shape = view.get_cluster(*index);
        let paths = shape.to_compound_path(
            &view,
            false,
            PathSimplifyMode::Spline,
            CORNER.to_radians(),
            SEGMENT,
            ROUNDS,
            SPLICE.to_radians(),
        );
        if paths.is_empty() {
            continue;
        }
        let (path, offset) = paths.to_svg_string(true, PointF64::default(), Some(DIGITS));
        let colour = shape.residue_color().to_hex_string();
        let place = if offset == PointF64::default() {
            String::new()
        } else {
            format!(" transform=\"translate({},{})\"", offset.x, offset.y)
        };
        let _ = writeln!(text, "<path fill=\"{colour}\"{place} d=\"{}\"/>", path.trim());
    }
    Ok(())
}
