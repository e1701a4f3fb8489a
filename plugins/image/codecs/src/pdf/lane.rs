//! The lane without decoding: a JPEG goes into the page as it is (`DCTDecode`, ISO 32000-1 section 7.4.8).

use super::page::Book;
use super::sheet::Sheet;
use crate::codec::Wish;
use crate::jpg::{Whole, whole};
use crate::paper::{Place, density};
use formwork_sdk::{Input, Result, Step};

/// Puts a JPEG into a PDF when its pixels are not to be changed. False when it cannot go as it is; nothing
/// has been written then.
pub(crate) fn take(step: &Step<'_>, input: &Input<'_>, wish: &Wish) -> Result<bool> {
    if !wish.changes.is_empty() {
        return Ok(false);
    }
    let bytes = input.bytes()?;
    let Some(jpeg) = whole(step, &bytes, wish.changes.wishes.strip_metadata)? else { return Ok(false) };
    let mut output = step.create_output()?;
    let mut book = Book::begin(&mut output)?;
    let space = book.colour_space(jpeg.channels, jpeg.metadata.icc.as_deref())?;
    let image = book.objects().add_stream(&entries(&jpeg, &space), &jpeg.bytes)?;
    let density = density(&step.options(), &jpeg.metadata);
    let place = Place::new((jpeg.width, jpeg.height), density, jpeg.metadata.orientation);
    book.add_page(Sheet::of(&step.options()).lay(place), image)?;
    let facts = book.finish()?;
    output.close()?;
    step.report(&facts);
    Ok(true)
}

fn entries(jpeg: &Whole<'_>, space: &str) -> String {
    let (width, height) = (jpeg.width, jpeg.height);
    let decode = if jpeg.inverted { " /Decode [1 0 1 0 1 0 1 0]" } else { "" };
    format!(
        "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace {space} \
         /BitsPerComponent 8 /Filter /DCTDecode{decode}"
    )
}
