//! A page with one picture, and the book of pages.

use super::objects::Objects;
use super::sheet::Laid;
use crate::paper::number;
use formwork_image_pixels::{Channels, Profile};
use formwork_sdk::{Result, Value, Writer, json};

/// Greatest side of a page in its own units (ISO 32000-1 annex C).
const LARGEST: f64 = 14_400.0;
/// Least side of a page.
const SMALLEST: f64 = 3.0;

/// A PDF being written.
pub(super) struct Book<'o, 'a> {
    objects: Objects<'o, 'a>,
    catalog: usize,
    pages: usize,
    kids: Vec<usize>,
    /// Size of the first page in points.
    first: (f64, f64),
}

impl<'o, 'a> Book<'o, 'a> {
    /// Starts a file.
    pub(super) fn begin(output: &'o mut Writer<'a>) -> Result<Self> {
        let mut objects = Objects::begin(output)?;
        let (catalog, pages) = (objects.reserve(), objects.reserve());
        Ok(Book { objects, catalog, pages, kids: Vec::new(), first: (0.0, 0.0) })
    }

    /// The objects, to write pictures into.
    pub(super) fn objects(&mut self) -> &mut Objects<'o, 'a> {
        &mut self.objects
    }

    /// Writes the colour space of samples: by their profile when there is one, else by the device's.
    pub(super) fn colour_space(&mut self, channels: Channels, icc: Option<&[u8]>) -> Result<String> {
        let (device, count) = match channels {
            Channels::Grey | Channels::GreyAlpha => ("/DeviceGray", 1),
            Channels::Rgb | Channels::Rgba => ("/DeviceRGB", 3),
            Channels::Cmyk => ("/DeviceCMYK", 4),
        };
        let fits = |icc: &&[u8]| Profile::parse(icc).is_some_and(|profile| profile.fits(channels));
        let Some(icc) = icc.filter(fits) else { return Ok(device.to_owned()) };
        let stream = self.objects.add_stream(&format!("/N {count} /Alternate {device}"), icc)?;
        Ok(format!("[/ICCBased {stream} 0 R]"))
    }

    /// Writes a page that shows a picture, given by its object.
    pub(super) fn add_page(&mut self, laid: Laid, picture: usize) -> Result<()> {
        let unit = (laid.width.max(laid.height) / LARGEST).max(1.0);
        let laid = laid.divided(unit);
        let (x, y) = laid.at;
        let moved = if (x, y) == (0.0, 0.0) {
            String::new()
        } else {
            format!("1 0 0 1 {} {} cm ", number(x), number(y))
        };
        let drawing = format!("q {moved}{} cm /P Do Q", laid.place.matrix());
        let contents = self.objects.add_stream("", drawing.as_bytes())?;
        let unit = if unit > 1.0 { format!(" /UserUnit {}", number(unit)) } else { String::new() };
        let (width, height) = (laid.width.max(SMALLEST), laid.height.max(SMALLEST));
        let page = self.objects.add(&format!(
            "<< /Type /Page /Parent {} 0 R /MediaBox [0 0 {} {}]{unit} \
             /Resources << /XObject << /P {picture} 0 R >> >> /Contents {contents} 0 R >>",
            self.pages,
            number(width),
            number(height),
        ))?;
        if self.kids.is_empty() {
            self.first = (width, height);
        }
        self.kids.push(page);
        Ok(())
    }

    /// Ends the file; returns the facts about it. Sizes of a PDF are in points.
    pub(super) fn finish(mut self) -> Result<Value> {
        let count = self.kids.len();
        let kids: Vec<String> = self.kids.iter().map(|page| format!("{page} 0 R")).collect();
        self.objects
            .put(self.pages, &format!("<< /Type /Pages /Count {count} /Kids [{}] >>", kids.join(" ")))?;
        self.objects.put(self.catalog, &format!("<< /Type /Catalog /Pages {} 0 R >>", self.pages))?;
        let info = self.objects.add("<< /Producer (Formwork) >>")?;
        self.objects.finish(self.catalog, info)?;
        let (width, height) = (self.first.0.round() as u64, self.first.1.round() as u64);
        Ok(json!({ "pages": count, "width": width, "height": height }))
    }
}
