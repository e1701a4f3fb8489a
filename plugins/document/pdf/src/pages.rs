//! Pages as options name them.

use formwork_sdk::{Error, Options, Result};

/// Reads pages as `1-3,7,5` names them: numbers from 1, in the order given, `3-1` backwards, `4-` to the end, `end`
/// the last one. Numbers behind the last page are an error, but a range may reach beyond it.
///
/// # Errors
///
/// `invalid_request` for text that names no pages, or pages that are not there.
pub(crate) fn parse(option: &str, text: &str, count: usize) -> Result<Vec<usize>> {
    let mut pages = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = ends(part, count).ok_or_else(|| {
            Error::invalid(format!("`{option}` does not take `{part}`: it names pages, as 1-3,5 or 4-end"))
        })?;
        if first.min(last) > count {
            let plural = if count == 1 { "page" } else { "pages" };
            return Err(Error::invalid(format!(
                "`{option}` asks for page {}, but the PDF has {count} {plural}",
                first.min(last)
            )));
        }
        let (first, last) = (first.min(count), last.min(count));
        if first <= last {
            pages.extend(first - 1..last);
        } else {
            pages.extend((last - 1..first).rev());
        }
    }
    Ok(pages)
}

fn ends(part: &str, count: usize) -> Option<(usize, usize)> {
    let number = |text: &str| match text.trim() {
        "end" | "last" | "z" => Some(count),
        digits => digits.parse::<usize>().ok().filter(|number| *number > 0),
    };
    match part.split_once('-') {
        Some((first, "")) => Some((number(first)?, count)),
        Some((first, last)) => Some((number(first)?, number(last)?)),
        None if part == "all" => Some((1, count)),
        None => number(part).map(|page| (page, page)),
    }
}

/// The pages the option `pages` names, as places from 0; all when it is not given.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn chosen(options: &Options<'_>, count: usize) -> Result<Vec<usize>> {
    options.text("pages").map_or_else(|| Ok((0..count).collect()), |text| parse("pages", text, count))
}

/// Groups of pages separated by `;`, each with commas; without any `;` each part between commas is a group.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn groups(option: &str, text: &str, count: usize) -> Result<Vec<Vec<usize>>> {
    let separator = if text.contains(';') { ';' } else { ',' };
    text.split(separator)
        .filter(|part| !part.trim().is_empty())
        .map(|part| parse(option, part, count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_given() {
        assert_eq!(parse("pages", "3,1-2,5-4", 9).unwrap(), [2, 0, 1, 4, 3]);
        assert_eq!(parse("pages", "8-,end", 9).unwrap(), [7, 8, 8]);
        assert_eq!(parse("pages", "all", 3).unwrap(), [0, 1, 2]);
        assert_eq!(parse("pages", "2-99", 3).unwrap(), [1, 2]);
        for text in ["", "0", "a", "10", "1--2", "10-12"] {
            assert!(parse("pages", text, 9).is_err(), "{text}");
        }
    }

    #[test]
    fn groups_are_parts() {
        assert_eq!(groups("ranges", "1-2,4", 9).unwrap(), [vec![0, 1], vec![3]]);
        assert_eq!(groups("ranges", "1,3;2", 9).unwrap(), [vec![0, 2], vec![1]]);
    }
}
