//! Markdown, as GitHub reads it: through HTML, which may stand in it anyway.

use crate::tree::{Document, Meta};
use formwork_sdk::{Result, Step};
use formwork_tables::encoding;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::collections::HashMap;

/// Containers within containers; what is deeper is part of the one around.
const DEEPEST: usize = 100;

/// Reads Markdown.
pub(super) fn read(step: &Step<'_>, bytes: &[u8]) -> Result<Document> {
    let decoded = encoding::decode(bytes, None)?;
    formwork_tables::tell_encoding(step, &decoded);
    let text = decoded.text.strip_prefix('\u{FEFF}').unwrap_or(&decoded.text);
    let mut writer = Writer::default();
    let mut events = Vec::new();
    for (at, event) in Parser::new_ext(text, options()).enumerate() {
        if at % 4096 == 0 {
            step.tick(0, 0)?;
        }
        events.extend(writer.take(event));
    }
    name_headings(&mut events);
    let mut page = String::with_capacity(text.len() * 2);
    pulldown_cmark::html::push_html(&mut page, events.into_iter());
    let mut document = super::html::from_text(step, &page)?;
    document.lost.deep += writer.deep;
    let front = front_matter(&writer.front);
    let meta = &mut document.meta;
    *meta = Meta {
        title: front.title.or(meta.title.take()),
        author: front.author.or(meta.author.take()),
        description: front.description.or(meta.description.take()),
        keywords: if front.keywords.is_empty() { std::mem::take(&mut meta.keywords) } else { front.keywords },
        date: front.date.or(meta.date.take()),
        language: front.language.or(meta.language.take()),
    };
    Ok(document)
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
        | Options::ENABLE_GFM
}

/// Passes events on, but for front matter and containers that are too deep.
#[derive(Default)]
struct Writer {
    front: String,
    in_front: bool,
    /// For each container that is open, whether it was passed on.
    open: Vec<bool>,
    deep: usize,
}

impl Writer {
    fn take<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        match &event {
            Event::Start(Tag::MetadataBlock(_)) => self.in_front = true,
            Event::End(TagEnd::MetadataBlock(_)) => {
                self.in_front = false;
                return None;
            }
            Event::Text(text) if self.in_front => self.front.push_str(text),
            Event::Start(tag) => {
                let nests = matches!(tag, Tag::BlockQuote(_) | Tag::List(_) | Tag::Item);
                let passed = !nests || self.open.len() < DEEPEST;
                self.deep += usize::from(!passed);
                self.open.push(passed);
                return passed.then_some(event);
            }
            Event::End(_) => return self.open.pop().unwrap_or(true).then_some(event),
            _ => {}
        }
        (!self.in_front).then_some(event)
    }
}

/// Gives headings the names that links within the document use, as GitHub does.
fn name_headings(events: &mut [Event<'_>]) {
    let mut used: HashMap<String, usize> = HashMap::new();
    for at in 0..events.len() {
        let (before, rest) = events.split_at_mut(at + 1);
        let Some(Event::Start(Tag::Heading { id: id @ None, .. })) = before.last_mut() else { continue };
        let mut title = String::new();
        for event in rest {
            match event {
                Event::Text(text) | Event::Code(text) => title.push_str(text),
                Event::End(TagEnd::Heading(
                    HeadingLevel::H1
                    | HeadingLevel::H2
                    | HeadingLevel::H3
                    | HeadingLevel::H4
                    | HeadingLevel::H5
                    | HeadingLevel::H6,
                )) => break,
                _ => {}
            }
        }
        let name = slug(&title);
        let count = used.entry(name.clone()).or_default();
        let own = if *count == 0 { name } else { format!("{name}-{count}") };
        *count += 1;
        *id = Some(CowStr::from(own));
    }
}

fn slug(title: &str) -> String {
    let lower = title.trim().to_lowercase();
    let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The simple part of YAML and TOML: a name, a colon or an equals sign, a value.
fn front_matter(text: &str) -> Meta {
    let mut meta = Meta::default();
    let mut list: Option<&str> = None;
    for line in text.lines().take(1000) {
        if let (Some(name), Some(value)) = (list, line.trim_start().strip_prefix("- ")) {
            note(&mut meta, name, value);
            continue;
        }
        list = None;
        if line.starts_with([' ', '\t', '#']) {
            continue;
        }
        let Some((name, value)) = line.split_once([':', '=']) else { continue };
        match value.trim() {
            "" => list = Some(name.trim()),
            value => note(&mut meta, name.trim(), value),
        }
    }
    meta
}

fn note(meta: &mut Meta, name: &str, value: &str) {
    let bare = |text: &str| text.trim().trim_matches(['"', '\'']).trim().to_owned();
    let several = || value.trim_matches(['[', ']']).split(',').map(bare).filter(|word| !word.is_empty());
    let one = Some(bare(value)).filter(|value| !value.is_empty());
    match name.trim_matches('"').to_ascii_lowercase().as_str() {
        "title" => meta.title = one,
        "author" | "authors" => {
            let names: Vec<String> = meta.author.take().into_iter().chain(several()).collect();
            meta.author = Some(names.join(", ")).filter(|names| !names.is_empty());
        }
        "description" | "abstract" | "summary" => meta.description = one,
        "tags" | "keywords" => meta.keywords.extend(several().take(100)),
        "date" => meta.date = one,
        "lang" | "language" => meta.language = one,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_read() {
        let yaml = front_matter(
            "title: \"A day\"\nauthor:\n- Ann\n- Bob\ntags: [x, y]\nlang: en-GB\nnested:\n  title: no\n",
        );
        assert_eq!((yaml.title.as_deref(), yaml.author.as_deref()), (Some("A day"), Some("Ann, Bob")));
        assert_eq!(
            (yaml.keywords.as_slice(), yaml.language.as_deref()),
            (&["x".to_owned(), "y".into()][..], Some("en-GB"))
        );
        let toml = front_matter("title = 'A day'\nauthors = [\"Ann\"]\n");
        assert_eq!((toml.title.as_deref(), toml.author.as_deref()), (Some("A day"), Some("Ann")));
    }

    #[test]
    fn headings_are_named_as_links_name_them() {
        assert_eq!(slug("How do I use it? (v2)"), "how-do-i-use-it-v2");
        let mut events: Vec<Event> = Parser::new("# One\n\n# One\n\n# Zwei Öl").collect();
        name_headings(&mut events);
        let names: Vec<String> = events
            .iter()
            .filter_map(|event| match event {
                Event::Start(Tag::Heading { id, .. }) => id.as_deref().map(str::to_owned),
                _ => None,
            })
            .collect();
        assert_eq!(names, ["one", "one-1", "zwei-öl"]);
    }
}
