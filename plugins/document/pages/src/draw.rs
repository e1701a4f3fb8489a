//! PDF to pixels: each page a picture of its own, or all in one.

use crate::document::Document;
use crate::library;
use crate::size::{Pixels, Scale};
use crate::{document, plain, raster};
use formwork_image_pixels::{Frame, Metadata, Picture, Sequence, facts, raster as internal};
use formwork_sdk::{ErrorKind, Options, OutputInfo, Result, Step, json};
use hayro::hayro_syntax::Pdf;

const WHITE: [u8; 4] = [255; 4];

/// Does one step: `convert` or `thumbnail`.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let thumbnail = step.operations().any(|operation| operation.name() == "thumbnail");
    let scale = Scale::of(&options, thumbnail);
    let most = if thumbnail { 1 } else { usize::MAX };
    match opened(step)? {
        Opened::Pdfium(document) => {
            let count = document.page_count();
            let mut wanted = formwork_pdf_plain::wanted(step, count)?;
            wanted.truncate(most);
            let mut files = Files::new(step, &wanted, count);
            let part = files.part(&wanted);
            for (done, index) in part.iter().enumerate() {
                step.tick(done as u64, part.len() as u64)?;
                let page = document.page(*index)?;
                let pixels = scale.pixels(step, page.size())?;
                files.add(*index, raster::draw(step, &page, pixels, background(&options))?, pixels)?;
            }
            files.end()
        }
        Opened::Plain(pdf) => {
            let count = pdf.pages().len();
            let mut wanted = formwork_pdf_plain::wanted(step, count)?;
            wanted.truncate(most);
            let mut files = Files::new(step, &wanted, count);
            let part = files.part(&wanted);
            plain::draw(step, &pdf, part, scale, background(&options), |index, frame, pixels| {
                files.add(index, frame, pixels)
            })?;
            files.end()
        }
    }
}

/// A document, by who can open it.
enum Opened<'s> {
    Pdfium(Document<'s>),
    Plain(Pdf),
}

/// Opens the document with PDFium; with `hayro` where that is missing, or finds nothing it can read.
fn opened<'s>(step: &'s Step<'s>) -> Result<Opened<'s>> {
    let library = match library::get() {
        Ok(library) => library,
        Err(why) => {
            step.warn(format!("drawn by hayro, for PDFium could not be loaded ({why}): {WEAKER}"));
            return plain::open(step).map(Opened::Plain);
        }
    };
    match document::open(step, library) {
        Ok(document) => Ok(Opened::Pdfium(document.with_form())),
        Err(error) if error.kind == ErrorKind::CorruptInput => {
            let pdf = plain::open(step).map_err(|_| error)?;
            step.warn(format!(
                "the PDF is damaged: PDFium found no pages, so hayro drew what it found; {WEAKER}"
            ));
            Ok(Opened::Plain(pdf))
        }
        Err(error) => Err(error),
    }
}

/// What to expect of pages that PDFium did not draw.
const WEAKER: &str = "fields of forms may be missing";

/// White, unless something else is asked for; what is half clear is clear.
fn background(options: &Options<'_>) -> [u8; 4] {
    options.colour("background").unwrap_or(WHITE)
}

/// What drawn pages become.
struct Files<'s> {
    step: &'s Step<'s>,
    /// Pages of the whole document.
    count: usize,
    kind: Kind,
}

enum Kind {
    /// A picture for each page; how many there are so far.
    Each(usize),
    /// One picture of all pages, which may be only one.
    One(Picture),
}

impl<'s> Files<'s> {
    fn new(step: &'s Step<'s>, wanted: &[usize], count: usize) -> Files<'s> {
        let one = wanted.len() == 1 || step.options().flag("join");
        let kind = if one {
            Kind::One(Picture { sequence: Sequence::Pages, ..Picture::default() })
        } else {
            Kind::Each(0)
        };
        Files { step, count, kind }
    }

    /// The pages to draw now.
    fn part<'w>(&self, wanted: &'w [usize]) -> &'w [usize] {
        match self.kind {
            Kind::Each(_) => self.step.part_of(wanted),
            Kind::One(_) => wanted,
        }
    }

    fn add(&mut self, index: usize, frame: Frame, pixels: Pixels) -> Result<()> {
        let metadata = Metadata { density: Some(pixels.density), ..Metadata::default() };
        match &mut self.kind {
            Kind::Each(count) => {
                *count += 1;
                let picture = Picture { frames: vec![frame], metadata, ..Picture::default() };
                let name = formwork_tables::part_name(&self.step.input()?.name(), "page", index, self.count);
                write(self.step, &name, &picture)
            }
            Kind::One(picture) => {
                if picture.frames.is_empty() {
                    picture.metadata = metadata;
                }
                picture.frames.push(frame);
                self.step.within("memory", picture.bytes(), self.step.limits().memory)
            }
        }
    }

    fn end(self) -> Result<()> {
        match self.kind {
            Kind::Each(count) => self.step.report(&json!({ "pages": count })),
            Kind::One(mut picture) => {
                if picture.frames.len() == 1 {
                    picture.sequence = Sequence::Still;
                }
                write(self.step, "", &picture)?;
                self.step.report(&facts(&picture));
            }
        }
        Ok(())
    }
}

fn write(step: &Step<'_>, name: &str, picture: &Picture) -> Result<()> {
    let info = OutputInfo { name, length: Some(internal::length(picture)), ..OutputInfo::default() };
    let mut output = step.create_named_output(&info)?;
    internal::write(picture, &mut output)?;
    output.close()
}
