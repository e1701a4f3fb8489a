//! Where the parts of a document begin: by its bookmarks, by its headings, or by pages.

use crate::document::{Document, wide_text};
use crate::model::Model;
use crate::text::{Block, Span};
use pdfium_render::prelude::FPDF_BOOKMARK;

/// Bookmarks that are read, and how deep they go.
const MOST: usize = 10_000;
const DEEPEST: usize = 4;
/// Levels of headings below the top one that are told.
const LEVELS: usize = 3;
/// Pages of a part where nothing else tells parts.
const PAGES: usize = 20;
/// Letters of a title.
const LONGEST: usize = 200;

/// A bookmark: what it says, how deep it lies, and the page it leads to.
#[derive(Clone, Debug)]
pub(crate) struct Bookmark {
    pub(crate) title: String,
    pub(crate) depth: usize,
    pub(crate) page: usize,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) title: String,
    /// How deep it lies, from 0, never more than one below the part before.
    pub(crate) depth: usize,
    /// The number of its first block.
    pub(crate) block: usize,
}

/// Reads the bookmarks of a document. They may go round in circles; then there are [`MOST`] at the most.
pub(crate) fn bookmarks(document: &Document<'_>) -> Vec<Bookmark> {
    let mut all = Vec::new();
    let mut steps = MOST;
    below(document, std::ptr::null_mut(), 0, &mut steps, &mut all);
    all
}

fn below(
    document: &Document<'_>,
    parent: FPDF_BOOKMARK,
    depth: usize,
    steps: &mut usize,
    all: &mut Vec<Bookmark>,
) {
    let pdfium = &document.pdfium;
    // SAFETY: the document is open; without a parent this is its first bookmark.
    let mut next = unsafe { pdfium.FPDFBookmark_GetFirstChild(document.handle, parent) };
    while !next.is_null() && *steps > 0 {
        *steps -= 1;
        let title = wide_text(|buffer, length| {
            // SAFETY: a bookmark of an open document, and no more than the buffer's length is written.
            unsafe { pdfium.FPDFBookmark_GetTitle(next, buffer, length) }
        });
        // SAFETY: as above; a destination belongs to the document, and without one its page is below 0.
        let page = unsafe {
            let target = pdfium.FPDFBookmark_GetDest(document.handle, next);
            if target.is_null() { -1 } else { pdfium.FPDFDest_GetDestPageIndex(document.handle, target) }
        };
        if let (Some(title), Ok(page)) = (title.as_deref().and_then(title_of), usize::try_from(page)) {
            all.push(Bookmark { title, depth, page });
        }
        if depth + 1 < DEEPEST {
            below(document, next, depth + 1, steps, all);
        }
        // SAFETY: as above.
        next = unsafe { pdfium.FPDFBookmark_GetNextSibling(document.handle, next) };
    }
}

/// A text as a title; `None` of nothing.
fn title_of(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let title: String = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let title: String = title.chars().take(LONGEST).collect();
    (!title.is_empty()).then_some(title)
}

/// The parts of a document in the order they are read; at least one unless it is empty.
pub(crate) fn parts(model: &Model) -> Vec<Part> {
    if model.blocks.is_empty() {
        return Vec::new();
    }
    let mut parts = by_bookmarks(model);
    if parts.is_empty() {
        parts = by_headings(model);
    }
    if parts.is_empty() {
        parts = by_pages(model);
    }
    if parts.first().is_some_and(|first| first.block > 0) {
        let title = model.title.clone().unwrap_or_else(|| "Start".into());
        parts.insert(0, Part { title, depth: 0, block: 0 });
    }
    let mut deepest = 0;
    for part in &mut parts {
        part.depth = part.depth.min(deepest);
        deepest = part.depth + 1;
    }
    parts
}

fn by_bookmarks(model: &Model) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for bookmark in &model.bookmarks {
        let Some(range) = model.blocks_of(bookmark.page) else { continue };
        let wanted = letters(&bookmark.title);
        let is_it = |block: &Block| match block {
            Block::Heading(_, spans) | Block::Paragraph(spans) | Block::Item(_, spans) => {
                let text = letters(&text(spans));
                let ends = wanted.ends_with(&text) || text.ends_with(&wanted);
                !text.is_empty() && (ends || text.starts_with(&wanted))
            }
            _ => false,
        };
        let found = range.clone().find(|number| model.blocks.get(*number).is_some_and(is_it));
        let block = found.unwrap_or(range.start);
        // What leads back stays behind what came before it.
        let block = block.max(parts.last().map_or(0, |last| last.block));
        parts.push(Part { title: bookmark.title.clone(), depth: bookmark.depth, block });
    }
    parts
}

fn by_headings(model: &Model) -> Vec<Part> {
    let headings = || {
        model.blocks.iter().enumerate().filter_map(|(number, block)| match block {
            Block::Heading(level, spans) => Some((number, usize::from(*level), spans)),
            _ => None,
        })
    };
    let top = headings().map(|(_, level, _)| level).min().unwrap_or(0);
    let wanted = headings().filter(|(_, level, _)| level - top < LEVELS);
    wanted
        .filter_map(|(block, level, spans)| {
            Some(Part { title: title_of(&text(spans))?, depth: level - top, block })
        })
        .collect()
}

fn by_pages(model: &Model) -> Vec<Part> {
    let groups = model.pages.chunks(PAGES);
    let part = |pages: &[(usize, usize)]| {
        let (first, block) = pages.first()?;
        let (last, _) = pages.last()?;
        let title = match (first + 1, last + 1) {
            (first, last) if first == last => format!("Page {first}"),
            (first, last) => format!("Pages {first}\u{2013}{last}"),
        };
        Some(Part { title, depth: 0, block: *block })
    };
    groups.filter_map(part).filter(|part| part.block < model.blocks.len()).collect()
}

fn text(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

/// What texts are compared by.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(level: Option<u8>, text: &str) -> Block {
        let spans = vec![Span { text: text.into(), ..Span::default() }];
        level.map_or(Block::Paragraph(spans.clone()), |level| Block::Heading(level, spans))
    }

    #[test]
    fn bookmarks_lead_to_what_they_name() {
        let blocks =
            vec![block(None, "before"), block(Some(3), "1. First"), block(None, "text"), block(None, "more")];
        let bookmark = |title: &str, depth, page| Bookmark { title: title.into(), depth, page };
        let bookmarks = vec![bookmark("First", 0, 0), bookmark("Elsewhere", 3, 1), bookmark("Lost", 0, 9)];
        let model = Model { blocks, bookmarks, pages: vec![(0, 0), (1, 3)], ..Model::default() };
        let part = |title: &str, depth, block| Part { title: title.into(), depth, block };
        assert_eq!(parts(&model), [part("Start", 0, 0), part("First", 0, 1), part("Elsewhere", 1, 3)]);
    }

    #[test]
    fn headings_and_pages_part_what_has_no_bookmarks() {
        let blocks = vec![block(Some(2), "One"), block(Some(3), "Below"), block(Some(2), "Two")];
        let model = Model { blocks, pages: vec![(0, 0)], ..Model::default() };
        let found: Vec<_> = parts(&model).into_iter().map(|part| (part.depth, part.block)).collect();
        assert_eq!(found, [(0, 0), (1, 1), (0, 2)]);
        let pages = (0..41).map(|page| (page, page)).collect();
        let model = Model { blocks: vec![block(None, "x"); 41], pages, ..Model::default() };
        let titles: Vec<_> = parts(&model).into_iter().map(|part| part.title).collect();
        assert_eq!(titles, ["Pages 1\u{2013}20", "Pages 21\u{2013}40", "Page 41"]);
    }
}
