//! Takes the images out of a document: JPEG and JPEG 2000 as they are, others as PNG.

use crate::bilevel;
use crate::draw::{drawn_sizes, unpacked};
use crate::graph::{as_dict, number_at, resolve, value};
use crate::open::{Pdf, open};
use crate::png;
use formwork_sdk::{Error, OutputInfo, Result, Step, json};
use lopdf::{Document, Object, ObjectId, Stream};

/// Writes each image once.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let pdf = open(step, step.input()?)?;
    pdf.tell(step);
    let sizes = drawn_sizes(step, &pdf.doc, &pdf.pages)?;
    let mut ids: Vec<ObjectId> = sizes.into_keys().collect();
    ids.sort_unstable();
    step.within("entries", ids.len() as u64, step.limits().entries)?;
    let (mut count, mut left) = (0usize, 0usize);
    for (done, id) in ids.iter().enumerate() {
        step.tick(done as u64, ids.len() as u64)?;
        let Some((bytes, format)) = taken(step, &pdf, *id) else {
            left += 1;
            continue;
        };
        count += 1;
        let extension = if format == "jpg" { "jpg" } else { format };
        let name = format!("image-{count:03}.{extension}");
        let info = OutputInfo { name: &name, format, ..OutputInfo::default() };
        let mut output = step.create_named_output(&info)?;
        output.append(&bytes)?;
        output.close()?;
    }
    if left > 0 {
        step.warn(format!(
            "{left} images are stored in a way that stands in no file of its own, and are left out"
        ));
    }
    if count == 0 {
        return Err(Error::invalid(if left > 0 {
            "none of the PDF's images can be taken out; render its pages instead"
        } else {
            "the PDF's pages show no images; drawings and text are none"
        }));
    }
    step.report(&json!({ "entries": count }));
    Ok(())
}

fn taken(step: &Step<'_>, pdf: &Pdf, id: ObjectId) -> Option<(Vec<u8>, &'static str)> {
    let Object::Stream(stream) = pdf.doc.objects.get(&id)? else { return None };
    let filters = stream.filters().unwrap_or_default();
    match filters.as_slice() {
        [b"DCTDecode"] => Some((stream.content.clone(), "jpg")),
        [b"JPXDecode"] => Some((stream.content.clone(), "jp2")),
        filters if filters.iter().any(|filter| matches!(*filter, b"DCTDecode" | b"JPXDecode")) => None,
        _ => picture(step, &pdf.doc, stream).map(|bytes| (bytes, "png")),
    }
}

/// An image whose samples are grey, red green blue, or places in a palette, as PNG.
fn picture(step: &Step<'_>, doc: &Document, stream: &Stream) -> Option<Vec<u8>> {
    let number =
        |key: &[u8]| number_at(doc, &stream.dict, key).filter(|side| (1.0..=65_535.0).contains(side));
    let (width, height) = (number(b"Width")? as u32, number(b"Height")? as u32);
    step.check_picture(width.into(), height.into(), 8).ok()?;
    let stencil = value(doc, &stream.dict, b"ImageMask").as_bool().unwrap_or(false);
    let bits = bilevel::bits(doc, stream) as u8;
    let (kind, palette) = if stencil {
        (png::Kind::Grey, None)
    } else {
        space(step, doc, value(doc, &stream.dict, b"ColorSpace"))?
    };
    let mut samples = if bits == 1 { bilevel::rows(step, doc, stream)? } else { unpacked(step, stream)? };
    if kind != png::Kind::Palette && bilevel::is_inverted(doc, &stream.dict) {
        samples.iter_mut().for_each(|byte| *byte = !*byte);
    }
    png::write(&png::Picture { width, height, bits, kind, palette, samples: &samples })
}

/// What samples of a colour space mean in PNG, and the palette.
fn space(step: &Step<'_>, doc: &Document, space: &Object) -> Option<(png::Kind, Option<Vec<u8>>)> {
    if let Some(channels) = crate::compress::channels(doc, space) {
        return Some((if channels == 1 { png::Kind::Grey } else { png::Kind::Colour }, None));
    }
    let Object::Array(items) = space else { return None };
    let name = resolve(doc, items.first()?).as_name().ok()?;
    if !matches!(name, b"Indexed" | b"I")
        || crate::compress::channels(doc, resolve(doc, items.get(1)?)) != Some(3)
    {
        return None;
    }
    let mut palette = match resolve(doc, items.get(3)?) {
        Object::String(bytes, _) => bytes.clone(),
        Object::Stream(stream) => unpacked(step, stream)?,
        other => return as_dict(other).and(None),
    };
    palette.truncate(256 * 3);
    palette.truncate(palette.len() / 3 * 3);
    (!palette.is_empty()).then_some((png::Kind::Palette, Some(palette)))
}
