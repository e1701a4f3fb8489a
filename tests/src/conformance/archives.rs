//! Does the output hold the same files as the input?

use super::case::Fault;
use crate::judge::{Contents, Member};

/// Compares every view of one with every view of the other; one agreement is enough.
pub(super) fn compare(input: &Contents, output: &Contents) -> Result<(), (Fault, String)> {
    let agreed = input.views.iter().any(|due| output.views.iter().any(|seen| agree(due, seen)));
    if agreed { Ok(()) } else { Err((Fault::Members, format!("{} instead of {}", say(output), say(input)))) }
}

/// True when both hold the same contents under the same names. Names count where both are plain ASCII: what
/// bytes of another encoding mean is for the formats to settle.
fn agree(due: &[Member], seen: &[Member]) -> bool {
    let (mut due, mut seen): (Vec<_>, Vec<_>) = (due.iter().collect(), seen.iter().collect());
    due.sort();
    seen.sort();
    due.len() == seen.len()
        && due
            .iter()
            .zip(&seen)
            .all(|(a, b)| a.digest == b.digest && a.size == b.size && names_agree(&a.name, &b.name))
}

fn names_agree(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim_start_matches("./").trim_start_matches('/').replace('\\', "/");
    one.is_empty() || other.is_empty() || !one.is_ascii() || !other.is_ascii() || plain(one) == plain(other)
}

fn say(contents: &Contents) -> String {
    let view = |view: &Vec<Member>| {
        let names: Vec<_> =
            view.iter().take(3).map(|member| format!("{}:{}", member.name, member.size)).collect();
        format!("{} files ({}{})", view.len(), names.join(", "), if view.len() > 3 { ", …" } else { "" })
    };
    contents.views.iter().map(view).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, digest: &str) -> Member {
        Member { name: name.to_owned(), size: 1, digest: digest.to_owned() }
    }

    #[test]
    fn one_view_in_common_is_enough() {
        let stream = vec![member("", "tar")];
        let files = vec![member("a", "1"), member("b", "2")];
        let tgz = Contents { views: vec![stream.clone(), files.clone()] };
        let zip = Contents { views: vec![vec![member("b", "2"), member("a", "1")]] };
        assert!(compare(&tgz, &zip).is_ok());
        assert!(compare(&tgz, &Contents { views: vec![stream] }).is_ok());
        assert!(
            compare(&Contents { views: vec![files] }, &Contents { views: vec![vec![member("a", "1")]] })
                .is_err()
        );
    }

    #[test]
    fn names_count_unless_a_stream_has_none() {
        let named = Contents { views: vec![vec![member("a", "1")]] };
        assert!(compare(&named, &Contents { views: vec![vec![member("c", "1")]] }).is_err());
        assert!(compare(&named, &Contents { views: vec![vec![member("", "1")]] }).is_ok());
    }
}
