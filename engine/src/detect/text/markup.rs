//! XML and HTML: what the first element is.

use super::super::finding::Finding;
use super::{PLAIN, TAGGED};

/// Elements that open an HTML page or a piece of one.
const HTML: &[&str] = &[
    "html",
    "head",
    "body",
    "title",
    "meta",
    "link",
    "base",
    "style",
    "script",
    "div",
    "p",
    "span",
    "a",
    "b",
    "i",
    "u",
    "em",
    "strong",
    "font",
    "center",
    "table",
    "tr",
    "td",
    "th",
    "thead",
    "tbody",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "pre",
    "br",
    "hr",
    "img",
    "form",
    "input",
    "section",
    "article",
    "main",
    "nav",
    "header",
    "footer",
    "aside",
    "figure",
    "blockquote",
    "iframe",
    "frameset",
    "noscript",
    "template",
    "button",
    "label",
    "video",
    "audio",
    "canvas",
    "details",
    "small",
];
/// How far behind the start a page's own tag may stand, behind code of a template.
const PAGE_WITHIN: usize = 2048;
/// The most comments, instructions and declarations before the first element.
const PROLOG: usize = 256;

/// Decides by the markup that opens the text; `None` when none does.
///
/// `marked_down` tells that the text is full of Markdown, whose pages may open with a few tags.
pub(super) fn judge(start: &str, marked_down: bool) -> Option<Finding> {
    if !start.starts_with('<') {
        return later_page(start);
    }
    let prolog = Prolog::skip(start);
    let root = Element::parse(prolog.rest);
    if let Some(found) = root.as_ref().and_then(|root| by_root(root, &prolog)) {
        return Some(found);
    }
    if prolog.doctype.as_deref() == Some("html") {
        return Some(Finding::certain("html", "document type html").or_named(&["xml"]));
    }
    let known = root.as_ref().is_some_and(|root| HTML.contains(&root.local().to_ascii_lowercase().as_str()));
    if prolog.xml {
        let found = Finding::certain("xml", "XML declaration");
        return Some(if known { found.or_named(&["html"]) } else { found });
    }
    let root = root?;
    if known && marked_down && !matches!(root.name, "head" | "body") {
        return None;
    }
    // Other vocabularies share names such as <article>: they name their own namespaces.
    let foreign = root.attributes.contains("xmlns") && !root.attributes.contains("xhtml");
    if known && !foreign {
        return Some(Finding::likely("html", format!("starts with a tag <{}>", root.name)).or_named(TAGGED));
    }
    let fits =
        prolog.doctype.is_some() || root.attributes.contains("xmlns") || closes(prolog.rest, root.name);
    fits.then(|| Finding::likely("xml", format!("element <{}>", root.name)).or_named(PLAIN))
}

/// Tells whether the first element of the text is an SVG's.
pub(super) fn is_svg(start: &str) -> bool {
    start.starts_with('<')
        && Element::parse(Prolog::skip(start).rest).is_some_and(|root| root.local() == "svg")
}

/// Tells whether HTML tags occur anywhere.
pub(super) fn has_tags(text: &str) -> bool {
    text.match_indices('<').take(64).filter_map(|(at, _)| text.get(at..)).any(|rest| {
        Element::parse(rest).is_some_and(|found| HTML.contains(&found.name.to_ascii_lowercase().as_str()))
    })
}

/// Formats with a root element of their own.
fn by_root(root: &Element<'_>, prolog: &Prolog<'_>) -> Option<Finding> {
    let certain = |id, what: &str| Some(Finding::certain(id, format!("root element {what}")));
    match root.local() {
        "svg" => certain("svg", "svg").map(|found| found.also_called(&["xml"])),
        "FictionBook" => certain("fb2", "FictionBook").map(|found| found.also_called(&["xml"])),
        "html" | "HTML" | "Html" => {
            certain("html", "html").map(|found| if prolog.xml { found.or_named(&["xml"]) } else { found })
        }
        "document" if root.name.starts_with("office:") => {
            let kind = |word: &str| root.attributes.contains(word);
            let id = match () {
                () if kind("opendocument.text") => "fodt",
                () if kind("opendocument.spreadsheet") => "fods",
                () if kind("opendocument.presentation") => "fodp",
                () => return None,
            };
            certain(id, "office:document").map(|found| found.also_called(&["xml"]))
        }
        _ => None,
    }
}

/// A page whose own tag stands behind something else, such as a template's code.
fn later_page(start: &str) -> Option<Finding> {
    let end = (0..=PAGE_WITHIN.min(start.len())).rev().find(|at| start.is_char_boundary(*at))?;
    let window = start.get(..end)?.to_ascii_lowercase();
    let page = window.contains("\n<!doctype html") || window.contains("\n<html");
    let quoted = window.contains("```") || window.contains("::\n");
    (page && !quoted).then(|| Finding::likely("html", "an html tag behind other text").or_named(TAGGED))
}

/// Tells whether an element that starts here ends as XML does.
fn closes(rest: &str, name: &str) -> bool {
    rest.contains(&format!("</{name}")) || rest.split('>').next().is_some_and(|tag| tag.ends_with('/'))
}

/// What stands before the first element (XML 1.0, 2.8).
struct Prolog<'a> {
    xml: bool,
    doctype: Option<String>,
    rest: &'a str,
}

impl<'a> Prolog<'a> {
    fn skip(start: &'a str) -> Prolog<'a> {
        let mut prolog = Prolog { xml: start.starts_with("<?xml"), doctype: None, rest: start };
        for _ in 0..PROLOG {
            let rest = prolog.rest.trim_start();
            let next = if let Some(comment) = rest.strip_prefix("<!--") {
                comment.split_once("-->").map(|(_, rest)| rest)
            } else if rest.starts_with("<?") {
                rest.split_once("?>").map(|(_, rest)| rest)
            } else if rest.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("<!doctype")) {
                prolog.doctype = rest.get(9..).and_then(first_word).map(str::to_ascii_lowercase);
                after_doctype(rest)
            } else {
                prolog.rest = rest;
                return prolog;
            };
            prolog.rest = next.unwrap_or_default();
        }
        prolog
    }
}

fn first_word(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '>' | '[')).find(|word| !word.is_empty())
}

/// Skips a document type declaration with its internal subset, in which quoted text may hold anything.
fn after_doctype(rest: &str) -> Option<&str> {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '<' | '[') => depth += 1,
            (None, '>' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return rest.get(at + 1..);
                }
            }
            _ => {}
        }
    }
    None
}

/// The opening tag of an element.
struct Element<'a> {
    name: &'a str,
    attributes: &'a str,
}

impl<'a> Element<'a> {
    fn parse(text: &'a str) -> Option<Element<'a>> {
        let inner = text.strip_prefix('<')?;
        let end = inner.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
        let (name, attributes) = inner.split_at_checked(end)?;
        let named = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.'));
        let attributes = attributes.split('>').next().unwrap_or_default();
        named.then_some(Element { name, attributes })
    }

    /// The name without its namespace prefix.
    fn local(&self) -> &'a str {
        self.name.rsplit(':').next().unwrap_or(self.name)
    }
}
