//! Every pair of formats, on the corpus and on a tree made here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{STREAMS, Seen, TARGETS, contents, convert, corpus, extract, packed, probe};
use std::io::Read;

/// Names and links aside, what an archive holds.
fn files(seen: &[Seen]) -> Vec<&[u8]> {
    let mut files: Vec<&[u8]> =
        seen.iter().filter(|seen| seen.kind == "file").map(|seen| seen.bytes.as_slice()).collect();
    files.sort_unstable();
    files
}

#[test]
fn a_tree_goes_through_every_pair() {
    let containers = TARGETS.iter().filter(|target| !STREAMS.contains(target));
    for from in containers.clone() {
        let source = packed(from);
        let before = contents(from, &source);
        assert_eq!(before.len(), 9, "{from}");
        for to in containers.clone() {
            let outcome = convert("tree", from, to, &source);
            let target = outcome.expect_one();
            assert_eq!(contents(to, target), before, "{from} to {to}");
            assert!(outcome.losses.is_empty(), "{from} to {to}: {:?}", outcome.losses);
            assert_eq!(outcome.facts["entries"], probe(to, target).facts["entries"], "{from} to {to}");
        }
    }
}

#[test]
fn several_entries_become_a_tar_in_a_stream() {
    let source = packed("zip");
    let before = contents("zip", &source);
    for (to, read_as) in [("gz", "tgz"), ("bz2", "tbz2"), ("xz", "txz"), ("zst", "tzst")] {
        let outcome = convert("tree.zip", "zip", to, &source);
        assert_eq!(contents(read_as, outcome.expect_one()), before, "{to}");
        assert!(outcome.warnings.iter().any(|text| text.contains("tar")), "{to}: {:?}", outcome.warnings);
    }
}

#[test]
fn the_corpus_goes_through_every_target() {
    let mut tried = 0;
    for (name, from, bytes) in corpus("archive/") {
        let source = extract(&from, &bytes);
        if let Some(error) = &source.error {
            let parts = name.contains("part01");
            assert!(parts || name.ends_with("pax.tar"), "{name}: {error:?}");
            continue;
        }
        let before = contents(&from, &bytes);
        for to in TARGETS {
            let outcome = convert(&name, &from, to, &bytes);
            let target = outcome.expect_one();
            // Several entries stand in a tar inside the stream.
            let read_as = match to {
                "gz" | "bz2" | "xz" | "zst"
                    if files(&before).len() != 1 || before.iter().any(|seen| seen.kind.ends_with("link")) =>
                {
                    ["tgz", "tbz2", "txz", "tzst"][STREAMS.iter().position(|id| *id == to).unwrap()]
                }
                to => to,
            };
            let after = contents(read_as, target);
            assert_eq!(files(&after), files(&before), "{name} to {to}");
            if !STREAMS.contains(&to) && !STREAMS.contains(&from.as_str()) {
                let names = |all: &[Seen]| all.iter().map(|seen| seen.name.clone()).collect::<Vec<_>>();
                assert_eq!(names(&after), names(&before), "{name} to {to}");
            }
            tried += 1;
        }
    }
    eprintln!("{tried} conversions");
}

#[test]
fn parts_of_a_rar_name_the_missing_one() {
    for (name, from, bytes) in corpus("archive/").into_iter().filter(|(name, ..)| name.contains("part01")) {
        let outcome = convert(&name, &from, "zip", &bytes);
        assert_eq!(outcome.failure(), Some(("corrupt_input", "")));
        let message = outcome.error.unwrap().message;
        assert!(message.contains("part02.rar") && message.contains("missing"), "{message}");
    }
}

#[test]
fn a_single_file_goes_through_every_stream() {
    let plain: Vec<u8> = b"It was a dark and stormy night. ".repeat(100_000);
    let gz = {
        let job =
            formwork_sdk::testing::Job::new("archive").input("story.txt", "txt", plain.clone()).target("gz");
        job.run(formwork_plugin_archive::formwork_plugin_entry_v1).expect_one().to_vec()
    };
    for from in STREAMS {
        let source = convert("story.txt.gz", "gz", from, &gz).expect_one().to_vec();
        for to in STREAMS {
            let target = convert(&format!("story.txt.{from}"), from, to, &source).expect_one().to_vec();
            assert!(unpacked(to, &target) == plain, "{from} to {to}");
        }
        for to in ["zip", "7z", "tar", "tgz"] {
            let target = convert(&format!("story.txt.{from}"), from, to, &source).expect_one().to_vec();
            let seen = contents(to, &target);
            assert_eq!(
                (seen.len(), seen[0].name.as_str(), seen[0].bytes == plain),
                (1, "story.txt", true),
                "{from} to {to}"
            );
            // And back: the only file of an archive becomes the stream.
            let back = convert("story.zip", to, from, &target).expect_one().to_vec();
            assert!(unpacked(from, &back) == plain, "{to} to {from}");
        }
    }
}

/// Unpacks a stream by a library that is not ours.
fn unpacked(format: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match format {
        "gz" => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain),
        // One stream, not several: not every reader goes on after the first.
        "bz2" => bzip2::read::BzDecoder::new(bytes).read_to_end(&mut plain),
        "xz" => liblzma::read::XzDecoder::new(bytes).read_to_end(&mut plain),
        _ => zstd::Decoder::new(bytes).and_then(|mut decoder| decoder.read_to_end(&mut plain)),
    }
    .unwrap();
    plain
}

#[test]
fn other_readers_agree() {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(packed("zip"))).unwrap();
    let mut text = String::new();
    zip.by_name("folder/text.txt").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text.len(), 1_200_000);
    assert!(zip.by_name("folder/link").unwrap().is_symlink());
    assert_eq!(zip.by_name("run.sh").unwrap().unix_mode(), Some(0o100_755));
    assert_eq!(zip.by_name("Straße/日本語.txt").unwrap().size(), 7);

    let seven = packed("7z");
    let mut reader =
        sevenz_rust2::ArchiveReader::new(std::io::Cursor::new(seven), sevenz_rust2::Password::empty())
            .unwrap();
    assert_eq!(reader.read_file("folder/text.txt").unwrap().len(), 1_200_000);
    assert_eq!(reader.archive().files.len(), 9);
}

#[test]
fn deflate_data_is_taken_over_as_it_is() {
    let source = packed("zip");
    for to in ["zip", "tgz"] {
        let target = convert("tree.zip", "zip", to, &source).expect_one().to_vec();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&source)).unwrap();
        let mut raw = Vec::new();
        archive.by_name("folder/text.txt").unwrap();
        let index = archive.index_for_name("folder/text.txt").unwrap();
        archive.by_index_raw(index).unwrap().read_to_end(&mut raw).unwrap();
        assert!(target.windows(raw.len()).any(|window| window == raw), "{to}");
    }
}
