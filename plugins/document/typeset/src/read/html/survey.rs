//! What is known of a page before it is read: its title and language, where its links lead, which tables are layout.

use crate::tree::Document;
use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{Html, Node};
use std::collections::{HashMap, HashSet};

/// What was found.
#[derive(Default)]
pub(super) struct Survey {
    /// Names of places that links in the page lead to, with their numbers.
    pub(super) anchors: HashMap<String, u32>,
    /// Tables that only place things on a screen.
    pub(super) layout: HashSet<NodeId>,
    /// Footnotes as Markdown makes them: their names, with their places.
    pub(super) notes: HashMap<String, usize>,
}

/// A table whose rows are being looked at.
struct Seen {
    id: NodeId,
    cells: usize,
    widest: usize,
    named: bool,
    holds_table: bool,
}

/// Looks through the page once.
pub(super) fn look(html: &Html, document: &mut Document) -> Survey {
    let mut survey = Survey::default();
    let mut tables: Vec<Seen> = Vec::new();
    let (mut wanted, mut there) = (HashSet::new(), HashSet::new());
    for edge in html.tree.root().traverse() {
        let (node, opens) = match &edge {
            Edge::Open(node) => (node, true),
            Edge::Close(node) => (node, false),
        };
        let Node::Element(element) = node.value() else { continue };
        let name = element.name();
        if opens {
            if let Some(target) = element.attr("href").and_then(|href| href.strip_prefix('#')) {
                wanted.insert(target.to_owned());
            }
            there.extend(element.attr("id").or(element.attr("name")).map(str::to_owned));
            if name == "div" && element.attr("class") == Some("footnote-definition") {
                let place = survey.notes.len();
                survey.notes.entry(element.attr("id").unwrap_or_default().to_owned()).or_insert(place);
            }
            about(document, name, element, node);
        }
        rows(name, opens, node.id(), &mut tables, &mut survey.layout);
    }
    let mut places: Vec<String> = wanted.into_iter().filter(|name| there.contains(name)).collect();
    places.sort_unstable();
    survey.anchors = places.into_iter().zip(0..).collect();
    survey
}

fn about(
    document: &mut Document,
    name: &str,
    element: &scraper::node::Element,
    node: &ego_tree::NodeRef<'_, Node>,
) {
    let said = |text: &str| {
        Some(text.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    };
    let meta = &mut document.meta;
    match name {
        "html" => meta.language = element.attr("lang").or(element.attr("xml:lang")).and_then(said),
        "title" if meta.title.is_none() && !is_in_drawing(node) => {
            let text: String =
                node.children().filter_map(|child| Some(child.value().as_text()?.to_string())).collect();
            meta.title = said(&text);
        }
        "meta" => {
            let content = element.attr("content").and_then(said);
            match element.attr("name").unwrap_or_default().to_ascii_lowercase().as_str() {
                "author" => meta.author = content,
                "description" => meta.description = content,
                "keywords" => {
                    let words = content.unwrap_or_default();
                    meta.keywords = words.split(',').filter_map(said).take(100).collect();
                }
                _ => {}
            }
        }
        "script" => document.lost.scripts += 1,
        "style" => document.lost.styles += 1,
        "link" if element.attr("rel").is_some_and(|rel| rel.eq_ignore_ascii_case("stylesheet")) => {
            document.lost.styles += 1;
        }
        _ => {}
    }
}

fn is_in_drawing(node: &ego_tree::NodeRef<'_, Node>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.value().as_element().is_some_and(|element| element.name() == "svg"))
}

/// A table that names nothing is layout when it has one column or holds another table.
fn rows(name: &str, opens: bool, id: NodeId, tables: &mut Vec<Seen>, layout: &mut HashSet<NodeId>) {
    match (name, opens) {
        ("table", true) => {
            tables.iter_mut().for_each(|table| table.holds_table = true);
            // Tables within tables to any depth are layout, all but the innermost; these need no counting.
            if tables.len() > 16 {
                layout.extend(tables.drain(..8).map(|table| table.id));
            }
            tables.push(Seen { id, cells: 0, widest: 0, named: false, holds_table: false });
        }
        ("table", false) => {
            if let Some(table) = tables.pop_if(|table| table.id == id)
                && !table.named
                && (table.holds_table || table.widest <= 1)
            {
                layout.insert(table.id);
            }
        }
        ("tr", true) => tables.last_mut().into_iter().for_each(|table| table.cells = 0),
        ("td" | "th", true) => {
            if let Some(table) = tables.last_mut() {
                table.cells += 1;
                table.widest = table.widest.max(table.cells);
                table.named |= name == "th";
            }
        }
        _ => {}
    }
}
