//! What typst sees of the world: one source, which is ours, and the fonts. No file, no package, no clock.

use crate::fonts::Fonts;
use crate::set::Ready;
use crate::settings::parts;
use crate::tree::Meta;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Array, Bytes, Datetime, Dict, Duration, IntoValue, Str, Value};
use typst::layout::{Abs, Dir};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

/// Everything a document is laid out from.
pub(crate) struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    source: Source,
}

impl Desk {
    /// Puts the document on the desk.
    pub(crate) fn new(ready: &Ready, meta: &Meta, fonts: Fonts) -> Desk {
        let config = config(ready, meta, &fonts);
        let mut library = Library::default();
        let scope = library.global.scope_mut();
        scope.define("cfg", config);
        scope.define("body", ready.content.clone());
        Desk {
            library: LazyHash::new(library),
            book: LazyHash::new(FontBook::from_fonts(&fonts.fonts)),
            fonts: fonts.fonts,
            source: Source::detached(include_str!("template.typ")),
        }
    }
}

fn config(ready: &Ready, meta: &Meta, fonts: &Fonts) -> Dict {
    let settings = &ready.settings;
    let points = |points: f64| Value::Length(Abs::pt(points).into());
    let text = |text: &str| Value::Str(Str::from(text));
    let maybe = |value: &Option<String>| value.as_deref().map_or(Value::None, text);
    let list = |words: &[String]| Value::Array(words.iter().map(|word| text(word)).collect::<Array>());
    let code = settings.language.as_deref().or(meta.language.as_deref()).and_then(parts);
    let (language, region) = code.unwrap_or_else(|| ("und".into(), None));
    let body = if ready.mono { &fonts.mono } else { &fonts.body };
    let mut config = Dict::new();
    let mut set = |name: &str, value: Value| config.insert(Str::from(name), value);
    set("title", maybe(&settings.title.clone().or_else(|| meta.title.clone())));
    set("author", list(&meta.author.iter().cloned().collect::<Vec<_>>()));
    set("description", maybe(&meta.description));
    set("keywords", list(&meta.keywords));
    set("date", settings.dated(meta.date.as_deref()).map_or(Value::None, Value::Datetime));
    set("width", points(settings.page.0));
    set("height", points(settings.page.1));
    set("margin", points(settings.margin));
    set("numbered", Value::Bool(settings.numbered));
    set("contents", Value::Bool(settings.contents));
    set("size", points(ready.size));
    set("font", list(&[body.to_lowercase()]));
    set("code", list(&[fonts.mono.to_lowercase()]));
    set("lang", text(&language));
    set("region", maybe(&region));
    set("dir", (if ready.leftward { Dir::RTL } else { Dir::LTR }).into_value());
    set("lines", Value::Bool(ready.lines));
    set("mono", Value::Bool(ready.mono));
    config
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
