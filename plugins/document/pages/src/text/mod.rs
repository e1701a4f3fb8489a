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
pub(crate) mod pictures;
mod rules;
mod table;
mod tiles;
mod words;

pub(crate) use area::{Area, Place};
pub(crate) use blocks::{Block, Sizes, Span, blocks, paragraphs};
pub(crate) use columns::Piece;
pub(crate) use glyphs::{Glyph, Glyphs, LEANS, ObjectKey, Style, Turned, has_codes, read as letters};
pub(crate) use lines::Line;
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
    let drawn = Drawn::read(step, &page)?;
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
        let pictures = if turned.is_upright() { std::mem::take(&mut pictures) } else { Vec::new() };
        pieces.extend(arranged(&turned, &drawn, pictures));
    }
    pieces.extend(columns::order(Vec::new(), Vec::new(), pictures));
    Ok(pieces)
}

/// What belongs to text without being letters.
pub(crate) struct Drawn {
    links: Vec<links::Link>,
    rules: rules::Rules,
}

impl Drawn {
    /// Reads the links of a page, and the lines drawn on it.
    ///
    /// # Errors
    ///
    /// `cancelled`; `timeout`.
    pub(crate) fn read(step: &Step<'_>, page: &Page<'_, '_>) -> Result<Drawn> {
        Ok(Drawn { links: links::read(page), rules: rules::read(step, page)? })
    }
}

/// The parts that letters of one direction are, in the order they are read.
pub(crate) fn arranged(turned: &Turned, drawn: &Drawn, pictures: Vec<Picture>) -> Vec<Piece> {
    let mut words = words::words(&turned.glyphs);
    let mut tables = Vec::new();
    if turned.is_upright() {
        links::mark(&mut words, &drawn.links);
        tables = grid::tables(&drawn.rules, &mut words);
    }
    columns::order(words, tables, pictures)
}
