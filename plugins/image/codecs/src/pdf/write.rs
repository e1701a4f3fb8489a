use super::page::Book;
use super::sheet::{self, Sheet};
use crate::codec::Encoder;
use crate::paper::{Place, Plane, deflate, density};
use formwork_image_pixels::{Channels, Depth, Frame, Metadata, Orientation, Picture, Target};
use formwork_sdk::{Feature, OptionSpec, Options, Result, Step, Writer, options::option};

pub(super) const ENCODER: Encoder = Encoder {
    target: Target {
        name: "PDF",
        keeps: &[
            Feature::Alpha,
            Feature::BitDepth,
            Feature::ColourProfile,
            Feature::Colours,
            Feature::Inks,
            Feature::Metadata,
            Feature::Pages,
            Feature::Quality,
        ],
        channels: &[Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk],
        depths: &[Depth::U8, Depth::U16],
        largest: (u32::MAX, u32::MAX),
        animation_as_pages: true,
    },
    options,
    encode,
};

fn options() -> Vec<OptionSpec> {
    let density =
        "Pixels for one inch, which makes the size of the picture; without it the picture's own, else 96.";
    let mut all = vec![option("density").with_summary(density)];
    all.extend(sheet::options());
    all
}

fn encode(step: &Step<'_>, options: &Options<'_>, picture: &Picture, output: &mut Writer<'_>) -> Result<()> {
    let metadata = &picture.metadata;
    if metadata.exif.is_some() {
        step.lose(Feature::Metadata, "PDF has no place for EXIF");
    }
    let density = density(options, metadata);
    let sheet = Sheet::of(options);
    let mut book = Book::begin(output)?;
    let channels = picture.frames.first().map_or(Channels::Rgb, |frame| frame.channels);
    let space = book.colour_space(channels, metadata.icc.as_deref())?;
    for frame in &picture.frames {
        let image = image(step, &mut book, frame, metadata, &space)?;
        book.add_page(sheet.lay(Place::new(frame.size(), density, Orientation::Upright)), image)?;
    }
    step.report(&book.finish()?);
    Ok(())
}

/// Writes a picture as an image object (ISO 32000-1 section 8.9.5); returns its number.
fn image(
    step: &Step<'_>,
    book: &mut Book<'_, '_>,
    frame: &Frame,
    metadata: &Metadata,
    space: &str,
) -> Result<usize> {
    let mut entries = entries(frame, space, frame.channels.count() - usize::from(frame.channels.has_alpha()));
    if frame.channels.has_alpha() {
        let alpha = deflate(step, frame, Plane::Alpha)?;
        let mask = book.objects().add_stream(&self::entries(frame, "/DeviceGray", 1), &alpha)?;
        entries.push_str(&format!(" /SMask {mask} 0 R"));
    }
    if let Some(xmp) = &metadata.xmp {
        let packet = book.objects().add_stream("/Type /Metadata /Subtype /XML", xmp)?;
        entries.push_str(&format!(" /Metadata {packet} 0 R"));
    }
    let data = deflate(step, frame, Plane::Colour)?;
    book.objects().add_stream(&entries, &data)
}

fn entries(frame: &Frame, space: &str, colours: usize) -> String {
    let (width, height, bits) = (frame.width, frame.height, frame.samples.width() * 8);
    format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} \
         /BitsPerComponent {bits} /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {colours} \
         /BitsPerComponent {bits} /Columns {width} >>"
    )
}
