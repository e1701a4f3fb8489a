//! What the tests share: the corpus, a small tree of files, and a way to look into archives.
#![allow(dead_code, reason = "every test file uses its own part of it")]

use formwork_plugin_archive::formwork_plugin_entry_v1 as entry;
use formwork_sdk::OutputKind;
use formwork_sdk::testing::{Job, Outcome};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Every format that can be written.
pub(crate) const TARGETS: [&str; 11] =
    ["zip", "7z", "tar", "tgz", "tbz2", "txz", "tzst", "gz", "bz2", "xz", "zst"];
/// Those of them that hold one file only.
pub(crate) const STREAMS: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// Files of a corpus folder with their formats; none, and a printed note, when the corpus is not there.
pub(crate) fn corpus(folder: &str) -> Vec<(String, String, Vec<u8>)> {
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root = PathBuf::from(std::env::var("FORMWORK_CORPUS").unwrap_or_else(|_| home.to_owned()));
    let Ok(manifest) = std::fs::read_to_string(root.join("MANIFEST.tsv")) else {
        eprintln!("skipped: no corpus at {}", root.display());
        return Vec::new();
    };
    let rows = manifest.lines().filter(|line| line.starts_with(folder));
    rows.filter_map(|line| {
        let mut words = line.split('\t');
        let (path, format) = (words.next()?, words.next()?);
        let bytes = std::fs::read(root.join(path)).ok()?;
        let name = path.rsplit('/').next()?.to_owned();
        Some((name.clone(), inner_format(&name, format), bytes))
    })
    .collect()
}

/// The format the engine's detection finds where the manifest only names the stream.
fn inner_format(name: &str, format: &str) -> String {
    let endings = [
        (".tar.gz", "tgz"),
        (".tar.bz2", "tbz2"),
        (".tbz2", "tbz2"),
        (".tar.xz", "txz"),
        (".tar.lz4", "tlz4"),
    ];
    let found = endings.iter().find(|(ending, _)| name.ends_with(ending));
    found.map_or(format, |(_, format)| format).to_owned()
}

/// A tree with what trips archivers: empty files and folders, links, long and foreign names, bytes of all kinds.
pub(crate) fn tree() -> Job {
    let noise: Vec<u8> = (0..700_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let text = "All happy archives are alike. ".repeat(40_000);
    let long = format!("{}/{}.txt", "deep".repeat(50), "n".repeat(120));
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    Job::new("archive")
        .directory("folder")
        .dated(at(1_600_000_000), 0o755)
        .input("folder/text.txt", "txt", text.as_str())
        .dated(at(1_600_000_002), 0o640)
        .input("folder/noise.bin", "", noise)
        .dated(at(1_600_000_004), 0o600)
        .input("folder/empty", "", "")
        .dated(at(1_600_000_006), 0o644)
        .directory("hollow")
        .input("run.sh", "", "#!/bin/sh\nexit 0\n")
        .dated(at(1_600_000_008), 0o755)
        .symlink("folder/link", "text.txt")
        .input("Straße/日本語.txt", "", "Grüße")
        .dated(at(1_600_000_010), 0o644)
        .input(&long, "", "long")
        .dated(at(1_600_000_012), 0o644)
}

/// An entry as it comes out of an archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Takes an archive apart with the plugin; entries are sorted, as 7z has an order of its own.
pub(crate) fn contents(format: &str, bytes: &[u8]) -> Vec<Seen> {
    // Good files may be packed tighter than the limit for strangers' files allows.
    let job = Job::new("extract").input("archive", format, bytes).threads(2);
    let outcome = job.limit(|limits| limits.ratio = 1_000_000).run(entry);
    assert!(outcome.error.is_none(), "{format}: {:?}", outcome.error);
    let mut seen: Vec<Seen> = outcome.outputs.iter().map(seen).collect();
    seen.sort();
    seen
}

fn seen(output: &formwork_sdk::testing::Produced) -> Seen {
    let kind = match output.kind {
        OutputKind::File => "file",
        OutputKind::Directory => "directory",
        OutputKind::Symlink => "symlink",
        OutputKind::HardLink => "hard link",
    };
    Seen { name: output.name.clone(), kind, bytes: output.bytes.clone() }
}

/// Extracts with two threads.
pub(crate) fn extract(format: &str, bytes: &[u8]) -> Outcome {
    Job::new("extract").input("archive", format, bytes).threads(2).run(entry)
}

/// Converts with two threads.
pub(crate) fn convert(name: &str, from: &str, to: &str, bytes: &[u8]) -> Outcome {
    Job::new("convert").input(name, from, bytes).target(to).threads(2).run(entry)
}

/// Looks at a file's facts.
pub(crate) fn probe(format: &str, bytes: &[u8]) -> Outcome {
    Job::new("probe").input("archive", format, bytes).probe(entry)
}

/// Packs the tree.
pub(crate) fn packed(target: &str) -> Vec<u8> {
    tree().target(target).threads(2).run(entry).expect_one().to_vec()
}
