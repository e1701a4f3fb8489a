//! Names that come from files and plugins, before they touch a disk.

use crate::{Error, ErrorKind, Result};
use formwork_formats::Format;

/// Checks a name a caller gives, as [`checked`].
///
/// # Errors
///
/// `invalid_request`.
pub fn checked_name(name: &str) -> Result<String> {
    checked(name).map_err(|error| Error { kind: ErrorKind::InvalidRequest, ..error })
}

/// Checks the relative path of an output and brings it to one form: `/` between parts, no empty parts,
/// no `.`. Plugins clean names and say what they changed; this is the last line that refuses.
///
/// # Errors
///
/// `corrupt_input` when it is absolute, climbs out with `..`, holds a NUL or is empty.
pub(crate) fn checked(name: &str) -> Result<String> {
    let refuse = |why: &str| {
        Err(Error::new(ErrorKind::CorruptInput, format!("the name `{}` {why}", crate::text::clean(name))))
    };
    if name.contains('\0') {
        return refuse("holds a NUL");
    }
    if name.starts_with('/') {
        return refuse("is absolute");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return refuse("climbs out of its folder"),
            part if part.len() > 255 => return refuse("has a part longer than 255 bytes"),
            part => parts.push(part),
        }
    }
    if parts.is_empty() { refuse("is empty") } else { Ok(parts.join("/")) }
}

/// Whether a symbolic link may be made: relative, and only leading `..`, no more of them than the link
/// lies deep. Then it cannot lead out, whatever other links there are.
pub(crate) fn link_stays_inside(link: &str, target: &str) -> bool {
    if target.starts_with('/') || target.contains('\0') || target.is_empty() {
        return false;
    }
    let depth = link.split('/').count() - 1;
    let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let climbs = parts.iter().take_while(|part| **part == "..").count();
    climbs <= depth && !parts[climbs..].contains(&"..")
}

/// The name a converted file gets: the old one with its known extension replaced.
pub(crate) fn with_extension(name: &str, from: Option<&Format>, to: &Format) -> String {
    let stem = stem(name, from);
    match to.extensions.first() {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem.to_owned(),
    }
}

/// The name one of several outputs of a step gets: an internal format has no extension that would have to go.
pub(crate) fn in_series(name: &str, from: Option<&Format>, to: Option<&Format>) -> String {
    match (to, from) {
        (Some(to), _) if to.internal => name.to_owned(),
        (Some(to), Some(from)) if from.internal => match to.extensions.first() {
            Some(extension) => format!("{name}.{extension}"),
            None => name.to_owned(),
        },
        (Some(to), from) => with_extension(name, from, to),
        (None, _) => name.to_owned(),
    }
}

/// The name itself, or with a number before its extension, whatever `take` takes first.
pub(crate) fn free(name: &str, mut take: impl FnMut(&str) -> bool) -> String {
    if take(name) {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    let mut number = 2_u64;
    loop {
        let numbered = format!("{stem}-{number}{extension}");
        if take(&numbered) {
            return numbered;
        }
        number += 1;
    }
}

/// Splits a name before the dot of its last extension; a name that only begins with a dot has none.
pub(crate) fn split(name: &str) -> (&str, &str) {
    let file = name.rfind('/').map_or(0, |slash| slash + 1);
    match name.rfind('.') {
        Some(dot) if dot > file => name.split_at(dot),
        _ => (name, ""),
    }
}

/// A name without its extension. `a.tar.gz` loses both parts when it is a compressed tar.
pub(crate) fn stem<'n>(name: &'n str, format: Option<&Format>) -> &'n str {
    let lower = name.to_ascii_lowercase();
    let known = format.into_iter().flat_map(|format| format.extensions);
    let longest = known.filter(|known| lower.ends_with(&format!(".{known}"))).map(|known| known.len()).max();
    let cut = longest.map(|length| name.len() - length - 1).or_else(|| name.rfind('.'));
    match cut.and_then(|cut| name.get(..cut)) {
        Some(stem) if !stem.is_empty() && !stem.ends_with('/') => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_names_are_refused() {
        for name in ["../a", "a/../../b", "/etc/passwd", "a\0b", "", "./", &"x".repeat(300)] {
            assert!(checked(name).is_err(), "{name:?}");
        }
        assert_eq!(checked("./a//b/./c").unwrap(), "a/b/c");
    }

    #[test]
    fn links_that_could_lead_out_are_refused() {
        assert!(link_stays_inside("a/b/link", "../c"));
        assert!(link_stays_inside("link", "c/d"));
        assert!(!link_stays_inside("link", "../c"));
        assert!(!link_stays_inside("a/link", "/etc/passwd"));
        assert!(!link_stays_inside("a/link", "x/../../../etc"), "a climb behind another link");
    }

    #[test]
    fn extensions_are_replaced() {
        let png = formwork_formats::by_id("png").unwrap();
        let tgz = formwork_formats::by_id("tgz").unwrap();
        assert_eq!(with_extension("a.b.jpg", formwork_formats::by_id("jpg"), png), "a.b.png");
        assert_eq!(with_extension("report.tar.gz", Some(tgz), png), "report.png");
        assert_eq!(with_extension(".hidden", None, png), ".hidden.png");
    }

    #[test]
    fn outputs_of_a_series_keep_what_tells_them_apart() {
        let [png, jpg, raster] = ["png", "jpg", "raster"].map(formwork_formats::by_id);
        assert_eq!(in_series("v1.2-001", raster, png), "v1.2-001.png");
        assert_eq!(in_series("d/v1.2-001", jpg, raster), "d/v1.2-001");
        assert_eq!(in_series("d/a.jpg", jpg, png), "d/a.png");
        assert_eq!(in_series("a.jpg", jpg, None), "a.jpg");
        let mut taken = vec!["a.png".to_owned()];
        let mut free = |name: &str| {
            let free = free(name, |name| !taken.iter().any(|taken| taken == name));
            taken.push(free.clone());
            free
        };
        assert_eq!(free("a.png"), "a-2.png");
        assert_eq!(free("a.png"), "a-3.png");
        assert_eq!(free("d.x/.a"), "d.x/.a");
        assert_eq!(free("d.x/.a"), "d.x/.a-2");
    }
}
