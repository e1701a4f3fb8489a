//! Real files, when they are there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{convert, decode, files, probe};

/// Targets every file goes to.
const TARGETS: [&str; 12] =
    ["jpg", "png", "apng", "gif", "webp", "bmp", "tiff", "ico", "tga", "hdr", "pnm", "qoi"];

#[test]
fn every_file_reaches_every_target() {
    let mut failures = Vec::new();
    let all = files("image/");
    for (path, format, bytes) in &all {
        for target in TARGETS {
            let outcome = convert(bytes, format, target, &[("width", 300.into())]);
            if let Some(error) = &outcome.error {
                failures.push(format!("{path} to {target}: {}", error.message));
                continue;
            }
            let seen = probe(outcome.expect_one(), target);
            for fact in ["width", "height", "frames"] {
                if seen.facts.get(fact) != outcome.facts.get(fact) {
                    let (wanted, found) = (&outcome.facts[fact], &seen.facts);
                    failures.push(format!("{path} to {target}: {fact} {wanted} became {found:?}"));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        all.len() * TARGETS.len(),
        failures.join("\n")
    );
}

#[test]
fn probing_and_decoding_agree() {
    for (path, format, bytes) in files("image/") {
        let facts = probe(&bytes, &format).facts;
        let picture = decode(&bytes, &format);
        let frame = &picture.frames[0];
        let turned = picture.metadata.orientation.swaps_sides();
        let (width, height) = if turned { (frame.height, frame.width) } else { frame.size() };
        assert_eq!(
            (facts["width"].clone(), facts["height"].clone()),
            (width.into(), height.into()),
            "{path}"
        );
        // An icon's sizes count as frames; the largest is decoded.
        if format != "ico" {
            assert_eq!(facts["frames"], picture.frames.len(), "{path}");
        }
        assert_eq!(facts.contains_key("profile"), picture.metadata.icc.is_some(), "{path}");
    }
}

#[test]
fn hostile_files_get_an_answer() {
    for (path, format, bytes) in files("hostile/") {
        for target in ["png", "jpg"] {
            let outcome = convert(&bytes, &format, target, &[]);
            let kind = outcome.failure().map(|(kind, _)| kind);
            assert!(
                matches!(kind, None | Some("corrupt_input" | "limit_exceeded")),
                "{path}: {:?}",
                outcome.error
            );
        }
    }
}
