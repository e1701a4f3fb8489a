//! How long a document gets once its entities are replaced (XML 1.0 section 4.4).
//!
//! A few hundred bytes of entities that hold each other stand for gigabytes. The sum is made here,
//! before any parser replaces one.

use formwork_sdk::{Error, Result};
use std::collections::HashMap;

/// Entities held within each other beyond this are taken for an attack.
const DEPTH: u32 = 16;

/// Checks that replacing all entities adds at most `most` bytes.
///
/// # Errors
///
/// `limit_exceeded` (`memory`).
pub(super) fn check(text: &str, most: u64) -> Result<()> {
    let declared = declarations(text);
    if declared.is_empty() {
        return Ok(());
    }
    let mut known = HashMap::new();
    let total = expanded(text, &declared, &mut known, 0);
    if total > most { Err(Error::limit("memory", total, most)) } else { Ok(()) }
}

/// Finds `<!ENTITY name "value">`; entities kept elsewhere are never fetched and stand for nothing.
fn declarations(text: &str) -> HashMap<&str, &str> {
    let mut found = HashMap::new();
    for part in text.split("<!ENTITY").skip(1) {
        let Some((name, rest)) = part.trim_start().split_once(char::is_whitespace) else { continue };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        if let Some((value, _)) = rest.get(1..).and_then(|rest| rest.split_once(quote)) {
            found.entry(name).or_insert(value);
        }
    }
    found
}

/// Bytes of a text once all references in it are replaced, and in turn theirs.
fn expanded<'t>(
    text: &'t str,
    declared: &HashMap<&'t str, &'t str>,
    known: &mut HashMap<&'t str, u64>,
    depth: u32,
) -> u64 {
    if depth > DEPTH {
        return u64::MAX;
    }
    let mut total = text.len() as u64;
    for part in text.split('&').skip(1) {
        let Some((name, _)) = part.split_once(';') else { continue };
        let Some(value) = declared.get(name) else { continue };
        let length = match known.get(name) {
            Some(length) => *length,
            None => {
                let length = expanded(value, declared, known, depth + 1);
                known.insert(name, length);
                length
            }
        };
        total = total.saturating_add(length);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laughs_are_counted_not_told() {
        let mut text = String::from("<!DOCTYPE svg [<!ENTITY e0 \"ha\">");
        for level in 1..10 {
            let held = format!("&e{};", level - 1).repeat(10);
            text.push_str(&format!("<!ENTITY e{level} \"{held}\">"));
        }
        text.push_str("]><svg>&e9;</svg>");
        assert!(check(&text, 1 << 27).is_err());
    }

    #[test]
    fn circles_end() {
        let text = "<!DOCTYPE svg [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]><svg>&a;</svg>";
        assert!(check(text, 1 << 27).is_err());
    }

    #[test]
    fn namespaces_pass() {
        let text = "<!DOCTYPE svg [<!ENTITY ns \"http://ns.adobe.com/\">]><svg xmlns:x=\"&ns;\"/>";
        assert!(check(text, 1 << 27).is_ok());
    }
}
