//! `archive`, `extract` and `probe`, with their options.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{STREAMS, TARGETS, contents, corpus, packed, probe, tree};
use formwork_plugin_archive::formwork_plugin_entry_v1 as entry;
use formwork_sdk::OutputKind;
use formwork_sdk::testing::{Job, describe};
use std::time::{Duration, SystemTime};

#[test]
fn the_description_says_what_there_is() {
    let description = describe(entry);
    assert_eq!(description.id, "archive");
    assert!(description.capabilities.iter().all(|capability| capability.unavailable.is_none()));
    let cost = |from: &str, to: &str| {
        let fits = |c: &&formwork_sdk::Capability| {
            c.operation == "convert" && c.from.iter().any(|id| id == from) && c.to.iter().any(|id| id == to)
        };
        description.capabilities.iter().find(fits).map(|capability| capability.cost.per_mib_ms).unwrap()
    };
    assert!(cost("zip", "tgz") < cost("rar", "tgz") && cost("zip", "zip") < cost("7z", "zip"));
}

#[test]
fn merged_archives_are_under_one_roof_and_no_file_takes_the_place_of_another() {
    let one = Job::new("archive").input("a.txt", "", "1").input("b/c.txt", "", "2");
    let two = Job::new("archive").input("a.txt", "", "3").input("d.txt", "", "4");
    let pack = |job: Job, target: &str| job.target(target).run(entry).expect_one().to_vec();
    let (one, two) = (pack(one, "zip"), pack(two, "tgz"));
    for target in ["zip", "7z", "tar", "tzst"] {
        let merge = |job: Job| job.target(target).threads(2).run(entry).expect_one().to_vec();
        let job =
            || Job::new("merge").input("one.zip", "zip", one.clone()).input("two.tgz", "tgz", two.clone());
        let merged = merge(job());
        let outcome = Job::new("extract").input("m", target, merged).run(entry);
        let text = |name: &str| String::from_utf8(outcome.named(name).unwrap().bytes.clone()).unwrap();
        let texts = ["a.txt", "b/c.txt", "two/a.txt", "two/d.txt"].map(text);
        assert_eq!(texts, ["1", "2", "3", "4"], "{target}");
    }
}

#[test]
fn times_and_modes_come_back() {
    for target in ["zip", "7z", "tar", "tgz"] {
        let outcome = Job::new("extract").input("a", target, packed(target)).threads(2).run(entry);
        let file = outcome.named("folder/text.txt").unwrap();
        assert_eq!(file.mode & 0o777, 0o640, "{target}");
        assert_eq!(
            file.modified,
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_002)),
            "{target}"
        );
        let link = outcome.named("folder/link").unwrap();
        assert_eq!(
            (link.kind, link.bytes.as_slice()),
            (OutputKind::Symlink, b"text.txt".as_slice()),
            "{target}"
        );
        assert_eq!(outcome.named("hollow").unwrap().kind, OutputKind::Directory, "{target}");
    }
}

#[test]
fn the_order_of_entries_is_kept() {
    let names = |target: &str| {
        let facts = probe(target, &packed(target)).facts;
        let rows = facts["listing"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap().trim_end_matches('/').to_owned())
            .collect::<Vec<_>>()
    };
    let zip = names("zip");
    assert_eq!(zip.first().map(String::as_str), Some("folder"));
    assert_eq!(names("tgz"), zip);
    assert_eq!(names("tbz2"), zip);
}

#[test]
fn several_files_are_no_stream() {
    for target in STREAMS {
        let outcome = Job::new("archive").input("a", "", "1").input("b", "", "2").target(target).run(entry);
        assert_eq!(outcome.failure(), Some(("unsupported_conversion", "")), "{target}");
        assert!(outcome.error.unwrap().message.contains(&format!("t{target}")) || target != "gz");
    }
}

#[test]
fn bytes_do_not_depend_on_threads_or_on_how_they_are_read() {
    for target in TARGETS.iter().filter(|target| !STREAMS.contains(target)) {
        let one = tree().target(target).threads(1).run(entry).expect_one().to_vec();
        for threads in [0, 2, 3, 5] {
            let many = tree().target(target).threads(threads).run(entry);
            assert!(many.expect_one() == one, "{target} on {threads} threads");
        }
        let streamed = tree().target(target).threads(2).streamed().run(entry);
        assert!(streamed.expect_one() == one, "{target} streamed");
        let from: &[u8] = &packed("zip");
        let convert =
            |threads| Job::new("convert").input("a", "zip", from).target(target).threads(threads).run(entry);
        assert!(convert(1).expect_one() == convert(3).expect_one(), "zip to {target}");
    }
}

#[test]
fn pipes_are_read_too() {
    for target in ["zip", "7z", "tgz"] {
        let piped = tree().target(target).threads(2).piped().run(entry).expect_one().to_vec();
        assert_eq!(contents(target, &piped), contents(target, &packed(target)), "{target}");
        let converted = Job::new("convert").input("a", target, piped).target("tar").piped().run(entry);
        assert_eq!(contents("tar", converted.expect_one()).len(), 9, "{target}");
    }
}

#[test]
fn large_files_go_in_pieces() {
    let mut large: Vec<u8> = (0..9_000_000_u32).map(|i| (i.wrapping_mul(i) >> 15) as u8 & 31).collect();
    large.extend(std::iter::repeat_n(0, 5_000_000));
    for target in TARGETS {
        let job = |threads| {
            Job::new("archive").input("large.bin", "", large.clone()).target(target).threads(threads)
        };
        let packed = job(2).run(entry).expect_one().to_vec();
        assert!(contents(target, &packed)[0].bytes == large, "{target}");
        assert!(
            job(1).option("effort", 1).run(entry).expect_one()
                == job(4).option("effort", 1).run(entry).expect_one(),
            "{target}"
        );
    }
    let single =
        Job::new("archive").input("large.bin", "", large.clone()).target("gz").option("single_member", true);
    let mut plain = Vec::new();
    let packed = single.threads(2).run(entry).expect_one().to_vec();
    // A decoder that knows one member only.
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut plain).unwrap();
    assert!(plain == large);
}

#[test]
fn archives_of_nothing_are_read_back() {
    for target in TARGETS.iter().filter(|target| !STREAMS.contains(target)) {
        let empty = Job::new("archive").target(target).run(entry).expect_one().to_vec();
        assert_eq!(probe(target, &empty).error, None, "{target}");
        let outcome = Job::new("extract").input("a", target, empty.clone()).run(entry);
        assert_eq!((outcome.error, outcome.outputs.len()), (None, 0), "{target}");
        let outcome = Job::new("convert").input("a", target, empty).target("zip").run(entry);
        assert_eq!(outcome.error, None, "{target} to zip");
    }
    // A 7z whose writing did not end is none.
    let unfinished = [b"7z\xBC\xAF\x27\x1C\0\x04".as_slice(), &[0; 24]].concat();
    assert_eq!(probe("7z", &unfinished).failure(), Some(("corrupt_input", "")));
}

#[test]
fn passwords_open_and_protect() {
    for target in ["zip", "7z"] {
        let locked =
            tree().target(target).threads(2).option("password", "Käse").run(entry).expect_one().to_vec();
        assert_eq!(probe(target, &locked).facts["encrypted"], true, "{target}");
        let open = |word: Option<&str>| {
            let job = Job::new("extract").input("a", target, locked.clone()).threads(2);
            match word {
                Some(word) => job.option("password", word).run(entry),
                None => job.run(entry),
            }
        };
        assert_eq!(open(None).failure(), Some(("password_required", "")), "{target}");
        let wrong = open(Some("Wurst"));
        assert_eq!(wrong.failure(), Some(("password_required", "")), "{target}");
        assert!(wrong.error.unwrap().message.contains("wrong password"), "{target}");
        let right = open(Some("Käse"));
        assert_eq!(right.outputs.len(), 9, "{target}: {:?}", right.error);
        assert_eq!(right.named("folder/text.txt").unwrap().length, 1_200_000);
        // Encryption goes along where it can, and is called a loss where it cannot.
        for (to, kept) in [("zip", true), ("7z", true), ("tgz", false)] {
            let job = Job::new("convert").input("a", target, locked.clone()).target(to).threads(2);
            let outcome = job.option("password", "Käse").run(entry);
            assert_eq!(probe(to, outcome.expect_one()).facts["encrypted"], kept, "{target} to {to}");
            assert_eq!(outcome.lost("encryption"), !kept, "{target} to {to}");
        }
    }
}

#[test]
fn passwords_of_other_programs_open() {
    for (name, format, bytes) in corpus("hostile/") {
        let words: &[&str] = match name.as_str() {
            "zip-aes256.zip" | "zip-zipcrypto.zip" => &["foofoofoo", "bar", "password", "secret", "test"],
            _ => continue,
        };
        let open = |word: &str| {
            Job::new("extract").input(&name, &format, bytes.clone()).option("password", word).run(entry)
        };
        let opened = words.iter().find(|word| open(word).error.is_none());
        eprintln!("{name}: {opened:?}");
        assert_eq!(open("surely wrong").failure(), Some(("password_required", "")), "{name}");
    }
}

#[test]
fn a_job_can_be_cancelled() {
    let text = b"Round and round the ragged rock. ".repeat(1_000_000);
    for target in ["zip", "7z", "tgz", "tbz2", "txz", "tzst", "tar"] {
        let job = Job::new("archive").input("a", "", text.clone()).target(target).threads(2);
        let outcome = job.streamed().cancel_after(20).run(entry);
        assert_eq!(outcome.failure(), Some(("cancelled", "")), "{target}");
    }
}

#[test]
fn a_listing_is_capped() {
    let mut job = Job::new("archive").target("zip");
    for index in 0..10_050 {
        job = job.input(&format!("{index}.txt"), "txt", "");
    }
    let facts = probe("zip", job.run(entry).expect_one()).facts;
    assert_eq!(facts["entries"], 10_050);
    assert_eq!(facts["listing"].as_array().unwrap().len(), 10_000);
    assert_eq!(facts["listing_truncated"], true);
}
