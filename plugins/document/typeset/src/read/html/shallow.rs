//! Keeps pages from nesting without end: parsers of HTML take time that grows with depth times length. Browsers stop at
//! 512 containers as well.

use std::borrow::Cow;

/// Elements within elements that are passed on.
const DEEPEST: usize = 400;
/// Elements that have no end, or whose end goes without saying, so that counting their starts says nothing of depth.
const UNCOUNTED: &[&str] = &[
    "area", "base", "body", "br", "caption", "col", "colgroup", "dd", "dt", "embed", "h1", "h2", "h3", "h4",
    "h5", "h6", "head", "hr", "html", "img", "input", "li", "link", "meta", "optgroup", "option", "p",
    "param", "pre", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];

/// The page without the tags of elements that are nested too deeply, and how many those were. What is in them stays.
pub(super) fn cut(page: &str) -> (Cow<'_, str>, usize) {
    let (mut depth, mut dropped) = (0_usize, 0);
    let mut kept: Option<String> = None;
    let mut copied = 0;
    for (at, _) in page.match_indices('<') {
        let Some((name, closes)) = page.get(at + 1..).and_then(tag) else { continue };
        if UNCOUNTED.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        let too_deep = if closes { depth > DEEPEST } else { depth >= DEEPEST };
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        if too_deep {
            dropped += usize::from(!closes);
            let kept = kept.get_or_insert_with(String::new);
            kept.push_str(page.get(copied..at).unwrap_or_default());
            let end = page.get(at..).and_then(|rest| rest.find('>')).map_or(page.len(), |end| at + end + 1);
            copied = end.max(copied);
        }
    }
    match kept {
        None => (Cow::Borrowed(page), 0),
        Some(mut kept) => {
            kept.push_str(page.get(copied..).unwrap_or_default());
            (Cow::Owned(kept), dropped)
        }
    }
}

/// The name of the tag that begins here, and whether it ends an element.
fn tag(rest: &str) -> Option<(&str, bool)> {
    let (rest, closes) = rest.strip_prefix('/').map_or((rest, false), |rest| (rest, true));
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let name = rest.get(..end)?;
    name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some((name, closes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_stay_as_they_are() {
        let page = "<div><p>a<p>b<br><li>c</div>".repeat(1_000);
        assert_eq!(cut(&page), (Cow::Borrowed(page.as_str()), 0));
    }

    #[test]
    fn depth_ends_and_text_stays() {
        let page =
            format!("{}words{}<b>behind</b>", "<div class=x>".repeat(100_000), "</div>".repeat(100_000));
        let (cut, dropped) = cut(&page);
        assert_eq!(dropped, 100_000 - DEEPEST);
        assert_eq!(cut.matches("<div").count(), DEEPEST);
        assert_eq!(cut.matches("</div").count(), DEEPEST);
        assert!(cut.ends_with("<b>behind</b>"));
        assert!(cut.contains("words"));
    }
}
