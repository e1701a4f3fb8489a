//! Text: first whether it is any, then which kind.
//!
//! Markup that opens a file (`<?xml`, `<!DOCTYPE html`, `{\rtf`) settles the kind. Without it the kinds of
//! plain text (`txt`, `md`, `rst`, `csv`, `tex`) are one group: evidence gives the answer, and a name that
//! claims one of them is believed, for any text may be any of them.

mod decode;
mod markup;
mod prose;
mod table;

use super::finding::Finding;
use super::reader::Reader;

/// How much text is looked at.
const SAMPLE: usize = 64 << 10;
/// The kinds among which a name chooses.
const PLAIN: &[&str] = &["txt", "md", "rst", "csv", "tex"];
/// The same, where nothing speaks for one of them: a page may do without tags.
const ANY: &[&str] = &["txt", "md", "rst", "csv", "tex", "html"];
/// The same, where tags were seen.
const TAGGED: &[&str] = &["txt", "md", "rst", "csv", "tex", "html", "xml"];

/// Tells which kind of text a file is, if it is text.
pub(super) fn probe(reader: &Reader<'_>) -> Option<Finding> {
    decode::text(reader.head())?;
    let sample = reader.read(0, SAMPLE);
    let whole = sample.len() < SAMPLE;
    let text = decode::text(&sample)?;
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if start.is_empty() {
        return Some(Finding::guess("txt", "only white space").or_named(PLAIN));
    }
    let marks = prose::Marks::of(&text);
    opened(start)
        .or_else(|| markup::judge(start, marks.md >= 6))
        .or_else(|| Some(judge(reader, &text, whole, &marks)))
}

/// Tells whether `data`, the start of a file, is an SVG.
pub(super) fn is_svg(data: &[u8]) -> bool {
    decode::text(data)
        .is_some_and(|text| markup::is_svg(text.trim_start_matches(['\u{FEFF}', ' ', '\n', '\r', '\t'])))
}

/// Kinds with words of their own at the start; those of the format rows are found here when a byte order
/// mark or white space stands before them.
fn opened(start: &str) -> Option<Finding> {
    let row = |id, words: &str| {
        start.starts_with(words).then(|| Finding::certain(id, format!("starts with {words}")))
    };
    row("rtf", "{\\rtf")
        .or_else(|| row("m3u8", "#EXTM3U"))
        .or_else(|| row("ffconcat", "ffconcat version"))
        .or_else(|| row("ps", "%!PS").map(|found| found.or_named(&["eps"])))
        .or_else(|| x_bitmap(start))
}

/// X bitmaps are C source with names that end in `_width` and `_height`.
fn x_bitmap(start: &str) -> Option<Finding> {
    let mut lines = start.lines().map(str::trim).skip_while(|line| !line.starts_with("#define"));
    let defines = |line: Option<&str>, word: &str| {
        line.and_then(|line| line.strip_prefix("#define ")).is_some_and(|rest| {
            let mut words = rest.split_whitespace();
            words.next().is_some_and(|name| name.ends_with(word))
                && words.next().is_some_and(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
        })
    };
    let fits = defines(lines.next(), "_width") && defines(lines.next(), "_height") && start.contains("_bits");
    fits.then(|| Finding::likely("xbm", "C source with _width, _height and _bits"))
}

/// Weighs the kinds of plain text against each other.
fn judge(reader: &Reader<'_>, text: &str, whole: bool, marks: &prose::Marks) -> Finding {
    let siblings = if markup::has_tags(text) { TAGGED } else { PLAIN };
    let unmarked = if markup::has_tags(text) { TAGGED } else { ANY };
    let table = table::columns(text, whole).filter(|table| table.outweighs(marks.md.max(marks.rst)));
    let found = if marks.tex >= 4 && marks.tex >= marks.rst.max(marks.md) {
        Finding::likely("tex", "TeX commands")
    } else if let Some(table) = table {
        Finding::likely("csv", format!("lines of {} fields between {:?}", table.columns, table.delimiter))
    } else if reader.is_called_otherwise(TAGGED) || marks.program {
        // A program or a settings file: its comments and rules only look like headings.
        return Finding::guess("txt", "text").or_named(unmarked);
    } else if marks.rst >= 4 && marks.rst > marks.md {
        Finding::likely("rst", "reStructuredText directives or headings")
    } else if marks.md >= 3 {
        Finding::likely("md", "Markdown headings, links or lists")
    } else {
        return Finding::guess("txt", "text without marks of another kind").or_named(unmarked);
    };
    found.or_named(siblings)
}
