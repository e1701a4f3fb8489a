//! Which references style sheets add to elements (CSS 2.1 selectors, as far as SVG readers know them).

use formwork_sdk::{Error, Result};
use roxmltree::{Document, Node};
use simplecss::{AttributeOperator, DeclarationTokenizer, Element, PseudoClass, StyleSheet};

/// Comparisons of rules with elements beyond which reading takes too long.
const MOST_COMPARISONS: u64 = 100_000_000;

/// The text of all style sheets inside a document.
pub(super) fn sheets(document: &Document<'_>) -> String {
    let styles = document.descendants().filter(|node| node.has_tag_name("style") || is_svg(node, "style"));
    styles.filter_map(|style| style.text()).collect::<Vec<_>>().join("\n")
}

/// Whether a node is that SVG element.
pub(super) fn is_svg(node: &Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

/// Rules that make elements refer to others.
pub(super) struct Rules<'s> {
    sheet: StyleSheet<'s>,
}

impl<'s> Rules<'s> {
    /// Reads style sheets and keeps the rules that hold references.
    ///
    /// # Errors
    ///
    /// `limit_exceeded` (`work`) when there are too many rules for so many elements.
    pub(super) fn new(text: &'s str, elements: u64) -> Result<Self> {
        let mut sheet = StyleSheet::parse(text);
        let comparisons = elements.saturating_mul(sheet.rules.len() as u64);
        if comparisons > MOST_COMPARISONS {
            return Err(Error::limit("work", comparisons, MOST_COMPARISONS));
        }
        sheet.rules.retain(|rule| rule.declarations.iter().any(|declared| declared.value.contains("url(")));
        Ok(Rules { sheet })
    }

    /// Calls `take` with property and value of all declarations that hold for an element: those of style
    /// sheets, then those of its `style` attribute.
    pub(super) fn each<'d>(&self, node: Node<'d, '_>, mut take: impl FnMut(&str, &str)) {
        for rule in &self.sheet.rules {
            if rule.selector.matches(&Styled(node)) {
                rule.declarations.iter().for_each(|declared| take(declared.name, declared.value));
            }
        }
        if let Some(style) = node.attribute("style") {
            DeclarationTokenizer::from(style).for_each(|declared| take(declared.name, declared.value));
        }
    }
}

/// An element as selectors see it.
struct Styled<'d, 'i>(Node<'d, 'i>);

impl Element for Styled<'_, '_> {
    fn parent_element(&self) -> Option<Self> {
        self.0.parent_element().map(Styled)
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.0.prev_sibling_element().map(Styled)
    }

    fn has_local_name(&self, name: &str) -> bool {
        self.0.tag_name().name() == name
    }

    fn attribute_matches(&self, name: &str, operator: AttributeOperator<'_>) -> bool {
        self.0.attribute(name).is_some_and(|value| operator.matches(value))
    }

    fn pseudo_class_matches(&self, class: PseudoClass<'_>) -> bool {
        class == PseudoClass::FirstChild && self.prev_sibling_element().is_none()
    }
}
