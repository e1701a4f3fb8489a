//! A document's blocks one after the other: what all formats whose text flows are written by.

use crate::text::{Block, Picture, Span, Table};
use formwork_sdk::{Result, Step};

/// Blocks between two looks at the clock.
const BLOCKS: usize = 256;
/// Room for a picture on a page in points: A4 with margins of an inch.
const WIDTH: f32 = 450.0;
const HEIGHT: f32 = 690.0;

/// A list of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Bullets,
    /// Numbers from this one on.
    Numbers(u16),
    Letters,
}

impl List {
    /// The list that an item is in that has this mark.
    fn of(mark: Option<&str>) -> List {
        mark.map_or(List::Bullets, |mark| mark.parse().map_or(List::Letters, List::Numbers))
    }

    /// Whether an item that would begin a list goes on with this one.
    fn goes_on(self, next: List) -> bool {
        matches!(self, List::Bullets) == matches!(next, List::Bullets)
    }
}

/// What writes blocks in a format.
pub(crate) trait Flow<'m> {
    /// Comes before each block.
    fn begin(&mut self, _number: usize) {}
    fn heading(&mut self, level: u8, spans: &'m [Span]);
    fn paragraph(&mut self, spans: &'m [Span]);
    /// An item of a list, with its number or letter.
    fn item(&mut self, mark: Option<&'m str>, spans: &'m [Span]);
    fn table(&mut self, table: &'m Table);
    fn picture(&mut self, picture: &'m Picture);
    fn open_list(&mut self, _list: List) {}
    fn close_list(&mut self, _list: List) {}
}

/// Hands over blocks whose first has this number.
///
/// # Errors
///
/// `cancelled`; `timeout`.
pub(crate) fn walk<'m>(
    step: &Step<'_>,
    blocks: &'m [Block],
    first: usize,
    flow: &mut impl Flow<'m>,
) -> Result<()> {
    let mut open: Option<List> = None;
    for (number, block) in blocks.iter().enumerate() {
        if number % BLOCKS == 0 {
            step.tick(number as u64, blocks.len() as u64)?;
        }
        let wanted = match block {
            Block::Item(mark, _) => Some(List::of(mark.as_deref())),
            _ => None,
        };
        let goes_on = open.zip(wanted).is_some_and(|(open, wanted)| open.goes_on(wanted));
        if !goes_on {
            open.inspect(|list| flow.close_list(*list));
            wanted.inspect(|list| flow.open_list(*list));
            open = wanted;
        }
        flow.begin(first + number);
        match block {
            Block::Heading(level, spans) => flow.heading(*level, spans),
            Block::Paragraph(spans) => flow.paragraph(spans),
            Block::Item(mark, spans) => flow.item(mark.as_deref(), spans),
            Block::Table(table) => flow.table(table),
            Block::Picture(picture) => flow.picture(picture),
        }
    }
    open.inspect(|list| flow.close_list(*list));
    Ok(())
}

/// The pictures of a package.
#[derive(Default)]
pub(crate) struct Media<'m> {
    /// Their names in a folder of their own.
    pub(crate) files: Vec<(String, &'m Picture)>,
}

impl<'m> Media<'m> {
    /// Adds a picture; returns its number, counted from 1, and its name.
    pub(crate) fn add(&mut self, picture: &'m Picture) -> (usize, String) {
        let number = self.files.len() + 1;
        let extension = if picture.is_jpeg { "jpg" } else { "png" };
        let name = format!("image{number}.{extension}");
        self.files.push((name.clone(), picture));
        (number, name)
    }
}

/// Width and height of a picture in points: as it stood, but no larger than a page.
pub(crate) fn fitted(picture: &Picture) -> (f32, f32) {
    let (width, height) = (picture.area.width().max(0.1), picture.area.height().max(0.1));
    let fits = (WIDTH / width).min(HEIGHT / height).min(1.0);
    (width * fits, height * fits)
}
