//! The program around the samples.

use super::ascii85;
use crate::paper::{Place, number};
use formwork_image_pixels::Channels;
use formwork_sdk::{Result, Step, Writer, json};

/// Samples as they lie in the file, and how to read them.
pub(super) struct Content<'c> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) channels: Channels,
    /// Inks are stored upside down.
    pub(super) inverted: bool,
    /// The filter that unpacks the samples, behind `currentfile /ASCII85Decode filter`.
    pub(super) filter: String,
    /// PostScript language level the filter needs.
    pub(super) level: u8,
    pub(super) data: &'c [u8],
}

/// Writes the whole file and tells its size in points.
pub(super) fn write(
    step: &Step<'_>,
    content: &Content<'_>,
    place: Place,
    output: &mut Writer<'_>,
) -> Result<()> {
    output.append(head(content, place).as_bytes())?;
    output.append(&ascii85::encode(content.data))?;
    output.append(b"grestore\nshowpage\n%%EOF\n")?;
    let (width, height) = (whole(place.width) as u64, whole(place.height) as u64);
    step.report(&json!({ "width": width, "height": height, "frames": 1 }));
    Ok(())
}

/// Whole points that hold a side as it is written, which is rounded to four digits.
fn whole(points: f64) -> f64 {
    ((points * 1e4).round() / 1e4).ceil()
}

fn head(content: &Content<'_>, place: Place) -> String {
    let Content { width, height, level, filter, .. } = content;
    let (space, decode) = match (content.channels, content.inverted) {
        (Channels::Grey | Channels::GreyAlpha, _) => ("/DeviceGray", "0 1"),
        (Channels::Cmyk, false) => ("/DeviceCMYK", "0 1 0 1 0 1 0 1"),
        (Channels::Cmyk, true) => ("/DeviceCMYK", "1 0 1 0 1 0 1 0"),
        _ => ("/DeviceRGB", "0 1 0 1 0 1"),
    };
    format!(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%Creator: Formwork\n%%BoundingBox: 0 0 {outer_width} {outer_height}\n\
         %%HiResBoundingBox: 0 0 {inner_width} {inner_height}\n%%LanguageLevel: {level}\n\
         %%DocumentData: Clean7Bit\n%%EndComments\ngsave\n[{matrix}] concat\n{space} setcolorspace\n\
         << /ImageType 1 /Width {width} /Height {height} /BitsPerComponent 8 /Decode [{decode}]\n\
         /ImageMatrix [{width} 0 0 -{height} 0 {height}]\n\
         /DataSource currentfile /ASCII85Decode filter {filter} filter >> image\n",
        outer_width = whole(place.width),
        outer_height = whole(place.height),
        inner_width = number(place.width),
        inner_height = number(place.height),
        matrix = place.matrix(),
    )
}
