//! Measures a document before it is expanded.
//!
//! `use`, markers, patterns, masks and the like make an element stand for others, which stand for
//! others: a page of text can describe more shapes than memory holds. The survey adds up what each
//! element will take with everything it refers to, following every reference once.

use super::styles::{Rules, is_svg, sheets};
use formwork_sdk::{Error, Limits, Result};
use roxmltree::{Document, Node, NodeId};
use std::collections::HashMap;

/// Elements within each other. Drawings by hand or program stay far below.
const DEPTH: u64 = 512;
/// References that a document with circles among them may have. Readers follow a circle until an
/// element meets itself, in every order, so there must be few.
const REFERENCES_IN_CIRCLES: u64 = 64;
/// Bytes a shape takes once it is expanded, beside its coordinates.
const SHAPE: u64 = 1024;
/// Bytes for one byte of coordinates.
const COORDINATE: u64 = 8;
/// Bytes for one byte of text, which becomes an outline.
const LETTER: u64 = 400;
/// Operations (of about a nanosecond) it takes to read an element.
const READING: u64 = 20_000;
/// Operations it takes to lay a text out, and for each pair of its letters: line breaking, fallback fonts
/// and positions look at all letters again and again.
const LAYOUT: u64 = 300_000;
const PAIR: u64 = 7;

/// What a document holds.
pub(super) struct Survey {
    /// It has text to be drawn.
    pub(super) text: bool,
    /// Elements refer to each other in circles.
    pub(super) circles: bool,
}

/// Measures a document.
///
/// # Errors
///
/// `limit_exceeded` (`depth`, `memory`, `work`).
pub(super) fn survey(document: &Document<'_>, limits: &Limits) -> Result<Survey> {
    let elements = measure_depth(document)?;
    let text = sheets(document);
    let rules = Rules::new(&text, elements)?;
    let mut weigher = Weigher::new(document, rules);
    let whole = weigher.weigh(document.root_element());
    if weigher.circles > 0 && weigher.references > REFERENCES_IN_CIRCLES {
        return Err(circles());
    }
    if whole.bytes > limits.memory {
        return Err(Error::limit("memory", whole.bytes, limits.memory));
    }
    let most = super::cost::MOST_WORK as u64;
    if whole.work > most {
        return Err(Error::limit(
            "work",
            format!("about {} operations", whole.work),
            format!("{most} operations"),
        ));
    }
    let text = document.descendants().any(|node| is_svg(&node, "text"));
    Ok(Survey { text, circles: weigher.circles > 0 })
}

/// What to say of a document that refers to itself without end.
pub(super) fn circles() -> Error {
    Error::corrupt("elements of the drawing refer to each other in circles")
}

/// Counts elements; fails when they lie too deep.
fn measure_depth(document: &Document<'_>) -> Result<u64> {
    let mut depths: HashMap<NodeId, u64> = HashMap::new();
    for node in document.descendants().filter(Node::is_element) {
        let above = node.parent().and_then(|parent| depths.get(&parent.id())).copied().unwrap_or(0);
        if above >= DEPTH {
            return Err(Error::limit("depth", above + 1, DEPTH));
        }
        depths.insert(node.id(), above + 1);
    }
    Ok(depths.len() as u64)
}

/// What elements take.
#[derive(Clone, Copy, Default)]
struct Weight {
    bytes: u64,
    work: u64,
}

impl Weight {
    fn plus(self, other: Weight, times: u64) -> Weight {
        let add = |sum: u64, one: u64| sum.saturating_add(one.saturating_mul(times));
        Weight { bytes: add(self.bytes, other.bytes), work: add(self.work, other.work) }
    }
}

/// Adds up what elements take.
struct Weigher<'d, 'i, 's> {
    ids: HashMap<&'d str, Node<'d, 'i>>,
    rules: Rules<'s>,
    /// `None` while an element is being weighed.
    known: HashMap<NodeId, Option<Weight>>,
    circles: u64,
    references: u64,
}

/// An element being weighed: what it holds, how often, and the sum so far.
struct Frame<'d, 'i> {
    node: Node<'d, 'i>,
    parts: Vec<(Node<'d, 'i>, u64)>,
    sum: Weight,
}

impl<'d, 'i, 's> Weigher<'d, 'i, 's> {
    fn new(document: &'d Document<'i>, rules: Rules<'s>) -> Self {
        let mut ids = HashMap::new();
        for node in document.descendants() {
            if let Some(id) = node.attribute("id") {
                ids.entry(id).or_insert(node);
            }
        }
        Weigher { ids, rules, known: HashMap::new(), circles: 0, references: 0 }
    }

    /// Weighs an element and all it holds, without recursion: references may chain through a whole file.
    fn weigh(&mut self, root: Node<'d, 'i>) -> Weight {
        let mut stack = vec![self.open(root)];
        let mut last = Weight::default();
        while let Some(top) = stack.last_mut() {
            let Some((part, times)) = top.parts.last().copied() else {
                (last, _) = (top.sum, self.known.insert(top.node.id(), Some(top.sum)));
                stack.pop();
                continue;
            };
            match self.known.get(&part.id()).copied() {
                Some(weight) => {
                    self.circles += u64::from(weight.is_none());
                    top.sum = top.sum.plus(weight.unwrap_or_default(), times);
                    top.parts.pop();
                }
                None => {
                    let frame = self.open(part);
                    stack.push(frame);
                }
            }
        }
        last
    }

    fn open(&mut self, node: Node<'d, 'i>) -> Frame<'d, 'i> {
        self.known.insert(node.id(), None);
        let mut parts: Vec<_> = node.children().filter(Node::is_element).map(|child| (child, 1)).collect();
        let before = parts.len();
        self.add_references(node, &mut parts);
        self.references += (parts.len() - before) as u64;
        Frame { node, parts, sum: own_weight(node) }
    }

    fn add_references(&self, node: Node<'d, 'i>, parts: &mut Vec<(Node<'d, 'i>, u64)>) {
        let mut add = |id: &str, times: u64| {
            if let Some(target) = self.ids.get(id) {
                parts.push((*target, times));
            }
        };
        for attribute in node.attributes().filter(|attribute| attribute.name() != "style") {
            if attribute.name() == "href" && !is_svg(&node, "a") {
                attribute.value().trim().strip_prefix('#').into_iter().for_each(|id| add(id, 1));
            }
            each_url(attribute.value(), |id| add(id, times(node, attribute.name())));
        }
        self.rules.each(node, |name, value| each_url(value, |id| add(id, times(node, name))));
    }
}

/// How often what a property refers to is drawn: properties that are inherited count for all below.
fn times(node: Node<'_, '_>, property: &str) -> u64 {
    let below = || node.descendants().filter(Node::is_element);
    match property {
        "fill" | "stroke" if node.has_children() => below().count() as u64,
        "marker" | "marker-start" | "marker-mid" | "marker-end" => below().map(vertices).sum(),
        _ => 1,
    }
}

/// Greatest number of vertices a shape can have.
fn vertices(node: Node<'_, '_>) -> u64 {
    let Some(path) = node.attribute("d").or_else(|| node.attribute("points")) else { return 2 };
    let mut count = 2;
    let mut within = false;
    for byte in path.bytes() {
        let number = byte.is_ascii_digit() || byte == b'.';
        count += u64::from(number && !within);
        within = number;
    }
    count
}

/// Calls `take` with each id a value refers to as in `url(#id)`.
fn each_url(value: &str, mut take: impl FnMut(&str)) {
    for part in value.split("url(").skip(1) {
        let inside = part.split(')').next().unwrap_or(part);
        let inside = inside.trim().trim_matches(['"', '\'']).trim();
        inside.strip_prefix('#').into_iter().for_each(&mut take);
    }
}

/// What an element takes once it is expanded, without what it holds. A text takes for all letters in it.
fn own_weight(node: Node<'_, '_>) -> Weight {
    let values: u64 = node.attributes().map(|attribute| attribute.value().len() as u64).sum();
    let coordinates = values.saturating_mul(COORDINATE);
    let plain = Weight { bytes: SHAPE + coordinates, work: READING + coordinates };
    match node.tag_name().name() {
        "stop" => Weight { bytes: 128, ..plain },
        "linearGradient" | "radialGradient" => Weight { bytes: 512, ..plain },
        "image" => Weight { bytes: SHAPE + values.saturating_mul(2), ..plain },
        "text" => {
            let letters =
                node.descendants().filter(Node::is_text).filter_map(|text| text.text()).map(str::len);
            let letters = letters.sum::<usize>() as u64;
            let pairs = letters.saturating_mul(letters).saturating_mul(PAIR);
            plain
                .plus(Weight { bytes: letters.saturating_mul(LETTER), work: pairs.saturating_add(LAYOUT) }, 1)
        }
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weigh(text: &str) -> Result<Survey> {
        survey(&Document::parse(text).unwrap(), &Limits::default())
    }

    fn doubling(levels: usize, link: impl Fn(usize) -> String) -> String {
        let groups: String = (1..levels).map(|i| format!("<g id=\"e{i}\">{0}{0}</g>", link(i - 1))).collect();
        format!("<svg><rect id=\"e0\" width=\"1\" height=\"1\"/>{groups}{}</svg>", link(levels - 1))
    }

    #[test]
    fn doubling_uses_are_refused() {
        let link = |i: usize| format!("<use href=\"#e{i}\"/>");
        assert!(weigh(&doubling(10, link)).is_ok());
        let error = weigh(&doubling(40, link)).map(|_| ()).unwrap_err();
        assert_eq!(error.limit.as_deref(), Some("memory"));
    }

    #[test]
    fn doubling_through_style_sheets_is_refused() {
        let groups: String = (1..40)
            .map(|i| format!("<mask id=\"m{i}\"><rect class=\"c{0}\"/><rect class=\"c{0}\"/></mask>", i - 1))
            .collect();
        let rules: String = (0..40).map(|i| format!(".c{i}{{mask:url(#m{i})}}")).collect();
        let text = format!("<svg><style>{rules}</style>{groups}<rect class=\"c39\"/></svg>");
        assert!(weigh(&text).is_err());
    }

    #[test]
    fn endless_texts_are_refused() {
        let text = |letters: usize| format!("<svg><text>{}</text></svg>", "a".repeat(letters));
        assert!(weigh(&text(10_000)).is_ok());
        let error = weigh(&text(100_000)).map(|_| ()).unwrap_err();
        assert_eq!(error.limit.as_deref(), Some("work"));
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth: usize| format!("<svg>{}{}</svg>", "<g>".repeat(depth), "</g>".repeat(depth));
        assert!(weigh(&nested(500)).is_ok());
        let error = weigh(&nested(200_000)).map(|_| ()).unwrap_err();
        assert_eq!(error.limit.as_deref(), Some("depth"));
    }

    #[test]
    fn many_circles_are_refused() {
        let links: String = (0..12).map(|i| format!("<use href=\"#e{i}\"/>")).collect();
        let groups: String = (0..12).map(|i| format!("<g id=\"e{i}\">{links}</g>")).collect();
        assert!(weigh(&format!("<svg>{groups}</svg>")).is_err());
    }
}
