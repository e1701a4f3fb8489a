//! Puts a new entry at its place in a list that is kept in the order of ids.

use formwork_tests::Result;

/// What a format's row says at first.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) extension: &'a str,
    pub(super) mime: &'a str,
    /// The constant with what most formats of the family have in common.
    pub(super) base: &'a str,
}

/// Inserts a row before the first one whose id comes later.
pub(super) fn insert_row(text: &str, row: &Row<'_>) -> Result<String> {
    let Row { id, name, extension, mime, base } = row;
    let starts: Vec<(usize, &str)> = text
        .match_indices("    Format {\n        id: \"")
        .filter_map(|(at, head)| {
            let rest = &text[at + head.len()..];
            Some((at, &rest[..rest.find('"')?]))
        })
        .collect();
    if starts.iter().any(|(_, known)| known == id) {
        return Err(format!("there is a row for {id} already").into());
    }
    let next = starts.iter().find(|(_, known)| known > id).map(|(at, _)| *at);
    let at = match next.or_else(|| text.rfind("];")) {
        Some(at) if !starts.is_empty() => at,
        _ => return Err("the table of rows is not where it should be".into()),
    };
    let row = format!(
        "    Format {{\n        id: \"{id}\",\n        name: \"{name}\",\n        extensions: &[\"{extension}\"],\n        \
         mime: &[\"{mime}\"],\n        signatures: &[Signature::start(b\"TOY!\")],\n        holds: &[Alpha, Quality],\n        \
         specification: \"\",\n        ..Format::{base}\n    }},\n"
    );
    Ok(format!("{}{row}{}", &text[..at], &text[at..]))
}

/// Declares a codec's module and adds it to the list of codecs.
pub(super) fn insert_codec(text: &str, id: &str) -> Result<String> {
    let module = format!("mod {id};");
    if text.lines().any(|line| line == module) {
        return Err(format!("there is a codec {id} already").into());
    }
    let mut modules = text.lines().filter(|line| line.starts_with("mod ") && line.ends_with(';'));
    let later = modules.clone().find(|line| **line > *module);
    let text = match (later, modules.next_back()) {
        (Some(line), _) => text.replacen(&format!("{line}\n"), &format!("{module}\n{line}\n"), 1),
        (None, Some(line)) => text.replacen(&format!("{line}\n"), &format!("{line}\n{module}\n"), 1),
        (None, None) => return Err("no modules are declared".into()),
    };
    let list = text.find("static CODECS").and_then(|at| Some(at + text[at..].find("= &[")? + 4));
    let list = list.ok_or("there is no list CODECS")?;
    Ok(format!("{}&{id}::CODEC, {}", &text[..list], &text[list..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "pub(super) const TABLE: &[Format] = &[\n    Format {\n        id: \"bmp\",\n    },\n    Format {\n        id: \"png\",\n    },\n];\n";

    fn row(id: &str) -> Row<'_> {
        Row { id, name: "N", extension: "e", mime: "m", base: "IMAGE" }
    }

    #[test]
    fn rows_stay_in_order() {
        let ids = |text: &str| {
            let ids = text.lines().filter_map(|line| line.trim().strip_prefix("id: \"")?.strip_suffix("\","));
            ids.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(ids(&insert_row(ROWS, &row("abc")).unwrap()), ["abc", "bmp", "png"]);
        assert_eq!(ids(&insert_row(ROWS, &row("dds")).unwrap()), ["bmp", "dds", "png"]);
        assert_eq!(ids(&insert_row(ROWS, &row("zzz")).unwrap()), ["bmp", "png", "zzz"]);
        assert!(insert_row(ROWS, &row("png")).is_err());
    }

    #[test]
    fn codecs_are_declared_and_listed() {
        let text = "mod canvas;\nmod png;\n\nstatic CODECS: &[&Codec] = &[&png::PNG];\n";
        let new = insert_codec(text, "dds").unwrap();
        assert_eq!(
            new,
            "mod canvas;\nmod dds;\nmod png;\n\nstatic CODECS: &[&Codec] = &[&dds::CODEC, &png::PNG];\n"
        );
        assert!(insert_codec(&new, "dds").is_err());
        assert!(insert_codec(text, "zzz").unwrap().contains("mod png;\nmod zzz;\n"));
    }
}
