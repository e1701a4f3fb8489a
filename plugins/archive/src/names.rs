//! Names of entries: made harmless, or refused with the reason.

/// What became of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cleaned {
    /// Harmless as it is, apart from `./`, doubled and trailing slashes.
    Same(String),
    /// Changed; the words say why.
    Changed(String, &'static str),
    /// Nothing is left, as of `./` or `/`.
    Nothing,
    /// Refused; the words say why.
    Refused(&'static str),
}

/// Bytes of one part of a path that file systems take.
const PART: usize = 255;

/// Cleans a path: `/` between its parts, relative, without `.` and `..`.
///
/// Absolute paths and drive letters become relative and control characters become `_`, as other programs
/// do it. Names that climb out with `..` or hold a NUL are refused: no honest program writes them.
pub(crate) fn clean(raw: &str) -> Cleaned {
    if raw.contains('\0') {
        return Cleaned::Refused("its name holds a NUL character");
    }
    let mut why = None;
    let slashed = raw.replace('\\', "/");
    if slashed != raw {
        why = Some("backslashes became slashes");
    }
    let mut path = slashed.as_str();
    while let Some(rest) = without_root(path) {
        path = rest;
        why = Some("its absolute name was made relative");
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Cleaned::Refused("its name climbs out with `..`"),
            part => {
                let (safe, changed) = clean_part(part);
                why = why.or(changed);
                parts.push(safe);
            }
        }
    }
    if parts.is_empty() {
        return Cleaned::Nothing;
    }
    if parts.iter().any(|part| part.len() > PART) {
        return Cleaned::Refused("a part of its name is longer than 255 bytes");
    }
    let name = parts.join("/");
    match why {
        Some(why) => Cleaned::Changed(name, why),
        None => Cleaned::Same(name),
    }
}

/// Takes a leading slash or drive letter away.
fn without_root(path: &str) -> Option<&str> {
    if let Some(rest) = path.strip_prefix('/') {
        return Some(rest);
    }
    match path.as_bytes() {
        [letter, b':', b'/', ..] if letter.is_ascii_alphabetic() => path.get(2..),
        [letter, b':'] if letter.is_ascii_alphabetic() => Some(""),
        // `c:name` means a place of its own on Windows only.
        [letter, b':', ..] if cfg!(windows) && letter.is_ascii_alphabetic() => path.get(2..),
        _ => None,
    }
}

/// Cleans one part of a path.
fn clean_part(part: &str) -> (String, Option<&'static str>) {
    let control = |c: char| c.is_control();
    if part.contains(control) {
        return (part.replace(control, "_"), Some("control characters became `_`"));
    }
    if cfg!(windows) && !fits_windows(part) {
        let safe = part.trim_end_matches(['.', ' ']).replace(['<', '>', ':', '"', '|', '?', '*'], "_");
        return (format!("_{safe}"), Some("Windows cannot have its name"));
    }
    (part.to_owned(), None)
}

/// Tells whether Windows can have a file of that name.
fn fits_windows(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part).trim_end();
    let numbered = |stem: &str, word: &str| {
        stem.len() == 4 && stem.get(..3) == Some(word) && stem.ends_with(|c: char| c.is_ascii_digit())
    };
    let upper = stem.to_ascii_uppercase();
    let device = matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered(&upper, "COM")
        || numbered(&upper, "LPT");
    !device && !part.ends_with(['.', ' ']) && !part.contains(['<', '>', ':', '"', '|', '?', '*'])
}

/// Tells whether a symbolic link at `name` stays inside the folder the archive is unpacked to.
///
/// The target may start with as many `..` as `name` has folders and must then only go down. A `..` after a
/// name is refused, because that name may itself be a link.
pub(crate) fn link_stays(name: &str, target: &str) -> bool {
    let target = target.replace('\\', "/");
    if target.is_empty() || target.contains('\0') || without_root(&target).is_some() {
        return false;
    }
    let depth = name.split('/').count() - 1;
    let parts: Vec<&str> = target.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let ups = parts.iter().take_while(|part| **part == "..").count();
    ups <= depth && parts.iter().skip(ups).all(|part| *part != "..")
}

/// A symbolic link's target that leads from one entry to another.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let (from_parts, to_parts): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let folders = from_parts.len() - 1;
    let common = from_parts.iter().take(folders).zip(&to_parts).take_while(|(a, b)| a == b).count();
    let common = common.min(to_parts.len() - 1);
    let ups = std::iter::repeat_n("..", folders - common);
    let downs = to_parts.iter().skip(common).copied();
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

/// A name as it is put into messages: quoted, shortened, without control characters.
pub(crate) fn shown(name: &str) -> String {
    let short: String = name.chars().take(120).collect();
    let dots = if short.len() < name.len() { "…" } else { "" };
    format!("\"{}{dots}\"", short.escape_debug())
}

/// The last part of a path.
pub(crate) fn last_part(name: &str) -> &str {
    name.trim_end_matches('/').rsplit(['/', '\\']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        let same = |name: &str| Cleaned::Same(name.to_owned());
        assert_eq!(clean("a/b.txt"), same("a/b.txt"));
        assert_eq!(clean("./a//b/"), same("a/b"));
        assert_eq!(clean("..."), same("..."));
        assert_eq!(clean("./"), Cleaned::Nothing);
        for absolute in
            ["/etc/passwd", "///etc/passwd", "C:\\etc\\passwd", "c:/etc/passwd", "\\\\etc\\passwd"]
        {
            assert!(
                matches!(clean(absolute), Cleaned::Changed(name, _) if name == "etc/passwd"),
                "{absolute}"
            );
        }
        for climbing in ["..", "../a", "a/../b", "a/..", "..\\a", "C:\\..\\a", "/../a"] {
            assert!(matches!(clean(climbing), Cleaned::Refused(_)), "{climbing}");
        }
        assert!(matches!(clean("a\0b"), Cleaned::Refused(_)));
        assert!(matches!(clean(&"x".repeat(256)), Cleaned::Refused(_)));
        assert!(matches!(clean("a\nb"), Cleaned::Changed(name, _) if name == "a_b"));
    }

    #[test]
    fn links_stay_inside() {
        for (name, target) in [("a", "b"), ("d/a", "../b"), ("d/e/a", "../../b"), ("a", "d/e"), ("a", "./b")]
        {
            assert!(link_stays(name, target), "{name} -> {target}");
        }
        for (name, target) in [
            ("a", ".."),
            ("a", "/b"),
            ("d/a", "../../b"),
            ("d/a", "b/../../.."),
            ("a", ""),
            ("a", "C:\\b"),
            ("a", "..\\b"),
        ] {
            assert!(!link_stays(name, target), "{name} -> {target}");
        }
    }

    #[test]
    fn relative_targets_lead_there() {
        assert_eq!(relative("a", "b"), "b");
        assert_eq!(relative("d/a", "d/b"), "b");
        assert_eq!(relative("d/a", "b"), "../b");
        assert_eq!(relative("d/e/a", "d/f/b"), "../f/b");
        assert_eq!(relative("d/e", "d"), "../d");
    }

    #[test]
    fn windows_names() {
        for bad in ["con", "NUL.txt", "lpt1", "a.", "a:b", "x "] {
            assert!(!fits_windows(bad), "{bad}");
        }
        for good in ["console", "com", "a.b", ".a", "lpt"] {
            assert!(fits_windows(good), "{good}");
        }
    }
}
