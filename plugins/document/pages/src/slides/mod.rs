//! PDF to slides: each page a slide, with its text in boxes that can be edited (ECMA-376, PresentationML).
//!
//! ```text
//! page ─► layers ─┬─ text ─────► boxes ─┐
//!                 ├─ pictures ──────────┼─► slide
//!                 └─ the rest, drawn ───┘
//! ```

mod boxes;
mod family;
mod layers;
mod parts;
mod slide;

use crate::document::{Document, Page};
use crate::package::Package;
use crate::reading::Reading;
use crate::size::Scale;
use crate::text;
use crate::{encode, office, raster};
use formwork_image_pixels::{Frame, Samples};
use formwork_sdk::{Feature, Result, Step, json};
use layers::Layers;
use slide::{Fit, Slide};
use std::collections::BTreeMap;

/// Dots per inch of what is drawn behind the text, when nothing is said.
pub(crate) const DENSITY: f64 = 150.0;
/// Longest side of what is drawn, in pixels.
const LONGEST: f64 = 4_000.0;
const POINTS: f64 = 72.0;
/// Units of a drawing in a point, and the sides that a slide may have, in points (ECMA-376 part 1, 20.1.2.1 and
/// 19.7.17).
const UNITS: f64 = 12_700.0;
const SIDES: (f64, f64) = (72.0, 4_032.0);
const WHITE: u8 = u8::MAX;

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let reading = Reading::open_with_form(step)?;
    let document = reading.document();
    let wanted = formwork_pdf_plain::wanted(step, document.page_count())?;
    let size = usual_size(document, &wanted);
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let (mut bytes, mut boxes) = (0, 0);
    for (done, index) in wanted.iter().enumerate() {
        step.tick(done as u64, wanted.len() as u64)?;
        let start = files.len();
        boxes += add(step, document, *index, size, done + 1, &mut files)?;
        bytes += files.iter().skip(start).map(|(_, file)| file.len() as u64).sum::<u64>();
        step.within("memory", bytes, step.limits().memory)?;
    }
    if boxes == 0 {
        step.warn("there is no text in these pages: they may be pictures of text, which `pdf/ocr` reads");
    }
    step.lose(Feature::Vector, "drawings were made pixels behind the text");
    step.lose(
        Feature::Fonts,
        "letters are those of Arial, Times New Roman and Courier New, as wide as they were",
    );
    step.write_output(&packed(&files, wanted.len(), size, reading.title().as_deref())?)?;
    step.report(&json!({ "pages": wanted.len() }));
    Ok(())
}

/// The size most pages have, as far as a slide may have it: there is one for all slides.
fn usual_size(document: &Document<'_>, wanted: &[usize]) -> (f64, f64) {
    let mut sizes: BTreeMap<(u64, u64), usize> = BTreeMap::new();
    for (width, height) in wanted.iter().filter_map(|index| document.page_size(*index)) {
        let side = |side: f64| (side * 100.0).round().clamp(0.0, 1e9) as u64;
        *sizes.entry((side(width), side(height))).or_default() += 1;
    }
    let most = sizes.into_iter().max_by_key(|(_, count)| *count);
    let (width, height) =
        most.map_or((720.0, 540.0), |((width, height), _)| (width as f64 / 100.0, height as f64 / 100.0));
    let (least, longest) = SIDES;
    let factor = (longest / width.max(height).max(1.0)).min(1.0);
    ((width * factor).max(least), (height * factor).max(least))
}

/// Adds the slide of a page; returns how many boxes of text it has.
fn add(
    step: &Step<'_>,
    document: &Document<'_>,
    index: usize,
    size: (f64, f64),
    number: usize,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<usize> {
    let page = document.page(index);
    let mut boxes = 0;
    let slide = match &page {
        Ok(page) => {
            let mut slide = Slide::new(fit(page.size(), size), page.place().size());
            boxes = fill(step, page, &mut slide, number, files)?;
            slide
        }
        Err(error) => {
            step.warn(format!("left empty: {}", error.message));
            Slide::new(fit(size, size), (size.0 as f32, size.1 as f32))
        }
    };
    let (xml, relations) = slide.end();
    files.push((format!("ppt/slides/slide{number}.xml"), xml.into_bytes()));
    files.push((format!("ppt/slides/_rels/slide{number}.xml.rels"), relations.into_bytes()));
    Ok(boxes)
}

/// A page in the middle of a slide, as large as it fits.
fn fit((width, height): (f64, f64), slide: (f64, f64)) -> Fit {
    let scale = (slide.0 / width.max(0.01)).min(slide.1 / height.max(0.01));
    let rest = |slide: f64, side: f64| {
        let rest = (slide - side * scale) / 2.0;
        if rest < 0.5 { 0.0 } else { rest as f32 }
    };
    Fit { scale: scale as f32, left: rest(slide.0, width), top: rest(slide.1, height) }
}

/// Puts what a page shows on its slide.
fn fill(
    step: &Step<'_>,
    page: &Page<'_, '_>,
    slide: &mut Slide,
    number: usize,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<usize> {
    let glyphs = text::letters(step, page)?;
    let drawn = text::Drawn::read(step, page)?;
    let layers = Layers::of(page);
    let faces = layers.take_text(&glyphs);
    let taken = layers.take_pictures();
    let mut add = |name: String, file: Vec<u8>| files.push((format!("ppt/media/{name}"), file));
    match behind(step, page)? {
        Behind::Nothing => {}
        Behind::Colour(colour) => slide.paint(colour),
        Behind::Picture(file, is_jpeg) => {
            let name = format!("page{number}.{}", extension(is_jpeg));
            slide.back(&name);
            add(name, file);
        }
    }
    for (place, picture) in layers.files(step, &taken)?.into_iter().enumerate() {
        let name = format!("page{number}-{}.{}", place + 1, extension(picture.is_jpeg));
        slide.picture(&name, &picture.area);
        add(name, picture.file);
    }
    let all = glyphs.by_direction();
    let boxes: Vec<_> = all.iter().flat_map(|turned| boxes::boxes(turned, &faces, &drawn)).collect();
    boxes.iter().for_each(|text| slide.text(text));
    Ok(boxes.len())
}

fn extension(is_jpeg: bool) -> &'static str {
    if is_jpeg { "jpg" } else { "png" }
}

/// What is left of a page.
enum Behind {
    /// White paper.
    Nothing,
    Colour([u8; 3]),
    /// A file, and whether it is JPEG.
    Picture(Vec<u8>, bool),
}

fn behind(step: &Step<'_>, page: &Page<'_, '_>) -> Result<Behind> {
    let (width, height) = page.size();
    let wanted = step.options().number("density").unwrap_or(DENSITY);
    let density = wanted.min(LONGEST * POINTS / width.max(height).max(1.0));
    let pixels = Scale::Density(density).pixels(step, (width, height))?;
    let frame = raster::draw(step, page, pixels, [WHITE; 4])?;
    Ok(match plain(&frame) {
        Some([WHITE, WHITE, WHITE]) => Behind::Nothing,
        Some(colour) => Behind::Colour(colour),
        None => {
            encode::smaller(&frame).map_or(Behind::Nothing, |(file, is_jpeg)| Behind::Picture(file, is_jpeg))
        }
    })
}

/// The one colour of a picture.
fn plain(frame: &Frame) -> Option<[u8; 3]> {
    let Samples::U8(samples) = &frame.samples else { return None };
    let channels = frame.channels.count();
    let first = samples.get(..channels)?;
    let colour = match first {
        [grey] => [*grey; 3],
        [red, green, blue] => [*red, *green, *blue],
        _ => return None,
    };
    samples.chunks(channels).all(|pixel| pixel == first).then_some(colour)
}

fn packed(
    files: &[(String, Vec<u8>)],
    slides: usize,
    size: (f64, f64),
    title: Option<&str>,
) -> Result<Vec<u8>> {
    let units = |side: f64| (side * UNITS).round() as i64;
    let (presentation, relations) = parts::presentation(slides, (units(size.0), units(size.1)));
    let (types, core, fixed) = (parts::content_types(slides), office::core(title), parts::fixed_relations());
    let mut package = Package::default();
    package.add("[Content_Types].xml", types.as_bytes());
    for (name, text) in &fixed {
        package.add(*name, text.as_bytes());
    }
    for (name, text) in [
        ("docProps/core.xml", core.as_str()),
        ("ppt/presentation.xml", presentation.as_str()),
        ("ppt/_rels/presentation.xml.rels", relations.as_str()),
        ("ppt/slideMasters/slideMaster1.xml", parts::MASTER),
        ("ppt/slideLayouts/slideLayout1.xml", parts::LAYOUT),
        ("ppt/theme/theme1.xml", parts::THEME),
    ] {
        package.add(name, text.as_bytes());
    }
    for (name, file) in files {
        package.add(name.as_str(), file);
    }
    package.packed()
}
