//! Runs of text, links, pictures and footnotes to content.

use super::fit::HEAVY;
use super::measure::BREAK;
use super::{Room, Setter, direction_of, table};
use crate::tree::{Inline, Shift, Style, Target};
use typst::foundations::{Bytes, Content, Derived, Label, NativeElement, Smart, Value};
use typst::introspection::MetadataElem;
use typst::layout::{Abs, BoxElem, Em, HElem, Rel, Sizing};
use typst::loading::{DataSource, LoadSource, Loaded};
use typst::model::{Destination, FootnoteElem, LinkElem, LinkTarget, Url};
use typst::syntax::{Span, Spanned};
use typst::text::{
    HighlightElem, LinebreakElem, RawContent, RawElem, StrikeElem, SubElem, SuperElem, TextElem, TextSize,
};
use typst::utils::PicoStr;
use typst::visualize::{Color, ImageElem, Paint};

/// Where a line may end within a word, in points: too little to see or to be taken for a space, but not nothing, which
/// typst would pass over.
const GAP: f64 = 0.001;

impl Setter<'_> {
    /// Pieces of a paragraph. Those of one link are one link.
    pub(super) fn flowing(&self, inlines: &[Inline], room: Room) -> Content {
        if let [Inline::Picture(place, link)] = inlines {
            return self.linked(self.picture(*place, room), *link);
        }
        if let [only] = inlines {
            let content = self.linked(self.inline(only, room), link(only));
            return self.directed(content, direction_of(inlines));
        }
        let groups = inlines.chunk_by(|a, b| link(a).is_some() && link(a) == link(b));
        let content = Content::sequence(groups.map(|group| {
            let pieces = Content::sequence(group.iter().map(|inline| self.inline(inline, room)));
            self.linked(pieces, group.first().and_then(link))
        }));
        self.directed(content, direction_of(inlines))
    }

    fn inline(&self, inline: &Inline, room: Room) -> Content {
        match inline {
            Inline::Text(text, style) => self.run(text, *style, room),
            Inline::Break => LinebreakElem::new().pack(),
            Inline::Picture(place, _) => BoxElem::new().with_body(Some(self.picture(*place, room))).pack(),
            Inline::Note(place) => self.note(*place, room),
            Inline::Anchor(number) => self.anchor(*number),
        }
    }

    fn linked(&self, content: Content, link: Option<u32>) -> Content {
        let target = link.and_then(|link| self.document.links.get(link as usize));
        let target = target.and_then(|target| match target {
            Target::Url(url) => {
                Url::new(url.as_str()).ok().map(|url| LinkTarget::Dest(Destination::Url(url)))
            }
            Target::Anchor(number) if self.anchors.contains(number) => {
                label("a", *number as usize).map(LinkTarget::Label)
            }
            Target::Anchor(_) => None,
        });
        match target {
            Some(target) => LinkElem::new(target, content).pack(),
            None => content,
        }
    }

    /// A place that links lead to. Columns that are repeated have it once.
    pub(super) fn anchor(&self, number: u32) -> Content {
        match label("a", number as usize).filter(|_| self.anchored.borrow_mut().insert(number)) {
            Some(label) => MetadataElem::new(Value::None).pack().labelled(label),
            None => Content::empty(),
        }
    }

    fn run(&self, text: &str, style: Style, room: Room) -> Content {
        let heavy = if style.bold { HEAVY } else { 1.0 };
        let text = self.measure.breakable(text, room.width / room.size / heavy, style.code || self.mono);
        let mut content = if style.code {
            RawElem::new(RawContent::Text(text.into())).with_theme(Smart::Custom(None)).pack()
        } else {
            letters(&text)
        };
        if style.bold {
            content = content.strong();
        }
        if style.italic {
            content = content.emph();
        }
        if style.underline && style.link.is_none() {
            content = content.underlined();
        }
        if style.strike {
            content = StrikeElem::new(content).pack();
        }
        if style.mark {
            content = HighlightElem::new(content).pack();
        }
        if style.small {
            content = content.set(TextElem::size, TextSize(Em::new(0.85).into()));
        }
        if let Some([red, green, blue]) = style.colour {
            content = content.set(TextElem::fill, Paint::Solid(Color::from_u8(red, green, blue, 255)));
        }
        match style.shift {
            Shift::None => content,
            Shift::Sub => SubElem::new(content).pack(),
            Shift::Super => SuperElem::new(content).pack(),
        }
    }

    fn picture(&self, place: usize, room: Room) -> Content {
        let Some(picture) = self.document.pictures.get(place) else { return Content::empty() };
        let (width, height) = picture.size;
        // Never wider than the text, and a little lower than a page.
        let scale = (room.width / width).min(self.height * 0.9 / height).min(1.0);
        let bytes = Bytes::new(picture.bytes.clone());
        let loaded = Loaded::new(Spanned::new(LoadSource::Bytes, Span::detached()), bytes.clone());
        let alt = Some(picture.alt.as_str()).filter(|alt| !alt.is_empty());
        ImageElem::new(Derived::new(DataSource::Bytes(bytes), loaded))
            .with_width(Smart::Custom(Rel::from(table::points(width * scale))))
            .with_height(Sizing::Rel(Rel::from(Abs::pt(height * scale))))
            .with_alt(alt.map(Into::into))
            .pack()
    }

    /// The first mark brings the note, later ones lead to it. A mark within a note, which may be its own, is a number.
    fn note(&self, place: usize, room: Room) -> Content {
        let (Some(blocks), Some(label)) = (self.document.notes.get(place), label("n", place)) else {
            return Content::empty();
        };
        if self.in_note.get() {
            return SuperElem::new(TextElem::packed(format!("{}", place + 1))).pack();
        }
        if !self.noted.borrow_mut().insert(place) {
            return FootnoteElem::with_label(label).pack();
        }
        self.in_note.set(true);
        let body = self.item(blocks, Room { size: room.size * 0.85, ..room });
        self.in_note.set(false);
        FootnoteElem::with_content(body).pack().labelled(label)
    }
}

/// Text, in which breaks are no letters: who copies the text gets none.
pub(super) fn letters(text: &str) -> Content {
    let mut pieces = text.split(BREAK);
    let first = TextElem::packed(pieces.next().unwrap_or_default());
    if !text.contains(BREAK) {
        return first;
    }
    let rest = pieces.flat_map(|piece| [HElem::new(Abs::pt(GAP).into()).pack(), TextElem::packed(piece)]);
    Content::sequence(std::iter::once(first).chain(rest))
}

fn link(inline: &Inline) -> Option<u32> {
    match inline {
        Inline::Text(_, style) => style.link,
        Inline::Picture(_, link) => *link,
        _ => None,
    }
}

fn label(kind: &str, number: usize) -> Option<Label> {
    Label::new(PicoStr::intern(&format!("{kind}{number}")))
}
