//! A whole document as blocks, for the formats whose text flows.

use crate::outline::{self, Bookmark};
use crate::reading::Reading;
use crate::text::{Block, Piece, Sizes, Span, blocks};
use formwork_sdk::{Feature, Result, Step};
use std::ops::Range;

/// Bytes of memory a word takes, all in all.
const WORD: u64 = 200;

/// A document that was read.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) title: Option<String>,
    pub(crate) author: Option<String>,
    /// When it was changed last, as the PDF writes it.
    pub(crate) modified: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) blocks: Vec<Block>,
    /// Pages that were read, counted from 0, and the number of the first block of each.
    pub(crate) pages: Vec<(usize, usize)>,
    pub(crate) bookmarks: Vec<Bookmark>,
}

/// Reads the wanted pages, with their pictures or without.
///
/// # Errors
///
/// As for [`Reading`].
pub(crate) fn read(step: &Step<'_>, with_pictures: bool) -> Result<Model> {
    let reading = Reading::open(step)?;
    let wanted = formwork_pdf_plain::wanted(step, reading.page_count())?;
    let mut sizes = Sizes::default();
    let mut all = Vec::new();
    let mut bytes = 0;
    for (done, index) in wanted.iter().enumerate() {
        step.tick(done as u64, wanted.len() as u64)?;
        let pieces = reading.page(*index, with_pictures)?;
        bytes += pieces.iter().map(weight).sum::<u64>();
        step.within("memory", bytes, step.limits().memory)?;
        sizes.add(&pieces);
        all.push((*index, pieces));
    }
    let document = reading.document();
    let mut model = Model {
        title: reading.title(),
        author: document.description("Author"),
        modified: document.description("ModDate"),
        language: document.language(),
        bookmarks: outline::bookmarks(document),
        ..Model::default()
    };
    for (index, pieces) in all {
        model.pages.push((index, model.blocks.len()));
        model.add_page(blocks(pieces, &sizes));
    }
    if !model.blocks.iter().any(|block| !matches!(block, Block::Picture(_))) {
        step.warn("there is no text in these pages: they may be pictures of text, which `pdf/ocr` reads");
    }
    let taken = if with_pictures { "text, tables, links and pictures" } else { "text, tables and links" };
    step.lose(Feature::Vector, format!("{taken} were taken; drawings and the look of pages were not"));
    Ok(model)
}

/// Bytes of memory a part takes.
fn weight(piece: &Piece) -> u64 {
    match piece {
        Piece::Picture(picture) => picture.file.len() as u64,
        text => text.words() as u64 * WORD,
    }
}

impl Model {
    /// The numbers of the blocks that begin on a page.
    pub(crate) fn blocks_of(&self, page: usize) -> Option<Range<usize>> {
        let place = self.pages.iter().position(|(index, _)| *index == page)?;
        let (_, start) = self.pages.get(place)?;
        let end = self.pages.get(place + 1).map_or(self.blocks.len(), |(_, start)| *start);
        (*start < self.blocks.len()).then_some(*start..end)
    }

    /// Adds the blocks of a page. A paragraph and a table may go on from the page before.
    fn add_page(&mut self, mut blocks: Vec<Block>) {
        let goes_on = match (self.blocks.last_mut(), blocks.first_mut()) {
            (Some(Block::Paragraph(before)), Some(Block::Paragraph(spans)))
                if is_open(before) && begins_low(spans) =>
            {
                if let Some(last) = before.last_mut() {
                    last.text.push(' ');
                }
                before.append(spans);
                true
            }
            (Some(Block::Table(before)), Some(Block::Table(table))) => before.take_on(table),
            _ => false,
        };
        self.blocks.extend(blocks.into_iter().skip(usize::from(goes_on)));
    }
}

/// Whether a sentence is not at its end.
fn is_open(spans: &[Span]) -> bool {
    let last = spans.last().and_then(|span| span.text.chars().last());
    last.is_some_and(|letter| letter.is_alphanumeric() || letter == ',')
}

fn begins_low(spans: &[Span]) -> bool {
    spans.first().and_then(|span| span.text.chars().next()).is_some_and(char::is_lowercase)
}
