//! PDF to a book (EPUB 3.3): text that flows, in chapters.

mod parts;

use crate::flow::{Media, walk};
use crate::html::{Html, mark};
use crate::model::{self, Model};
use crate::outline::{self, Part};
use crate::package::Package;
use crate::size::{Fit, Scale};
use crate::{document, encode, library, raster};
use formwork_sdk::xml::escaped;
use formwork_sdk::{Result, Step};
use std::collections::BTreeSet;

/// The picture of the first page in pixels.
const COVER: Scale = Scale::Box { width: Some(1_200.0), height: Some(1_600.0), fit: Fit::Inside };
/// The folder of all but what the format itself asks for.
const FOLDER: &str = "EPUB/";

/// Does the step.
pub(crate) fn run(step: &Step<'_>) -> Result<()> {
    let model = model::read(step, true)?;
    let cover = cover(step)?;
    let mut media = Media::default();
    let chapters = chapters(step, &model, &mut media)?;
    let navigation = parts::navigation(&model, &entries(&chapters));
    let book = parts::book(&model, &chapters, &media, cover.as_ref().map(|(_, is_jpeg)| *is_jpeg));
    let cover_page = cover.as_ref().map(|(_, is_jpeg)| parts::cover_page(*is_jpeg));
    let mut package = Package::of(parts::MIME);
    package.add("META-INF/container.xml", parts::CONTAINER.as_bytes());
    let mut add = |name: &str, bytes| package.add(format!("{FOLDER}{name}"), bytes);
    add(parts::BOOK, book.as_bytes());
    add(parts::NAVIGATION, navigation.as_bytes());
    add(parts::LOOK, parts::STYLE.as_bytes());
    if let (Some(page), Some((file, is_jpeg))) = (&cover_page, &cover) {
        add(parts::COVER_PAGE, page.as_bytes());
        add(parts::cover_name(*is_jpeg), file);
    }
    for chapter in &chapters {
        add(&chapter.name, chapter.text.as_bytes());
    }
    for (name, picture) in &media.files {
        add(name, &picture.file);
    }
    step.write_output(&package.packed()?)
}

/// A file of text, and the parts that begin in it.
struct Chapter {
    name: String,
    text: String,
    parts: Vec<Part>,
}

/// The first page as a picture, and whether that is JPEG; none where the first page is not among those wanted.
fn cover(step: &Step<'_>) -> Result<Option<(Vec<u8>, bool)>> {
    let Ok(library) = library::get() else { return Ok(None) };
    let document = document::open(step, library)?.with_form();
    if formwork_pdf_plain::wanted(step, document.page_count())?.first() != Some(&0) {
        return Ok(None);
    }
    let Ok(page) = document.page(0) else { return Ok(None) };
    let pixels = COVER.pixels(step, page.size())?;
    Ok(encode::smaller(&raster::draw(step, &page, pixels, [u8::MAX; 4])?))
}

/// The text in files: one for each part at the top.
fn chapters<'m>(step: &Step<'_>, model: &'m Model, media: &mut Media<'m>) -> Result<Vec<Chapter>> {
    let mut grouped: Vec<Vec<Part>> = Vec::new();
    for part in outline::parts(model) {
        let begins = grouped.last().and_then(|group| group.first()).map(|first| first.block);
        match grouped.last_mut().filter(|_| part.depth > 0 || begins == Some(part.block)) {
            Some(group) => group.push(part),
            None => grouped.push(vec![part]),
        }
    }
    if grouped.is_empty() {
        // A book has a text, if an empty one.
        grouped.push(vec![Part { title: parts::title(model), depth: 0, block: 0 }]);
    }
    let starts: Vec<usize> = grouped.iter().map(|group| group.first().map_or(0, |part| part.block)).collect();
    let mut chapters = Vec::new();
    for (number, group) in grouped.into_iter().enumerate() {
        let start = starts.get(number).copied().unwrap_or(0);
        let end = starts.get(number + 1).copied().unwrap_or(model.blocks.len());
        let blocks = model.blocks.get(start..end).unwrap_or_default();
        let marked: BTreeSet<usize> =
            group.iter().map(|part| part.block).filter(|block| *block > start).collect();
        let title = group.first().map(|part| part.title.clone()).unwrap_or_default();
        let mut text = parts::chapter_start(&escaped(&title), model);
        let mut html = Html::new(&mut text, marked, |picture| media.add(picture).1);
        walk(step, blocks, start, &mut html)?;
        text.push_str(parts::CHAPTER_END);
        chapters.push(Chapter { name: format!("chapter-{:03}.xhtml", number + 1), text, parts: group });
    }
    Ok(chapters)
}

/// Depth, title and address of each part.
fn entries(chapters: &[Chapter]) -> Vec<(usize, &str, String)> {
    let mut entries = Vec::new();
    for chapter in chapters {
        let start = chapter.parts.first().map_or(0, |part| part.block);
        for part in &chapter.parts {
            let place = if part.block > start { format!("#{}", mark(part.block)) } else { String::new() };
            entries.push((part.depth, part.title.as_str(), format!("{}{place}", chapter.name)));
        }
    }
    entries
}
