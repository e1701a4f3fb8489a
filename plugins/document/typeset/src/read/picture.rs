//! Pictures inside a document: `data:` addresses, the only ones that are followed.

use crate::tree::{Document, Picture};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use formwork_sdk::Limits;

/// Points for one pixel of the screen: 72 of them are an inch, as are 96 pixels.
const POINTS: f64 = 0.75;
/// The largest picture file inside a document.
const LARGEST: usize = 64 << 20;
/// The most pictures of one document.
const MOST: usize = 10_000;
/// Characters of an address that a message repeats.
const SHOWN: usize = 100;
/// The most addresses that are kept for the message.
const NAMED: usize = 1_000;
/// References within a drawing: each may double what is drawn.
const REFERENCES: usize = 16;
/// The longest drawing.
const DRAWING: usize = 4 << 20;

/// What a picture is said to be.
pub(super) struct Said<'a> {
    /// Where it lies.
    pub(super) source: &'a str,
    /// What it shows.
    pub(super) alt: &'a str,
    /// Width and height in pixels, when told.
    pub(super) size: (Option<f64>, Option<f64>),
}

/// Puts a picture into the document and returns its place, or notes why it cannot be had.
pub(super) fn add(document: &mut Document, said: &Said<'_>, limits: &Limits) -> Option<usize> {
    let source = said.source.trim();
    let Some(data) = strip_scheme(source) else {
        if document.lost.remote.len() < NAMED {
            document.lost.remote.push(source.chars().take(SHOWN).collect());
        }
        return None;
    };
    let found = if document.pictures.len() >= MOST {
        Err(format!("more than {MOST} pictures"))
    } else {
        decode(data).and_then(|bytes| measure(bytes, limits))
    };
    match found {
        Ok((bytes, natural)) => {
            let size = fit(natural, said.size);
            document.pictures.push(Picture { bytes, size, alt: said.alt.trim().to_owned() });
            Some(document.pictures.len() - 1)
        }
        Err(reason) => {
            document.lost.pictures.push(reason);
            None
        }
    }
}

fn strip_scheme(source: &str) -> Option<&str> {
    let (scheme, rest) = source.split_at_checked(5)?;
    scheme.eq_ignore_ascii_case("data:").then_some(rest)
}

/// RFC 2397: media type, perhaps `;base64`, a comma, data.
fn decode(data: &str) -> Result<Vec<u8>, String> {
    if data.len() > LARGEST / 3 * 4 {
        return Err(format!("one of more than {} MiB", LARGEST >> 20));
    }
    let (kind, data) = data.split_once(',').ok_or("a data: address without data")?;
    let plain = percent(data);
    if !kind.to_ascii_lowercase().trim_end().ends_with(";base64") {
        return Ok(plain);
    }
    let letters: Vec<u8> = plain.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(letters);
    bytes.map_err(|_| "a data: address that is no Base64".to_owned())
}

fn percent(data: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(data.len());
    let mut rest = data.as_bytes();
    while let [byte, behind @ ..] = rest {
        let digits = behind.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        rest = match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if *byte == b'%' => {
                plain.push(value);
                behind.get(2..).unwrap_or(&[])
            }
            _ => {
                plain.push(*byte);
                behind
            }
        };
    }
    plain
}

/// Bytes of a picture with its size in pixels.
type Measured = (Vec<u8>, (f64, f64));

fn measure(bytes: Vec<u8>, limits: &Limits) -> Result<Measured, String> {
    use imagesize::ImageType::{Gif, Jpeg, Png, Webp};
    if let Ok(kind @ (Png | Jpeg | Gif | Webp)) = imagesize::image_type(&bytes) {
        let size = imagesize::blob_size(&bytes).map_err(|_| format!("a damaged {kind:?} picture"))?;
        let (width, height) = (size.width as u64, size.height as u64);
        if width == 0 || height == 0 {
            return Err(format!("a picture of {width} by {height} pixels"));
        }
        if width.saturating_mul(height) > limits.pixels || width.max(height) > limits.side {
            return Err(format!("a picture of {width} by {height} pixels, more than the limits allow"));
        }
        return Ok((bytes, (width as f64, height as f64)));
    }
    let drawing = std::str::from_utf8(&bytes).ok().filter(|text| text.contains("<svg"));
    let Some(drawing) = drawing else {
        return Err("one of a format that is none of PNG, JPEG, GIF, WebP, SVG".into());
    };
    let references = drawing.matches("<use").count() + drawing.matches("<pattern").count();
    if drawing.len() > DRAWING
        || references > REFERENCES
        || drawing.contains("<!ENTITY")
        || drawing.contains("<filter")
    {
        return Err("an SVG drawing that refers to itself too often or uses filters".into());
    }
    // A drawing that does not tell its size gets the one that browsers give it.
    let side = |name: &str| attribute(drawing, name).and_then(|value| pixels(&value));
    let view = attribute(drawing, "viewBox").and_then(|value| {
        let numbers: Vec<f64> =
            value.split([' ', ',']).filter_map(|number| number.trim().parse().ok()).collect();
        numbers.get(2).zip(numbers.get(3)).map(|(width, height)| (*width, *height))
    });
    let natural = match (side("width"), side("height"), view) {
        (Some(width), Some(height), _) => (width, height),
        (Some(width), None, Some(view)) => (width, width * view.1 / view.0),
        (None, Some(height), Some(view)) => (height * view.0 / view.1, height),
        (None, None, Some(view)) => view,
        _ => (300.0, 150.0),
    };
    let fits = |side: f64| (0.01..1e6).contains(&side);
    if fits(natural.0) && fits(natural.1) {
        Ok((bytes, natural))
    } else {
        Err("an SVG drawing without a size".into())
    }
}

/// An attribute of the first `<svg` element.
fn attribute(drawing: &str, name: &str) -> Option<String> {
    let tag = drawing.split_once("<svg")?.1.split('>').next()?;
    let (_, value) = tag.split_once(&format!(" {name}="))?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value.get(1..)?.split(quote).next()?.to_owned())
}

/// A length of HTML or SVG in pixels; none for a share of something.
pub(super) fn pixels(value: &str) -> Option<f64> {
    let value = value.trim();
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let scale = match unit.trim() {
        "" | "px" => 1.0,
        "pt" => 96.0 / 72.0,
        "in" => 96.0,
        "cm" => 96.0 / 2.54,
        "mm" => 9.6 / 2.54,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * scale).filter(|number| *number > 0.0)
}

/// The size in points.
fn fit(natural: (f64, f64), said: (Option<f64>, Option<f64>)) -> (f64, f64) {
    let (width, height) = match said {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, natural.1 * width / natural.0),
        (None, Some(height)) => (natural.0 * height / natural.1, height),
        (None, None) => natural,
    };
    (width * POINTS, height * POINTS)
}
