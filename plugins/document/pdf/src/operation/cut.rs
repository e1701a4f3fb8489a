//! Takes pages out: `pdf/extract-pages` into one file, `pdf/split` into several.

use crate::assembly::{Assembly, Source};
use crate::open::{MOST_UNPACKED, Pdf, open, open_bytes};
use crate::save::{Manner, save};
use crate::{lazy, pages};
use formwork_sdk::{Error, OutputInfo, Result, Step, json};

/// Writes the pages that are named, in the order they are named.
pub(crate) fn extract(step: &Step<'_>) -> Result<()> {
    let options = step.options();
    let chosen = options
        .text("pages")
        .ok_or_else(|| Error::invalid("`pdf/extract-pages` needs the option `pages`, as in pages=1-3,7"))?;
    let pdf = told(step, opened_for(step, chosen)?);
    let chosen = pages::parse("pages", chosen, pdf.pages.len())?;
    let source = Source::new(&pdf);
    let mut assembly = Assembly::new(step);
    assembly.add(&source, &chosen, true)?;
    let (doc, count) = assembly.finish()?;
    save(step, doc, &Manner::default(), step.create_output()?)?;
    step.report(&json!({ "pages": count }));
    Ok(())
}

/// Writes parts of the document as files of their own.
pub(crate) fn split(step: &Step<'_>) -> Result<()> {
    let pdf = told(step, open(step, step.input()?)?);
    let source = Source::new(&pdf);
    let parts = parts(step, &source)?;
    step.within("entries", parts.len() as u64, step.limits().entries)?;
    if !source.files.is_empty() {
        step.warn("the files attached to the PDF are in none of the parts: take them out with extract");
    }
    let stem = stem(&step.input()?.name());
    let digits = parts.len().to_string().len().max(3);
    for (number, part) in parts.iter().enumerate() {
        step.tick(number as u64, parts.len() as u64)?;
        let mut assembly = Assembly::new(step);
        assembly.add(&source, part, false)?;
        let (doc, _) = assembly.finish()?;
        let name = format!("{stem}-{:0digits$}.pdf", number + 1);
        let info = OutputInfo { name: &name, format: "pdf", ..OutputInfo::default() };
        save(step, doc, &Manner::default(), step.create_named_output(&info)?)?;
    }
    let pages: Vec<usize> = parts.iter().map(Vec::len).collect();
    step.report(&json!({ "parts": pages }));
    Ok(())
}

/// The document, of which only some pages are looked at: without what the others show, where that is easily left out.
fn opened_for(step: &Step<'_>, chosen: &str) -> Result<Pdf> {
    let bytes = step.input()?.bytes()?;
    let most = usize::try_from(step.limits().memory.min(MOST_UNPACKED)).unwrap_or(usize::MAX);
    let few = lazy::reduced(&bytes, most, |count| pages::parse("pages", chosen, count).ok());
    let few = few.and_then(|few| open_bytes(step, &few, None).ok()).filter(|pdf| pdf.mended.is_empty());
    few.map_or_else(|| open_bytes(step, &bytes, step.options().text("password")), Ok)
}

fn told(step: &Step<'_>, pdf: Pdf) -> Pdf {
    pdf.tell(step);
    crate::tell_what_copies_lose(step, &pdf.doc);
    pdf
}

/// The pages of each part.
fn parts(step: &Step<'_>, source: &Source<'_>) -> Result<Vec<Vec<usize>>> {
    let (options, count) = (step.options(), source.pdf.pages.len());
    let every: Option<usize> = options.get("every");
    match (options.text("ranges"), every) {
        (Some(_), Some(_)) => Err(Error::invalid("`ranges` and `every` are two ways to split: name one")),
        (Some("bookmarks"), None) => by_bookmarks(source),
        (Some(ranges), None) => pages::groups("ranges", ranges, count),
        (None, every) => {
            let all: Vec<usize> = (0..count).collect();
            Ok(all.chunks(every.unwrap_or(1).max(1)).map(<[usize]>::to_vec).collect())
        }
    }
}

/// A part from each bookmark of the highest level to the next; what is before the first is a part too.
fn by_bookmarks(source: &Source<'_>) -> Result<Vec<Vec<usize>>> {
    let count = source.pdf.pages.len();
    let places = source.outline.iter().filter_map(|item| source.places.get(&item.page()?).copied());
    let mut starts: Vec<usize> = std::iter::once(0).chain(places).collect();
    if starts.len() == 1 {
        return Err(Error::invalid(
            "the PDF has no bookmarks that lead to its pages: split it with `every` or with ranges of pages",
        ));
    }
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([count]);
    Ok(starts.iter().zip(ends).map(|(start, end)| (*start..end).collect()).collect())
}

/// A file's name without folders and extension.
fn stem(name: &str) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    let stem = match base.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.eq_ignore_ascii_case("pdf") => stem,
        _ => base,
    };
    if stem.is_empty() || stem == "-" { "part".to_owned() } else { stem.to_owned() }
}
