//! Broken and hostile archives: an error that says what is wrong, or a harmless result. Never a panic.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{TARGETS, convert, corpus, extract, packed, probe};
use formwork_plugin_archive::formwork_plugin_entry_v1 as entry;
use formwork_sdk::OutputKind;
use formwork_sdk::testing::{Job, Outcome};

/// What must happen to hostile files: the error, or `ok`.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("7z-bad-endheader.7z", "corrupt_input", ""),
    ("7z-encrypted-headers.7z", "password_required", ""),
    ("bomb-1GiB.bz2", "limit_exceeded", "ratio"),
    ("bomb-256MiB.zip", "limit_exceeded", "ratio"),
    ("bomb-overlap-125GiB.zip", "corrupt_input", ""),
    ("gz-bad-crc.gz", "corrupt_input", ""),
    ("rar-malformed.rar", "corrupt_input", ""),
    ("rar5-encrypted-headers.rar", "password_required", ""),
    ("tar-truncated.tar", "corrupt_input", ""),
    ("xz-bad-check.xz", "corrupt_input", ""),
    ("zero.zip", "corrupt_input", ""),
    ("zip-aes256.zip", "password_required", ""),
    ("zip-bad-crc.zip", "corrupt_input", ""),
    ("zip-corrupt-oom.zip", "corrupt_input", ""),
    ("zip-strong-encryption.zip", "unsupported_conversion", ""),
    ("zip-zipcrypto.zip", "password_required", ""),
];

/// Checks that a result harms nobody.
fn harmless(name: &str, outcome: &Outcome) {
    let failure = outcome.failure().map(|(kind, _)| kind);
    assert!(
        !matches!(failure, Some("plugin_fault" | "internal" | "io" | "invalid_request")),
        "{name}: {:?}",
        outcome.error
    );
    for output in &outcome.outputs {
        let parts: Vec<&str> = output.name.split('/').collect();
        assert!(!parts.contains(&"..") && !output.name.starts_with('/'), "{name}: {}", output.name);
        assert!(!output.name.contains(['\\', '\0']) && output.mode & !0o777 == 0, "{name}: {}", output.name);
        if output.kind == OutputKind::Symlink {
            let target = String::from_utf8_lossy(&output.bytes);
            let ups = target.split('/').filter(|part| *part == "..").count();
            assert!(!target.starts_with('/') && ups < parts.len(), "{name}: {} -> {target}", output.name);
        }
    }
}

#[test]
fn hostile_files_do_no_harm() {
    for (name, format, bytes) in corpus("hostile/") {
        if !["zip", "7z", "rar", "tar", "gz", "bz2", "xz"].contains(&format.as_str()) {
            continue;
        }
        let format = if name.ends_with(".zip.rar") { "zip" } else { &format };
        let run = |job: Job| job.input(&name, format, bytes.clone()).threads(2).run(entry);
        let outcomes = [
            run(Job::new("extract").discard()),
            run(Job::new("convert").target("tgz")),
            run(Job::new("convert").target("7z")),
            Job::new("probe").input(&name, format, bytes.clone()).probe(entry),
        ];
        for outcome in &outcomes {
            harmless(&name, outcome);
        }
        if let Some((_, kind, limit)) = EXPECTED.iter().find(|(file, ..)| *file == name) {
            assert_eq!(outcomes[0].failure(), Some((*kind, *limit)), "{name}: {:?}", outcomes[0].error);
        } else {
            assert!(outcomes[0].error.is_none(), "{name}: {:?}", outcomes[0].error);
        }
        let attack = ["slip", "escape", "devices", "dotdot", "evil"].iter().any(|word| name.contains(word));
        assert!(!attack || !outcomes[0].warnings.is_empty(), "{name}: nothing was said");
    }
}

#[test]
fn files_cut_short_are_found_out() {
    for target in TARGETS {
        let source = if common::STREAMS.contains(&target) {
            Job::new("archive")
                .input("a", "", b"some words, some more ".repeat(500))
                .target(target)
                .run(entry)
        } else {
            Job::new("archive")
                .input("a", "", b"some words, some more ".repeat(500))
                .input("b", "", "x")
                .target(target)
                .run(entry)
        };
        let whole = source.expect_one();
        for length in (0..whole.len()).step_by((whole.len() / 90).max(1)) {
            let outcome = extract(target, &whole[..length]);
            harmless(target, &outcome);
            // A tar that lacks only its end is whole.
            let end = matches!(target, "tar") && length >= whole.len() - 8_192;
            assert!(outcome.error.is_some() || end, "{target} cut at {length} of {}", whole.len());
        }
    }
}

#[test]
fn flipped_bits_never_panic() {
    let mut seeds: Vec<(String, Vec<u8>)> =
        TARGETS.iter().map(|target| (target.to_string(), small(target))).collect();
    let readable = ["rar", "cpio", "tlz4", "lz4", "7z", "zip", "tar"];
    let files = corpus("archive/")
        .into_iter()
        .filter(|(_, format, bytes)| readable.contains(&format.as_str()) && bytes.len() < 12_000);
    seeds.extend(files.map(|(_, format, bytes)| (format, bytes)));
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for (format, seed) in seeds {
        for _ in 0..120 {
            let mut bytes = seed.clone();
            for _ in 0..1 + random() % 4 {
                let at = random() as usize % bytes.len().max(1);
                bytes[at] = match random() % 3 {
                    0 => 0xFF,
                    1 => bytes[at] ^ (1 << (random() % 8)),
                    _ => random() as u8,
                };
            }
            harmless(&format, &Job::new("extract").input("a", &format, bytes.clone()).discard().run(entry));
            harmless(&format, &probe(&format, &bytes));
        }
    }
}

fn small(target: &str) -> Vec<u8> {
    let job = Job::new("archive").input("a.txt", "", b"text ".repeat(200)).target(target);
    job.run(entry).expect_one().to_vec()
}

#[test]
fn limits_are_named_when_hit() {
    let source = packed("zip");
    let with = |format: &str, bytes: &[u8], change: fn(&mut formwork_sdk::Limits)| {
        Job::new("extract")
            .input("a", format, bytes)
            .limit(change)
            .run(entry)
            .failure()
            .map(|(kind, limit)| (kind, limit.to_owned()))
    };
    let hit = |limit: &str| Some(("limit_exceeded", limit.to_owned()));
    for target in ["zip", "7z", "tar", "tgz"] {
        let bytes = packed(target);
        assert_eq!(with(target, &bytes, |limits| limits.entries = 5), hit("entries"), "{target}");
        assert_eq!(with(target, &bytes, |limits| limits.output = 100_000), hit("output"), "{target}");
        assert_eq!(with(target, &bytes, |limits| limits.name = 50), hit("name"), "{target}");
    }
    assert_eq!(with("zip", &source, |limits| (limits.ratio, limits.ratio_floor) = (1, 1_000)), hit("ratio"));
    assert_eq!(with("7z", &packed("7z"), |limits| limits.memory = 10_000), hit("memory"));
    let big = |target| {
        Job::new("archive").input("a", "", vec![7; 3_000_000]).target(target).run(entry).expect_one().to_vec()
    };
    assert_eq!(with("xz", &big("xz"), |limits| limits.memory = 100_000), hit("memory"));
    assert_eq!(with("zst", &big("zst"), |limits| limits.memory = 100_000), hit("memory"));
}

#[test]
fn a_sparse_file_is_written_with_its_holes_or_refused() {
    // GNU's 1.0 kind: the map stands before the data.
    let sparse = |size: u64| {
        let map = format!("1\n{}\n4\n", size - 4);
        let mut data = map.into_bytes();
        data.resize(512, 0);
        data.extend_from_slice(b"tail");
        let mut tar = Vec::new();
        let mut records = Vec::new();
        for (key, value) in [
            ("GNU.sparse.major", "1".to_owned()),
            ("GNU.sparse.minor", "0".to_owned()),
            ("GNU.sparse.name", "holes".to_owned()),
            ("GNU.sparse.realsize", size.to_string()),
        ] {
            let rest = key.len() + value.len() + 3;
            let length = rest + (rest + 2).to_string().len();
            records.extend_from_slice(format!("{length} {key}={value}\n").as_bytes());
        }
        for (name, kind, bytes) in [("pax", b'x', records), ("GNUSparseFile.0/holes", b'0', data)] {
            let mut header = [0_u8; 512];
            header[..name.len()].copy_from_slice(name.as_bytes());
            header[100..107].copy_from_slice(b"0000644");
            header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
            header[156] = kind;
            header[257..265].copy_from_slice(b"ustar\x0000");
            header[148..156].fill(b' ');
            let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
            header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            tar.extend_from_slice(&header);
            tar.extend_from_slice(&bytes);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.resize(tar.len() + 1_024, 0);
        tar
    };
    let outcome = extract("tar", &sparse(1_000_000));
    let file = outcome.named("holes").unwrap_or_else(|| panic!("{:?}", outcome.error));
    assert_eq!((file.length, &file.bytes[999_996..]), (1_000_000, b"tail".as_slice()));
    assert!(file.bytes[..999_996].iter().all(|byte| *byte == 0));
    assert_eq!(extract("tar", &sparse(1 << 40)).failure(), Some(("limit_exceeded", "output")));
    assert_eq!(extract("tar", &sparse(1 << 30)).failure(), Some(("limit_exceeded", "ratio")));
}

#[test]
fn lying_sizes_in_a_zip_are_found_out() {
    let honest = Job::new("archive")
        .input("a", "", b"x".repeat(50_000))
        .target("zip")
        .run(entry)
        .expect_one()
        .to_vec();
    let directory = honest.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    for claim in [0_u32, 10, 49_999, 50_001, 1 << 26, 0xFFFF_FFF0] {
        let mut lying = honest.clone();
        lying[directory + 24..directory + 28].copy_from_slice(&claim.to_le_bytes());
        for outcome in [
            extract("zip", &lying),
            convert("a.zip", "zip", "tgz", &lying),
            convert("a.zip", "zip", "zip", &lying),
        ] {
            let kind = outcome.failure().map(|(kind, _)| kind);
            assert!(matches!(kind, Some("corrupt_input" | "limit_exceeded")), "{claim}: {:?}", outcome.error);
        }
    }
}

#[test]
fn junk_around_an_archive_is_passed_over() {
    let zip = packed("zip");
    for (before, after) in [(1_000, 0), (0, 1_000), (70_000, 300)] {
        let mut bytes = vec![b'#'; before];
        bytes.extend_from_slice(&zip);
        bytes.extend(std::iter::repeat_n(b'?', after));
        assert_eq!(common::contents("zip", &bytes), common::contents("zip", &zip), "{before} {after}");
    }
    let gz = small("gz");
    let mut bytes = gz.clone();
    bytes.extend_from_slice(b"junk");
    let outcome = extract("gz", &bytes);
    assert!(
        outcome.error.is_none() && outcome.warnings.iter().any(|text| text.contains("ignored")),
        "{outcome:?}"
    );
    // Several members and streams are one.
    for target in ["gz", "bz2", "xz", "zst"] {
        let twice = [small(target), small(target)].concat();
        assert_eq!(common::contents(target, &twice)[0].bytes.len(), 2_000, "{target}");
    }
}

#[test]
fn names_twice_and_files_as_folders_lose_nothing_silently() {
    let job = Job::new("archive").input("a", "", "1").input("a", "", "2").input("a/b", "", "3").target("tar");
    let outcome = extract("tar", job.run(entry).expect_one());
    assert!(outcome.error.is_none(), "{:?}", outcome.error);
    let names: Vec<&str> = outcome.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["a", "a (2)"]);
    assert_eq!(outcome.warnings.len(), 2);
    assert!(outcome.lost("entries"));
}
