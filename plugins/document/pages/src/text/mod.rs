//! What pages say: from letters with places to words, lines, tables and paragraphs.
//!
//! [`glyphs`] reads the letters, [`words`] joins them, [`rules`] finds drawn lines and [`grid`] the tables in them,
//! [`columns`] puts words in the order they are read, [`blocks`] makes paragraphs, headings and lists of lines.

mod area;
mod blocks;
mod columns;
mod glyphs;
mod grid;
mod lines;
mod links;
mod pictures;
mod rules;
mod table;
mod words;

pub(crate) use area::Place;
pub(crate) use blocks::{Block, Sizes, Span, blocks};
pub(crate) use columns::Piece;
pub(crate) use glyphs::Style;
pub(crate) use pictures::Picture;
pub(crate) use table::{Cell, Table};

use crate::document::Page;
use formwork_sdk::{Result, Step};

/// Reads a page: its parts in the order they are read, with its pictures when they are wanted.
///
/// # Errors
///
/// `limit_exceeded` (`memory`); `cancelled`; `timeout`.
pub(crate) fn read(step: &Step<'_>, page: Page<'_, '_>, with_pictures: bool) -> Result<Vec<Piece>> {
    let mut glyphs = glyphs::read(step, &page)?;
    let links = links::read(&page);
    let rules = rules::read(step, &page)?;
    let mut pictures =
        if with_pictures { pictures::take(step, &page, glyphs.has_text())? } else { Vec::new() };
    // What fields and notes say is no part of the page before they are drawn into it. The rest of the page is better
    // read before that: some fonts lose their meaning on the way.
    if let Some(page) = page.flattened()? {
        glyphs.add_new(glyphs::read(step, &page)?);
    }
    let mut pieces = Vec::new();
    // What stands upright comes first, then what is turned.
    for turned in glyphs.by_direction() {
        let mut words = words::words(&turned.glyphs);
        if turned.is_upright {
            links::mark(&mut words, &links);
        }
        let drawn = if turned.is_upright { grid::tables(&rules, &mut words) } else { Vec::new() };
        let pictures = if turned.is_upright { std::mem::take(&mut pictures) } else { Vec::new() };
        pieces.extend(columns::order(words, drawn, pictures));
    }
    pieces.extend(columns::order(Vec::new(), Vec::new(), pictures));
    Ok(pieces)
}
