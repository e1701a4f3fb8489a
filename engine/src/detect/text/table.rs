//! Tables in text: lines with the same number of fields.

/// The most records that are looked at.
const RECORDS: usize = 300;
/// What may stand between fields, likeliest first.
const DELIMITERS: &[char] = &['\t', ';', ',', '|'];

/// What a table looks like.
pub(super) struct Table {
    /// How many fields nearly all lines have.
    pub(super) columns: usize,
    /// What stands between them.
    pub(super) delimiter: char,
}

impl Table {
    /// Tells whether this speaks louder than `marks` of a markup language: four columns or tabs do, a few
    /// commas less, and bars are what Markdown draws its tables with.
    pub(super) fn outweighs(&self, marks: u32) -> bool {
        match self.delimiter {
            '\t' => true,
            '|' => marks < 3,
            _ => self.columns >= 4 || marks < 6,
        }
    }
}

/// Finds the delimiter that cuts nearly all lines into the same number of fields.
///
/// `whole` tells whether the text is all there is; otherwise its last line is incomplete.
pub(super) fn columns(text: &str, whole: bool) -> Option<Table> {
    let text = behind_comments(text);
    // JSON and XML have commas too.
    if matches!(text.trim_start().chars().next()?, '{' | '[' | '<') {
        return None;
    }
    DELIMITERS
        .iter()
        .filter_map(|delimiter| {
            Some(Table { columns: columns_by(text, whole, *delimiter)?, delimiter: *delimiter })
        })
        .max_by_key(|table| table.columns)
}

/// Skips lines at the top that start with `#`.
fn behind_comments(text: &str) -> &str {
    let mut rest = text;
    while rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

fn columns_by(text: &str, whole: bool, delimiter: char) -> Option<usize> {
    let mut counts = records(text, delimiter);
    if !whole {
        counts.pop();
    }
    let rows = counts.len();
    let usual = usual(&counts)?;
    let agreeing = counts.iter().filter(|count| **count == usual).count();
    let consistent = match rows {
        0 | 1 => false,
        2..=9 => agreeing == rows || rows > 4 && agreeing + 1 >= rows,
        _ => agreeing * 10 >= rows * 9,
    };
    let table = consistent && usual >= 2 && !(usual < 4 && reads_as_prose(text, delimiter));
    table.then_some(usual)
}

/// The most frequent number of fields.
fn usual(counts: &[usize]) -> Option<usize> {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).max_by_key(|group| group.len())?.first().copied()
}

/// Counts the fields of each record (RFC 4180: quoted fields may hold delimiters and line ends, and quotes
/// written twice). Lines end with LF, CR LF or CR; empty ones do not count.
fn records(text: &str, delimiter: char) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut fields = 1;
    let mut place = Place::LineStart;
    for c in text.chars().chain(['\n']) {
        place = match (place, c) {
            (Place::Quoted, '"') => Place::Closed,
            (Place::Quoted, _) | (Place::LineStart | Place::FieldStart | Place::Closed, '"') => Place::Quoted,
            (Place::LineStart, '\n' | '\r') => Place::LineStart,
            (_, '\n' | '\r') => {
                counts.push(fields);
                fields = 1;
                Place::LineStart
            }
            (_, c) if c == delimiter => {
                fields += 1;
                Place::FieldStart
            }
            _ => Place::Field,
        };
        if counts.len() >= RECORDS {
            break;
        }
    }
    counts
}

/// Where in a record a character stands.
#[derive(Clone, Copy)]
enum Place {
    LineStart,
    FieldStart,
    Field,
    Quoted,
    /// Behind a quote that may have closed the field, or be the first of two.
    Closed,
}

/// In prose a comma is followed by a space, in tables hardly ever.
fn reads_as_prose(text: &str, delimiter: char) -> bool {
    let total = text.matches(delimiter).count();
    let spaced = text.match_indices(delimiter).filter(|(at, found)| {
        text.get(at + found.len()..).is_some_and(|rest| rest.starts_with([' ', '\n', '\r']))
    });
    matches!(delimiter, ',' | ';') && spaced.count() * 2 > total
}
